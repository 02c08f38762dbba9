/* ops.h - the generic operations as route handlers; mount.c lists them. */
#pragma once

#include "entity/list.h"
#include "entity/route.h"

/* What a mounted route works on: request.state. */
struct op_target {
    const struct entity_model *model;
    const struct entity_command *command; /* NULL: a generic operation */
};

route_run op_list, op_get, op_create, op_update, op_archive, op_restore, op_bulk, op_reveal,
    op_history, op_command, op_command_on_all, op_import, op_export, op_meta;

/* The steps that single, bulk and import share; each stands in the running transaction. */
NODISCARD enum err op_create_row(struct cx *cx, const struct entity_model *model,
                                 const struct json *object, int64_t *id);
NODISCARD enum err op_update_row(struct cx *cx, const struct entity_model *model, int64_t id,
                                 int64_t if_match, const struct json *object);
NODISCARD enum err op_archive_row(struct cx *cx, const struct entity_model *model, int64_t id,
                                  int64_t if_match, bool away);
/* `answer` (may be NULL) gets the command's own answer; untouched when it answers the row. */
NODISCARD enum err op_command_row(struct cx *cx, const struct op_target *target, int64_t id,
                                  int64_t if_match, const struct json *object,
                                  struct reply *answer);
/* After a write the row must still be within what the permission reaches. */
NODISCARD enum err op_still_reached(struct cx *cx, const struct entity_model *model, int may,
                                    int64_t id);
/* The same question about a row that is not written yet. */
NODISCARD enum err op_would_reach(struct cx *cx, const struct entity_model *model, int may,
                                  const void *row, bool *ret);
NODISCARD enum err op_match(struct cx *cx, const struct entity_model *model, const void *row,
                            int64_t if_match);
