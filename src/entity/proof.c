/* proof.c - see proof.h. */
#include "entity/proof.h"

#include "entity/event.h"
#include "entity/list.h"
#include "entity/value.h"

static void put_exact(struct cx *cx, struct json_writer *w, const struct entity_field *f,
                      const void *row)
{
    if (f->type == FIELD_POINT && !field_absent(f, row)) {
        const struct point *p = const_member_of(row, f->offset);
        json_begin_array(w);
        json_put_i64(w, p->lat);
        json_put_i64(w, p->lon);
        json_end_array(w);
    } else if (f->type == FIELD_JSON && !field_absent(f, row)) {
        json_put_str(w, *(const struct str *)const_member_of(row, f->offset));
    } else {
        field_put_json(cx, w, f, row);
    }
}

/* Numbers beyond 2^53 have no canonical form; such an amount would be a mistake anyway. */
static struct str row_content(struct cx *cx, const struct entity_model *model, const void *row)
{
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    for (uint16_t i = 0; i < model->field_count; i++) {
        const struct entity_field *f = &model->fields[i];
        if (f->flags & FIELD_HIDDEN)
            continue;
        json_key(&w, f->wire);
        put_exact(cx, &w, f, row);
    }
    json_end_object(&w);
    return buf_view(&out);
}

int64_t proof_person(const struct entity_model *model, const void *row)
{
    if (model->scope != SCOPE_PERSON)
        return 0;
    return model->scope_field == NO_FIELD ? row_id(model, row)
                                          : field_i64(&model->fields[model->scope_field], row);
}

enum err proof_command(struct cx *cx, const struct entity_model *model,
                       const struct entity_command *command, int64_t row)
{
    if (!(command->flags & COMMAND_PROOF))
        return event_emit(cx, command->event, model->name, row, STR_NONE);
    int64_t person = 0;
    struct str data = STR_NONE;
    if (row) {
        void *now = row_blank(cx, model);
        TRY(entity_row_get(cx, model, row, now));
        person = proof_person(model, now);
        data = str_fmt(cx->arena, "{\"row\":" STR_FMT "}", STR_ARG(row_content(cx, model, now)));
    }
    return event_emit_about(cx, command->event, model->name, row, data, person);
}

enum err proof_event(struct cx *cx, const char *name, const char *entity, int64_t row,
                     int64_t person, struct str data)
{
    if (!cx->services || !cx->services->proof_append)
        return OK; /* a program without a proof log: tests of the engine */
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "at");
    json_put_str(&w, instant_text(cx->arena, cx->now));
    json_key(&w, "by");
    json_put_id(&w, cx->actor.login);
    json_key(&w, "data");
    if (data.data)
        json_put_raw(&w, data);
    else
        json_put_null(&w);
    json_key(&w, "entity");
    if (entity)
        json_put_cstr(&w, entity);
    else
        json_put_null(&w);
    json_key(&w, "event");
    json_put_cstr(&w, name);
    json_key(&w, "row");
    json_put_id(&w, row);
    json_end_object(&w);

    const struct json *tree;
    struct proof_fact fact = { .kind = name, .person = person, .entity = entity, .row = row };
    TRY(json_read(cx->arena, buf_view(&out), (struct json_limits){ 0 }, &cx->fault, &tree));
    TRY(json_canonical(cx->arena, tree, &cx->fault, &fact.content));
    return cx->services->proof_append(cx, &fact, NULL);
}
