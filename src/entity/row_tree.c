/* row_tree.c - what a write carries with it: the path in a tree, the full text, refs, keys. */
#include "db/search.h"
#include "entity/row.h"
#include "entity/secret.h"
#include "entity/value.h"

#include <string.h>

/* ------------------------------------------------------------------ trees */

static struct str *path_of(const struct entity_model *model, void *row)
{
    return member_of(row, model->fields[model->tree_path].offset);
}

enum err tree_place(struct cx *cx, const struct entity_model *model, const void *old, void *row)
{
    if (!(model->flags & ENTITY_TREE))
        return OK;
    const struct entity_field *parent_field = &model->fields[model->tree_parent];
    int64_t parent_id = field_i64(parent_field, row);
    if (old && field_equal(parent_field, old, row)) {
        *path_of(model, row) = *path_of(model, row_copy(cx, model, old));
        return OK;
    }
    struct str above = STR("/");
    if (parent_id) {
        void *parent = row_blank(cx, model);
        TRY(entity_row_get(cx, model, parent_id, parent));
        above = *path_of(model, parent);
    }
    struct str own = str_fmt(cx->arena, "/%s/", id_text(cx, row_id(model, row)));
    if (str_find(above, own) >= 0)
        return refuse(cx, ERR_UNPROCESSABLE, "it cannot stand below itself", "不能移到自己的下级");
    struct str path = str_fmt(cx->arena, STR_FMT "%s/", STR_ARG(above),
                              id_text(cx, row_id(model, row)));
    int64_t max = model->fields[model->tree_path].high;
    if (max > 0 && path.len > (size_t)max)
        return refuse(cx, ERR_UNPROCESSABLE, "the tree is too deep", "层级过深");
    *path_of(model, row) = path;
    return OK;
}

enum err tree_moved(struct cx *cx, const struct entity_model *model, const void *old,
                    const void *row)
{
    if (!(model->flags & ENTITY_TREE))
        return OK;
    struct str before = *path_of(model, row_copy(cx, model, old));
    struct str after = *path_of(model, row_copy(cx, model, row));
    if (str_eq(before, after))
        return OK;
    struct sql sql = sql_move_tree(cx, model, before, after);
    return db_run_text(cx->tx, buf_view(&sql.text), sql.values.items, (int)sql.values.count, NULL,
                       &cx->fault);
}

/* ------------------------------------------------------------------ full text */

static bool is_searched(const struct entity_field *f)
{
    return (f->flags & FIELD_SEARCH) && f->type == FIELD_TEXT;
}

enum err row_index(struct cx *cx, const struct entity_model *model, const void *old,
                   const void *row)
{
    if (!(model->flags & ENTITY_SEARCH))
        return OK;
    struct buf text = buf_in(cx->arena);
    bool differs = old == NULL;
    for (uint16_t i = 0; i < model->own_count; i++) {
        const struct entity_field *f = &model->fields[i];
        if (!is_searched(f))
            continue;
        differs = differs || !field_equal(f, old, row);
        if (!field_absent(f, row)) {
            buf_str(&text, *(const struct str *)const_member_of(row, f->offset));
            buf_char(&text, '\n');
        }
    }
    if (!differs)
        return OK;
    return db_search_put(cx->tx, cx->org, model->name, row_id(model, row), buf_view(&text),
                         &cx->fault);
}

/* ------------------------------------------------------------------ refs */

/* Whoever may see some rows of the target may refer to those only; who may see none at all is let
 * choose by id within the company: the description accepted the field. */
static enum err ref_exists(struct cx *cx, const struct entity_field *f, int64_t id, bool *ret)
{
    const struct entity_model *target = model_target(cx, f);
    int may = target->ops[OP_GET].may ? target->ops[OP_GET].may : target->ops[OP_LIST].may;
    return row_reached(cx, target, may ? cx_grant(cx, may) : NULL, id, ret);
}

enum err row_check_refs(struct cx *cx, const struct entity_model *model, const void *row,
                        const bool *given, const char *prefix)
{
    for (uint16_t i = 0; i < model->own_count; i++) {
        const struct entity_field *f = &model->fields[i];
        bool ref = f->type == FIELD_REF || f->type == FIELD_FILE;
        if (!ref || (given && !given[i]) || field_absent(f, row))
            continue;
        bool exists;
        TRY(ref_exists(cx, f, field_i64(f, row), &exists));
        if (!exists) {
            const struct entity_model *target = model_target(cx, f);
            problem(cx, str_fmt(cx->arena, "%s%s", prefix, f->wire).data, "not_found",
                    "there is no %s %s", "没有找到%s %s", cx_say(cx, target->en, target->zh),
                    id_text(cx, field_i64(f, row)));
        }
    }
    return OK;
}

/* ------------------------------------------------------------------ unique keys */

/* false: one of the values is absent, and absent values never collide. */
static bool key_values(struct cx *cx, const struct entity_model *model,
                       const struct entity_unique *key, const void *row, struct db_value *values)
{
    for (uint16_t i = 0; i < key->count; i++) {
        const struct entity_field *f = &model->fields[key->fields[i]];
        values[i] = column_value(model, column_of_field(model, f), row);
        if (f->type == FIELD_SECRET) { /* not sealed yet */
            const struct secret *s = const_member_of(row, f->offset);
            struct str hash;
            if (s->plain.data && secret_hash(cx, s->plain, &hash) == OK)
                values[i] = db_bytes(hash);
        }
        if (values[i].type == DB_NULL)
            return false;
    }
    return true;
}

static struct str key_labels(struct cx *cx, const struct entity_model *model,
                             const struct entity_unique *key)
{
    struct buf out = buf_in(cx->arena);
    for (uint16_t i = 0; i < key->count; i++)
        buf_fmt(&out, "%s%s", i ? cx_say(cx, ", ", "、") : "",
                field_label(cx, &model->fields[key->fields[i]]));
    return buf_view(&out);
}

static enum err first_id(struct cx *cx, const struct sql *sql, int64_t *ret)
{
    struct db_rows *rows;
    bool has;
    *ret = 0;
    TRY(db_query_text(cx->tx, buf_view(&sql->text), sql->values.items, (int)sql->values.count,
                      &cx->fault, &rows));
    TRY(db_next(rows, &has, &cx->fault));
    if (has) {
        *ret = db_i64(rows, 0);
        db_rows_close(rows);
    }
    return OK;
}

enum err row_by_key(struct cx *cx, const struct entity_model *model,
                    const struct entity_unique *key, const void *row, int64_t *ret)
{
    struct db_value *values = arena_array(cx->arena, struct db_value, key->count);
    *ret = 0;
    if (!key_values(cx, model, key, row, values))
        return OK;
    struct sql sql = sql_find(cx, model, key->fields, key->count, values, row_id(model, row));
    return first_id(cx, &sql, ret);
}

enum err row_check_uniques(struct cx *cx, const struct entity_model *model, const void *row,
                           const char *prefix)
{
    for (uint16_t i = 0; i < model->unique_count; i++) {
        const struct entity_unique *key = &model->uniques[i];
        int64_t other;
        TRY(row_by_key(cx, model, key, row, &other));
        if (other)
            problem(cx, str_fmt(cx->arena, "%s%s", prefix,
                                model->fields[key->fields[0]].wire).data,
                    "duplicate", "another %s has the same " STR_FMT, "已有%s的“" STR_FMT "”与此相同",
                    cx_say(cx, model->en, model->zh), STR_ARG(key_labels(cx, model, key)));
    }
    return OK;
}
