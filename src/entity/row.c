/* row.c - loading rows, and the writes that commands and generic operations share. */
#include "entity/row.h"

#include "entity/event.h"
#include "entity/secret.h"
#include "entity/store.h"
#include "entity/value.h"

#include <string.h>

/* ------------------------------------------------------------------ rows */

void *row_blank(struct cx *cx, const struct entity_model *model)
{
    return arena_copy(cx->arena, model->blank, model->size);
}

void *row_copy(struct cx *cx, const struct entity_model *model, const void *row)
{
    return arena_copy(cx->arena, row, model->size);
}

const struct entity_field *model_field(const struct entity_model *model, const char *name)
{
    return field_named(model->fields + model->own_count,
                       (size_t)(model->field_count - model->own_count), str_from(name), false);
}

static void set_system(const struct entity_model *model, void *row, const char *name, int64_t v)
{
    const struct entity_field *f = model_field(model, name);
    if (f)
        field_set_i64(f, row, v);
}

int64_t row_id(const struct entity_model *model, const void *row)
{
    return field_i64(&model->fields[model->own_count], row); /* id leads the system's fields */
}

int64_t row_version(const struct entity_model *model, const void *row)
{
    return field_i64(&model->fields[model->own_count + 1], row);
}

int row_state(const struct entity_model *model, const void *row)
{
    if (model->state_field == NO_FIELD)
        return 0;
    return (int)field_i64(&model->fields[model->state_field], row);
}

enum err row_when(struct cx *cx, const struct entity_model *model, const void *row, uint64_t when)
{
    int state = row_state(model, row);
    if (when == 0 || (state && (when >> state & 1)))
        return OK;
    const struct choice *c = &model->fields[model->state_field].choices->items[state];
    return refuse(cx, ERR_STATE, "its state is “%s”, which does not allow this",
                  "当前状态为“%s”，不允许此操作", cx_say(cx, c->en, c->zh));
}

/* ------------------------------------------------------------------ loading */

enum err row_load(struct cx *cx, const struct entity_model *model, const struct db_rows *rows,
                  bool labels, struct row_seen *ret)
{
    ret->row = row_blank(cx, model);
    for (uint16_t i = 0; i < model->column_count; i++) {
        enum err e = column_load(cx, model, &model->columns[i], rows, i, ret->row);
        if (e)
            return explain(cx, e, "%s.%s", model->name, model->columns[i].name);
    }
    const struct entity_field *refs[QUERY_LABELS_MAX];
    size_t count = labels ? query_labels(cx, model, refs, COUNT(refs)) : 0;
    ret->labels = arena_array(cx->arena, struct str, count);
    for (size_t i = 0; i < count; i++)
        if (!db_is_null(rows, model->column_count + (int)i))
            ret->labels[i] = db_text_copy(cx->arena, rows, model->column_count + (int)i);
    return OK;
}

static enum err no_such_row(struct cx *cx, const struct entity_model *model, int64_t id)
{
    return refuse(cx, ERR_NOT_FOUND, "there is no %s %s", "没有找到%s %s",
                  cx_say(cx, model->en, model->zh), id_text(cx, id));
}

static enum err first_row(struct cx *cx, const struct entity_model *model, struct str text,
                          const struct db_value *values, int count, bool labels, int64_t id,
                          struct row_seen *ret)
{
    struct db_rows *rows;
    bool has;
    TRY(db_query_text(cx->tx, text, values, count, &cx->fault, &rows));
    TRY(db_next(rows, &has, &cx->fault));
    if (!has)
        return no_such_row(cx, model, id);
    enum err e = row_load(cx, model, rows, labels, ret);
    db_rows_close(rows);
    return e;
}

enum err row_find(struct cx *cx, const struct entity_model *model, const struct grant *grant,
                  int64_t id, bool labels, struct row_seen *ret)
{
    struct query query = { .model = model, .grant = grant, .id = id, .labels = labels };
    struct sql sql = sql_query(cx, &query);
    return first_row(cx, model, buf_view(&sql.text), sql.values.items, (int)sql.values.count,
                     labels, id, ret);
}

