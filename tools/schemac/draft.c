/*
 * draft.c - the next migration: what the descriptions have and the migrated database has not.
 *
 * The migrations are applied to a database in memory, which is then compared column by column. New
 * tables come in the order of their references; where two refer to each other the second reference
 * has no foreign key in the database (neither engine lets both be added the same way later).
 */
#include "desc.h"
#include "schema.h"

#include <sqlite3.h>

struct draft {
    struct all *all;
    sqlite3 *db;
    uint8_t *mark; /* by entity number: 0 unseen, 1 on the way, 2 written */
};

static struct str key_name(struct all *all, const struct entity *e, const struct key *k)
{
    struct buf out = buf_in(all->arena);
    buf_fmt(&out, STR_FMT "_%s", STR_ARG(e->name), k->unique ? "u" : "i");
    for (size_t i = 0; i < k->fields.count; i++)
        buf_fmt(&out, "_" STR_FMT, STR_ARG(k->fields.items[i].s));
    return buf_view(&out);
}

static void write_key(struct draft *d, const struct entity *e, const struct key *k)
{
    struct buf *out = &d->all->draft;
    bool comma = !(e->flags & ENTITY_GLOBAL);
    buf_fmt(out, "CREATE %sINDEX " STR_FMT " ON " STR_FMT " (%s", k->unique ? "UNIQUE " : "",
            STR_ARG(key_name(d->all, e, k)), STR_ARG(e->name), comma ? "org" : "");
    for (size_t i = 0; i < k->fields.count; i++, comma = true)
        buf_fmt(out, "%s" STR_FMT, comma ? ", " : "",
                STR_ARG(column_of(d->all->arena, &e->fields.items[k->fields.items[i].resolved])));
    buf_cstr(out, ");\n");
}

static void write_column(struct draft *d, const struct column *c)
{
    struct buf *out = &d->all->draft;
    buf_fmt(out, STR_FMT " %s%s", STR_ARG(c->name), c->word, c->nullable ? "" : " NOT NULL");
    struct str check = column_check(d->all->arena, c);
    if (check.len)
        buf_fmt(out, " CHECK (" STR_FMT ")", STR_ARG(check));
}

/* The default of a column that is added to a table with rows. Empty: there is none. */
static struct str column_default(struct draft *d, const struct column *c)
{
    const struct field *f = c->field;
    if (!f || (!(f->flags & FIELD_DEFAULT) && f->type != FIELD_BOOL))
        return STR_NONE;
    if (f->choices)
        return str_fmt(d->all->arena, "'" STR_FMT "'", STR_ARG(f->default_text));
    if (f->type == FIELD_TEXT) /* a quote cannot stand in a description's text with meaning */
        return str_find_char(f->default_text, '\'') < 0
                   ? str_fmt(d->all->arena, "'" STR_FMT "'", STR_ARG(f->default_text))
                   : STR_NONE;
    return str_fmt(d->all->arena, "%lld", (long long)f->default_number);
}

static void write_foreign(struct draft *d, const struct entity *e, const struct column *c,
                          struct buf *notes)
{
    struct buf *out = &d->all->draft;
    const struct entity *target = c->field ? c->field->target : NULL;
    bool plain = c->field && !(c->field->flags & FIELD_SYSTEM);
    if (!target || !plain)
        return;
    if (target != e && d->mark[target->number] != 2) {
        buf_fmt(notes, "-- " STR_FMT "." STR_FMT " has no foreign key: " STR_FMT
                       " refers back to " STR_FMT ".\n",
                STR_ARG(e->name), STR_ARG(c->name), STR_ARG(target->name), STR_ARG(e->name));
        return;
    }
    bool global = target->flags & ENTITY_GLOBAL;
    buf_fmt(out, ",\n  FOREIGN KEY (%s" STR_FMT ") REFERENCES " STR_FMT " (%sid)",
            global ? "" : "org, ", STR_ARG(c->name), STR_ARG(target->name), global ? "" : "org, ");
}

static void write_table(struct draft *d, const struct entity *e)
{
    struct buf *out = &d->all->draft, notes = buf_in(d->all->arena);
    struct columns columns = { 0 };
    size_t updated;
    columns_of(d->all, e, &columns, &updated);
    buf_fmt(out, "\n-- " STR_FMT " | " STR_FMT "\n", STR_ARG(e->label.zh), STR_ARG(e->label.en));
    if (e->flags & ENTITY_GLOBAL)
        buf_fmt(out, "-- Shared by all companies: " STR_FMT "\n", STR_ARG(e->global_why));
    buf_fmt(out, "CREATE TABLE " STR_FMT " (\n", STR_ARG(e->name));
    for (size_t i = 0; i < columns.count; i++) {
        buf_cstr(out, "  ");
        write_column(d, &columns.items[i]);
        buf_cstr(out, ",\n");
    }
    buf_fmt(out, "  PRIMARY KEY (%sid)", e->flags & ENTITY_GLOBAL ? "" : "org, ");
    for (size_t i = 0; i < columns.count; i++)
        write_foreign(d, e, &columns.items[i], &notes);
    buf_cstr(out, "\n) {{STRICT}};\n");
    buf_str(out, buf_view(&notes));
    for (size_t i = 0; i < e->keys.count; i++)
        write_key(d, e, &e->keys.items[i]);
}

