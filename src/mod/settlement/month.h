/*
 * month.h - one period worked out: plan and facts loaded, all components computed, ready to be
 * asked.
 *
 * Working it out takes a fraction of a second; asking it costs nothing. A few months stay loaded
 * (struct month_cache, one per process), each used by one call at a time. A run of the past is
 * re-derived from the facts known then, and people and products as they were kept with it: the same
 * inputs give the same bytes.
 */
#pragma once

#include "engine/plan/plan.h"
#include "entity/cx.h"
#include "mod/settlement/settlement.gen.h"

struct month_cache;
NODISCARD struct month_cache *month_cache_open(void); /* NULL: no memory */
void month_cache_close(struct month_cache *cache);

struct month {
    struct arena *arena; /* of plan and data; lives as long as the month stays loaded */
    const struct plan *plan;
    struct plan_about about;
    struct plan_data *data;
    struct str plan_text, plan_sha256;
    int64_t known;       /* facts with a log number below this were counted */
    struct str inputs;   /* JSON of what is kept with a run */
    int statement;       /* the plan's output "statement": its columns add up to the result; -1 */
};

typedef enum err month_work(struct cx *cx, struct month *month, void *arg);

/* The period as it is known now. */
NODISCARD enum err month_now(struct cx *cx, const struct period *period, month_work *work,
                             void *arg);
/* Read anew, for what people are paid: the others may show what was true two seconds ago. */
NODISCARD enum err month_fresh(struct cx *cx, const struct period *period, month_work *work,
                               void *arg);
/* As run `number` saw it. ERR_NOT_FOUND: there is no such run. */
NODISCARD enum err month_of_run(struct cx *cx, const struct period *period, int64_t number,
                                month_work *work, void *arg);

/* The row of a person; -1: not in this period. */
int64_t month_person_row(const struct month *month, int64_t person);
/* A component of the person table by name; -1: the plan has none. */
int month_person_column(const struct month *month, const char *name);
/* Its value for a person, 0 when the plan has no such component. */
int64_t month_person_value(const struct month *month, const char *name, size_t row);
/* How a component counts in the statement: +1 earned, -1 taken, 0 not a part of the sum. */
int month_sign(struct str purpose);
