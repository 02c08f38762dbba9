/* explain.h - why an amount is what it is, asked of a worked-out month. */
#pragma once

#include "entity/route.h"
#include "mod/settlement/month.h"

struct explain_ask {
    int64_t person;
    struct str component;   /* empty: the whole statement */
    struct str source;      /* of a line: name of the facts … */
    int64_t source_row;     /* … and the fact; 0: not a line */
};

/* Reads ?component= or ?line= of a statement. */
NODISCARD enum err explain_read(struct cx *cx, const struct request *in,
                                struct statement_id statement, struct explain_ask *ret);
NODISCARD enum err explain_put(struct cx *cx, struct json_writer *w, const struct month *month,
                               const struct explain_ask *ask);
/* The published title of a component anywhere in the plan; its name when there is none. */
struct plan_text explain_label(const struct month *month, struct str component);
