#include "core/calendar/calendar.h"

#include "base/json.h"
#include "core/calendar/calendar.gen.h"

enum err calendar_load(struct cx *cx, struct date from, struct date to, struct calendar *ret)
{
    VEC(struct calendar_exception) days = { 0 };
    struct calendar_between_cursor cursor;
    const struct calendar_between_row *row;
    TRY(calendar_between(cx, (struct calendar_between_in){ from, to }, &cursor));
    for (;;) {
        TRY(calendar_between_next(cx, &cursor, &row));
        if (!row)
            break;
        bool worked = row->kind == DAY_KIND_WORKDAY || row->kind == DAY_KIND_MAKEUP;
        vec_add(cx->arena, &days, ((struct calendar_exception){ row->day, worked }));
    }
    *ret = (struct calendar){ days.items, days.count };
    return OK;
}

bool calendar_is_workday(const struct calendar *calendar, struct date day)
{
    size_t low = 0, high = calendar->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (calendar->days[middle].day.day < day.day)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < calendar->count && calendar->days[low].day.day == day.day)
        return calendar->days[low].worked;
    return date_weekday(day) <= 5;
}

struct date calendar_add_workdays(const struct calendar *calendar, struct date day, int n)
{
    int step = n < 0 ? -1 : 1;
    if (n == 0) {
        while (!calendar_is_workday(calendar, day))
            day.day++;
        return day;
    }
    while (n != 0) {
        day.day += step;
        if (calendar_is_workday(calendar, day))
            n -= step;
    }
    return day;
}

static enum err read_row(const struct json *v, size_t number, struct fault *fault,
                         struct calendar_row *ret)
{
    const struct json *day = json_get(v, "date"), *off = json_get(v, "isOffDay");
    const struct json *name = json_get(v, "name");
    if (!day || day->type != JSON_STRING || !date_parse(day->text, &ret->day))
        return fault_set_field(fault, ERR_INVALID, "date", "entry %zu: date is not a date", number);
    if (!off || (off->type != JSON_TRUE && off->type != JSON_FALSE))
        return fault_set_field(fault, ERR_INVALID, "isOffDay",
                               "entry %zu: isOffDay is true or false", number);
    ret->off = off->type == JSON_TRUE;
    ret->name = name && name->type == JSON_STRING ? name->text : STR_NONE;
    return OK;
}

enum err calendar_read(struct arena *arena, struct str text, struct fault *fault,
                       struct calendar_row **ret, size_t *count)
{
    const struct json *file;
    TRY(json_read(arena, text, (struct json_limits){ 0 }, fault, &file));
    const struct json *list = json_get(file, "days");
    if (!list || list->type != JSON_ARRAY)
        return fault_set_field(fault, ERR_INVALID, "days", "a calendar file has a list \"days\"");
    *ret = arena_array(arena, struct calendar_row, list->count);
    *count = 0;
    for (const struct json *v = list->first; v; v = v->next) {
        TRY(read_row(v, *count + 1, fault, &(*ret)[*count]));
        ++*count;
    }
    return OK;
}

static enum err has_day(struct cx *cx, struct date day, bool *ret)
{
    struct calendar_has_cursor cursor;
    const struct calendar_has_row *row;
    TRY(calendar_has(cx, (struct calendar_has_in){ day }, &cursor));
    *ret = false;
    for (;;) {
        TRY(calendar_has_next(cx, &cursor, &row));
        if (!row)
            return OK;
        *ret = true;
    }
}

enum err calendar_store(struct cx *cx, const struct calendar_row *rows, size_t count,
                        const char *source)
{
    for (size_t i = 0; i < count; i++) {
        bool known;
        TRY(has_day(cx, rows[i].day, &known));
        if (known)
            continue;
        struct calendar_day row = calendar_day_blank;
        row.day = rows[i].day;
        row.kind = rows[i].off ? DAY_KIND_HOLIDAY : DAY_KIND_MAKEUP;
        row.name = rows[i].name;
        row.source = str_from(source);
        TRY(calendar_day_insert(cx, &row));
    }
    return OK;
}

const struct module calendar_module = {
    .name = "calendar",
    .about = "Working days with 调休.",
};
