/* meta.c - GET /meta: the descriptions, cut to what the caller may do, for pages that build
 * themselves (ui/src/kit/meta.ts has the shape). */
#include "entity/ops.h"

#include "entity/value.h"

#include <stdlib.h>

static const char *const type_names[] = {
    [FIELD_REF] = "ref",       [FIELD_TEXT] = "text",     [FIELD_SECRET] = "secret",
    [FIELD_INT] = "int",       [FIELD_MONEY] = "money",   [FIELD_RATE] = "rate",
    [FIELD_DECIMAL] = "decimal", [FIELD_DATE] = "date",   [FIELD_INSTANT] = "instant",
    [FIELD_BOOL] = "bool",     [FIELD_ENUM] = "enum",     [FIELD_STATES] = "states",
    [FIELD_JSON] = "json",     [FIELD_FILE] = "file",     [FIELD_BYTES] = "bytes",
    [FIELD_POINT] = "point",   [FIELD_ROWS] = "rows",
};

static const char *const op_names[OP_COUNT] = {
    [OP_LIST] = "list",     [OP_GET] = "get",       [OP_CREATE] = "create",
    [OP_UPDATE] = "update", [OP_ARCHIVE] = "archive", [OP_IMPORT] = "import",
    [OP_EXPORT] = "export", [OP_BULK] = "bulk",     [OP_REVEAL] = "reveal",
};

struct meta {
    struct cx *cx;
    struct json_writer w;
    bool *choices; /* by number in the model: which were named */
};

static void put_text(struct meta *m, const char *key, const char *zh, const char *en)
{
    if (!zh && !en)
        return;
    json_key(&m->w, key);
    json_begin_object(&m->w);
    json_key(&m->w, "zh");
    json_put_cstr(&m->w, zh);
    json_key(&m->w, "en");
    json_put_cstr(&m->w, en);
    json_end_object(&m->w);
}

static void put_flag(struct meta *m, const char *key, bool set)
{
    if (!set)
        return;
    json_key(&m->w, key);
    json_put_bool(&m->w, true);
}

static void put_name(struct meta *m, const char *key, const char *name)
{
    json_key(&m->w, key);
    json_put_cstr(&m->w, name);
}

#define SAFE (INT64_C(1) << 53) /* numbers that a browser reads exactly */

static void put_bounds(struct meta *m, const struct entity_field *f)
{
    if (f->low < f->high && f->low > -SAFE) {
        json_key(&m->w, "low");
        json_put_i64(&m->w, f->low);
    }
    if (f->low < f->high && f->high < SAFE) {
        json_key(&m->w, "high");
        json_put_i64(&m->w, f->high);
    }
    if (f->type == FIELD_DECIMAL) {
        json_key(&m->w, "scale");
        json_put_i64(&m->w, f->scale);
    }
}

static void note_choices(struct meta *m, const struct choices *choices)
{
    for (uint16_t i = 0; i < m->cx->model->choices_count; i++)
        if (m->cx->model->choices[i] == choices)
            m->choices[i] = true;
}

static void put_fields(struct meta *m, const struct entity_field *fields, size_t count);

static void put_field(struct meta *m, const struct entity_field *f)
{
    json_begin_object(&m->w);
    put_name(m, "name", f->name);
    put_name(m, "wire", f->wire);
    put_text(m, "label", f->zh, f->en);
    put_text(m, "help", f->help_zh, f->help_en);
    put_name(m, "type", type_names[f->type]);
    put_flag(m, "required", f->flags & FIELD_REQUIRED);
    put_flag(m, "readonly", f->flags & FIELD_READONLY);
    put_flag(m, "immutable", f->flags & FIELD_IMMUTABLE);
    put_flag(m, "sensitive", f->flags & FIELD_SENSITIVE);
    put_flag(m, "system", f->flags & FIELD_SYSTEM);
    if (f->unit)
        put_name(m, "unit", f->unit);
    put_bounds(m, f);
    if (f->type == FIELD_REF || f->type == FIELD_FILE)
        put_name(m, "target", model_target(m->cx, f)->name);
    if (f->choices) {
        put_name(m, "choices", f->choices->name);
        note_choices(m, f->choices);
    }
    if (f->rows) {
        json_key(&m->w, "rows");
        put_fields(m, f->rows->fields, f->rows->field_count);
    }
    json_end_object(&m->w);
}

static void put_fields(struct meta *m, const struct entity_field *fields, size_t count)
{
    json_begin_array(&m->w);
    for (size_t i = 0; i < count; i++)
        if (!(fields[i].flags & FIELD_HIDDEN))
            put_field(m, &fields[i]);
    json_end_array(&m->w);
}

static void put_when(struct meta *m, const struct entity_model *model, uint64_t when)
{
    if (!when || model->state_field == NO_FIELD)
        return;
    const struct choices *states = model->fields[model->state_field].choices;
    json_key(&m->w, "when");
    json_begin_array(&m->w);
    for (int i = 1; i < states->count; i++)
        if (when >> i & 1)
            json_put_cstr(&m->w, states->items[i].code);
    json_end_array(&m->w);
}

