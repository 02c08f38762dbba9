/* sql.c - see sql.h: constant pieces and numbered parameters. */
#include "entity/sql.h"

#include "entity/secret.h"
#include "entity/value.h"

#include <string.h>

static struct sql begin(struct cx *cx)
{
    return (struct sql){ .text = buf_in(cx->arena) };
}

static void put(struct sql *sql, const char *piece)
{
    buf_cstr(&sql->text, piece);
}

static void param(struct cx *cx, struct sql *sql, struct db_value value)
{
    vec_add(cx->arena, &sql->values, value);
    buf_fmt(&sql->text, "$%zu", sql->values.count);
}

/* An alias is a letter and the depth of nesting: t0, p1, u1. */
struct alias {
    char letter;
    int depth;
};

static void put_column(struct sql *sql, struct alias a, const char *column)
{
    buf_fmt(&sql->text, "%c%d.%s", a.letter, a.depth, column);
}

/* ------------------------------------------------------------------ names of the model */

const struct entity_model *model_named(const struct model *model, const char *name)
{
    for (uint16_t i = 1; i < model->entity_count; i++)
        if (model->entities[i] && strcmp(model->entities[i]->name, name) == 0)
            return model->entities[i];
    return NULL;
}

const struct entity_model *model_target(const struct cx *cx, const struct entity_field *f)
{
    assert(f->target < cx->model->entity_count);
    return cx->model->entities[f->target];
}

const struct entity_column *column_of_field(const struct entity_model *model,
                                            const struct entity_field *f)
{
    uint32_t offset = f->offset;
    if (f->type == FIELD_SECRET)
        offset += (uint32_t)offsetof(struct secret, hash);
    uint16_t number = (uint16_t)(f - model->fields);
    for (uint16_t i = 0; i < model->column_count; i++)
        if (model->columns[i].field == number && model->columns[i].offset == offset)
            return &model->columns[i];
    assert(false && "every field has a column");
    return NULL;
}

static const struct entity_field *title_of(const struct entity_model *target)
{
    if (!target || target->title_field == NO_FIELD)
        return NULL;
    const struct entity_field *f = &target->fields[target->title_field];
    bool shown = f->type == FIELD_TEXT && !(f->flags & (FIELD_SENSITIVE | FIELD_HIDDEN));
    return shown ? f : NULL;
}

size_t query_labels(const struct cx *cx, const struct entity_model *model,
                    const struct entity_field **items, size_t room)
{
    size_t count = 0;
    for (uint16_t i = 0; i < model->own_count && count < room; i++) {
        const struct entity_field *f = &model->fields[i];
        bool ref = f->type == FIELD_REF || f->type == FIELD_FILE;
        if (ref && !(f->flags & FIELD_HIDDEN) && title_of(model_target(cx, f)))
            items[count++] = f;
    }
    return count;
}

/* ------------------------------------------------------------------ scope */

#define SCOPE_DEPTH_MAX 6 /* via … via …: the descriptions have no loops, this makes sure */

/* Paths end in '/', and '0' is the next byte: one range holds a unit and all below it. */
static void put_under(struct cx *cx, struct sql *sql, struct alias unit, const char *path,
                      const struct grant *grant)
{
    put(sql, "(");
    for (int i = 0; i < grant->unit_count; i++) {
        struct str from = grant->units[i];
        assert(str_ends(from, STR("/")));
        struct str to = str_fmt(cx->arena, STR_FMT "0", (int)from.len - 1, from.data);
        put(sql, i ? " OR (" : "(");
        put_column(sql, unit, path);
        put(sql, " >= ");
        param(cx, sql, db_str(from));
        put(sql, " AND ");
        put_column(sql, unit, path);
        put(sql, " < ");
        param(cx, sql, db_str(to));
        put(sql, ")");
    }
    put(sql, ")");
}

static void put_in_units(struct cx *cx, struct sql *sql, struct alias row, const char *unit_column,
                         const struct grant *grant)
{
    const struct entity_model *unit = model_named(cx->model, "unit");
    assert(unit && unit->tree_path != NO_FIELD);
    struct alias u = { 'u', row.depth + 1 };
    buf_fmt(&sql->text, "EXISTS (SELECT 1 FROM %s u%d WHERE u%d.org = %c%d.org AND u%d.id = ",
            unit->name, u.depth, u.depth, row.letter, row.depth, u.depth);
    put_column(sql, row, unit_column);
    put(sql, " AND ");
    put_under(cx, sql, u, column_of_field(unit, &unit->fields[unit->tree_path])->name, grant);
    put(sql, ")");
}

