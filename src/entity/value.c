/* value.c - members of rows: presence, equality, names. */
#include "entity/value.h"

/* ------------------------------------------------------------------ members */

static const struct str *as_str(const struct entity_field *f, const void *row)
{
    return const_member_of(row, f->offset);
}

int64_t field_i64(const struct entity_field *f, const void *row)
{
    const void *at = const_member_of(row, f->offset);
    switch (f->type) {
    case FIELD_REF:
    case FIELD_FILE:
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
    case FIELD_DECIMAL:
    case FIELD_INSTANT:
        return *(const int64_t *)at;
    case FIELD_DATE:
        return *(const int32_t *)at;
    case FIELD_BOOL:
        return *(const bool *)at;
    case FIELD_ENUM:
    case FIELD_STATES:
        return *(const int *)at;
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_JSON:
    case FIELD_BYTES:
    case FIELD_POINT:
    case FIELD_ROWS:
        break;
    }
    assert(false && "not a number");
    return 0;
}

void field_set_i64(const struct entity_field *f, void *row, int64_t v)
{
    void *at = member_of(row, f->offset);
    switch (f->type) {
    case FIELD_REF:
    case FIELD_FILE:
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
    case FIELD_DECIMAL:
    case FIELD_INSTANT:
        *(int64_t *)at = v;
        return;
    case FIELD_DATE:
        *(int32_t *)at = (int32_t)v;
        return;
    case FIELD_BOOL:
        *(bool *)at = v != 0;
        return;
    case FIELD_ENUM:
    case FIELD_STATES:
        *(int *)at = (int)v;
        return;
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_JSON:
    case FIELD_BYTES:
    case FIELD_POINT:
    case FIELD_ROWS:
        break;
    }
    assert(false && "not a number");
}

/* What "no value" is for a number of this type (model.h). */
static int64_t absent_number(const struct entity_field *f)
{
    switch (f->type) {
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
    case FIELD_DECIMAL:
        return ABSENT;
    case FIELD_DATE:
        return DATE_ABSENT;
    case FIELD_REF:
    case FIELD_FILE:
    case FIELD_INSTANT:
    case FIELD_BOOL:
    case FIELD_ENUM:
    case FIELD_STATES:
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_JSON:
    case FIELD_BYTES:
    case FIELD_POINT:
    case FIELD_ROWS:
        break;
    }
    return 0;
}

static bool is_text(const struct entity_field *f)
{
    return f->type == FIELD_TEXT || f->type == FIELD_JSON || f->type == FIELD_BYTES;
}

bool field_absent(const struct entity_field *f, const void *row)
{
    if (is_text(f))
        return as_str(f, row)->data == NULL;
    if (f->type == FIELD_SECRET) {
        const struct secret *s = const_member_of(row, f->offset);
        return !s->sealed.data && !s->plain.data;
    }
    if (f->type == FIELD_POINT)
        return ((const struct point *)const_member_of(row, f->offset))->lat == ABSENT;
    if (f->type == FIELD_ROWS)
        return *(const size_t *)const_member_of(row, f->count_offset) == 0;
    return f->type != FIELD_BOOL && field_i64(f, row) == absent_number(f);
}

void field_clear(const struct entity_field *f, void *row)
{
    if (is_text(f))
        *(struct str *)member_of(row, f->offset) = STR_NONE;
    else if (f->type == FIELD_SECRET)
        *(struct secret *)member_of(row, f->offset) = (struct secret){ 0 };
    else if (f->type == FIELD_POINT)
        *(struct point *)member_of(row, f->offset) = (struct point){ ABSENT, ABSENT };
    else if (f->type == FIELD_ROWS)
        *(size_t *)member_of(row, f->count_offset) = 0;
    else
        field_set_i64(f, row, absent_number(f));
}

void field_copy(const struct entity_field *f, void *to, const void *from)
{
    const void *at = const_member_of(from, f->offset);
    if (is_text(f))
        *(struct str *)member_of(to, f->offset) = *(const struct str *)at;
    else if (f->type == FIELD_SECRET)
        *(struct secret *)member_of(to, f->offset) = *(const struct secret *)at;
    else if (f->type == FIELD_POINT)
        *(struct point *)member_of(to, f->offset) = *(const struct point *)at;
    else
        field_set_i64(f, to, field_i64(f, from));
}

bool field_equal(const struct entity_field *f, const void *a, const void *b)
{
    if (is_text(f))
        return field_absent(f, a) == field_absent(f, b) && str_eq(*as_str(f, a), *as_str(f, b));
    if (f->type == FIELD_SECRET) {
        /* Sealing the same value twice gives other bytes; the hash tells whether it changed. */
        const struct secret *x = const_member_of(a, f->offset), *y = const_member_of(b, f->offset);
        return field_absent(f, a) == field_absent(f, b) && str_eq(x->hash, y->hash);
    }
    if (f->type == FIELD_POINT) {
        const struct point *x = const_member_of(a, f->offset), *y = const_member_of(b, f->offset);
        return x->lat == y->lat && x->lon == y->lon;
    }
    assert(f->type != FIELD_ROWS);
    return field_i64(f, a) == field_i64(f, b);
}

/* ------------------------------------------------------------------ names */

const struct entity_field *field_named(const struct entity_field *fields, size_t count,
                                       struct str name, bool wire)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(name, wire ? fields[i].wire : fields[i].name))
            return &fields[i];
    return NULL;
}

const char *field_label(const struct cx *cx, const struct entity_field *f)
{
    return cx_say(cx, f->en, f->zh);
}

int choice_by_code(const struct choices *choices, struct str code)
{
    for (int i = 1; i < choices->count; i++)
        if (str_is(code, choices->items[i].code))
            return i;
    return 0;
}

int choice_by_label(const struct choices *choices, struct str label)
{
    for (int i = 1; i < choices->count; i++)
        if (str_is(label, choices->items[i].zh) || str_is(label, choices->items[i].en))
            return i;
    return 0;
}
