/* What stands in a cell: whole numbers, prices, moments. */
#include "mod/sales/import.h"

#define QUANTITY_MAX INT64_C(1000000000)
#define PRICE_MAX INT64_C(1000000000000)
enum { YEAR_MIN = 1970, YEAR_MAX = 2200 };

static bool looks_like_number(struct str text)
{
    size_t digits = 0, points = 0;
    for (size_t i = text.len && text.data[0] == '-'; i < text.len; i++) {
        digits += '0' <= text.data[i] && text.data[i] <= '9';
        points += text.data[i] == '.';
    }
    return digits && points <= 1 &&
           digits + points + (text.data[0] == '-') == text.len;
}

/* Exact, with at most `scale` decimals that say something. */
static enum cell_fault number(struct str text, int scale, int64_t limit, int64_t *ret)
{
    struct decimal d, scaled;
    if (!looks_like_number(text))
        return CELL_PARSE;
    if (!decimal_parse(text, &d))
        return CELL_RANGE; /* a number, but one of more digits than we count in */
    if (!decimal_rescale(d, scale, ROUND_DOWN, &scaled))
        return CELL_RANGE;
    if (decimal_cmp(d, scaled) != 0)
        return CELL_SCALE;
    if (scaled.units > limit || scaled.units < -limit)
        return CELL_RANGE;
    *ret = (int64_t)scaled.units;
    return CELL_GOOD;
}

enum cell_fault import_quantity(struct str text, int64_t *ret)
{
    return number(str_trim(text), 0, QUANTITY_MAX, ret);
}

enum cell_fault import_price(struct str text, int64_t *ret)
{
    return number(str_trim(text), 4, PRICE_MAX, ret);
}

struct str import_number(struct str text)
{
    text = str_trim(text);
    struct str whole = text;
    while (str_ends(whole, STR("0")) && whole.len > 1 && str_find_char(whole, '.') >= 0)
        whole.len--;
    if (!str_ends(whole, STR(".")) || whole.len < 2)
        return text;
    whole.len--;
    for (size_t i = 0; i < whole.len; i++)
        if (whole.data[i] < '0' || whole.data[i] > '9')
            return text;
    return whole;
}

/* ---- moments ---- */

struct reader {
    struct str text;
    size_t at;
};

static bool digits(struct reader *r, int at_least, int at_most, int *ret)
{
    int count = 0, value = 0;
    while (count < at_most && r->at < r->text.len && '0' <= r->text.data[r->at] &&
           r->text.data[r->at] <= '9') {
        value = value * 10 + (r->text.data[r->at++] - '0');
        count++;
    }
    *ret = value;
    return count >= at_least;
}

static bool word(struct reader *r, const char *w)
{
    struct str s = str_from(w);
    if (!str_starts(str_cut(r->text, r->at, r->text.len), s))
        return false;
    r->at += s.len;
    return true;
}

static bool one_of(struct reader *r, const char *const *words)
{
    for (; *words; words++)
        if (word(r, *words))
            return true;
    return false;
}

static bool read_day(struct reader *r, struct date *ret)
{
    static const char *const after_year[] = { "-", "/", ".", "年", NULL };
    static const char *const after_month[] = { "-", "/", ".", "月", NULL };
    int year, month, day;
    if (!digits(r, 4, 4, &year) || !one_of(r, after_year) || !digits(r, 1, 2, &month) ||
        !one_of(r, after_month) || !digits(r, 1, 2, &day))
        return false;
    word(r, "日");
    if (year < YEAR_MIN || year > YEAR_MAX || !date_valid(year, month, day))
        return false;
    *ret = date_of(year, month, day);
    return true;
}

/* Fractions of a second are read and left out: no order depends on them. */
static bool read_time(struct reader *r, int64_t *seconds)
{
    int hour, minute, second = 0, fraction;
    if (!digits(r, 1, 2, &hour) || !word(r, ":") || !digits(r, 2, 2, &minute))
        return false;
    if (word(r, ":") && !digits(r, 2, 2, &second))
        return false;
    if (word(r, ".") && !digits(r, 1, 9, &fraction))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

static bool read_zone(struct reader *r, int *minutes)
{
    int hour, minute, sign = word(r, "-") ? -1 : 1;
    if (sign > 0 && word(r, "Z")) {
        *minutes = 0;
        return true;
    }
    if (sign > 0 && !word(r, "+"))
        return true; /* the company's own */
    if (!digits(r, 2, 2, &hour))
        return false;
    word(r, ":");
    if (!digits(r, 2, 2, &minute) || hour > 14 || minute > 59)
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

enum cell_fault import_instant(struct str text, int zone_minutes, struct instant *ret)
{
    struct reader r = { str_trim(text), 0 };
    struct date day;
    int64_t seconds = 0;
    if (!read_day(&r, &day))
        return CELL_PARSE;
    if (r.at < r.text.len) {
        if (!word(&r, "T"))
            while (word(&r, " "))
                ;
        if (!read_time(&r, &seconds) || !read_zone(&r, &zone_minutes) || r.at != r.text.len)
            return CELL_PARSE;
    }
    *ret = date_start(day, zone_minutes);
    ret->us += seconds * 1000000;
    return CELL_GOOD;
}
