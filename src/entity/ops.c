/* ops.c - get, create, update, archive, commands: permission → scope → state → version → decode →
 * check → write → event → change record → encode. */
#include "entity/ops.h"

#include "entity/event.h"
#include "entity/proof.h"
#include "entity/value.h"

#include <string.h>

static const struct entity_model *model_of(const struct request *in)
{
    return ((const struct op_target *)in->state)->model;
}

/* ------------------------------------------------------------------ shared steps */

enum err op_match(struct cx *cx, const struct entity_model *model, const void *row,
                  int64_t if_match)
{
    int64_t version = row_version(model, row);
    if (if_match == 0 || if_match == IF_MATCH_ANY || if_match == version)
        return OK;
    return refuse(cx, ERR_VERSION, "it is at version %lld, you have read %lld",
                  "当前版本为 %lld，您读取的是 %lld", (long long)version, (long long)if_match);
}

enum err op_still_reached(struct cx *cx, const struct entity_model *model, int may, int64_t id)
{
    const struct grant *grant = cx_grant(cx, may);
    bool reached;
    if (grant && grant->org)
        return OK;
    TRY(row_reached(cx, model, grant, id, &reached));
    if (reached)
        return OK;
    return refuse(cx, ERR_FORBIDDEN, "it would belong to somebody outside your reach",
                  "该记录将归属您权限范围之外的人员或单元");
}

enum err op_would_reach(struct cx *cx, const struct entity_model *model, int may, const void *row,
                        bool *ret)
{
    const struct grant *grant = cx_grant(cx, may);
    *ret = true;
    if (!grant || grant->org || model->scope == SCOPE_ORG || model->scope == SCOPE_NONE ||
        model->scope_field == NO_FIELD)
        return OK;
    /* A row is reached when the person, unit or row that it hangs on is. */
    const struct entity_field *f = &model->fields[model->scope_field];
    return row_reached(cx, model_target(cx, f), grant, field_i64(f, row), ret);
}

/* The row as the caller may see it now. A command may have moved it out of reach: who did that
 * still gets its answer. */
static enum err answer_row(struct cx *cx, const struct entity_model *model, int64_t id,
                           struct reply *out)
{
    struct row_seen seen;
    TRY(row_find(cx, model, NULL, id, true, &seen));
    row_answer(cx, model, &seen, out);
    return OK;
}

static enum err need_body(struct cx *cx, const struct request *in)
{
    return in->json ? OK : refuse(cx, ERR_INVALID, "the body is missing", "缺少请求内容");
}

/* ------------------------------------------------------------------ get and list */

enum err op_list(struct cx *cx, const struct request *in, struct reply *out)
{
    struct list_params params;
    TRY(list_parse(cx, model_of(in), in, OP_LIST, &params));
    return list_answer(cx, &params, out);
}

enum err op_get(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct entity_model *model = model_of(in);
    struct row_seen seen;
    int64_t id;
    TRY(request_id(cx, in, "id", &id));
    TRY(row_find(cx, model, cx_grant(cx, model->ops[OP_GET].may), id, true, &seen));
    row_answer(cx, model, &seen, out);
    return OK;
}

/* ------------------------------------------------------------------ create */

enum err op_create_row(struct cx *cx, const struct entity_model *model, const struct json *object,
                       int64_t *id)
{
    const struct entity_operation *op = &model->ops[OP_CREATE];
    void *row = row_blank(cx, model);
    record_from_json(cx, model->fields, model->field_count, op->fields, op->field_count, true, "",
                     object, row, NULL);
    TRY(row_check_refs(cx, model, row, NULL, ""));
    TRY(row_check_uniques(cx, model, row, ""));
    TRY(problems_end(cx));
    TRY(entity_row_insert(cx, model, row));
    *id = row_id(model, row);
    return op_still_reached(cx, model, op->may, *id);
}

enum err op_create(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct entity_model *model = model_of(in);
    int64_t id;
    TRY(need_body(cx, in));
    TRY(op_create_row(cx, model, in->json, &id));
    out->status = 201;
    out->location = str_fmt(cx->arena, "/api/v1/%s/%s", model->route, id_text(cx, id));
    return answer_row(cx, model, id, out);
}

/* ------------------------------------------------------------------ update */

static void refuse_immutable(struct cx *cx, const struct entity_model *model, const void *old,
                             const void *row, const bool *given)
{
    for (uint16_t i = 0; i < model->own_count; i++) {
        const struct entity_field *f = &model->fields[i];
        if (given[i] && (f->flags & FIELD_IMMUTABLE) && !field_equal(f, old, row))
            problem(cx, f->wire, "immutable", "cannot be changed any more", "创建后不可修改");
    }
}

enum err op_update_row(struct cx *cx, const struct entity_model *model, int64_t id,
                       int64_t if_match, const struct json *object)
{
    const struct entity_operation *op = &model->ops[OP_UPDATE];
    struct row_seen old;
    TRY(row_find(cx, model, cx_grant(cx, op->may), id, false, &old));
    TRY(row_when(cx, model, old.row, op->when));
    TRY(op_match(cx, model, old.row, if_match));
    void *row = row_copy(cx, model, old.row);
    bool *given = arena_array(cx->arena, bool, model->field_count);
    record_from_json(cx, model->fields, model->field_count, op->fields, op->field_count, false, "",
                     object, row, given);
    refuse_immutable(cx, model, old.row, row, given);
    TRY(row_check_refs(cx, model, row, given, ""));
    TRY(row_check_uniques(cx, model, row, ""));
    TRY(problems_end(cx));
    TRY(entity_row_update(cx, model, row));
    return op_still_reached(cx, model, op->may, id);
}

