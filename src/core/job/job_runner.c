/* Claims jobs and runs them, on threads of its own. */
#include "base/log.h"
#include "core/job/job.gen.h"
#include "core/job/job_run.h"
#include "db/db.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LEASE_US = 60 * 1000000,
    REST_US = 30000,
    IDLE_MS = 1000,       /* looks again at least so often: a delayed job has become due */
    ATTEMPTS_DEFAULT = 5,
    THREADS_MAX = 8,
};
#define JOB_ARENA_MAX ((size_t)2 << 30)

struct job_runner {
    struct core *core;
    const struct job_kind *const *tables;
    _Atomic(bool) stopping;
    pthread_t threads[THREADS_MAX];
    int thread_count;
};

static const struct job_kind *find_job(const struct job_kind *const *tables, struct str name)
{
    for (const struct job_kind *const *table = tables; *table; table++)
        for (const struct job_kind *job = *table; job->name; job++)
            if (str_is(name, job->name))
                return job;
    return NULL;
}

struct claimed {
    struct arena *arena;
    bool has;
    struct job_claim_row row;
};

static enum err claim(struct cx *cx, void *arg)
{
    struct claimed *c = arg;
    struct job_claim_cursor cursor;
    const struct job_claim_row *row;
    c->has = false;
    struct job_claim_in in = { .now = cx->now, .lease = { cx->now.us + LEASE_US } };
    TRY(job_claim(cx, in, &cursor));
    for (;;) {
        TRY(job_claim_next(cx, &cursor, &row));
        if (!row)
            return OK;
        c->has = true;
        c->row = *row;
        c->row.kind = str_copy(c->arena, row->kind);
        c->row.input = row->input.data ? str_copy(c->arena, row->input) : STR_NONE;
    }
}

struct ending {
    const struct job_run *run;
    enum err outcome;
};

/* Doubling from two seconds: a database that is down for a minute is back by the fifth try. */
static int64_t back_off_us(int64_t attempts)
{
    return INT64_C(1000000) << MIN(attempts, (int64_t)10);
}

static enum err end(struct cx *cx, void *arg)
{
    const struct ending *ending = arg;
    const struct job_run *run = ending->run;
    int64_t limit = run->job && run->job->attempts ? run->job->attempts : ATTEMPTS_DEFAULT;
    bool passing = ending->outcome == ERR_BUSY || ending->outcome == ERR_RETRY ||
                   ending->outcome == ERR_UNAVAILABLE || ending->outcome == ERR_IO;
    bool again = ending->outcome && passing && run->attempts < limit;
    bool periodic = run->job && run->job->every_s;
    struct job_end_in in = { .id = { run->id }, .attempts = run->attempts,
                             .status = ending->outcome ? JOB_FAILED : JOB_DONE,
                             .due_at = cx->now, .finished_at = cx->now, .result = run->result,
                             .progress = ending->outcome ? 0 : 1000 };
    if (ending->outcome) {
        in.error_code = str_from(err_info(ending->outcome)->code);
        in.error_detail = str_cut(str_from(run->fault.message), 0, 900);
    }
    if (again) {
        in.status = JOB_QUEUED;
        in.due_at.us = cx->now.us + back_off_us(run->attempts);
        in.finished_at.us = 0;
        struct job row;
        TRY(job_get(cx, (struct job_id){ run->id }, &row));
        in.live_key = row.live_key;
    }
    TRY(job_end(cx, in, NULL));
    if (!periodic || again)
        return OK;
    struct job_order next = { .name = run->job->name, .once_key = str_from(run->job->name),
                              .not_before = { cx->now.us + run->job->every_s * 1000000 } };
    return job_enqueue(cx, &next, NULL);
}

static enum err run_body(struct job_run *run, struct str input)
{
    jmp_buf out;
    if (setjmp(out)) {
        arena_guard(run->arena, NULL);
        return fault_set(&run->fault, ERR_NO_MEMORY, "memory is exhausted");
    }
    arena_guard(run->arena, &out);
    enum err e = OK;
    if (input.len)
        e = json_read(run->arena, input, (struct json_limits){ 0 }, &run->fault, &run->input);
    if (!e && !run->job)
        e = fault_set(&run->fault, ERR_NOT_FOUND, "this program knows no such job");
    if (!e)
        e = run->job->run(run);
    arena_guard(run->arena, NULL);
    return e;
}

