/* ops_more.c - many at once, history, revealing one field. */
#include "db/db.h"
#include "entity/ops.h"
#include "entity/proof.h"
#include "entity/secret.h"
#include "entity/store.h"
#include "entity/value.h"

#include <stdio.h>
#include <string.h>

#define BULK_MAX 500

/* ------------------------------------------------------------------ bulk */

struct bulk {
    struct cx *cx;
    struct op_target target;
    enum entity_op op; /* OP_UPDATE, OP_ARCHIVE; OP_COUNT: a command */
    bool restore;
    const struct json *input;
    int64_t id; /* the row under way */
};

static const struct entity_command *command_named(const struct entity_model *model,
                                                  struct str name)
{
    for (uint16_t i = 0; i < model->command_count; i++)
        if (str_is(name, model->commands[i].name) || str_is(name, model->commands[i].route))
            return &model->commands[i];
    return NULL;
}

static enum err unknown_operation(struct cx *cx)
{
    problem(cx, "operation", "choice", "is none of update, archive, restore or a command on rows",
            "应为 update、archive、restore 或针对单行的命令");
    return problems_end(cx);
}

/* {operation, ids, input}; also {ids, set} and {ids, command, input}. */
static enum err read_operation(struct bulk *b, const struct json *body)
{
    const struct json *name = json_get(body, "operation"), *set = json_get(body, "set");
    name = name ? name : json_get(body, "command");
    const struct entity_model *model = b->target.model;
    struct str word = name && name->type == JSON_STRING ? name->text : STR("");
    b->input = set ? set : json_get(body, "input");
    b->restore = str_is(word, "restore");
    b->op = set || str_is(word, "update")             ? OP_UPDATE
            : b->restore || str_is(word, "archive") ? OP_ARCHIVE
                                                    : OP_COUNT;
    if (b->op != OP_COUNT)
        return model->ops[b->op].may ? cx_require(b->cx, model->ops[b->op].may)
                                     : unknown_operation(b->cx);
    b->target.command = command_named(model, word);
    if (!b->target.command || (b->target.command->flags & COMMAND_COLLECTION))
        return unknown_operation(b->cx);
    return cx_require(b->cx, b->target.command->may);
}

static enum err bulk_one(struct bulk *b)
{
    const struct entity_model *model = b->target.model;
    if (b->op == OP_UPDATE)
        return op_update_row(b->cx, model, b->id, 0, b->input);
    if (b->op == OP_ARCHIVE)
        return op_archive_row(b->cx, model, b->id, 0, !b->restore);
    return op_command_row(b->cx, &b->target, b->id, 0, b->input, NULL);
}

static enum err bulk_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)tx;
    struct bulk *b = arg;
    enum err e = bulk_one(b);
    if (e)
        *fault = b->cx->fault;
    return e;
}

static void put_failure(struct cx *cx, struct json_writer *w, int64_t id, enum err e,
                        const struct fault *fault)
{
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, id);
    json_key(w, "code");
    json_put_cstr(w, err_info(e)->code);
    json_key(w, "message");
    json_put_cstr(w, err_info(e)->http_status < 500
                         ? str_copy(cx->arena, str_from(fault->message)).data
                         : cx_say(cx, err_info(e)->english, err_info(e)->chinese));
    json_end_object(w);
}

/* A row that fails undoes itself alone. What concerns the whole transaction ends all of it. */
static enum err run_bulk(struct bulk *b, const struct json *ids, struct json_writer *w, int *done)
{
    for (const struct json *item = ids->first; item; item = item->next) {
        struct fault fault = { 0 };
        if (item->type != JSON_STRING || !str_to_i64(item->text, &b->id) || b->id <= 0)
            b->id = 0; /* no such row */
        enum err e = db_try(b->cx->tx, bulk_work, b, &fault);
        b->cx->problems.count = 0;
        b->cx->operation = NULL;
        b->cx->event_depth = 0;
        if (e == ERR_RETRY || e == ERR_IO || e == ERR_FULL || e == ERR_UNAVAILABLE) {
            b->cx->fault = fault;
            return e;
        }
        if (e)
            put_failure(b->cx, w, b->id, e, &fault);
        else
            ++*done;
    }
    return OK;
}

enum err op_bulk(struct cx *cx, const struct request *in, struct reply *out)
{
    struct bulk b = { .cx = cx, .target = *(const struct op_target *)in->state };
    if (!in->json)
        return refuse(cx, ERR_INVALID, "the body is missing", "缺少请求内容");
    TRY(read_operation(&b, in->json));
    const struct json *ids = json_get(in->json, "ids");
    if (!ids || ids->type != JSON_ARRAY || ids->count == 0 || ids->count > BULK_MAX) {
        problem(cx, "ids", "range", "must be a list of 1 to %d ids", "应为 1 至 %d 个编号的列表",
                BULK_MAX);
        return problems_end(cx);
    }
    int done = 0;
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "failed");
    json_begin_array(&w);
    TRY(run_bulk(&b, ids, &w, &done));
    json_end_array(&w);
    json_key(&w, "done");
    json_put_i64(&w, done);
    json_end_object(&w);
    return OK;
}

/* ------------------------------------------------------------------ history */

#define HISTORY_MAX 500

static void put_by(struct cx *cx, struct json_writer *w, int64_t login, struct str name)
{
    json_key(w, "by");
    if (!login) {
        json_put_null(w); /* the server itself */
        return;
    }
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, login);
    json_key(w, "name");
    json_put_str(w, name.len ? name : str_from(id_text(cx, login)));
    json_end_object(w);
}