enum err row_reached(struct cx *cx, const struct entity_model *model, const struct grant *grant,
                     int64_t id, bool *ret)
{
    struct query query = { .model = model, .grant = grant, .id = id };
    int64_t count;
    TRY(sql_count(cx, &query, &count));
    *ret = count > 0;
    return OK;
}

enum err entity_row_get(struct cx *cx, const struct entity_model *model, int64_t id, void *row)
{
    struct db_value values[] = { db_int(cx->org), db_int(id) };
    int from = model->flags & ENTITY_GLOBAL ? 1 : 0;
    struct row_seen seen;
    TRY(first_row(cx, model, str_from(model->sql_get), values + from, 2 - from, false, id, &seen));
    memcpy(row, seen.row, model->size);
    return OK;
}

/* ------------------------------------------------------------------ what both writes do first */

static enum err seal_secrets(struct cx *cx, const struct entity_model *model, void *row)
{
    for (uint16_t i = 0; i < model->own_count; i++) {
        const struct entity_field *f = &model->fields[i];
        if (f->type != FIELD_SECRET)
            continue;
        struct secret *s = member_of(row, f->offset);
        if (s->plain.data)
            TRY(secret_seal(cx, model, f, row_id(model, row), s));
    }
    return OK;
}

static enum err run_hooks(struct cx *cx, const struct entity_model *model, const void *old,
                          void *row)
{
    size_t before = cx->problems.count;
    if (model->fill)
        TRY(model->fill(cx, old, row));
    if (model->check)
        TRY(model->check(cx, old, row));
    return cx->problems.count > before ? problems_end(cx) : OK;
}

static enum err write_row(struct cx *cx, const struct entity_model *model, const char *text,
                          uint16_t columns, const void *row, int64_t *changed)
{
    struct db_value *values = arena_array(cx->arena, struct db_value, columns);
    for (uint16_t i = 0; i < columns; i++)
        values[i] = column_value(model, &model->columns[i], row);
    enum err e = db_run_text(cx->tx, str_from(text), values, columns, changed, &cx->fault);
    if (e == ERR_CONFLICT)
        return refuse(cx, e, "a %s with these values exists already", "已有相同的%s",
                      cx_say(cx, model->en, model->zh));
    return e ? explain(cx, e, "writing %s", model->name) : OK;
}

/* ------------------------------------------------------------------ insert */

static void stamp_new(struct cx *cx, const struct entity_model *model, void *row)
{
    if (!(model->flags & ENTITY_GLOBAL))
        *(int64_t *)member_of(row, model->columns[0].offset) = cx->org;
    if (row_id(model, row) == 0)
        set_system(model, row, "id", cx_new_id(cx));
    set_system(model, row, "version", 1);
    set_system(model, row, "created_at", cx->now.us);
    set_system(model, row, "created_by", cx->actor.login);
    set_system(model, row, "changed_at", cx->now.us);
    set_system(model, row, "changed_by", cx->actor.login);
}

enum err entity_row_insert(struct cx *cx, const struct entity_model *model, void *row)
{
    stamp_new(cx, model, row);
    TRY(run_hooks(cx, model, NULL, row));
    TRY(seal_secrets(cx, model, row));
    TRY(tree_place(cx, model, NULL, row));
    TRY(write_row(cx, model, model->sql_insert, model->column_count, row, NULL));
    TRY(row_index(cx, model, NULL, row));
    return event_emit(cx, model->event_created, model->name, row_id(model, row), STR_NONE);
}

/* ------------------------------------------------------------------ update */

/* Secret and sensitive values are history too, but not for every reader of it. */
static void put_change(struct cx *cx, struct json_writer *w, const struct entity_field *f,
                       const void *old, const void *row)
{
    bool covered = f->flags & (FIELD_HIDDEN | FIELD_SENSITIVE);
    json_begin_object(w);
    json_key(w, "field");
    json_put_cstr(w, f->wire);
    for (int after = 0; after < 2; after++) {
        const void *side = after ? row : old;
        json_key(w, after ? "after" : "before");
        if (covered && !field_absent(f, side))
            json_put_cstr(w, "****");
        else
            field_put_json(cx, w, f, side);
    }
    json_end_object(w);
}

