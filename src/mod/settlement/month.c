#include "mod/settlement/month.h"

#include "core/core.h"
#include "entity/guarded.h"
#include "entity/put.h"
#include "mod/settlement/facts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 4, FRESH_US = 2 * 1000000 };
#define MONTH_ARENA_MAX ((size_t)16 << 30) /* address space: 10^7 lines and their results */

struct slot {
    pthread_mutex_t lock;
    struct arena *arena;
    int64_t org, period, number; /* number 0: as known now */
    int64_t loaded_at, used_at;
    bool good;
    struct month month;
};

struct month_cache {
    struct slot slots[SLOTS];
};

struct month_cache *month_cache_open(void)
{
    struct month_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    for (int i = 0; i < SLOTS; i++) {
        pthread_mutex_init(&cache->slots[i].lock, NULL);
        cache->slots[i].arena = arena_open(MONTH_ARENA_MAX);
        if (!cache->slots[i].arena) {
            month_cache_close(cache);
            return NULL;
        }
    }
    return cache;
}

void month_cache_close(struct month_cache *cache)
{
    if (!cache)
        return;
    for (int i = 0; i < SLOTS; i++) {
        arena_close(cache->slots[i].arena);
        pthread_mutex_destroy(&cache->slots[i].lock);
    }
    free(cache);
}

/* ---- loading ---- */

struct ask {
    const struct period *period;
    int64_t number;                   /* of a run; 0: as known now */
    const struct settlement_run *run; /* of that number, read when it is not loaded yet */
    month_work *work;
    void *arg;
    bool fresh;
};

static enum err load_plan(struct cx *cx, struct month *m, const struct ask *ask)
{
    struct plan_version version;
    struct plan_for_day_row row;
    struct plan_version_id id = ask->run ? ask->run->plan : (struct plan_version_id){ 0 };
    if (!id.v) {
        enum err e = plan_for_day(cx, (struct plan_for_day_in){ ask->period->first_on }, &row);
        if (e == ERR_NOT_FOUND)
            return refuse(cx, ERR_UNPROCESSABLE, "no published plan is in force on %s",
                          "%s 没有已发布的薪酬方案",
                          date_text(cx->arena, ask->period->first_on).data);
        TRY(e);
        id = row.id;
    }
    TRY(plan_version_get(cx, id, &version));
    m->plan_text = str_copy(m->arena, version.body);
    m->plan_sha256 = sha256_hex(m->arena, m->plan_text);
    enum err e = plan_compile(m->arena, m->plan_text, &cx->fault, &m->plan);
    if (e)
        return explain(cx, e, "plan " STR_FMT " %lld", STR_ARG(version.code),
                       (long long)version.number);
    m->about = plan_about(m->plan);
    m->statement = -1;
    for (int i = 0; i < m->about.outputs; i++)
        if (str_is(plan_output(m->plan, i).file, "statement"))
            m->statement = i;
    return OK;
}

static enum err read_kept(struct cx *cx, struct month *m, const struct ask *ask,
                          const struct json **kept)
{
    *kept = NULL;
    if (!ask->run)
        return OK;
    m->inputs = str_copy(m->arena, ask->run->inputs);
    return json_read(m->arena, m->inputs, (struct json_limits){ .bytes = 64u << 20 }, &cx->fault,
                     kept);
}

static enum err fill_table(struct cx *cx, struct month *m, int table, const char *facts,
                           const struct facts_range *range, const struct json *kept,
                           struct json_writer *keep)
{
    struct frame frame;
    if (kept && facts_are_kept(facts)) {
        TRY(facts_restore(m->arena, facts, kept, &cx->fault, &frame));
    } else {
        TRY(facts_load(cx, m->arena, facts, range, &frame));
        if (facts_are_kept(facts)) {
            json_key(keep, facts);
            frame_write(&frame, keep);
        }
    }
    return frame_put(&frame, m->plan, m->data, table, &cx->fault);
}

static enum err load_facts(struct cx *cx, struct month *m, const struct ask *ask)
{
    const struct json *kept;
    struct facts_range range = { ask->period->first_on, ask->period->last_on, m->known };
    struct buf inputs = buf_in(m->arena);
    struct json_writer keep = json_writer_to(&inputs);
    TRY(read_kept(cx, m, ask, &kept));
    m->data = plan_open(m->arena, m->plan, NULL);
    json_begin_object(&keep);
    for (int i = 0; i < m->about.tables; i++) {
        struct plan_table_info table = plan_table(m->plan, i);
        if (table.given)
            continue;
        if (!table.facts.len)
            return fail(cx, ERR_UNPROCESSABLE, "table " STR_FMT " names no facts",
                        STR_ARG(table.name));
        TRY(fill_table(cx, m, i, str_cstr(m->arena, table.facts), &range, kept, &keep));
    }
    json_end_object(&keep);
    if (!kept)
        m->inputs = buf_view(&inputs);
    return plan_run(m->data, &cx->fault);
}

static enum err load_month(struct cx *cx, struct slot *slot, const struct ask *ask)
{
    slot->good = false;
    arena_reset(slot->arena, (struct arena_mark){ 0 });
    struct month *m = &slot->month;
    *m = (struct month){ .arena = slot->arena };
    struct log_next_row next;
    if (ask->run) {
        m->known = ask->run->log_seq;
    } else {
        enum err e = log_next(cx, &next);
        if (e != ERR_NOT_FOUND)
            TRY(e);
        fault_clear(&cx->fault);
        m->known = e ? 0 : next.seq;
    }
    TRY(load_plan(cx, m, ask));
    TRY(load_facts(cx, m, ask));
    slot->good = true;
    slot->loaded_at = cx->now.us;
    return OK;
}

