/* Queueing jobs, and what a running job may ask for. */
#include "core/job/job_run.h"

#include "core/job/job.gen.h"

#include "may.gen.h"

enum { LEASE_US = 60 * 1000000, BEAT_EVERY_US = 300 * 1000 };

enum err job_enqueue(struct cx *cx, const struct job_order *order, int64_t *ret)
{
    if (order->once_key.len) {
        struct job_by_live_key_row row;
        enum err e = job_by_live_key(cx, (struct job_by_live_key_in){ order->once_key }, &row);
        if (e != ERR_NOT_FOUND) {
            if (ret && !e)
                *ret = row.id.v;
            return e;
        }
        fault_clear(&cx->fault);
    }
    struct job row = job_blank;
    row.kind = str_from(order->name);
    row.input = order->input;
    row.once_key = row.live_key = order->once_key.len ? order->once_key : STR_NONE;
    row.due_at = order->not_before.us > cx->now.us ? order->not_before : cx->now;
    row.login.v = cx->actor.login;
    row.person.v = cx->actor.person;
    TRY(job_insert(cx, &row));
    if (ret)
        *ret = row.id.v;
    return OK;
}

enum err job_plant_periodic(struct cx *cx, const struct job_kind *const *tables)
{
    for (const struct job_kind *const *table = tables; *table; table++)
        for (const struct job_kind *job = *table; job->name; job++) {
            if (!job->every_s)
                continue;
            struct job_order order = { .name = job->name, .once_key = str_from(job->name) };
            TRY(job_enqueue(cx, &order, NULL));
        }
    return OK;
}

enum err job_cancel(struct cx *cx, struct job *row, const struct job_cancel_in *in)
{
    (void)in;
    row->finished_at = cx->now;
    row->live_key = STR_NONE;
    return job_move(cx, row, JOB_CANCELLED);
}

/* ---- inside a job ---- */

struct arena *job_arena(struct job_run *run)
{
    return run->arena;
}

const struct json *job_input(struct job_run *run)
{
    return run->input;
}

struct fault *job_fault(struct job_run *run)
{
    return &run->fault;
}

struct core *job_core(struct job_run *run)
{
    return run->core;
}

const struct call *job_call(const struct job_run *run)
{
    return &run->call;
}

void job_result(struct job_run *run, struct str json)
{
    run->result = str_copy(run->arena, json);
}

enum err job_read(struct job_run *run, call_run *fn, void *arg)
{
    return core_read(run->core, &run->call, fn, arg, &run->fault);
}

enum err job_write(struct job_run *run, call_run *fn, void *arg)
{
    return core_write(run->core, &run->call, fn, arg, &run->fault);
}

struct beat {
    const struct job_run *run;
    int per_mille;
    const char *message;
};

static enum err beat(struct cx *cx, void *arg)
{
    const struct beat *b = arg;
    int64_t changed;
    struct job_beat_in in = { .id = { b->run->id }, .attempts = b->run->attempts,
                              .lease = { cx->now.us + LEASE_US }, .progress = b->per_mille,
                              .message = str_from(b->message) };
    TRY(job_beat(cx, in, &changed));
    return changed ? OK : refuse(cx, ERR_STATE, "the job was cancelled", "任务已取消");
}

enum err job_progress(struct job_run *run, int per_mille, const char *message)
{
    if (atomic_load(run->stopping))
        return fault_set(&run->fault, ERR_UNAVAILABLE, "the server stops");
    int64_t now = run->core->clock().us;
    if (per_mille < 1000 && now - run->last_beat < BEAT_EVERY_US && now >= run->last_beat)
        return OK;
    run->last_beat = now;
    struct beat b = { run, per_mille, message };
    struct call system = run->call;
    system.login = 0;
    return core_write(run->core, &system, beat, &b, &run->fault);
}

const struct module job_module = {
    .name = "job",
    .about = "Background work: queued, retried, visible.",
    .jobs = job_jobs,
};
