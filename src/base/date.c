/* Civil calendar after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (public page). */
#include "base/date.h"

#include <time.h>

static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int date_days_in_month(int year, int month)
{
    assert(1 <= month && month <= 12);
    return month_days[month - 1] + (month == 2 && leap(year));
}

bool date_valid(int year, int month, int day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= date_days_in_month(year, month);
}

struct date date_of(int year, int month, int day)
{
    assert(date_valid(year, month, day));
    int y = year - (month <= 2);
    int era = y / 400, of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    return (struct date){ era * 146097 + day_of_era - 719468 };
}

void date_parts(struct date d, int *year, int *month, int *day)
{
    int z = d.day + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int of_era = z - era * 146097;
    int y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * y + y / 4 - y / 100);
    int m = (5 * of_year + 2) / 153;
    *day = of_year - (153 * m + 2) / 5 + 1;
    *month = m + (m < 10 ? 3 : -9);
    *year = y + era * 400 + (*month <= 2);
}

int date_weekday(struct date d)
{
    int from_monday = (d.day + 3) % 7; /* 1970-01-01 was a Thursday */
    return (from_monday < 0 ? from_monday + 7 : from_monday) + 1;
}

struct date date_month_start(struct date d)
{
    int year, month, day;
    date_parts(d, &year, &month, &day);
    return date_of(year, month, 1);
}

struct date date_add_months(struct date d, int months)
{
    int year, month, day;
    date_parts(d, &year, &month, &day);
    int total = year * 12 + (month - 1) + months;
    year = total / 12;
    month = total % 12 + 1;
    return date_of(year, month, MIN(day, date_days_in_month(year, month)));
}

static bool digits(struct str s, size_t at, size_t count, int *ret)
{
    int value = 0;
    for (size_t i = at; i < at + count; i++) {
        if (i >= s.len || s.data[i] < '0' || s.data[i] > '9')
            return false;
        value = value * 10 + (s.data[i] - '0');
    }
    *ret = value;
    return true;
}

bool date_parse(struct str s, struct date *ret)
{
    int year, month, day;
    if (s.len != 10 || s.data[4] != '-' || s.data[7] != '-' || !digits(s, 0, 4, &year) ||
        !digits(s, 5, 2, &month) || !digits(s, 8, 2, &day) || !date_valid(year, month, day))
        return false;
    *ret = date_of(year, month, day);
    return true;
}

struct str date_text(struct arena *arena, struct date d)
{
    int year, month, day;
    date_parts(d, &year, &month, &day);
    return str_fmt(arena, "%04d-%02d-%02d", year, month, day);
}

struct instant instant_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct instant){ (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 };
}

/* ".123456" -> µs; more digits than six are refused: we could not keep them. */
static bool parse_fraction(struct str s, size_t *at, int64_t *us)
{
    *us = 0;
    if (*at >= s.len || s.data[*at] != '.')
        return true;
    size_t from = ++*at;
    int64_t unit = 100000;
    while (*at < s.len && s.data[*at] >= '0' && s.data[*at] <= '9') {
        if (unit == 0)
            return false;
        *us += (s.data[*at] - '0') * unit;
        unit /= 10;
        ++*at;
    }
    return *at > from;
}

static bool parse_offset(struct str s, size_t at, int *minutes)
{
    *minutes = 0;
    if (at + 1 == s.len && (s.data[at] == 'Z' || s.data[at] == 'z'))
        return true;
    int hour, minute;
    if (at + 6 != s.len || (s.data[at] != '+' && s.data[at] != '-') || s.data[at + 3] != ':' ||
        !digits(s, at + 1, 2, &hour) || !digits(s, at + 4, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = (hour * 60 + minute) * (s.data[at] == '-' ? -1 : 1);
    return true;
}

bool instant_parse(struct str s, struct instant *ret)
{
    struct date d;
    int hour, minute, second, offset;
    int64_t us;
    if (s.len < 20 || !date_parse(str_cut(s, 0, 10), &d) ||
        (s.data[10] != 'T' && s.data[10] != 't') || s.data[13] != ':' || s.data[16] != ':' ||
        !digits(s, 11, 2, &hour) || !digits(s, 14, 2, &minute) || !digits(s, 17, 2, &second) ||
        hour > 23 || minute > 59 || second > 59)
        return false;
    size_t at = 19;
    if (!parse_fraction(s, &at, &us) || !parse_offset(s, at, &offset))
        return false;
    int64_t seconds = (int64_t)d.day * 86400 + hour * 3600 + minute * 60 + second - offset * 60;
    *ret = (struct instant){ seconds * 1000000 + us };
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct str instant_text(struct arena *arena, struct instant t)
{
    int64_t day = floor_div(t.us, DAY_US), rest = t.us - day * DAY_US;
    struct str date = date_text(arena, (struct date){ (int32_t)day });
    int second = (int)(rest / 1000000), us = (int)(rest % 1000000);
    if (us)
        return str_fmt(arena, STR_FMT "T%02d:%02d:%02d.%06dZ", STR_ARG(date), second / 3600,
                       second / 60 % 60, second % 60, us);
    return str_fmt(arena, STR_FMT "T%02d:%02d:%02dZ", STR_ARG(date), second / 3600,
                   second / 60 % 60, second % 60);
}

struct date instant_date(struct instant t, int zone_minutes)
{
    return (struct date){ (int32_t)floor_div(t.us + zone_minutes * INT64_C(60000000), DAY_US) };
}

struct instant date_start(struct date d, int zone_minutes)
{
    return (struct instant){ d.day * DAY_US - zone_minutes * INT64_C(60000000) };
}