/* ---- comparing ---- */

static bool has_table(sqlite3 *db, struct str name)
{
    return schema_has(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", name,
                      STR_NONE);
}

static bool has_index(struct draft *d, struct str name)
{
    return schema_has(d->db, "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1", name,
                      STR_NONE);
}

static void add_column(struct draft *d, const struct entity *e, const struct column *c)
{
    struct buf *out = &d->all->draft;
    struct str value = c->nullable ? STR_NONE : column_default(d, c);
    if (!c->nullable && !value.len)
        buf_fmt(out, "-- Choose what old rows get in " STR_FMT "." STR_FMT ":\n", STR_ARG(e->name),
                STR_ARG(c->name));
    buf_fmt(out, "ALTER TABLE " STR_FMT " ADD COLUMN ", STR_ARG(e->name));
    write_column(d, c);
    bool number = strcmp(c->kind, "COLUMN_TEXT") != 0 && strcmp(c->kind, "COLUMN_CODE") != 0 &&
                  strcmp(c->kind, "COLUMN_BYTES") != 0;
    if (!c->nullable)
        buf_fmt(out, " DEFAULT " STR_FMT,
                STR_ARG(value.len ? value : number ? STR("0") : STR("''")));
    buf_cstr(out, ";\n");
}

/* What the database has and nobody describes: a column that was renamed or given up. */
static void compare_surplus(struct draft *d, const struct entity *e, const struct columns *columns)
{
    for (int i = 0;; i++) {
        struct str name = schema_column_at(d->db, d->all->arena, e->name, i);
        if (!name.len)
            return;
        bool described = false;
        for (size_t c = 0; c < columns->count; c++)
            described = described || str_eq(columns->items[c].name, name);
        if (!described)
            buf_fmt(&d->all->draft, "-- " STR_FMT "." STR_FMT " is not described: drop it?\n",
                    STR_ARG(e->name), STR_ARG(name));
    }
}

static void compare_columns(struct draft *d, const struct entity *e)
{
    struct buf *out = &d->all->draft;
    struct columns columns = { 0 };
    size_t updated;
    columns_of(d->all, e, &columns, &updated);
    struct str made = schema_text(d->db, d->all->arena, e->name);
    for (size_t i = 0; i < columns.count; i++) {
        const struct column *c = &columns.items[i];
        enum schema_column have = schema_column(d->db, e->name, c->name, schema_type(c->word),
                                                !c->nullable);
        if (have == SCHEMA_MISSING) {
            add_column(d, e, c);
        } else if (have == SCHEMA_DIFFERENT) {
            buf_fmt(out,
                    "-- " STR_FMT "." STR_FMT " is not %s%s in the database: rebuild the table\n",
                    STR_ARG(e->name), STR_ARG(c->name), c->word, c->nullable ? "" : " NOT NULL");
        } else {
            struct str check = column_check(d->all->arena, c);
            if (check.len && !schema_contains(d->all->arena, made, check))
                buf_fmt(out, "-- " STR_FMT ": the table lacks CHECK (" STR_FMT "): rebuild it\n",
                        STR_ARG(e->name), STR_ARG(check));
        }
    }
    compare_surplus(d, e, &columns);
    for (size_t i = 0; i < e->keys.count; i++)
        if (!has_index(d, key_name(d->all, e, &e->keys.items[i])))
            write_key(d, e, &e->keys.items[i]);
}

static void visit(struct draft *d, const struct entity *e)
{
    if (d->mark[e->number])
        return;
    bool exists = has_table(d->db, e->name);
    d->mark[e->number] = exists ? 2 : 1;
    if (exists)
        return;
    /* What must be there before what may be: a cycle then breaks at an optional reference. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < e->own; i++) {
            const struct field *f = &e->fields.items[i];
            if (f->target && f->target != e && ((f->flags & FIELD_REQUIRED) != 0) == (pass == 0))
                visit(d, f->target);
        }
    write_table(d, e);
    d->mark[e->number] = 2;
}

void make_draft(struct all *all, void *sqlite)
{
    struct draft d = { .all = all, .db = sqlite,
                       .mark = arena_alloc(all->arena, all->entities.count + 1) };
    for (size_t i = 0; i < all->entities.count; i++)
        visit(&d, all->entities.items[i]);
    for (size_t i = 0; i < all->entities.count; i++) {
        const struct entity *e = all->entities.items[i];
        if (has_table(d.db, e->name))
            compare_columns(&d, e);
    }
}
