/* columns.c - how the fields of an entity become columns, in the order that model.h promises. */
#include "desc.h"

static void add(struct all *all, struct columns *to, struct column c)
{
    vec_add(all->arena, to, c);
}

static const struct {
    enum field_type type;
    const char *kind, *word;
} plain[] = {
    { FIELD_REF, "COLUMN_ID", "REF" },         { FIELD_FILE, "COLUMN_ID", "REF" },
    { FIELD_TEXT, "COLUMN_TEXT", "TEXT" },     { FIELD_INT, "COLUMN_I64", "INT" },
    { FIELD_MONEY, "COLUMN_I64", "MONEY" },    { FIELD_RATE, "COLUMN_I64", "RATE" },
    { FIELD_DECIMAL, "COLUMN_I64", "DECIMAL" }, { FIELD_DATE, "COLUMN_DATE", "DATE" },
    { FIELD_INSTANT, "COLUMN_INSTANT", "INSTANT" }, { FIELD_BOOL, "COLUMN_BOOL", "BOOL" },
    { FIELD_ENUM, "COLUMN_CODE", "ENUM" },     { FIELD_STATES, "COLUMN_CODE", "STATE" },
    { FIELD_JSON, "COLUMN_TEXT", "JSON" },     { FIELD_BYTES, "COLUMN_BYTES", "BLOB" },
};

struct str column_of(struct arena *arena, const struct field *f)
{
    if (f->type == FIELD_SECRET)
        return str_fmt(arena, STR_FMT "_hash", STR_ARG(f->name));
    if ((f->type == FIELD_REF && !(f->flags & FIELD_SYSTEM)) || f->type == FIELD_FILE)
        return str_fmt(arena, STR_FMT "_id", STR_ARG(f->name));
    if (f->type == FIELD_POINT)
        return str_fmt(arena, STR_FMT "_lat", STR_ARG(f->name));
    return f->name;
}

static void add_part(struct all *all, struct columns *to, struct column c, const char *suffix,
                     const char *member, const char *kind, const char *word)
{
    struct str name = c.field->name;
    c.name = str_fmt(all->arena, STR_FMT "_%s", STR_ARG(name), suffix);
    c.member = str_fmt(all->arena, STR_FMT ".%s", STR_ARG(name), member);
    c.kind = kind;
    c.word = word;
    add(all, to, c);
}

static void add_field(struct all *all, const struct field *f, int number, struct columns *to)
{
    struct column c = { .field = f, .field_number = number, .member = f->name };
    c.nullable = !(f->flags & (FIELD_REQUIRED | FIELD_DEFAULT)) && f->type != FIELD_BOOL;
    if (f->type == FIELD_SECRET) {
        add_part(all, to, c, "enc", "sealed", "COLUMN_BYTES", "BLOB");
        add_part(all, to, c, "mask", "mask", "COLUMN_TEXT", "TEXT");
        add_part(all, to, c, "hash", "hash", "COLUMN_BYTES", "HASH");
        return;
    }
    if (f->type == FIELD_POINT) {
        add_part(all, to, c, "lat", "lat", "COLUMN_I64", "INT");
        add_part(all, to, c, "lon", "lon", "COLUMN_I64", "INT");
        return;
    }
    for (size_t i = 0; i < COUNT(plain); i++) {
        if (plain[i].type != f->type)
            continue;
        c.kind = plain[i].kind;
        c.word = plain[i].word;
        c.name = column_of(all->arena, f);
        add(all, to, c);
    }
}

static void add_system(struct all *all, const struct entity *e, const char *name,
                       struct columns *to)
{
    int i = field_find(e, str_from(name));
    if (i >= (int)e->own)
        add_field(all, &e->fields.items[i], i, to);
}

void columns_of(struct all *all, const struct entity *e, struct columns *ret, size_t *updated)
{
    if (!(e->flags & ENTITY_GLOBAL))
        add(all, ret, (struct column){ .name = STR("org"), .member = STR("org"),
                                       .kind = "COLUMN_ID", .word = "ID", .field_number = -1 });
    add_system(all, e, "id", ret);
    ret->items[ret->count - 1].word = "ID";
    add_system(all, e, "version", ret);
    add_system(all, e, "changed_at", ret);
    add_system(all, e, "changed_by", ret);
    add_system(all, e, "archived_at", ret);
    for (size_t i = 0; i < e->own; i++)
        add_field(all, &e->fields.items[i], (int)i, ret);
    if (e->flags & ENTITY_EXTRA)
        add(all, ret, (struct column){ .name = STR("extra"), .member = STR("extra"),
                                       .kind = "COLUMN_TEXT", .word = "JSON", .field_number = -1,
                                       .nullable = true });
    *updated = ret->count;
    add_system(all, e, "created_at", ret);
    add_system(all, e, "created_by", ret);
}

static struct str check_codes(struct arena *arena, struct str column, const struct choice_set *set)
{
    struct buf out = buf_in(arena);
    buf_fmt(&out, STR_FMT " IN (", STR_ARG(column));
    for (size_t i = 0; set && i < set->count; i++)
        buf_fmt(&out, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(set->items[i].code));
    buf_cstr(&out, ")");
    return buf_view(&out);
}

static struct str check_between(struct arena *arena, struct str column, int64_t low, int64_t high)
{
    return str_fmt(arena, STR_FMT " BETWEEN %lld AND %lld", STR_ARG(column), (long long)low,
                   (long long)high);
}

/* The database repeats what can be said without a function both engines spell alike: ranges, codes
 * and length. It is the last wall, for code that goes around the engine. */
struct str column_check(struct arena *arena, const struct column *c)
{
    const struct field *f = c->field;
    int64_t high;
    if (!f || (f->flags & FIELD_SYSTEM))
        return STR_NONE;
    switch (f->type) {
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE: return check_between(arena, c->name, f->low, f->high);
    case FIELD_DECIMAL:
        return f->ranged ? check_between(arena, c->name, f->low, f->high) : STR_NONE;
    case FIELD_BOOL: return check_between(arena, c->name, 0, 1);
    case FIELD_POINT:
        high = str_ends(c->name, STR("_lat")) ? 90000000 : 180000000;
        return check_between(arena, c->name, -high, high);
    case FIELD_ENUM:
    case FIELD_STATES: return check_codes(arena, c->name, f->choices);
    case FIELD_TEXT:
        return str_fmt(arena, "length(" STR_FMT ") <= %lld", STR_ARG(c->name), (long long)f->high);
    case FIELD_REF:
    case FIELD_FILE:
    case FIELD_SECRET:
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_JSON:
    case FIELD_BYTES:
    case FIELD_ROWS: break;
    }
    return STR_NONE;
}
