/*
 * The sequencer's two steps: leaves into tiles, and a signature over the tree.
 *
 * Order of a signature: the tree is compared with what was signed last; the new checkpoint is
 * written to the signer's memory; only then is it published in the database. A crash in between
 * leaves a signed tree that nobody saw, and the next signature must extend that one too.
 */
#include "core/proof/keeper.h"
#include "core/proof/tree.h"
#include "db/db.h"

#define LEAVES_AT_ONCE 8192

/* ---- leaves into tiles ---- */

static enum err add_leaves(struct cx *cx, struct tlog_edge *edge, int64_t to)
{
    struct proof_leaves_cursor cursor;
    const struct proof_leaves_row *row;
    struct tlog_tile_sink sink = proof_tile_sink(cx);
    TRY(proof_leaves(cx, (struct proof_leaves_in){ (int64_t)edge->size, to }, &cursor));
    for (;;) {
        struct arena_mark mark = arena_mark(cx->arena);
        struct merkle_hash leaf;
        TRY(proof_leaves_next(cx, &cursor, &row));
        if (!row)
            break;
        if ((uint64_t)row->seq != edge->size || row->leaf.len != sizeof leaf.b)
            return fail(cx, ERR_CORRUPT, "entry %llu of the log is missing or damaged",
                        (unsigned long long)edge->size);
        memcpy(leaf.b, row->leaf.data, sizeof leaf.b);
        TRY(tlog_edge_add(&proof_crypto, edge, &leaf, &sink, &cx->fault));
        arena_reset(cx->arena, mark);
    }
    if ((int64_t)edge->size != to)
        return fail(cx, ERR_CORRUPT, "entry %llu of the log is missing",
                    (unsigned long long)edge->size);
    return tlog_edge_flush(edge, &sink, &cx->fault);
}

static enum err integrate(struct cx *cx, void *arg)
{
    bool *more = arg;
    uint64_t size, signed_size;
    int64_t next, changed;
    enum err e = proof_appended(cx, &next);
    *more = false;
    if (e == ERR_NOT_FOUND) { /* nothing was ever logged */
        fault_clear(&cx->fault);
        return OK;
    }
    if (e)
        return e;
    TRY(proof_tree_sizes(cx, &size, &signed_size));
    if ((int64_t)size >= next)
        return OK;
    struct tlog_edge *edge = arena_new(cx->arena, struct tlog_edge);
    int64_t to = MIN(next, (int64_t)size + LEAVES_AT_ONCE);
    TRY(tlog_edge_load(edge, proof_tiles_of(cx, size), &cx->fault));
    TRY(add_leaves(cx, edge, to));
    TRY(proof_tree_grow(cx, (struct proof_tree_grow_in){ (int64_t)size, to }, &changed));
    if (changed != 1)
        return fail(cx, ERR_RETRY, "another sequencer came between");
    *more = to < next;
    return OK;
}

/* ---- signing ---- */

struct signing {
    struct proof_keeper *keeper;
    struct arena *arena; /* outlives the transactions */
    bool needed;
    int64_t number;
    struct tlog_checkpoint checkpoint;
    struct str note;
    struct instant at;
};

/* Is the log `origin` one that came before log `number`? */
static enum err is_earlier_log(struct cx *cx, struct str origin, int64_t number, bool *ret)
{
    struct proof_logs_cursor cursor;
    const struct proof_logs_row *row;
    *ret = false;
    TRY(proof_logs(cx, &cursor));
    for (;;) {
        TRY(proof_logs_next(cx, &cursor, &row));
        if (!row)
            return OK;
        *ret |= row->number < number && str_eq(row->origin, origin);
    }
}

static enum err refuse_to_sign(struct cx *cx, const char *reason)
{
    return fail(cx, ERR_STATE, "the log is not signed: %s; see `qibing log resume --help`", reason);
}