static void put_operation(struct meta *m, const struct entity_model *model,
                          const struct entity_operation *op)
{
    json_begin_object(&m->w);
    json_key(&m->w, "fields");
    json_begin_array(&m->w);
    for (uint16_t i = 0; i < op->field_count; i++)
        json_put_cstr(&m->w, model->fields[op->fields[i]].name);
    json_end_array(&m->w);
    json_key(&m->w, "sorts");
    json_begin_array(&m->w);
    for (uint16_t i = 0; i < op->sort_count; i++) {
        json_begin_object(&m->w);
        put_name(m, "field", model->fields[op->sorts[i].field].name);
        put_flag(m, "down", op->sorts[i].down);
        json_end_object(&m->w);
    }
    json_end_array(&m->w);
    put_when(m, model, op->when);
    json_end_object(&m->w);
}

static void put_operations(struct meta *m, const struct entity_model *model)
{
    json_key(&m->w, "operations");
    json_begin_object(&m->w);
    for (int i = 0; i < OP_COUNT; i++) {
        if (!model->ops[i].may || !cx_may(m->cx, model->ops[i].may))
            continue;
        json_key(&m->w, op_names[i]);
        put_operation(m, model, &model->ops[i]);
    }
    json_end_object(&m->w);
}

static void put_commands(struct meta *m, const struct entity_model *model)
{
    json_key(&m->w, "commands");
    json_begin_array(&m->w);
    for (uint16_t i = 0; i < model->command_count; i++) {
        const struct entity_command *c = &model->commands[i];
        if (!cx_may(m->cx, c->may))
            continue;
        json_begin_object(&m->w);
        put_name(m, "name", c->name);
        put_name(m, "route", c->route);
        put_text(m, "label", c->zh, c->en);
        put_when(m, model, c->when);
        put_flag(m, "collection", c->flags & COMMAND_COLLECTION);
        put_flag(m, "async", c->flags & COMMAND_ASYNC);
        json_key(&m->w, "fields");
        put_fields(m, c->in.fields, c->in.field_count);
        json_end_object(&m->w);
    }
    json_end_array(&m->w);
}

static void put_resource(struct meta *m, const struct entity_model *model)
{
    json_begin_object(&m->w);
    put_name(m, "name", model->name);
    put_name(m, "route", model->route);
    put_text(m, "label", model->zh, model->en);
    put_text(m, "about", model->about_zh, model->about_en);
    put_flag(m, "fact", model->flags & ENTITY_FACT);
    put_flag(m, "archive", model->flags & ENTITY_ARCHIVE);
    put_flag(m, "search", model->flags & ENTITY_SEARCH);
    put_flag(m, "tree", model->flags & ENTITY_TREE);
    if (model->title_field != NO_FIELD)
        put_name(m, "title", model->fields[model->title_field].name);
    if (model->state_field != NO_FIELD)
        put_name(m, "state", model->fields[model->state_field].name);
    json_key(&m->w, "fields");
    put_fields(m, model->fields, model->field_count);
    put_operations(m, model);
    put_commands(m, model);
    json_end_object(&m->w);
}

static void put_choices(struct meta *m, const struct choices *choices)
{
    json_key(&m->w, choices->name);
    json_begin_array(&m->w);
    for (int i = 1; i < choices->count; i++) {
        const struct choice *c = &choices->items[i];
        json_begin_object(&m->w);
        put_name(m, "code", c->code);
        put_text(m, "label", c->zh, c->en);
        if (choices->states) {
            json_key(&m->w, "next");
            json_begin_array(&m->w);
            for (int k = 1; k < choices->count; k++)
                if (c->next >> k & 1)
                    json_put_cstr(&m->w, choices->items[k].code);
            json_end_array(&m->w);
        }
        json_end_object(&m->w);
    }
    json_end_array(&m->w);
}

enum err op_meta(struct cx *cx, const struct request *in, struct reply *out)
{
    (void)in;
    const struct model *model = cx->model;
    struct meta m = { .cx = cx, .w = reply_json(out),
                      .choices = arena_array(cx->arena, bool, model->choices_count) };
    json_begin_object(&m.w);
    json_key(&m.w, "resources");
    json_begin_array(&m.w);
    for (uint16_t i = 1; i < model->entity_count; i++) {
        const struct entity_model *e = model->entities[i];
        if (e && e->route && cx_may(cx, e->ops[OP_LIST].may))
            put_resource(&m, e);
    }
    json_end_array(&m.w);
    json_key(&m.w, "choices");
    json_begin_object(&m.w);
    for (uint16_t i = 0; i < model->choices_count; i++)
        if (m.choices[i])
            put_choices(&m, model->choices[i]);
    json_end_object(&m.w);
    json_end_object(&m.w);
    out->weigh = true;
    return OK;
}