static void put_person_in_units(struct cx *cx, struct sql *sql, struct alias row,
                                const char *person_column, const struct grant *grant)
{
    const struct entity_model *person = model_named(cx->model, "person");
    const struct entity_field *unit = field_named(person->fields, person->field_count,
                                                  STR("unit"), false);
    assert(unit);
    struct alias p = { 'p', row.depth + 1 };
    if (!person_column) { /* the row is the person */
        put_in_units(cx, sql, row, column_of_field(person, unit)->name, grant);
        return;
    }
    buf_fmt(&sql->text, "EXISTS (SELECT 1 FROM %s p%d WHERE p%d.org = %c%d.org AND p%d.id = ",
            person->name, p.depth, p.depth, row.letter, row.depth, p.depth);
    put_column(sql, row, person_column);
    put(sql, " AND ");
    put_in_units(cx, sql, p, column_of_field(person, unit)->name, grant);
    put(sql, ")");
}

static const char *scope_column(const struct entity_model *model)
{
    if (model->scope_field == NO_FIELD)
        return "id";
    return column_of_field(model, &model->fields[model->scope_field])->name;
}

static void put_scope(struct cx *cx, struct sql *sql, const struct entity_model *model,
                      struct alias row, const struct grant *grant);

static void put_via(struct cx *cx, struct sql *sql, const struct entity_model *model,
                    struct alias row, const struct grant *grant)
{
    const struct entity_model *target = model_target(cx, &model->fields[model->scope_field]);
    struct alias v = { 'v', row.depth + 1 };
    assert(v.depth < SCOPE_DEPTH_MAX);
    buf_fmt(&sql->text, "EXISTS (SELECT 1 FROM %s v%d WHERE v%d.org = %c%d.org AND v%d.id = ",
            target->name, v.depth, v.depth, row.letter, row.depth, v.depth);
    put_column(sql, row, scope_column(model));
    put_scope(cx, sql, target, v, grant);
    put(sql, ")");
}

static void put_own(struct cx *cx, struct sql *sql, struct alias row, const char *column,
                    int64_t mine)
{
    put_column(sql, row, column);
    put(sql, " = ");
    param(cx, sql, db_int(mine));
}

static void put_units_of_row(struct cx *cx, struct sql *sql, const struct entity_model *model,
                             struct alias row, const struct grant *grant)
{
    if (model->scope == SCOPE_PERSON)
        put_person_in_units(cx, sql, row,
                            model->scope_field == NO_FIELD ? NULL : scope_column(model), grant);
    else if (model->scope_field != NO_FIELD)
        put_in_units(cx, sql, row, scope_column(model), grant);
    else /* the row is the unit */
        put_under(cx, sql, row, column_of_field(model, &model->fields[model->tree_path])->name,
                  grant);
}

/* " AND (…)", or nothing when the grant reaches every row of the company. */
static void put_scope(struct cx *cx, struct sql *sql, const struct entity_model *model,
                      struct alias row, const struct grant *grant)
{
    if (!grant || grant->org || model->scope == SCOPE_ORG || model->scope == SCOPE_NONE)
        return;
    put(sql, " AND (");
    if (model->scope == SCOPE_VIA) {
        put_via(cx, sql, model, row, grant);
    } else {
        int64_t mine = model->scope == SCOPE_PERSON ? cx->actor.person : cx->actor.unit;
        bool own = grant->own && mine != 0;
        if (own)
            put_own(cx, sql, row, scope_column(model), mine);
        if (own && grant->unit_count > 0)
            put(sql, " OR ");
        if (grant->unit_count > 0)
            put_units_of_row(cx, sql, model, row, grant);
        if (!own && grant->unit_count == 0)
            put(sql, "1 = 0"); /* a grant that reaches nothing: a login without person or unit */
    }
    put(sql, ")");
}

/* ------------------------------------------------------------------ filters */

static const struct alias top = { 't', 0 };

static void put_prefix(struct cx *cx, struct sql *sql, struct str prefix)
{
    struct buf pattern = buf_in(cx->arena);
    for (size_t i = 0; i < prefix.len; i++) {
        if (strchr("%_!", prefix.data[i]) && prefix.data[i])
            buf_char(&pattern, '!');
        buf_char(&pattern, prefix.data[i]);
    }
    buf_char(&pattern, '%');
    put(sql, " LIKE ");
    param(cx, sql, db_str(buf_view(&pattern)));
    put(sql, " ESCAPE '!'");
}

