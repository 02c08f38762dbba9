/* column.c - members of rows on their way to the database and back. */
#include "entity/value.h"

static struct db_value number_or_null(int64_t v, bool absent)
{
    return absent ? db_null() : db_int(v);
}

struct db_value column_value(const struct entity_model *model, const struct entity_column *c,
                             const void *row)
{
    const void *at = const_member_of(row, c->offset);
    switch (c->kind) {
    case COLUMN_I64:
        return number_or_null(*(const int64_t *)at, *(const int64_t *)at == ABSENT);
    case COLUMN_ID: {
        /* created_by 0 is the server itself; a required ref that is missing must be refused. */
        bool who = c->field != NO_FIELD && (model->fields[c->field].flags & FIELD_SYSTEM);
        return number_or_null(*(const int64_t *)at, *(const int64_t *)at == 0 && !who);
    }
    case COLUMN_INSTANT:
        return number_or_null(*(const int64_t *)at, *(const int64_t *)at == 0);
    case COLUMN_DATE:
        return number_or_null(*(const int32_t *)at, *(const int32_t *)at == DATE_ABSENT);
    case COLUMN_BOOL:
        return db_int(*(const bool *)at);
    case COLUMN_CODE: {
        int v = *(const int *)at;
        const struct choices *choices = model->fields[c->field].choices;
        assert(v >= 0 && v < choices->count);
        return v ? db_str(str_from(choices->items[v].code)) : db_null();
    }
    case COLUMN_TEXT:
        return ((const struct str *)at)->data ? db_str(*(const struct str *)at) : db_null();
    case COLUMN_BYTES:
        return ((const struct str *)at)->data ? db_bytes(*(const struct str *)at) : db_null();
    }
    assert(false && "column kind");
    return db_null();
}

static enum err load_code(struct cx *cx, const struct entity_field *f, struct str code, int *ret)
{
    *ret = choice_by_code(f->choices, code);
    if (*ret == 0)
        return fail(cx, ERR_CORRUPT, "“" STR_FMT "” is no %s", STR_ARG(code), f->choices->name);
    return OK;
}

enum err column_load(struct cx *cx, const struct entity_model *model,
                     const struct entity_column *c, const struct db_rows *rows, int at, void *row)
{
    void *to = member_of(row, c->offset);
    bool null = db_is_null(rows, at);
    switch (c->kind) {
    case COLUMN_I64:
        *(int64_t *)to = null ? ABSENT : db_i64(rows, at);
        return OK;
    case COLUMN_ID:
    case COLUMN_INSTANT:
        *(int64_t *)to = null ? 0 : db_i64(rows, at);
        return OK;
    case COLUMN_DATE:
        *(int32_t *)to = null ? DATE_ABSENT : (int32_t)db_i64(rows, at);
        return OK;
    case COLUMN_BOOL:
        *(bool *)to = !null && db_i64(rows, at) != 0;
        return OK;
    case COLUMN_CODE:
        *(int *)to = 0;
        return null ? OK : load_code(cx, &model->fields[c->field], db_text(rows, at), to);
    case COLUMN_TEXT:
        *(struct str *)to = null ? STR_NONE : db_text_copy(cx->arena, rows, at);
        return OK;
    case COLUMN_BYTES:
        *(struct str *)to = null ? STR_NONE : db_blob_copy(cx->arena, rows, at);
        return OK;
    }
    assert(false && "column kind");
    return ERR_INTERNAL;
}