/* Nothing of this log is remembered: right only for a log that has signed nothing yet. */
static enum err allow_first(struct cx *cx, int64_t number)
{
    struct proof_checkpoint_last_row last;
    enum err e = proof_checkpoint_last(cx, (struct proof_checkpoint_last_in){ number }, &last);
    if (e == OK)
        return refuse_to_sign(cx, "what was signed last is not known here");
    if (e == ERR_NOT_FOUND)
        fault_clear(&cx->fault);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* The tree must extend the one that was signed last. */
static enum err allow_extension(struct cx *cx, const struct proof_log_current_row *log,
                                struct str remembered, uint64_t size)
{
    struct tlog_note note;
    struct tlog_checkpoint last;
    struct merkle_hash root;
    bool earlier;
    TRY(tlog_note_parse(cx->arena, remembered, &cx->fault, &note));
    TRY(tlog_checkpoint_parse(cx->arena, note.text, &cx->fault, &last));
    if (!str_eq(last.origin, log->origin)) {
        TRY(is_earlier_log(cx, last.origin, log->number, &earlier));
        return earlier ? allow_first(cx, log->number)
                       : refuse_to_sign(cx, "another log was signed last");
    }
    if (last.size > size)
        return refuse_to_sign(cx, "a larger tree was signed before: the database is older");
    struct tlog_tiles *tiles = proof_tiles_of(cx, size);
    struct merkle_reader reader = tlog_tiles_reader(tiles);
    TRY(merkle_root(&proof_crypto, &reader, last.size, &cx->fault, &root));
    if (!merkle_same(&root, &last.root))
        return refuse_to_sign(cx, "the tree that was signed last is not the beginning of this one");
    return OK;
}

static enum err allow(struct cx *cx, struct signing *s, const struct proof_log_current_row *log,
                      uint64_t size)
{
    struct str remembered;
    bool has, held;
    TRY(keeper_held(s->keeper, cx->org, &cx->fault, &held));
    if (held)
        return refuse_to_sign(cx, "the data folder was restored from a backup");
    TRY(keeper_last_signed(s->keeper, cx->arena, cx->org, &cx->fault, &has, &remembered));
    return has ? allow_extension(cx, log, remembered, size) : allow_first(cx, log->number);
}

static enum err write_note(struct cx *cx, struct signing *s,
                           const struct proof_log_current_row *log)
{
    struct tlog_signer signer;
    struct tlog_note note = { .text = tlog_checkpoint_text(s->arena, &s->checkpoint) };
    struct buf out = buf_in(s->arena);
    TRY(keeper_signer(s->keeper, cx->arena, cx->org, log->number, log->origin, false, &cx->fault,
                      &signer));
    struct str vkey = tlog_key_text(cx->arena, &signer.key);
    if (!str_eq(vkey, log->vkey))
        return refuse_to_sign(cx, "the key in the data folder is not the log's");
    tlog_note_sign(s->arena, &note, &signer);
    keeper_wipe(&signer);
    tlog_note_write(&out, &note);
    s->note = buf_view(&out);
    return OK;
}

static enum err prepare(struct cx *cx, void *arg)
{
    struct signing *s = arg;
    struct proof_log_current_row log;
    uint64_t size, signed_size;
    TRY(proof_tree_sizes(cx, &size, &signed_size));
    s->needed = size > signed_size;
    if (!s->needed)
        return OK;
    TRY(proof_log_now(cx, &log));
    TRY(allow(cx, s, &log, size));
    struct merkle_reader reader = tlog_tiles_reader(proof_tiles_of(cx, size));
    s->number = log.number;
    s->at = cx->now;
    s->checkpoint = (struct tlog_checkpoint){ .origin = str_copy(s->arena, log.origin),
                                              .size = size };
    TRY(merkle_root(&proof_crypto, &reader, size, &cx->fault, &s->checkpoint.root));
    return write_note(cx, s, &log);
}

static enum err publish(struct cx *cx, void *arg)
{
    const struct signing *s = arg;
    struct str root = { (const char *)s->checkpoint.root.b, sizeof s->checkpoint.root.b };
    TRY(proof_checkpoint_add(cx, (struct proof_checkpoint_add_in){ s->number,
                                     (int64_t)s->checkpoint.size, root, s->note, s->at }, NULL));
    return proof_tree_signed(cx, (struct proof_tree_signed_in){ (int64_t)s->checkpoint.size },
                             NULL);
}

static enum err sign_tree(struct core *core, const struct call *call, struct arena *arena,
                          struct fault *fault)
{
    struct signing s = { .keeper = core->proof, .arena = arena };
    CLOSE_ON_EXIT int lock = -1;
    TRY(keeper_lock(core->proof, call->org, fault, &lock));
    TRY(core_read(core, call, prepare, &s, fault));
    if (!s.needed)
        return OK;
    TRY(keeper_remember(core->proof, call->org, s.note, fault));
    return core_write(core, call, publish, &s, fault);
}

enum err proof_sequence(struct core *core, const struct call *call, struct fault *fault)
{
    if (!core->proof)
        return fault_set(fault, ERR_UNAVAILABLE, "the proof log's keys are not open here");
    for (bool more = true; more;)
        TRY(core_write_alone(core, call, integrate, &more, fault));
    struct arena *arena = arena_open((size_t)64 << 20);
    if (!arena)
        return fault_set(fault, ERR_NO_MEMORY, "no memory to sign the log");
    enum err e = sign_tree(core, call, arena, fault);
    arena_close(arena);
    return e;
}