static void put_moment(struct cx *cx, struct json_writer *w, struct instant at, struct str op)
{
    json_key(w, "at");
    json_put_str(w, instant_text(cx->arena, at));
    json_key(w, "operation");
    json_put_str(w, op);
}

/* The row itself says who made it; the name comes from the login while there is one. */
static struct str login_name(struct cx *cx, int64_t login)
{
    const struct entity_model *model = model_named(cx->model, "login");
    struct query query = { .model = model, .id = login };
    if (!model || !login || model->title_field == NO_FIELD)
        return STR("");
    struct sql sql = sql_query(cx, &query);
    struct row_seen seen = { 0 };
    struct db_rows *rows;
    bool has;
    if (db_query_text(cx->tx, buf_view(&sql.text), sql.values.items, (int)sql.values.count,
                      &cx->fault, &rows) != OK ||
        db_next(rows, &has, &cx->fault) != OK || !has)
        return STR("");
    enum err e = row_load(cx, model, rows, false, &seen);
    db_rows_close(rows);
    return e ? STR("") : field_text(cx, &model->fields[model->title_field], seen.row);
}

static void put_created(struct cx *cx, struct json_writer *w, const struct entity_model *model,
                        const void *row)
{
    int64_t login = field_i64(model_field(model, "created_by"), row);
    struct instant at = { field_i64(model_field(model, "created_at"), row) };
    json_begin_object(w);
    put_moment(cx, w, at, STR("create"));
    put_by(cx, w, login, login_name(cx, login));
    json_key(w, "changes");
    json_begin_array(w);
    json_end_array(w);
    json_end_object(w);
}

enum err op_history(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct entity_model *model = ((const struct op_target *)in->state)->model;
    struct row_seen seen;
    const struct change_seen *changes;
    size_t count;
    int64_t id;
    TRY(request_id(cx, in, "id", &id));
    TRY(row_find(cx, model, cx_grant(cx, model->ops[OP_GET].may), id, false, &seen));
    TRY(store_changes(cx, model->name, id, HISTORY_MAX, &changes, &count));
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "items");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&w);
        put_moment(cx, &w, changes[i].at, changes[i].operation);
        put_by(cx, &w, changes[i].login, changes[i].by_name);
        json_key(&w, "changes");
        json_put_raw(&w, changes[i].changes);
        json_end_object(&w);
    }
    put_created(cx, &w, model, seen.row);
    json_end_array(&w);
    json_key(&w, "next");
    json_put_null(&w);
    json_end_object(&w);
    out->weigh = true;
    return OK;
}

/* ------------------------------------------------------------------ reveal */


static enum err read_reveal(struct cx *cx, const struct entity_model *model,
                            const struct request *in, const struct entity_field **field,
                            struct str *purpose)
{
    const struct json *name = json_get(in->json, "field"), *why = json_get(in->json, "purpose");
    *field = name && name->type == JSON_STRING
                 ? field_named(model->fields, model->own_count, name->text, true)
                 : NULL;
    bool may_show = *field && !((*field)->flags & FIELD_HIDDEN) &&
                    ((*field)->type == FIELD_SECRET || ((*field)->flags & FIELD_SENSITIVE));
    if (!may_show)
        problem(cx, "field", "choice", "is no covered field", "不是受保护的字段");
    *purpose = why && why->type == JSON_STRING ? str_trim(why->text) : STR("");
    if (utf8_count(*purpose) < 2 || utf8_count(*purpose) > 200)
        problem(cx, "purpose", "length", "must say in 2 to 200 characters what it is for",
                "请用 2 至 200 个字符说明用途");
    return problems_end(cx);
}

/* The look is recorded in the same transaction that makes it: no record, no look. */
static enum err record_reveal(struct cx *cx, const struct entity_model *model, int64_t id,
                              const struct entity_field *f, struct str purpose, int64_t person)
{
    struct buf text = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&text);
    json_begin_array(&w);
    json_begin_object(&w);
    json_key(&w, "field");
    json_put_cstr(&w, f->wire);
    json_key(&w, "purpose");
    json_put_str(&w, purpose);
    json_end_object(&w);
    json_end_array(&w);
    TRY(store_change(cx, model->name, id, "reveal", buf_view(&text)));
    struct str data = str_fmt(cx->arena, "{\"reveal\":" STR_FMT "}", STR_ARG(buf_view(&text)));
    return proof_event(cx, "reveal", model->name, id, person, data);
}

enum err op_reveal(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct entity_model *model = ((const struct op_target *)in->state)->model;
    const struct entity_field *f;
    struct str purpose;
    struct row_seen seen;
    int64_t id;
    TRY(request_id(cx, in, "id", &id));
    TRY(row_find(cx, model, cx_grant(cx, model->ops[OP_REVEAL].may), id, false, &seen));
    TRY(read_reveal(cx, model, in, &f, &purpose));
    TRY(record_reveal(cx, model, id, f, purpose, proof_person(model, seen.row)));
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "field");
    json_put_cstr(&w, f->wire);
    json_key(&w, "value");
    if (f->type == FIELD_SECRET && !field_absent(f, seen.row)) {
        struct str plain;
        TRY(secret_open(cx, model, f, id, const_member_of(seen.row, f->offset), &plain));
        json_put_str(&w, plain);
    } else {
        field_put_json(cx, &w, f, seen.row);
    }
    json_end_object(&w);
    return OK;
}
