/* csv_cell.c - one cell of text to its value, with a reason for every refusal. */
#include "engine/plan/csv.h"

static bool all_digits(struct str s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return true;
}

static const char *read_whole(struct str s, int64_t *ret)
{
    if (str_to_i64(s, ret))
        return *ret == INT64_MIN ? "the number does not fit in 63 bits" : NULL;
    size_t sign = s.len && s.data[0] == '-';
    if (s.len > sign && all_digits(s, sign, s.len))
        return "the number does not fit in 63 bits";
    ptrdiff_t dot = str_find_char(s, '.');
    if (dot > 0 && all_digits(s, sign, (size_t)dot) && all_digits(s, (size_t)dot + 1, s.len))
        return "a whole number is expected, without decimals";
    return "a whole number is expected";
}

/* Yuan "12.34" and other decimals: at most `scale` places, kept as whole units. */
static const char *read_places(struct str s, int scale, int64_t *ret)
{
    struct decimal d, wanted;
    if (!decimal_parse(s, &d))
        return "a decimal number is expected";
    if (d.scale > scale)
        return scale == 2 ? "an amount has at most 2 decimals" : "has too many decimals";
    if (!decimal_rescale(d, scale, ROUND_DOWN, &wanted) || wanted.units > INT64_MAX ||
        wanted.units <= INT64_MIN)
        return "the number does not fit in 63 bits";
    *ret = (int64_t)wanted.units;
    return NULL;
}

static const char *read_time(struct str s, int64_t *ret)
{
    struct date day;
    bool shape = s.len == 19 && s.data[10] == 'T' && s.data[13] == ':' && s.data[16] == ':' &&
                 all_digits(s, 11, 13) && all_digits(s, 14, 16) && all_digits(s, 17, 19);
    if (!shape || !date_parse(str_cut(s, 0, 10), &day))
        return "a time YYYY-MM-DDTHH:MM:SS is expected";
    int hour = (s.data[11] - '0') * 10 + s.data[12] - '0';
    int minute = (s.data[14] - '0') * 10 + s.data[15] - '0';
    int second = (s.data[17] - '0') * 10 + s.data[18] - '0';
    if (hour > 23 || minute > 59 || second > 59)
        return "there is no such time of day";
    *ret = day.day * INT64_C(86400) + hour * 3600 + minute * 60 + second;
    return NULL;
}

static const char *read_bool(struct str s, int64_t *ret)
{
    bool yes = str_is(s, "1") || str_is(s, "true");
    if (!yes && !str_is(s, "0") && !str_is(s, "false"))
        return "0, 1, true or false is expected";
    *ret = yes;
    return NULL;
}

static const char *read_number(const struct column *column, struct str s, int64_t *ret)
{
    const char *reason = NULL;
    struct date day;
    switch (column->type) {
    case PLAN_INT:
        reason = read_whole(s, ret);
        break;
    case PLAN_MONEY:
        reason = column->yuan ? read_places(s, 2, ret) : read_whole(s, ret);
        break;
    case PLAN_DECIMAL:
        reason = read_places(s, column->scale, ret);
        break;
    case PLAN_BOOL:
        reason = read_bool(s, ret);
        break;
    case PLAN_DATE:
        if (!date_parse(s, &day))
            return "a date YYYY-MM-DD is expected";
        *ret = day.day;
        break;
    case PLAN_TIME:
        reason = read_time(s, ret);
        break;
    case PLAN_TEXT:
    case PLAN_REF:
        return "not a number";
    }
    return reason;
}

const char *csv_cell(const struct column *column, struct str text, int64_t *ret)
{
    if (text.len == 0) {
        *ret = MISSING;
        return column->optional ? NULL : "is empty";
    }
    const char *reason = read_number(column, text, ret);
    if (!reason && (*ret < column->low || *ret > column->high))
        return column->type == PLAN_TIME ? "only times from 1970 to 2105 are taken"
             : *ret < column->low ? "is below the least value that the plan allows"
                                  : "is above the greatest value that the plan allows";
    return reason;
}
