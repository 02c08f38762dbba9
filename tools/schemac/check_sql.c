/*
 * check_sql.c - each named statement is prepared against the migrated schema, and its result is
 * compared with what it says of itself.
 *
 * The draft of the next migration counts as migrated: who describes a new entity can write its
 * statements at once. That the draft is empty is another check (`schemac --settled`), for releases.
 */
#include "desc.h"
#include "schema.h"

#include <sqlite3.h>

static bool run(struct all *all, sqlite3 *db, struct place at, struct str sql)
{
    char *why = NULL;
    struct str text = schema_spell(all->arena, sql, true);
    if (sqlite3_exec(db, str_cstr(all->arena, text), NULL, NULL, &why) == SQLITE_OK)
        return true;
    complain(all, at, "the migration fails: %s", why ? why : sqlite3_errmsg(db));
    sqlite3_free(why);
    return false;
}

/* The described column that a result column comes from; NULL for an expression. */
static const struct column *origin(struct all *all, sqlite3_stmt *s, int i)
{
    const char *table = sqlite3_column_table_name(s, i), *name = sqlite3_column_origin_name(s, i);
    struct entity *e = table ? entity_find(all, str_from(table)) : NULL;
    if (!e || !name)
        return NULL;
    struct columns *columns = arena_alloc(all->arena, sizeof(*columns));
    size_t updated;
    columns_of(all, e, columns, &updated);
    for (size_t c = 0; c < columns->count; c++)
        if (str_is(columns->items[c].name, name))
            return &columns->items[c];
    return NULL;
}

static bool is_number(enum field_type type)
{
    return type == FIELD_INT || type == FIELD_DECIMAL;
}

/* What a member of type `f` may be read from. A count may be read from any number, but money, days
 * and references keep their kind: mixing those is how amounts go wrong. */
static bool fits(const struct field *f, const struct column *c)
{
    const struct field *from = c->field;
    if (!from) /* org, extra */
        return f->type == FIELD_REF || f->type == FIELD_INT || f->type == FIELD_JSON;
    if (from->type == FIELD_SECRET)
        return f->type == (strcmp(c->word, "TEXT") == 0 ? FIELD_TEXT : FIELD_BYTES);
    if (from->type == FIELD_POINT)
        return f->type == FIELD_INT;
    if (from->type == FIELD_FILE || from->type == FIELD_REF) {
        if (from->flags & FIELD_SYSTEM && !str_is(from->name, "id"))
            return f->type == FIELD_REF || f->type == FIELD_INT;
        return (f->type == FIELD_REF && str_eq(f->of.s, from->of.s)) || f->type == FIELD_INT;
    }
    if (from->choices)
        return f->type == FIELD_TEXT || f->choices == from->choices;
    if (from->type == FIELD_JSON || from->type == FIELD_TEXT)
        return f->type == FIELD_TEXT || f->type == FIELD_JSON;
    return f->type == from->type || (is_number(f->type) && is_number(from->type));
}

static void check_columns(struct all *all, struct query *q, sqlite3_stmt *s)
{
    int count = sqlite3_column_count(s);
    if (count != (int)q->out.count) {
        complain(all, q->at, "the statement gives %d columns, -- out: names %zu", count,
                 q->out.count);
        return;
    }
    for (int i = 0; i < count; i++) {
        const struct field *f = &q->out.items[i];
        const struct column *c = origin(all, s, i);
        if (c && !fits(f, c))
            complain(all, f->at,
                     STR_FMT " is read as %s%s" STR_FMT ", but the column " STR_FMT
                             " is %s%s" STR_FMT,
                     STR_ARG(f->name), type_word(f->type), f->of.s.len ? " " : "", STR_ARG(f->of.s),
                     STR_ARG(c->name), c->field ? type_word(c->field->type) : c->word,
                     c->field && c->field->of.s.len ? " " : "",
                     STR_ARG(c->field ? c->field->of.s : STR_NONE));
    }
}

static void check_query(struct all *all, sqlite3 *db, struct query *q)
{
    sqlite3_stmt *s = NULL;
    if (!q->sql.len)
        return;
    const char *text = str_cstr(all->arena, schema_spell(all->arena, q->sql, false)), *tail = "";
    if (sqlite3_prepare_v2(db, text, -1, &s, &tail) != SQLITE_OK) {
        complain(all, q->at, "statement " STR_FMT ": %s", STR_ARG(q->name), sqlite3_errmsg(db));
        return;
    }
    if (str_trim(str_from(tail)).len)
        complain(all, q->at, "statement " STR_FMT " holds more than one", STR_ARG(q->name));
    check_columns(all, q, s);
    if (!s || (sqlite3_stmt_readonly(s) != 0) == q->writes)
        complain(all, q->at, "statement " STR_FMT " %s", STR_ARG(q->name),
                 q->writes ? "changes nothing"
                           : "changes rows: begin it with INSERT, UPDATE, DELETE");
    sqlite3_finalize(s);
    check_tenancy(all, q);
}

void check_sql(struct all *all)
{
    sqlite3 *db = NULL;
    struct place nowhere = { "draft.sql", 1 };
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
        complain(all, nowhere, "SQLite cannot open a database in memory");
        return;
    }
    /* "x" is a name, never a text: PostgreSQL knows it no other way. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    bool fine = true;
    for (size_t i = 0; fine && i < all->migrations.count; i++)
        fine = run(all, db, all->migrations.items[i].at, all->migrations.items[i].text);
    if (fine) {
        make_draft(all, db);
        fine = run(all, db, nowhere, buf_view(&all->draft));
    }
    for (size_t i = 0; fine && i < all->queries.count; i++)
        check_query(all, db, all->queries.items[i]);
    sqlite3_close(db);
}
