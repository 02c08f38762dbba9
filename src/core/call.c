/* The boundary of calls that come from no request. */
#include "core/core.h"

#include "core/identity/identity.gen.h"
#include "core/identity/identity.h"
#include "db/db.h"

#define CALL_ARENA_MAX ((size_t)4 << 30) /* address space: a month's facts of a large company */

struct boundary {
    struct core *core;
    const struct call *call;
    call_run *run;
    void *arg;
    struct arena *arena;
    bool writes;
};

static void begin(struct boundary *b, struct db_tx *tx, struct cx *cx)
{
    struct core *core = b->core;
    struct instant now = b->call->at.us ? b->call->at : core->clock();
    *cx = (struct cx){
        .arena = b->arena, .tx = tx, .writes = b->writes, .org = b->call->org, .now = now,
        .zone_minutes = b->call->zone_minutes, .ids = core->ids, .model = core->model,
        .services = core->services, .request_id = STR("-"),
    };
    cx->today = instant_date(now, cx->zone_minutes);
    cx->actor.system = b->call->login == 0;
}

static enum err run_guarded(struct cx *cx, struct boundary *b)
{
    jmp_buf out;
    if (setjmp(out)) {
        arena_guard(b->arena, NULL);
        return fail(cx, ERR_NO_MEMORY, "memory is exhausted; nothing was changed");
    }
    arena_guard(b->arena, &out);
    enum err e = b->call->login ? identity_load_actor(cx, b->call->login) : OK;
    if (!e)
        e = b->run(cx, b->arg);
    arena_guard(b->arena, NULL);
    return e;
}

static enum err work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct boundary *b = arg;
    arena_reset(b->arena, (struct arena_mark){ 0 });
    struct cx cx; /* not in the arena: its first page may fail, and nobody guards it yet */
    begin(b, tx, &cx);
    enum err e = run_guarded(&cx, b);
    if (e)
        *fault = cx.fault;
    return e;
}

typedef enum err db_call(struct db *db, db_work *work, void *arg, struct fault *fault);

static enum err call_with(struct core *core, const struct call *call, call_run *run, void *arg,
                          struct fault *fault, db_call *how, bool writes)
{
    struct boundary b = { core, call, run, arg, arena_open(CALL_ARENA_MAX), writes };
    if (!b.arena)
        return fault_set(fault, ERR_NO_MEMORY, "no memory for a call");
    enum err e = how(core->db, work, &b, fault);
    arena_close(b.arena);
    return e;
}

enum err core_read(struct core *core, const struct call *call, call_run *run, void *arg,
                   struct fault *fault)
{
    return call_with(core, call, run, arg, fault, db_read, false);
}

enum err core_write(struct core *core, const struct call *call, call_run *run, void *arg,
                    struct fault *fault)
{
    return call_with(core, call, run, arg, fault, db_write, true);
}

enum err core_write_alone(struct core *core, const struct call *call, call_run *run, void *arg,
                          struct fault *fault)
{
    return call_with(core, call, run, arg, fault, db_write_alone, true);
}

struct companies {
    struct arena *arena;
    VEC(struct company_all_row) list;
};

static enum err list_companies(struct cx *cx, void *arg)
{
    struct companies *all = arg;
    struct company_all_cursor cursor;
    const struct company_all_row *row;
    all->list.count = 0;
    TRY(company_all(cx, &cursor));
    for (;;) {
        TRY(company_all_next(cx, &cursor, &row));
        if (!row)
            return OK;
        struct company_all_row copy = *row;
        copy.code = str_copy(all->arena, row->code);
        copy.name = str_copy(all->arena, row->name);
        vec_add(all->arena, &all->list, copy);
    }
}

enum err core_each_company(struct core *core, company_visit *visit, void *arg,
                           struct fault *fault)
{
    struct companies all = { .arena = arena_open(64 << 20) };
    if (!all.arena)
        return fault_set(fault, ERR_NO_MEMORY, "no memory for the list of companies");
    enum err e = core_read(core, &(struct call){ 0 }, list_companies, &all, fault);
    for (size_t i = 0; !e && i < all.list.count; i++) {
        const struct company_all_row *row = &all.list.items[i];
        struct call call = { .org = row->id.v, .zone_minutes = (int)row->zone };
        e = visit(core, &call, row->code, arg, fault);
    }
    arena_close(all.arena);
    return e;
}
