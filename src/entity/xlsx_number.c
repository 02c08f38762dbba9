/* xlsx_number.c - what the numbers of a spreadsheet mean: decimals, days, times. By digits only. */
#include "base/date.h"
#include "base/money.h"
#include "entity/sheet.h"

#define SIGNIFICANT 15 /* what a spreadsheet shows of a double; the rest is noise */
#define EXPONENT_MAX 40

/* value = 0.d1 d2 d3 … x 10^point */
struct digits {
    char d[64];
    int count, point;
    bool negative;
};

static bool read_exponent(struct str s, size_t at, int *ret)
{
    int64_t exponent = 0;
    if (at < s.len) {
        struct str text = str_cut(s, at + 1, s.len);
        if (text.len > 0 && text.data[0] == '+')
            text = str_cut(text, 1, text.len);
        if (!str_to_i64(text, &exponent))
            return false;
    }
    *ret = (int)MAX(MIN(exponent, 1000), -1000);
    return true;
}

static bool read_digits(struct str s, struct digits *n)
{
    *n = (struct digits){ 0 };
    size_t at = 0;
    n->negative = s.len > 0 && s.data[0] == '-';
    at += n->negative;
    bool point = false, any = false;
    for (; at < s.len && s.data[at] != 'E' && s.data[at] != 'e'; at++) {
        char c = s.data[at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        any = true;
        n->point += !point && (n->count > 0 || c != '0');
        n->point -= point && n->count == 0 && c == '0';
        if ((n->count > 0 || c != '0') && n->count < (int)sizeof n->d)
            n->d[n->count++] = c;
    }
    int exponent;
    if (!any || !read_exponent(s, at, &exponent))
        return false;
    n->point += exponent;
    return n->count == 0 || (n->point <= EXPONENT_MAX && n->point >= -EXPONENT_MAX);
}

static void round_digits(struct digits *n)
{
    if (n->count > SIGNIFICANT) {
        bool up = n->d[SIGNIFICANT] >= '5';
        n->count = SIGNIFICANT;
        int i = SIGNIFICANT - 1;
        for (; up && i >= 0 && n->d[i] == '9'; i--)
            n->d[i] = '0';
        if (up && i >= 0)
            n->d[i]++;
        else if (up) { /* 999… became 1000… */
            n->d[0] = '1';
            n->count = 1;
            n->point++;
        }
    }
    while (n->count > 0 && n->d[n->count - 1] == '0')
        n->count--;
}

bool xlsx_number_text(struct arena *arena, struct str stored, struct str *ret)
{
    struct digits n;
    if (!read_digits(str_trim(stored), &n))
        return false;
    round_digits(&n);
    if (n.count == 0) {
        *ret = STR("0");
        return true;
    }
    char *out = arena_alloc(arena, 2 * EXPONENT_MAX + sizeof n.d);
    size_t len = 0;
    if (n.negative)
        out[len++] = '-';
    if (n.point <= 0)
        out[len++] = '0';
    for (int i = MIN(n.point, 0); i < MAX(n.count, n.point); i++) {
        if (i == MIN(n.point, 0) && n.point <= 0)
            out[len++] = '.';
        else if (i == n.point)
            out[len++] = '.';
        out[len++] = i >= 0 && i < n.count ? n.d[i] : '0';
    }
    *ret = (struct str){ out, len };
    return true;
}

/* Whole days and seconds of the day, the seconds rounded. */
static bool split_serial(struct arena *arena, struct str stored, int64_t *days, int64_t *seconds)
{
    struct str text;
    struct decimal d;
    if (!xlsx_number_text(arena, stored, &text) || !decimal_parse(text, &d) || d.units < 0 ||
        d.scale > 15)
        return false;
    __int128 one = pow10_i128(d.scale);
    if (d.units / one > 2958465) /* 9999-12-31 */
        return false;
    *days = (int64_t)(d.units / one);
    *seconds = (int64_t)div_round((d.units % one) * 86400, one, ROUND_HALF_UP);
    if (*seconds == 86400) {
        *seconds = 0;
        ++*days;
    }
    return true;
}

bool xlsx_date_text(struct arena *arena, struct str stored, bool from_1904, struct str *ret)
{
    int64_t days, seconds;
    if (!split_serial(arena, stored, &days, &seconds))
        return false;
    struct str clock = str_fmt(arena, "%02d:%02d:%02d", (int)(seconds / 3600),
                               (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (days == 0 && !from_1904) {
        *ret = clock; /* a time of day without a day */
        return true;
    }
    /* The 1900 system has a 29 February 1900 that never was (serial 60). */
    int32_t zero = from_1904    ? date_of(1904, 1, 1).day
                   : days >= 60 ? date_of(1899, 12, 30).day
                                : date_of(1899, 12, 31).day;
    struct str day = date_text(arena, (struct date){ zero + (int32_t)days });
    *ret = seconds ? str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(day), STR_ARG(clock)) : day;
    return true;
}

bool xlsx_format_is_date(struct str format)
{
    bool quoted = false, bracket = false;
    for (size_t i = 0; i < format.len; i++) {
        char c = format.data[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' || c == '_')
            i++;
        else if (!quoted && (c == '[' || c == ']'))
            bracket = c == '[';
        else if (!quoted && !bracket && strchr("ymdhsYMDHS", c) && c != '\0')
            return true;
    }
    return false;
}