static void put_filter(struct cx *cx, struct sql *sql, const struct entity_model *model,
                       const struct filter *f)
{
    put(sql, " AND ");
    put_column(sql, top, column_of_field(model, f->field)->name);
    switch (f->kind) {
    case FILTER_IN:
        for (size_t i = 0; i < f->count; i++) {
            put(sql, i ? ", " : f->count > 1 ? " IN (" : " = ");
            param(cx, sql, f->values[i]);
        }
        put(sql, f->count > 1 ? ")" : "");
        return;
    case FILTER_FROM:
    case FILTER_TO:
        put(sql, f->kind == FILTER_FROM ? " >= " : " <= ");
        param(cx, sql, f->values[0]);
        return;
    case FILTER_PREFIX:
        put_prefix(cx, sql, f->values[0].bytes);
        return;
    case FILTER_NULL:
        put(sql, " IS NULL");
        return;
    case FILTER_SET:
        put(sql, " IS NOT NULL");
        return;
    }
}

static void put_search(struct cx *cx, struct sql *sql, const struct query *q)
{
    if (!q->search.data)
        return;
    put(sql, " AND (");
    if (q->search.len == 0) { /* typed, but without a word in it */
        put(sql, "1 = 0");
    } else {
        put(sql, "t0.id IN {{SEARCH(");
        param(cx, sql, db_int(cx->org));
        put(sql, ",");
        param(cx, sql, db_str(q->search));
        put(sql, ")}}");
    }
    for (uint16_t i = 0; i < q->model->own_count; i++) {
        const struct entity_field *f = &q->model->fields[i];
        struct str hash;
        if (f->type != FIELD_SECRET || !(f->flags & FIELD_SEARCH) ||
            secret_hash(cx, q->search_plain, &hash) != OK)
            continue;
        buf_fmt(&sql->text, " OR t0.%s = ", column_of_field(q->model, f)->name);
        param(cx, sql, db_bytes(hash));
    }
    put(sql, ")");
}

/* ------------------------------------------------------------------ order and paging */

static bool nullable(const struct entity_model *model, const struct order *o)
{
    return column_of_field(model, o->field)->nullable;
}

/* " AND (rows behind the cursor)": (a, b, id) behind (x, y, z) is a behind x, or a = x and b behind
 * y, or …; written out because the directions may differ and absent values come last. */
static void put_after(struct cx *cx, struct sql *sql, const struct query *q)
{
    put(sql, " AND (");
    for (size_t i = 0; i < q->order_count; i++) {
        const struct order *o = &q->orders[i];
        const char *column = column_of_field(q->model, o->field)->name;
        if (q->after[i].type == DB_NULL) { /* only further absent ones are left */
            buf_fmt(&sql->text, "(t0.%s IS NULL AND (", column);
            continue;
        }
        buf_fmt(&sql->text, "(t0.%s %s ", column, o->down ? "<" : ">");
        param(cx, sql, q->after[i]);
        if (nullable(q->model, o))
            buf_fmt(&sql->text, " OR t0.%s IS NULL", column);
        buf_fmt(&sql->text, " OR (t0.%s = ", column);
        param(cx, sql, q->after[i]);
        put(sql, " AND ");
    }
    put(sql, "t0.id < ");
    param(cx, sql, q->after[q->order_count]);
    for (size_t i = 0; i < q->order_count; i++)
        put(sql, "))");
    put(sql, ")");
}

static void put_order(struct sql *sql, const struct query *q)
{
    put(sql, " ORDER BY ");
    for (size_t i = 0; i < q->order_count; i++)
        buf_fmt(&sql->text, "t0.%s %s%s, ", column_of_field(q->model, q->orders[i].field)->name,
                q->orders[i].down ? "DESC" : "ASC",
                nullable(q->model, &q->orders[i]) ? " NULLS LAST" : "");
    put(sql, "t0.id DESC");
}

/* ------------------------------------------------------------------ statements */

