/*
 * shown.h - statements as they were answered last, ready to be sent again.
 *
 * An answer holds while nothing was committed that it was made from: it carries db_watched() of the
 * transaction that made it, and shown_tables name what it was read from. What it is derived from
 * besides - the facts of its run - does not change. Who may see it is asked each time; the answer
 * is the same for all who may. A second at the most, as in core/identity/known.h.
 */
#pragma once

#include "entity/cx.h"

struct shown;

/* For db_config.watch. */
extern const char *const shown_tables[];

struct shown_statement {
    int64_t person;       /* for cx_reaches() */
    struct str unit_path;
    struct str body;
};

NODISCARD struct shown *shown_open(void); /* NULL: no memory */
void shown_close(struct shown *shown);
/* Found: `*ret` lives in cx->arena. */
bool shown_find(struct cx *cx, int64_t statement, struct shown_statement *ret);
void shown_keep(struct cx *cx, int64_t statement, const struct shown_statement *answer);
