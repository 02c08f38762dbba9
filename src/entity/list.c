/* list.c - answering lists; rows as JSON; cursors. */
#include "entity/list.h"

#include "base/hex.h"
#include "entity/value.h"

#include <string.h>

/* ------------------------------------------------------------------ rows as JSON */

struct row_view row_view_for(const struct cx *cx, const struct entity_model *model)
{
    int reveal = model->ops[OP_REVEAL].may;
    return (struct row_view){ .model = model, .sensitive = reveal && cx_may(cx, reveal) };
}

bool row_view_shows(const struct row_view *view, const struct entity_field *f)
{
    if ((f->flags & FIELD_HIDDEN) || ((f->flags & FIELD_SENSITIVE) && !view->sensitive))
        return false;
    return !view->selected || view->selected[f - view->model->fields];
}

static void put_system(struct cx *cx, struct json_writer *w, const struct row_view *view,
                       const void *row)
{
    for (uint16_t i = view->model->own_count; i < view->model->field_count; i++) {
        const struct entity_field *f = &view->model->fields[i];
        bool first = strcmp(f->name, "id") == 0 || strcmp(f->name, "version") == 0;
        if (first || !row_view_shows(view, f))
            continue;
        json_key(w, f->wire);
        field_put_json(cx, w, f, row);
    }
    if ((view->model->flags & ENTITY_EXTRA) && !view->selected) {
        const struct str *extra = const_member_of(row, view->model->extra_offset);
        json_key(w, "extra");
        if (extra->data)
            json_put_raw(w, *extra);
        else
            json_put_null(w);
    }
}

static void put_row_label(struct cx *cx, struct json_writer *w, const struct entity_field *f,
                          struct str label)
{
    json_key_str(w, str_fmt(cx->arena, "%s_name", f->wire));
    if (label.data)
        json_put_str(w, label);
    else
        json_put_null(w);
}

void row_put_json(struct cx *cx, struct json_writer *w, const struct row_view *view,
                  const struct row_seen *seen)
{
    const struct entity_model *model = view->model;
    const struct entity_field *refs[QUERY_LABELS_MAX];
    size_t ref_count = seen->labels ? query_labels(cx, model, refs, COUNT(refs)) : 0, ref = 0;
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, row_id(model, seen->row));
    json_key(w, "version");
    json_put_i64(w, row_version(model, seen->row));
    for (uint16_t i = 0; i < model->own_count; i++) {
        const struct entity_field *f = &model->fields[i];
        bool labelled = ref < ref_count && refs[ref] == f;
        if (row_view_shows(view, f)) {
            json_key(w, f->wire);
            field_put_json(cx, w, f, seen->row);
            if (labelled)
                put_row_label(cx, w, f, seen->labels[ref]);
        }
        ref += labelled;
    }
    put_system(cx, w, view, seen->row);
    json_end_object(w);
}

void row_answer(struct cx *cx, const struct entity_model *model, const struct row_seen *seen,
                struct reply *out)
{
    struct row_view view = row_view_for(cx, model);
    struct json_writer w = reply_json(out);
    row_put_json(cx, &w, &view, seen);
    out->version = row_version(model, seen->row);
}

/* ------------------------------------------------------------------ cursors */

static uint64_t sort_hash(struct cx *cx, const struct query *q)
{
    struct buf text = buf_in(cx->arena);
    buf_cstr(&text, q->model->name);
    for (size_t i = 0; i < q->order_count; i++)
        buf_fmt(&text, "%c%s", q->orders[i].down ? '-' : '+', q->orders[i].field->name);
    return str_hash(buf_view(&text)) & 0xFFFFFFFF;
}

static void put_cursor_value(struct cx *cx, struct json_writer *w, struct db_value v)
{
    switch (v.type) {
    case DB_NULL:
        json_put_null(w);
        return;
    case DB_I64:
        json_put_i64(w, v.i64);
        return;
    case DB_TEXT:
        json_put_str(w, v.bytes);
        return;
    case DB_BLOB: /* in a list of one, to tell it from a text */
        json_begin_array(w);
        json_put_str(w, hex_encode(cx->arena, v.bytes.data, v.bytes.len));
        json_end_array(w);
        return;
    }
}

