/*
 * job.h - work that goes on after the answer: queued in the transaction that wants it, claimed by
 * one runner, retried with back-off, safe to run twice, its progress visible.
 *
 * A job runs outside of any transaction and does its work in chunks by job_read and job_write. It
 * may be cut at any point (kill, power) and then runs again from the start: each chunk must see for
 * itself what is done already.
 */
#pragma once

#include "core/core.h"
#include "entity/route.h"

extern const struct module job_module;

struct job_run;

struct job_kind {
    const char *name; /* "period.calculate" */
    enum err (*run)(struct job_run *run);
    int64_t every_s;  /* > 0: periodic, one per company; the next is queued when one ends */
    int attempts;     /* 0: 5 */
    const char *about, *about_zh;
};

extern const struct job_kind job_jobs[]; /* daily: forgets old jobs and kept answers */

/* ---- inside a job ---- */

struct arena *job_arena(struct job_run *run);             /* lives as long as the run */
const struct json *job_input(struct job_run *run);        /* NULL: none */
struct fault *job_fault(struct job_run *run);
struct core *job_core(struct job_run *run);
const struct call *job_call(const struct job_run *run); /* for core_read and core_write */
NODISCARD enum err job_read(struct job_run *run, call_run *fn, void *arg);
NODISCARD enum err job_write(struct job_run *run, call_run *fn, void *arg);
/* Told to whoever watches, at most a few times a second, and keeps the lease. ERR_STATE: the job
 * was cancelled or taken over; stop at once. `per_mille` 0 .. 1000. */
NODISCARD enum err job_progress(struct job_run *run, int per_mille, const char *message);
/* Kept with the job when it ends well. A JSON value. */
void job_result(struct job_run *run, struct str json);

/* ---- the runner ---- */

/* `tables` are those of the modules, NULL-terminated. Starts `threads` threads. */
NODISCARD enum err job_runner_open(struct core *core, const struct job_kind *const *tables,
                                   int threads, struct fault *fault, struct job_runner **ret);
/* Lets running jobs reach their next job_progress, then stops. They go on after a restart. */
void job_runner_close(struct job_runner *runner);

/* Queues in cx->tx; for services.job_enqueue. `*ret` (may be NULL) is the id; with a once_key that
 * is waiting or running already, that job's. */
NODISCARD enum err job_enqueue(struct cx *cx, const struct job_order *order, int64_t *ret);
/* Queues the periodic jobs of a company that have none waiting. */
NODISCARD enum err job_plant_periodic(struct cx *cx, const struct job_kind *const *tables);
