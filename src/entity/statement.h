/*
 * statement.h - what the generated wrappers of named statements share: a member of an input to a
 * value of the database, and back. "No value" is as model.h tells. Texts and bytes of a row are
 * copied into cx->arena, so a row outlives its cursor.
 */
#pragma once

#include "db/db.h"
#include "entity/cx.h"
#include "entity/model.h"

static inline struct db_value bind_i64(int64_t v)
{
    return v == ABSENT ? db_null() : db_int(v);
}
static inline struct db_value bind_id(int64_t v) /* also instants */
{
    return v == 0 ? db_null() : db_int(v);
}
static inline struct db_value bind_date(struct date d)
{
    return d.day == DATE_ABSENT ? db_null() : db_int(d.day);
}
static inline struct db_value bind_text(struct str s)
{
    return s.data ? db_str(s) : db_null();
}
static inline struct db_value bind_bytes(struct str s)
{
    return s.data ? db_bytes(s) : db_null();
}
static inline struct db_value bind_code(const struct choices *choices, int v)
{
    return v == 0 ? db_null() : db_str(str_from(choices->items[v].code));
}

static inline int64_t read_i64(const struct db_rows *rows, int column)
{
    return db_is_null(rows, column) ? ABSENT : db_i64(rows, column);
}
static inline struct date read_date(const struct db_rows *rows, int column)
{
    struct date none = { DATE_ABSENT };
    return db_is_null(rows, column) ? none : (struct date){ (int32_t)db_i64(rows, column) };
}
static inline struct str read_text(struct cx *cx, const struct db_rows *rows, int column)
{
    return db_is_null(rows, column) ? STR_NONE : db_text_copy(cx->arena, rows, column);
}
static inline struct str read_bytes(struct cx *cx, const struct db_rows *rows, int column)
{
    return db_is_null(rows, column) ? STR_NONE : db_blob_copy(cx->arena, rows, column);
}
/* 0 for NULL and for a code that the program does not know (a CHECK keeps those out). */
static inline int read_code(const struct choices *choices, const struct db_rows *rows, int column)
{
    struct str code = db_text(rows, column);
    for (int v = 1; v < choices->count; v++)
        if (str_is(code, choices->items[v].code))
            return v;
    return 0;
}