struct str cursor_make(struct cx *cx, const struct query *q, const void *row)
{
    struct buf text = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&text);
    json_begin_array(&w);
    json_put_i64(&w, (int64_t)sort_hash(cx, q));
    for (size_t i = 0; i < q->order_count; i++) {
        const struct entity_column *c = column_of_field(q->model, q->orders[i].field);
        put_cursor_value(cx, &w, column_value(q->model, c, row));
    }
    json_put_i64(&w, row_id(q->model, row));
    json_end_array(&w);
    return base64url_encode(cx->arena, text.data, text.len);
}

static bool read_cursor_value(struct cx *cx, const struct entity_column *c, const struct json *v,
                              struct db_value *ret)
{
    if (v->type == JSON_NULL) {
        *ret = db_null();
        return c->nullable;
    }
    if (c->kind == COLUMN_TEXT || c->kind == COLUMN_CODE) {
        *ret = db_str(v->text);
        return v->type == JSON_STRING;
    }
    if (c->kind == COLUMN_BYTES) {
        struct str bytes;
        if (v->type != JSON_ARRAY || v->count != 1 ||
            !hex_decode(cx->arena, v->first->text, &bytes))
            return false;
        *ret = db_bytes(bytes);
        return true;
    }
    int64_t number;
    if (!json_i64(v, &number))
        return false;
    *ret = db_int(number);
    return true;
}

bool cursor_read(struct cx *cx, const struct query *q, struct str cursor,
                 const struct db_value **ret)
{
    struct str text;
    struct fault ignored = { 0 };
    const struct json *list;
    int64_t number;
    if (cursor.len > 4096 || !base64url_decode(cx->arena, cursor, &text) ||
        json_read(cx->arena, text, (struct json_limits){ 0 }, &ignored, &list) != OK ||
        list->type != JSON_ARRAY || list->count != q->order_count + 2 ||
        !json_i64(list->first, &number) || (uint64_t)number != sort_hash(cx, q))
        return false;
    struct db_value *values = arena_array(cx->arena, struct db_value, q->order_count + 1);
    const struct json *item = list->first->next;
    for (size_t i = 0; i < q->order_count; i++, item = item->next)
        if (!read_cursor_value(cx, column_of_field(q->model, q->orders[i].field), item,
                               &values[i]))
            return false;
    if (!json_i64(item, &number))
        return false;
    values[q->order_count] = db_int(number);
    *ret = values;
    return true;
}

/* ------------------------------------------------------------------ lists */

/* Writes up to `limit` rows and the position behind the last when there are more. */
static enum err put_items(struct cx *cx, const struct list_params *p, struct json_writer *w,
                          struct str *next)
{
    struct query q = p->query;
    q.limit = p->query.limit + 1; /* one more tells whether there is a next page */
    struct row_view view = row_view_for(cx, q.model);
    view.selected = p->selected;
    struct sql sql = sql_query(cx, &q);
    struct db_rows *rows;
    TRY(db_query_text(cx->tx, buf_view(&sql.text), sql.values.items, (int)sql.values.count,
                      &cx->fault, &rows));
    struct row_seen seen = { 0 };
    for (int i = 0;; i++) {
        bool has;
        TRY(db_next(rows, &has, &cx->fault));
        if (!has)
            return OK;
        if (i == p->query.limit)
            break;
        TRY(row_load(cx, q.model, rows, true, &seen));
        row_put_json(cx, w, &view, &seen);
    }
    db_rows_close(rows);
    *next = cursor_make(cx, &p->query, seen.row);
    return OK;
}

enum err list_answer(struct cx *cx, const struct list_params *p, struct reply *out)
{
    struct json_writer w = reply_json(out);
    struct str next = STR_NONE;
    json_begin_object(&w);
    json_key(&w, "items");
    json_begin_array(&w);
    TRY(put_items(cx, p, &w, &next));
    json_end_array(&w);
    json_key(&w, "next");
    if (next.data)
        json_put_str(&w, next);
    else
        json_put_null(&w);
    if (p->total) {
        int64_t total;
        TRY(sql_count(cx, &p->query, &total));
        json_key(&w, "total");
        json_put_i64(&w, total);
    }
    json_end_object(&w);
    out->weigh = true;
    return OK;
}
