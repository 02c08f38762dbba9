/* Entries and tiles as rows. */
#include "core/proof/tree.h"

#include "base/hex.h"

struct tlog_entry proof_entry_of(struct cx *cx, const struct proof_entries_row *row)
{
    struct tlog_entry entry = {
        .org = cx->org, .seq = (uint64_t)row->seq, .kind = row->kind, .period = row->period,
        .at = instant_text(cx->arena, row->at),
        .subject = hex_encode(cx->arena, row->subject.data, row->subject.len),
    };
    if (row->digest.len == sizeof entry.sha256.b)
        memcpy(entry.sha256.b, row->digest.data, sizeof entry.sha256.b);
    return entry;
}

struct str proof_entry_text(struct cx *cx, const struct proof_entries_row *row)
{
    struct tlog_entry entry = proof_entry_of(cx, row);
    struct buf out = buf_in(cx->arena);
    /* A damaged row may hold anything; an entry that cannot be written has no leaf. */
    if (tlog_word_valid(entry.kind) && tlog_word_valid(entry.period) &&
        tlog_word_valid(entry.subject))
        tlog_entry_write(&out, &entry);
    return buf_view(&out);
}

enum err proof_entry_at(struct cx *cx, int64_t seq, const struct proof_entries_row **ret)
{
    struct proof_entries_cursor cursor;
    TRY(proof_entries(cx, (struct proof_entries_in){ seq, seq + 1 }, &cursor));
    TRY(proof_entries_next(cx, &cursor, ret));
    if (!*ret)
        return fail(cx, ERR_NOT_FOUND, "the log has no entry %lld", (long long)seq);
    db_rows_close(cursor.rows);
    return OK;
}

/* ---- tiles ---- */

static enum err read_tile(void *state, int level, uint64_t n, int width,
                          const struct merkle_hash **ret, struct fault *fault)
{
    struct cx *cx = state;
    struct str hashes;
    enum err e = proof_tile_get(cx, (struct proof_tile_get_in){ level, (int64_t)n }, &hashes);
    if (!e && hashes.len < (size_t)width * sizeof **ret)
        e = fail(cx, ERR_CORRUPT, "tile %d/%llu is too short", level, (unsigned long long)n);
    if (e == ERR_NOT_FOUND)
        e = fail(cx, ERR_CORRUPT, "tile %d/%llu is missing", level, (unsigned long long)n);
    if (e && fault != &cx->fault)
        *fault = cx->fault;
    *ret = (const struct merkle_hash *)(const void *)hashes.data; /* bytes: no alignment needed */
    return e;
}

struct tlog_tiles *proof_tiles_of(struct cx *cx, uint64_t size)
{
    struct tlog_tiles *tiles = arena_new(cx->arena, struct tlog_tiles);
    *tiles = (struct tlog_tiles){ read_tile, cx, &proof_crypto, size };
    return tiles;
}

static enum err put_tile(void *state, int level, uint64_t n, const struct merkle_hash *hashes,
                         int width, struct fault *fault)
{
    struct cx *cx = state;
    struct str bytes = { (const char *)hashes, (size_t)width * sizeof *hashes };
    enum err e = proof_tile_put(cx, (struct proof_tile_put_in){ level, (int64_t)n, bytes }, NULL);
    if (e && fault != &cx->fault)
        *fault = cx->fault;
    return e;
}

struct tlog_tile_sink proof_tile_sink(struct cx *cx)
{
    return (struct tlog_tile_sink){ put_tile, cx };
}

enum err proof_tree_sizes(struct cx *cx, uint64_t *size, uint64_t *signed_size)
{
    struct proof_tree_now_row row = { 0 };
    enum err e = proof_tree_now(cx, &row);
    if (e && e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    *size = (uint64_t)row.size;
    *signed_size = (uint64_t)row.signed_size;
    return OK;
}

enum err proof_note_open(struct cx *cx, struct str bytes, struct str vkey,
                         struct tlog_checkpoint *ret)
{
    struct tlog_key key;
    struct tlog_note note;
    bool by = false;
    TRY(tlog_key_parse(cx->arena, &proof_crypto, vkey, &cx->fault, &key));
    TRY(tlog_note_parse(cx->arena, bytes, &cx->fault, &note));
    TRY(tlog_checkpoint_parse(cx->arena, note.text, &cx->fault, ret));
    TRY(tlog_note_check(cx->arena, &proof_crypto, &note, &key, 1, &cx->fault, &by));
    if (!by || !str_eq(ret->origin, key.name))
        return fail(cx, ERR_PROOF, "the checkpoint is not signed by " STR_FMT, STR_ARG(key.name));
    return OK;
}
