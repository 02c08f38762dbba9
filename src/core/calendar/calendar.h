/*
 * calendar.h - business days: Monday to Friday, but for the days the state moved (调休) and the
 * company's own, which come from a file.
 */
#pragma once

#include "base/date.h"
#include "base/err.h"
#include "entity/route.h"

extern const struct module calendar_module;

/* Days that differ from the weekend rule, ascending; loaded once for many questions. */
struct calendar {
    const struct calendar_exception *days;
    size_t count;
};
struct calendar_exception {
    struct date day;
    bool worked;
};

NODISCARD enum err calendar_load(struct cx *cx, struct date from, struct date to,
                                 struct calendar *ret);
bool calendar_is_workday(const struct calendar *calendar, struct date day);
/* The n-th working day after `day` (n > 0) or before it (n < 0); n == 0: the day itself if worked,
 * else the next that is. */
struct date calendar_add_workdays(const struct calendar *calendar, struct date day, int n);

struct calendar_row {
    struct date day;
    bool off; /* false: a weekend day that is worked (调休) */
    struct str name;
};
/* Reads a year as data/calendar/ holds it: {"days": [{"date", "name", "isOffDay"}, …]}. */
NODISCARD enum err calendar_read(struct arena *arena, struct str text, struct fault *fault,
                                 struct calendar_row **ret, size_t *count);
/* Puts them into the company's calendar; days already there are left as they are. */
NODISCARD enum err calendar_store(struct cx *cx, const struct calendar_row *rows, size_t count,
                                  const char *source);