static void put_select(struct cx *cx, struct sql *sql, const struct query *q)
{
    const struct entity_model *model = q->model;
    const struct entity_field *refs[QUERY_LABELS_MAX];
    size_t ref_count = q->labels ? query_labels(cx, model, refs, COUNT(refs)) : 0;
    put(sql, "SELECT ");
    if (q->count_only)
        put(sql, "count(*)");
    for (uint16_t i = 0; i < model->column_count && !q->count_only; i++)
        buf_fmt(&sql->text, "%st0.%s", i ? ", " : "", model->columns[i].name);
    for (size_t i = 0; i < ref_count; i++) {
        const struct entity_model *target = model_target(cx, refs[i]);
        buf_fmt(&sql->text, ", l%zu.%s", i + 1, column_of_field(target, title_of(target))->name);
    }
    buf_fmt(&sql->text, " FROM %s t0", model->name);
    for (size_t i = 0; i < ref_count; i++) {
        const struct entity_model *target = model_target(cx, refs[i]);
        buf_fmt(&sql->text, " LEFT JOIN %s l%zu ON l%zu.id = t0.%s", target->name, i + 1, i + 1,
                column_of_field(model, refs[i])->name);
        if (!(target->flags & ENTITY_GLOBAL)) {
            buf_fmt(&sql->text, " AND l%zu.org = ", i + 1);
            param(cx, sql, db_int(cx->org));
        }
    }
}

static void put_org(struct cx *cx, struct sql *sql, const struct entity_model *model)
{
    if (model->flags & ENTITY_GLOBAL) {
        put(sql, " WHERE 1 = 1");
        return;
    }
    put(sql, " WHERE t0.org = ");
    param(cx, sql, db_int(cx->org));
}

struct sql sql_query(struct cx *cx, const struct query *q)
{
    struct sql sql = begin(cx);
    put_select(cx, &sql, q);
    put_org(cx, &sql, q->model);
    if (q->id) {
        put(&sql, " AND t0.id = ");
        param(cx, &sql, db_int(q->id));
    }
    put_scope(cx, &sql, q->model, top, q->grant);
    for (size_t i = 0; i < q->filter_count; i++)
        put_filter(cx, &sql, q->model, &q->filters[i]);
    put_search(cx, &sql, q);
    if ((q->model->flags & ENTITY_ARCHIVE) && q->archived != ARCHIVED_SHOW && !q->id)
        put(&sql, q->archived == ARCHIVED_ONLY ? " AND t0.archived_at IS NOT NULL"
                                               : " AND t0.archived_at IS NULL");
    if (q->after)
        put_after(cx, &sql, q);
    if (!q->count_only && !q->id)
        put_order(&sql, q);
    if (q->limit > 0) {
        put(&sql, " LIMIT ");
        param(cx, &sql, db_int(q->limit));
    }
    return sql;
}

struct sql sql_find(struct cx *cx, const struct entity_model *model, const uint16_t *fields,
                    size_t count, const struct db_value *values, int64_t but)
{
    struct sql sql = begin(cx);
    buf_fmt(&sql.text, "SELECT t0.id FROM %s t0", model->name);
    put_org(cx, &sql, model);
    for (size_t i = 0; i < count; i++) {
        put(&sql, " AND ");
        put_column(&sql, top, column_of_field(model, &model->fields[fields[i]])->name);
        put(&sql, " = ");
        param(cx, &sql, values[i]);
    }
    put(&sql, " AND t0.id <> ");
    param(cx, &sql, db_int(but));
    put(&sql, " ORDER BY t0.id LIMIT 2");
    return sql;
}

struct sql sql_move_tree(struct cx *cx, const struct entity_model *model, struct str old_path,
                         struct str new_path)
{
    const char *path = column_of_field(model, &model->fields[model->tree_path])->name;
    struct sql sql = begin(cx);
    buf_fmt(&sql.text, "UPDATE %s SET %s = ", model->name, path);
    param(cx, &sql, db_str(new_path));
    buf_fmt(&sql.text, " || substr(%s, ", path);
    param(cx, &sql, db_int((int64_t)old_path.len + 1));
    put(&sql, ") WHERE org = ");
    param(cx, &sql, db_int(cx->org));
    struct str end = str_fmt(cx->arena, STR_FMT "0", (int)old_path.len - 1, old_path.data);
    buf_fmt(&sql.text, " AND %s > ", path);
    param(cx, &sql, db_str(old_path));
    buf_fmt(&sql.text, " AND %s < ", path);
    param(cx, &sql, db_str(end));
    return sql;
}

enum err sql_count(struct cx *cx, const struct query *query, int64_t *ret)
{
    struct query q = *query;
    q.count_only = true;
    q.labels = false;
    q.after = NULL;
    q.limit = 0;
    struct sql sql = sql_query(cx, &q);
    struct db_rows *rows;
    bool has;
    TRY(db_query_text(cx->tx, buf_view(&sql.text), sql.values.items, (int)sql.values.count,
                      &cx->fault, &rows));
    TRY(db_next(rows, &has, &cx->fault));
    *ret = has ? db_i64(rows, 0) : 0;
    if (has)
        db_rows_close(rows);
    return OK;
}
