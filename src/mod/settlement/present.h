/* present.h - periods, statements and explanations as ui/API.md shapes them. */
#pragma once

#include "entity/put.h"
#include "entity/route.h"
#include "mod/settlement/month.h"
#include "mod/settlement/settlement.gen.h"

NODISCARD enum err present_period(struct cx *cx, struct json_writer *w,
                                  const struct period *period);
NODISCARD enum err present_changes(struct cx *cx, struct reply *out, const struct period *period);

void present_text(struct json_writer *w, const char *key, struct plan_text text);
/* A node of an explanation with its children, at most 200 of one parent. */
NODISCARD enum err present_node(struct cx *cx, struct json_writer *w, const struct month *month,
                                const struct plan_node *node);
/* The components of a person's month that add up to what is paid, then the totals. */
NODISCARD enum err present_components(struct cx *cx, struct json_writer *w,
                                      const struct month *month, size_t row);
