/*
 * proof.h - what goes into the proof log by itself: commands and events whose description says so,
 * and reveals. The content is canonical JSON (RFC 8785), so numbers in it are integers: places are
 * micro-degrees, JSON fields stand as text.
 */
#pragma once

#include "entity/cx.h"
#include "entity/model.h"

/* Says the command's event; its proof content is the row after the command. `row` 0: none. */
NODISCARD enum err proof_command(struct cx *cx, const struct entity_model *model,
                                 const struct entity_command *command, int64_t row);
/* The person whose row it is, as far as the description says; 0 nobody. */
int64_t proof_person(const struct entity_model *model, const void *row);
/* `person` is whom it is about, 0 nobody in particular; `data` a JSON object or STR_NONE. */
NODISCARD enum err proof_event(struct cx *cx, const char *name, const char *entity, int64_t row,
                               int64_t person, struct str data);
