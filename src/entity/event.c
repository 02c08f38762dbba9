/* event.c - writes the row and calls who listens. */
#include "entity/event.h"

#include "entity/model.h"
#include "entity/proof.h"
#include "entity/sql.h"
#include "entity/store.h"

static enum err call_listeners(struct cx *cx, const struct event *event)
{
    const struct listener *const *tables = cx->services ? cx->services->listeners : NULL;
    for (; tables && *tables; tables++)
        for (const struct listener *l = *tables; l->run; l++) {
            if (l->event != 0 && l->event != event->kind)
                continue;
            enum err e = l->run(cx, event);
            if (e)
                return explain(cx, e, "%s", l->about ? l->about : event->name);
        }
    return OK;
}

/* The row of a fact says by itself that it was created. */
static bool is_its_own_record(const struct cx *cx, int kind, const char *entity)
{
    const struct entity_model *model = entity ? model_named(cx->model, entity) : NULL;
    return model && (model->flags & ENTITY_FACT) && model->event_created == kind;
}

enum err event_emit(struct cx *cx, int kind, const char *entity, int64_t row, struct str data)
{
    return event_emit_about(cx, kind, entity, row, data, 0);
}

enum err event_emit_about(struct cx *cx, int kind, const char *entity, int64_t row,
                          struct str data, int64_t person)
{
    if (kind <= 0)
        return OK; /* the description names no event here */
    assert(kind < cx->model->event_count);
    if (cx->event_depth >= EVENT_DEPTH_MAX)
        return fail(cx, ERR_INTERNAL, "events set each other off without end (%s)",
                    cx->model->events[kind].name);
    struct event event = {
        .id = cx_new_id(cx),
        .kind = kind,
        .name = cx->model->events[kind].name,
        .entity = entity,
        .row = row,
        .data = data,
        .at = cx->now,
        .login = cx->actor.login,
        .person = cx->actor.person,
    };
    if (!is_its_own_record(cx, kind, entity))
        TRY(store_event(cx, &event));
    if (cx->model->events[kind].proof)
        TRY(proof_event(cx, event.name, entity, row, person, data));
    cx->event_depth++;
    enum err e = call_listeners(cx, &event);
    cx->event_depth--;
    return e;
}