/* Runs one job that is due; *did tells whether there was one. */
static enum err run_one(struct core *core, const struct job_kind *const *tables,
                        _Atomic(bool) *stopping, struct fault *fault, bool *did)
{
    struct arena *arena = arena_open(JOB_ARENA_MAX);
    if (!arena)
        return fault_set(fault, ERR_NO_MEMORY, "no memory for a job");
    struct claimed c = { .arena = arena };
    enum err e = core_write(core, &(struct call){ 0 }, claim, &c, fault);
    *did = !e && c.has;
    if (*did) {
        struct job_run run = { .core = core, .arena = arena, .job = find_job(tables, c.row.kind),
                               .call = { .org = c.row.org, .login = c.row.login.v,
                                         .zone_minutes = ZONE_SHANGHAI_MINUTES },
                               .id = c.row.id.v, .attempts = c.row.attempts,
                               .stopping = stopping };
        enum err outcome = run_body(&run, c.row.input);
        if (outcome)
            log_line(LOG_WARNING, "job", STR_FMT " %lld: %s", STR_ARG(c.row.kind),
                     (long long)run.id, run.fault.message);
        struct ending ending = { &run, outcome };
        struct call system = { .org = c.row.org, .zone_minutes = run.call.zone_minutes };
        e = core_write(core, &system, end, &ending, fault);
    }
    arena_close(arena);
    return e;
}

/* Looking costs the writer nothing; only what is due is claimed. */
static enum err look(struct cx *cx, void *arg)
{
    struct job_due_cursor cursor;
    const struct job_due_row *row;
    TRY(job_due(cx, (struct job_due_in){ .now = cx->now }, &cursor));
    TRY(job_due_next(cx, &cursor, &row));
    *(bool *)arg = row != NULL;
    return OK;
}

static enum err run_if_due(struct job_runner *runner, struct fault *fault, bool *did)
{
    bool due = false;
    *did = false;
    TRY(core_read(runner->core, &(struct call){ 0 }, look, &due, fault));
    return due ? run_one(runner->core, runner->tables, &runner->stopping, fault, did) : OK;
}

static void *runner_thread(void *arg)
{
    struct job_runner *runner = arg;
    while (!atomic_load(&runner->stopping)) {
        uint64_t seen = db_changes(runner->core->db);
        struct fault fault = { 0 };
        bool did;
        enum err e = run_if_due(runner, &fault, &did);
        if (e)
            log_line(LOG_WARNING, "job", "claiming: %s", fault.message);
        if (e || !did) {
            db_wait_changes(runner->core->db, e ? db_changes(runner->core->db) : seen, IDLE_MS);
            usleep(REST_US); /* many commits of a busy second wake us once */
        }
    }
    return NULL;
}

enum err job_runner_open(struct core *core, const struct job_kind *const *tables, int threads,
                         struct fault *fault, struct job_runner **ret)
{
    assert(0 < threads && threads <= THREADS_MAX);
    struct job_runner *runner = calloc(1, sizeof *runner);
    if (!runner)
        return fault_set(fault, ERR_NO_MEMORY, "no memory for the job runner");
    runner->core = core;
    runner->tables = tables;
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&runner->threads[i], NULL, runner_thread, runner) != 0) {
            job_runner_close(runner);
            return fault_set(fault, ERR_NO_MEMORY, "cannot start a thread for jobs");
        }
        runner->thread_count++;
    }
    *ret = runner;
    return OK;
}

void job_runner_close(struct job_runner *runner)
{
    if (!runner)
        return;
    atomic_store(&runner->stopping, true);
    for (int i = 0; i < runner->thread_count; i++)
        pthread_join(runner->threads[i], NULL);
    free(runner);
}