enum err op_update(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct entity_model *model = model_of(in);
    int64_t id;
    TRY(need_body(cx, in));
    TRY(request_id(cx, in, "id", &id));
    TRY(op_update_row(cx, model, id, in->if_match, in->json));
    return answer_row(cx, model, id, out);
}

/* ------------------------------------------------------------------ archive */

enum err op_archive_row(struct cx *cx, const struct entity_model *model, int64_t id,
                        int64_t if_match, bool away)
{
    const struct entity_operation *op = &model->ops[OP_ARCHIVE];
    const struct entity_field *archived_at = model_field(model, "archived_at");
    struct row_seen seen;
    TRY(row_find(cx, model, cx_grant(cx, op->may), id, false, &seen));
    TRY(row_when(cx, model, seen.row, op->when));
    TRY(op_match(cx, model, seen.row, if_match));
    if (field_absent(archived_at, seen.row) != away)
        return OK; /* it is there already: archiving twice is not a mistake */
    field_set_i64(archived_at, seen.row, away ? cx->now.us : 0);
    cx->operation = away ? "archive" : "restore";
    enum err e = entity_row_update(cx, model, seen.row);
    cx->operation = NULL;
    return e;
}

static enum err archive(struct cx *cx, const struct request *in, struct reply *out, bool away)
{
    const struct entity_model *model = model_of(in);
    int64_t id;
    TRY(request_id(cx, in, "id", &id));
    TRY(op_archive_row(cx, model, id, in->if_match, away));
    return answer_row(cx, model, id, out);
}

enum err op_archive(struct cx *cx, const struct request *in, struct reply *out)
{
    return archive(cx, in, out, true);
}

enum err op_restore(struct cx *cx, const struct request *in, struct reply *out)
{
    return archive(cx, in, out, false);
}

/* ------------------------------------------------------------------ commands */

/* Input refs are checked like those of rows: an id out of sight is as good as none. */
static enum err check_input_refs(struct cx *cx, const struct entity_record *record, const void *in,
                                 const char *prefix)
{
    struct entity_model as_row = { .fields = record->fields, .own_count = record->field_count,
                                   .field_count = record->field_count };
    TRY(row_check_refs(cx, &as_row, in, NULL, prefix));
    for (uint16_t i = 0; i < record->field_count; i++) {
        const struct entity_field *f = &record->fields[i];
        if (f->type != FIELD_ROWS)
            continue;
        const char *items = *(const char *const *)const_member_of(in, f->offset);
        size_t count = *(const size_t *)const_member_of(in, f->count_offset);
        for (size_t k = 0; k < count; k++) {
            struct str at = str_fmt(cx->arena, "%s%s[%zu].", prefix, f->wire, k);
            TRY(check_input_refs(cx, f->rows, items + k * f->rows->size, at.data));
        }
    }
    return OK;
}

static enum err read_input(struct cx *cx, const struct entity_record *record,
                           const struct json *object, void **ret)
{
    *ret = arena_alloc(cx->arena, MAX(record->size, 1u));
    if (record->blank)
        memcpy(*ret, record->blank, record->size);
    record_from_json(cx, record->fields, record->field_count, NULL, 0, true, "", object, *ret,
                     NULL);
    TRY(check_input_refs(cx, record, *ret, ""));
    return problems_end(cx);
}

static enum err run_command(struct cx *cx, const struct op_target *target, void *row,
                            const struct json *object, struct reply *answer)
{
    const struct entity_command *c = target->command;
    void *input, *output = NULL;
    TRY(read_input(cx, &c->in, object, &input));
    if (c->out.size) {
        output = arena_alloc(cx->arena, c->out.size);
        if (c->out.blank)
            memcpy(output, c->out.blank, c->out.size);
    }
    cx->operation = c->name;
    enum err e = c->run(cx, row, input, output);
    cx->operation = NULL;
    if (e)
        return explain(cx, e, "%s", cx_say(cx, c->en, c->zh));
    TRY(problems_end(cx));
    TRY(proof_command(cx, target->model, c, row ? row_id(target->model, row) : 0));
    if (c->out.size && answer) {
        struct json_writer w = reply_json(answer);
        record_put_json(cx, &w, &c->out, output);
        answer->status = c->flags & COMMAND_ASYNC ? 202 : 200;
    }
    return OK;
}

enum err op_command_row(struct cx *cx, const struct op_target *target, int64_t id,
                        int64_t if_match, const struct json *object, struct reply *answer)
{
    struct row_seen seen;
    const struct entity_command *c = target->command;
    TRY(row_find(cx, target->model, cx_grant(cx, c->may), id, false, &seen));
    TRY(row_when(cx, target->model, seen.row, c->when));
    TRY(op_match(cx, target->model, seen.row, if_match));
    return run_command(cx, target, seen.row, object, answer);
}

enum err op_command(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct op_target *target = in->state;
    int64_t id;
    TRY(request_id(cx, in, "id", &id));
    TRY(op_command_row(cx, target, id, in->if_match, in->json, out));
    return target->command->out.size ? OK : answer_row(cx, target->model, id, out);
}

enum err op_command_on_all(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct op_target *target = in->state;
    TRY(run_command(cx, target, NULL, in->json, out));
    if (!target->command->out.size)
        buf_cstr(&out->body, "{}");
    return OK;
}
