#include "app/calendars.h"

#include "core/calendar/calendar.h"

extern const char calendar_2024[], calendar_2024_end[], calendar_2025[], calendar_2025_end[],
    calendar_2026[], calendar_2026_end[];

static const struct {
    const char *year, *from, *end;
} years[] = {
    { "国务院办公厅 2024", calendar_2024, calendar_2024_end },
    { "国务院办公厅 2025", calendar_2025, calendar_2025_end },
    { "国务院办公厅 2026", calendar_2026, calendar_2026_end },
};

enum err calendars_install(struct cx *cx)
{
    for (size_t i = 0; i < COUNT(years); i++) {
        struct str text = { years[i].from, (size_t)(years[i].end - years[i].from) };
        struct calendar_row *rows;
        size_t count;
        enum err e = calendar_read(cx->arena, text, &cx->fault, &rows, &count);
        if (!e)
            e = calendar_store(cx, rows, count, years[i].year);
        if (e)
            return explain(cx, e, "calendar %s", years[i].year);
    }
    return OK;
}
