/*
 * list.h - lists: what the address asks for, as a query; and rows as JSON.
 *
 *   ?field=a,b           one of the values (a ref to person also takes "me")
 *   ?field.from= .to=    both included; numbers, dates, instants (also field_from, field_to)
 *   ?field.prefix=       texts
 *   ?field.null=true     absent (false: present)
 *   ?q=                  full text (also search)
 *   ?sort=-field,field   ?limit=1..500   ?after=cursor (also cursor)   ?total=true
 *   ?archived=true|only  ?fields=a,b     columns to send besides id and version
 *
 * A cursor is opaque: the sort values of the last row with a hash of what was sorted by. It carries
 * no rights; a cursor of another list or sort is refused.
 */
#pragma once

#include "entity/route.h"
#include "entity/row.h"

#define LIST_LIMIT 50
#define LIST_LIMIT_MAX 500

struct list_params {
    struct query query;
    bool total;
    bool *selected; /* by field number; NULL: all */
};
/* Reads the address against what the description offers; `op` is OP_LIST or OP_EXPORT (then without
 * limit and cursor). All mistakes are told at once. */
NODISCARD enum err list_parse(struct cx *cx, const struct entity_model *model,
                              const struct request *in, enum entity_op op,
                              struct list_params *ret);
NODISCARD enum err list_answer(struct cx *cx, const struct list_params *params,
                               struct reply *out);

/* Which fields of a row this reader sees. */
struct row_view {
    const struct entity_model *model;
    bool sensitive;       /* may see sensitive fields */
    const bool *selected; /* NULL: all */
};
struct row_view row_view_for(const struct cx *cx, const struct entity_model *model);
bool row_view_shows(const struct row_view *view, const struct entity_field *f);
void row_put_json(struct cx *cx, struct json_writer *w, const struct row_view *view,
                  const struct row_seen *seen);
/* Answers with one row: body and ETag. */
void row_answer(struct cx *cx, const struct entity_model *model, const struct row_seen *seen,
                struct reply *out);

/* Opaque text for the position behind `row`; and back. */
struct str cursor_make(struct cx *cx, const struct query *query, const void *row);
NODISCARD bool cursor_read(struct cx *cx, const struct query *query, struct str cursor,
                           const struct db_value **ret);
