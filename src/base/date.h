/*
 * date.h - days and instants. A company's day is a date in its zone; an instant is µs UTC.
 * The zone is a fixed offset in minutes (Asia/Shanghai: 480); China has no daylight saving time.
 */
#pragma once

#include "base/str.h"

struct date { int32_t day; };   /* days since 1970-01-01 in the company's calendar */
struct instant { int64_t us; }; /* microseconds since the epoch, UTC */

#define ZONE_SHANGHAI_MINUTES 480
#define DAY_US INT64_C(86400000000)

struct date date_of(int year, int month, int day); /* must be valid */
bool date_valid(int year, int month, int day);
void date_parts(struct date d, int *year, int *month, int *day);
int date_weekday(struct date d); /* 1 Monday .. 7 Sunday */
struct date date_month_start(struct date d);
struct date date_add_months(struct date d, int months); /* day clamped to the month's end */
int date_days_in_month(int year, int month);
bool date_parse(struct str s, struct date *ret); /* YYYY-MM-DD only */
struct str date_text(struct arena *arena, struct date d);

struct instant instant_now(void); /* the edge only: engines take time as an argument */
bool instant_parse(struct str s, struct instant *ret); /* RFC 3339 with offset or Z */
struct str instant_text(struct arena *arena, struct instant t); /* RFC 3339, Z, µs if not 0 */
struct date instant_date(struct instant t, int zone_minutes);
struct instant date_start(struct date d, int zone_minutes);