/* ---- finding a slot ---- */

static bool matches(const struct slot *slot, const struct cx *cx, const struct ask *ask)
{
    if (!slot->good || slot->org != cx->org || slot->period != ask->period->id.v ||
        slot->number != ask->number)
        return false;
    int64_t age = cx->now.us - slot->loaded_at;
    return ask->number || (!ask->fresh && !cx->writes && age >= 0 && age < FRESH_US);
}

/* The slot that has it, else the one not used for longest. Locks it. */
static struct slot *take_slot(struct month_cache *cache, const struct cx *cx,
                              const struct ask *ask)
{
    struct slot *oldest = NULL;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &cache->slots[i];
        pthread_mutex_lock(&slot->lock);
        bool same = slot->good && slot->org == cx->org && slot->period == ask->period->id.v &&
                    slot->number == ask->number;
        if (same) {
            if (oldest)
                pthread_mutex_unlock(&oldest->lock);
            return slot;
        }
        if (!oldest || slot->used_at < oldest->used_at) {
            if (oldest)
                pthread_mutex_unlock(&oldest->lock);
            oldest = slot;
        } else {
            pthread_mutex_unlock(&slot->lock);
        }
    }
    return oldest;
}

struct use {
    struct cx *cx;
    struct slot *slot;
    struct ask *ask;
};

/* A run comes with people and products as they were: large, and needed only for loading. */
static enum err read_run(struct cx *cx, struct ask *ask)
{
    struct run_by_number_row row;
    struct settlement_run *run = arena_new(cx->arena, struct settlement_run);
    TRY(run_by_number(cx, (struct run_by_number_in){ ask->period->id, ask->number }, &row));
    TRY(settlement_run_get(cx, row.id, run));
    ask->run = run;
    return OK;
}

static enum err use_slot(void *state)
{
    struct use *use = state;
    struct slot *slot = use->slot;
    struct cx *cx = use->cx;
    slot->used_at = cx->now.us;
    if (!matches(slot, cx, use->ask)) {
        if (use->ask->number)
            TRY(read_run(cx, use->ask));
        TRY(load_month(cx, slot, use->ask));
        slot->org = cx->org;
        slot->period = use->ask->period->id.v;
        slot->number = use->ask->number;
    }
    return use->ask->work(cx, &slot->month, use->ask->arg);
}

/* The slot's arena has a guard of its own while it is filled: running out of it must come back to
 * the boundary of this call, through the unlock below. */
static enum err guarded_use(void *state)
{
    struct use *use = state;
    jmp_buf out;
    if (setjmp(out)) {
        arena_guard(use->slot->arena, NULL);
        use->slot->good = false;
        return fail(use->cx, ERR_NO_MEMORY, "this period is too large for the memory");
    }
    arena_guard(use->slot->arena, &out);
    enum err e = use_slot(state);
    arena_guard(use->slot->arena, NULL);
    return e;
}

static void give_back(void *state)
{
    struct use *use = state;
    arena_guard(use->slot->arena, NULL);
    pthread_mutex_unlock(&use->slot->lock);
}

static enum err use_month(struct cx *cx, struct ask *ask)
{
    struct month_cache *cache = cx_core(cx)->months;
    if (!cache)
        return fail(cx, ERR_UNAVAILABLE, "this program keeps no months");
    struct use *use = arena_new(cx->arena, struct use);
    *use = (struct use){ cx, take_slot(cache, cx, ask), ask };
    return arena_guarded(cx->arena, guarded_use, give_back, use);
}

enum err month_now(struct cx *cx, const struct period *period, month_work *work, void *arg)
{
    return use_month(cx, &(struct ask){ period, 0, NULL, work, arg, false });
}

enum err month_fresh(struct cx *cx, const struct period *period, month_work *work, void *arg)
{
    return use_month(cx, &(struct ask){ period, 0, NULL, work, arg, true });
}

enum err month_of_run(struct cx *cx, const struct period *period, int64_t number,
                      month_work *work, void *arg)
{
    if (number < 1)
        return fail(cx, ERR_NOT_FOUND, "there is no run %lld", (long long)number);
    return use_month(cx, &(struct ask){ period, number, NULL, work, arg, false });
}

/* ---- asking ---- */

int64_t month_person_row(const struct month *month, int64_t person)
{
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)person);
    return plan_find_row(month->data, month->about.person_table, str_from(key));
}

int month_person_column(const struct month *month, const char *name)
{
    return plan_find_column(month->plan, month->about.person_table, name);
}

int64_t month_person_value(const struct month *month, const char *name, size_t row)
{
    int column = month_person_column(month, name);
    if (column < 0)
        return 0;
    /* A column that no output lists is not kept: the statement shows nothing for it. */
    int64_t value = plan_get(month->data, month->about.person_table, column, row);
    return value == ABSENT ? 0 : value;
}

int month_sign(struct str purpose)
{
    static const struct {
        const char *purpose;
        int sign;
    } signs[] = {
        { "earning", 1 },   { "award", 1 },  { "share", 1 },   { "gate", 1 }, { "carry", 1 },
        { "clawback", -1 }, { "cap", -1 },   { "tax", -1 },    { "penalty", -1 },
    };
    for (size_t i = 0; i < COUNT(signs); i++)
        if (str_is(purpose, signs[i].purpose))
            return signs[i].sign;
    return 0;
}
