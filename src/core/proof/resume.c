/* After a restore: going on with the same log, or with a new one that names the old. */
#include "base/hex.h"
#include "core/proof/keeper.h"
#include "core/proof/tree.h"

struct resuming {
    struct proof_keeper *keeper;
    struct str checkpoint;
};

/* Nothing newer may have been published than what the operator brings. */
static enum err check_newest(struct cx *cx, int64_t number, const struct tlog_checkpoint *given)
{
    struct proof_checkpoint_last_row last;
    enum err e = proof_checkpoint_last(cx, (struct proof_checkpoint_last_in){ number }, &last);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        return OK;
    }
    if (!e && (uint64_t)last.size > given->size)
        return fail(cx, ERR_STATE, "the database itself has a newer checkpoint, of size %lld",
                    (long long)last.size);
    return e;
}

static enum err check_published(struct cx *cx, void *arg)
{
    struct resuming *r = arg;
    struct proof_log_current_row log;
    struct tlog_checkpoint given;
    struct merkle_hash root;
    uint64_t size, signed_size;
    TRY(proof_log_now(cx, &log));
    TRY(proof_note_open(cx, r->checkpoint, log.vkey, &given));
    TRY(check_newest(cx, log.number, &given));
    TRY(proof_tree_sizes(cx, &size, &signed_size));
    if (given.size > size)
        return fail(cx, ERR_STATE,
                    "the last published checkpoint has %llu entries, the database %llu: the "
                    "missing ones cannot be proven; open a new log with --new-log",
                    (unsigned long long)given.size, (unsigned long long)size);
    struct merkle_reader reader = tlog_tiles_reader(proof_tiles_of(cx, size));
    TRY(merkle_root(&proof_crypto, &reader, given.size, &cx->fault, &root));
    if (!merkle_same(&root, &given.root))
        return fail(cx, ERR_STATE, "the database's tree of %llu entries is not the published one; "
                                   "open a new log with --new-log",
                    (unsigned long long)given.size);
    return OK;
}

enum err proof_resume(struct core *core, const struct call *call, struct str checkpoint,
                      struct fault *fault)
{
    struct resuming r = { core->proof, checkpoint };
    CLOSE_ON_EXIT int lock = -1;
    if (!core->proof)
        return fault_set(fault, ERR_UNAVAILABLE, "the proof log's keys are not open here");
    /* Leaves that wait must be in the tiles before they can be compared. */
    enum err e = proof_sequence(core, call, fault);
    if (e && e != ERR_STATE)
        return e;
    fault_clear(fault);
    TRY(keeper_lock(core->proof, call->org, fault, &lock));
    TRY(core_read(core, call, check_published, &r, fault));
    TRY(keeper_remember(core->proof, call->org, checkpoint, fault));
    return keeper_release(core->proof, call->org, fault);
}

/* ---- a new log ---- */

static struct str naming(struct cx *cx, const struct tlog_checkpoint *last, struct str old_vkey)
{
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w); /* keys in canonical order */
    json_key(&w, "old_origin");
    json_put_str(&w, last->origin);
    json_key(&w, "old_root");
    json_put_str(&w, base64_encode(cx->arena, last->root.b, sizeof last->root.b));
    json_key(&w, "old_size");
    json_put_i64(&w, (int64_t)last->size);
    json_key(&w, "old_vkey");
    json_put_str(&w, old_vkey);
    json_end_object(&w);
    return buf_view(&out);
}

/* The last tree of the old log that is known: what the operator brings, else what was kept. */
static enum err last_of(struct cx *cx, const struct resuming *r,
                        const struct proof_log_current_row *log, struct tlog_checkpoint *ret)
{
    struct proof_checkpoint_last_row last;
    if (r->checkpoint.len > 0)
        return proof_note_open(cx, r->checkpoint, log->vkey, ret);
    enum err e = proof_checkpoint_last(cx, (struct proof_checkpoint_last_in){ log->number }, &last);
    if (e == OK)
        return proof_note_open(cx, last.note, log->vkey, ret);
    if (e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    *ret = (struct tlog_checkpoint){ .origin = log->origin, .root = merkle_empty(&proof_crypto) };
    return OK;
}

static enum err open_next(struct cx *cx, void *arg)
{
    const struct resuming *r = arg;
    struct proof_log_current_row log;
    struct tlog_checkpoint last;
    TRY(proof_log_now(cx, &log));
    TRY(last_of(cx, r, &log, &last));
    TRY(proof_log_make(cx, log.number + 1));
    TRY(proof_tree_signed(cx, (struct proof_tree_signed_in){ 0 }, NULL));
    struct proof_fact fact = { .kind = "log", .entity = "",
                               .content = naming(cx, &last, log.vkey) };
    return proof_append(cx, &fact, NULL);
}

enum err proof_new_log(struct core *core, const struct call *call, struct str last,
                       struct fault *fault)
{
    struct resuming r = { core->proof, last };
    if (!core->proof)
        return fault_set(fault, ERR_UNAVAILABLE, "the proof log's keys are not open here");
    TRY(core_write_alone(core, call, open_next, &r, fault));
    TRY(keeper_release(core->proof, call->org, fault));
    return proof_sequence(core, call, fault);
}
