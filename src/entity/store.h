/*
 * store.h - the engine's own tables: what changed, what happened, what was answered.
 *
 * change_record  one row per update of an entity's row: which field from what to what
 * event          one row per event, except creations of facts: a fact is its own record
 * kept_answer    answers to requests with an Idempotency-Key, written with the effect itself
 */
#pragma once

#include "entity/cx.h"
#include "entity/event.h"

NODISCARD enum err store_change(struct cx *cx, const char *kind, int64_t row,
                                const char *operation, struct str changes);

struct change_seen {
    int64_t login;
    struct str by_name, operation, changes; /* changes: JSON list of {field, before, after} */
    struct instant at;
};
/* Newest first. */
NODISCARD enum err store_changes(struct cx *cx, const char *kind, int64_t row, int limit,
                                 const struct change_seen **ret, size_t *count);

NODISCARD enum err store_event(struct cx *cx, const struct event *event);

struct kept_answer {
    struct str request; /* hash of what was asked */
    int status;
    struct str body, type, location;
    int64_t version;
};
/* `*found` false: no answer was kept under the caller's key. */
NODISCARD enum err store_answer_get(struct cx *cx, struct str key, bool *found,
                                    struct kept_answer *ret);
NODISCARD enum err store_answer_put(struct cx *cx, struct str key,
                                    const struct kept_answer *answer);
/* Forgets answers older than `before`; a job calls it. `*dropped` may be NULL. */
NODISCARD enum err store_answers_forget(struct cx *cx, struct instant before, int64_t *dropped);
