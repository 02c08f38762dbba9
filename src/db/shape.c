/* shape.c - the rules that keep the schema ready for sharding by tenant, held against a
 * database. */
#include "base/buf.h"
#include "db/catalogue.h"
#include "db/internal.h"

struct shape {
    const char *const *global;
    db_shape_report *report;
    void *arg;
    int problems;
    struct arena *arena;
};

static void problem(struct shape *s, const struct db_cat_table *t, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void problem(struct shape *s, const struct db_cat_table *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str words = str_vfmt(s->arena, format, args);
    va_end(args);
    s->problems++;
    if (s->report)
        s->report(s->arg, str_fmt(s->arena, "table " STR_FMT ": " STR_FMT, STR_ARG(t->name),
                                  STR_ARG(words)));
}

static bool is_global(const struct shape *s, struct str table)
{
    if (str_is(table, "migration"))
        return true;
    for (int i = 0; s->global && s->global[i]; i++)
        if (str_is(table, s->global[i]))
            return true;
    return false;
}

static struct str columns_text(struct arena *arena, int count, const struct str *names)
{
    struct buf out = buf_in(arena);
    for (int i = 0; i < count; i++)
        buf_fmt(&out, "%s" STR_FMT, i ? ", " : "", STR_ARG(names[i]));
    return buf_view(&out);
}

static void check_columns(struct shape *s, const struct db_cat_table *t, bool tenant)
{
    bool org = false;
    for (int i = 0; i < t->columns; i++) {
        const struct db_cat_column *c = &t->column[i];
        if (c->type == DB_NULL)
            problem(s, t, "column " STR_FMT " has a type of one engine only", STR_ARG(c->name));
        if (!str_is(c->name, "org"))
            continue;
        org = true;
        if (c->type != DB_I64 || c->nullable)
            problem(s, t, "org is not a 64-bit integer NOT NULL");
    }
    if (tenant && !org)
        problem(s, t, "there is no column org");
}

static void check_keys(struct shape *s, const struct db_cat_table *t)
{
    bool primary = false;
    for (int i = 0; i < t->keys; i++) {
        const struct db_cat_key *k = &t->key[i];
        primary |= k->primary;
        if (k->columns && str_is(k->column[0], "org"))
            continue;
        struct str columns = columns_text(s->arena, k->columns, k->column);
        problem(s, t, "%s (" STR_FMT ") does not begin with org",
                k->primary ? "primary key" : "unique key", STR_ARG(columns));
    }
    if (!primary)
        problem(s, t, "there is no primary key");
}

static void check_foreigns(struct shape *s, const struct db_cat_table *t, bool tenant)
{
    for (int i = 0; i < t->foreigns; i++) {
        const struct db_cat_foreign *f = &t->foreign[i];
        struct str columns = columns_text(s->arena, f->columns, f->column);
        bool to_global = is_global(s, f->table);
        if (!tenant && !to_global)
            problem(s, t, "foreign key (" STR_FMT ") of a global table refers to tenant table "
                          STR_FMT, STR_ARG(columns), STR_ARG(f->table));
        /* SQLite leaves the target out when it is the primary key as a whole. */
        if (tenant && !to_global &&
            (!str_is(f->column[0], "org") || (f->target[0].len && !str_is(f->target[0], "org"))))
            problem(s, t, "foreign key (" STR_FMT ") to " STR_FMT " does not pair org with org",
                    STR_ARG(columns), STR_ARG(f->table));
    }
}

static enum err check_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct shape *s = arg;
    const struct db_catalogue *c;
    TRY(db_catalogue_read(tx, s->arena, fault, &c));
    for (int i = 0; i < c->tables; i++) {
        const struct db_cat_table *t = &c->table[i];
        bool tenant = !is_global(s, t->name);
        check_columns(s, t, tenant);
        if (tenant)
            check_keys(s, t);
        check_foreigns(s, t, tenant);
        if (t->triggers)
            problem(s, t, "it has triggers");
        if (t->counts)
            problem(s, t, "its numbers come from a sequence");
    }
    return OK;
}

enum err db_check_shape(struct db *db, const char *const *global, db_shape_report *report,
                        void *arg, struct fault *fault, int *problems)
{
    struct shape s = { .global = global, .report = report, .arg = arg };
    s.arena = arena_open((size_t)64 << 20);
    if (!s.arena)
        return db_no_memory(fault);
    struct db_guarded guarded = { s.arena, check_work, &s };
    enum err e = db_read(db, db_guarded_work, &guarded, fault);
    arena_close(s.arena);
    *problems = s.problems;
    return e;
}
