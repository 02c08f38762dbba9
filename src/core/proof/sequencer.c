/* The thread that keeps every company's log in step, within the merge delay of two seconds. */
#include "base/log.h"
#include "core/proof/keeper.h"
#include "core/proof/tree.h"
#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define LOOK_MS 500        /* at least so often */
#define PAUSE_MS 200       /* gathers what comes together: one signature for many entries */
#define RETRY_MS 2000      /* after a failure */
#define COMPLAIN_S 60      /* a refusal is told once a minute */

struct proof_sequencer {
    struct core *core;
    pthread_t thread;
    atomic_bool stop;
    struct instant complained;
};

struct behind {
    struct arena *arena;
    VEC(int64_t) orgs;
};

static enum err list_behind(struct cx *cx, void *arg)
{
    struct behind *behind = arg;
    struct proof_behind_cursor cursor;
    const struct proof_behind_row *row;
    behind->orgs.count = 0;
    TRY(proof_behind(cx, &cursor));
    for (;;) {
        TRY(proof_behind_next(cx, &cursor, &row));
        if (!row)
            return OK;
        vec_add(behind->arena, &behind->orgs, row->company.v);
    }
}

static void complain(struct proof_sequencer *s, int64_t org, const struct fault *fault)
{
    struct instant now = instant_now();
    if (now.us - s->complained.us < (int64_t)COMPLAIN_S * 1000000)
        return;
    s->complained = now;
    log_line(LOG_ERROR, "proof", "company %lld: %s", (long long)org, fault->message);
}

/* False: something could not be signed now. */
static bool one_round(struct proof_sequencer *s, struct arena *arena)
{
    bool fine = true;
    struct fault fault = { 0 };
    struct behind behind = { .arena = arena };
    if (core_read(s->core, &(struct call){ 0 }, list_behind, &behind, &fault)) {
        complain(s, 0, &fault);
        return false;
    }
    for (size_t i = 0; i < behind.orgs.count && !atomic_load(&s->stop); i++) {
        struct call call = { .org = behind.orgs.items[i] };
        fault_clear(&fault);
        if (proof_sequence(s->core, &call, &fault) == OK)
            continue;
        complain(s, call.org, &fault);
        fine = false;
    }
    return fine;
}

static void pause_for(struct proof_sequencer *s, int ms)
{
    for (; ms > 0 && !atomic_load(&s->stop); ms -= PAUSE_MS) {
        struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
        nanosleep(&pause, NULL);
    }
}

static void *run(void *arg)
{
    struct proof_sequencer *s = arg;
    struct arena *arena = arena_open((size_t)256 << 20);
    uint64_t seen = 0;
    while (arena && !atomic_load(&s->stop)) {
        uint64_t now = db_wait_changes(s->core->db, seen, LOOK_MS);
        if (now == seen)
            continue;
        bool fine = one_round(s, arena);
        seen = fine ? now : 0; /* what failed is tried again without waiting for news */
        arena_reset(arena, (struct arena_mark){ 0 });
        /* Our own writes are changes too: a busy log would be signed without end. */
        pause_for(s, fine ? PAUSE_MS : RETRY_MS);
    }
    if (arena)
        arena_close(arena);
    return NULL;
}

enum err proof_sequencer_start(struct core *core, struct fault *fault,
                               struct proof_sequencer **ret)
{
    struct proof_sequencer *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, ERR_NO_MEMORY, "no memory for the sequencer");
    s->core = core;
    if (pthread_create(&s->thread, NULL, run, s)) {
        free(s);
        return fault_set(fault, ERR_NO_MEMORY, "no thread for the sequencer");
    }
    *ret = s;
    return OK;
}

void proof_sequencer_stop(struct proof_sequencer *s)
{
    if (!s)
        return;
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    free(s);
}
