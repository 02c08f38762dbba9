/*
 * settlement.h - from facts to pay: calculate (a job) -> approve (a second person) -> lock.
 *
 * A calculation is a run: its number, the log number up to which facts counted, people and products
 * as they were, and the Merkle root over all its statements. Locking puts each statement, each
 * person's period head and the run into the proof log. Unlocking keeps the old run; the next
 * calculation makes a new one, and the difference is shown person by person.
 */
#pragma once

#include "core/job/job.h"
#include "core/proof/proof.h"
#include "entity/route.h"
#include "mod/settlement/settlement.gen.h"

extern const struct module settlement_module;
extern const struct job_kind settlement_jobs[];
extern const struct listener settlement_listeners[];
extern const struct route period_routes[], statement_routes[], overview_routes[],
    earnings_routes[], plan_routes[];

/* The period of a month; not yet there: as it would be made, with id 0. */
NODISCARD enum err settlement_period_find(struct cx *cx, struct date day, struct period *ret);
/* The same, made when it is not there. */
NODISCARD enum err settlement_period(struct cx *cx, struct date day, struct period *ret);
/* What the routes do, for the demo and the CLI as well. `reason` may be empty. */
NODISCARD enum err settlement_calculate_now(struct core *core, const struct call *call,
                                            struct period_id period, struct fault *fault);
NODISCARD enum err settlement_approve(struct cx *cx, struct period *period);
NODISCARD enum err settlement_lock(struct cx *cx, struct period *period);
NODISCARD enum err settlement_unlock(struct cx *cx, struct period *period, struct str reason);

struct plan_new {
    struct str code, name, name_en, text;
    struct date effective_from;
};
/* Checks the text, writes a published version and its entry in the proof log. */
NODISCARD enum err settlement_publish_plan(struct cx *cx, const struct plan_new *in,
                                           struct plan_version *ret);

/* For `qibing check`: do statements add up to their lines, and runs to their statements? */
NODISCARD enum err settlement_check(struct cx *cx, void (*finding)(void *arg, struct str line),
                                    void *arg);
/* Rows that must be in the proof log. */
extern const struct proof_source settlement_proof_sources[];