static struct str changes_json(struct cx *cx, const struct entity_model *model, const void *old,
                               const void *row)
{
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    int count = 0;
    json_begin_array(&w);
    for (uint16_t i = 0; i < model->field_count; i++) {
        const struct entity_field *f = &model->fields[i];
        bool kept = !(f->flags & FIELD_SYSTEM) || strcmp(f->name, "archived_at") == 0;
        if (!kept || field_equal(f, old, row))
            continue;
        put_change(cx, &w, f, old, row);
        count++;
    }
    json_end_array(&w);
    return count ? buf_view(&out) : STR_NONE;
}

static bool extra_differs(const struct entity_model *model, const void *a, const void *b)
{
    if (!(model->flags & ENTITY_EXTRA))
        return false;
    const struct str *x = const_member_of(a, model->extra_offset);
    const struct str *y = const_member_of(b, model->extra_offset);
    return !str_eq(*x, *y);
}

/* Reads what is there now: the version says whether the caller's row was made from it. */
static enum err read_old(struct cx *cx, const struct entity_model *model, const void *row,
                         void **ret)
{
    *ret = row_blank(cx, model);
    TRY(entity_row_get(cx, model, row_id(model, row), *ret));
    if (row_version(model, *ret) != row_version(model, row))
        return fail(cx, ERR_RETRY, "%s %s was written by somebody else in between", model->name,
                    id_text(cx, row_id(model, row)));
    return OK;
}

static enum err update_row(struct cx *cx, const struct entity_model *model, void *row, int event)
{
    void *old;
    int64_t changed;
    TRY(read_old(cx, model, row, &old));
    TRY(run_hooks(cx, model, old, row));
    TRY(seal_secrets(cx, model, row));
    TRY(tree_place(cx, model, old, row));
    struct str changes = changes_json(cx, model, old, row);
    if (!changes.data && !extra_differs(model, old, row) && event == model->event_changed)
        return OK; /* nothing to write: the version tells of changes only */
    set_system(model, row, "changed_at", cx->now.us);
    set_system(model, row, "changed_by", cx->actor.login);
    TRY(write_row(cx, model, model->sql_update, model->update_count, row, &changed));
    if (changed != 1)
        return fail(cx, ERR_RETRY, "%s %s was written by somebody else in between", model->name,
                    id_text(cx, row_id(model, row)));
    set_system(model, row, "version", row_version(model, row) + 1);
    TRY(tree_moved(cx, model, old, row));
    TRY(row_index(cx, model, old, row));
    if (changes.data)
        TRY(store_change(cx, model->name, row_id(model, row),
                         cx->operation ? cx->operation : "update", changes));
    struct str data = changes.data
                          ? str_fmt(cx->arena, "{\"changes\":" STR_FMT "}", STR_ARG(changes))
                          : STR_NONE;
    return event_emit(cx, event, model->name, row_id(model, row), data);
}

enum err entity_row_update(struct cx *cx, const struct entity_model *model, void *row)
{
    const struct entity_field *archived = model_field(model, "archived_at");
    bool away = archived && !field_absent(archived, row) &&
                field_i64(archived, row) == cx->now.us;
    return update_row(cx, model, row, away ? model->event_archived : model->event_changed);
}

enum err entity_row_move(struct cx *cx, const struct entity_model *model, void *row, int state)
{
    assert(model->state_field != NO_FIELD);
    const struct entity_field *f = &model->fields[model->state_field];
    int from = row_state(model, row);
    assert(state > 0 && state < f->choices->count);
    const struct choice *was = &f->choices->items[from], *to = &f->choices->items[state];
    if (!(was->next >> state & 1))
        return refuse(cx, ERR_STATE, "it is “%s” and cannot become “%s”",
                      "当前为“%s”，不能变为“%s”", cx_say(cx, was->en, was->zh),
                      cx_say(cx, to->en, to->zh));
    field_set_i64(f, row, state);
    return update_row(cx, model, row, model->state_events ? model->state_events[state] : 0);
}
