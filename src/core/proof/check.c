/* Examining a company's log: one walk over the entries, and tiles and checkpoints beside it. */
#include "core/proof/tree.h"
#include "db/db.h"

#define ROWS_AT_ONCE 1000
#define NAMED_MAX 20 /* findings told one by one; the rest are counted */

struct log_key {
    int64_t number;
    struct str origin, vkey;
};

struct checking {
    struct cx *cx;
    proof_report *report;
    void *arg;
    int64_t bad;
    VEC(struct log_key) logs;
    struct tlog_edge *edge;     /* tiles as the leaves make them */
    struct merkle_range range;  /* the tree so far */
    uint64_t sequenced;         /* leaves that must be in tiles */
    int64_t entries, erased, checkpoints;
    VEC(struct proof_checkpoints_row) due; /* checkpoints of the present stretch */
    size_t next_due;
};

static void finding(struct checking *c, const char *format, ...) PRINTF_LIKE(2, 3);
static void finding(struct checking *c, const char *format, ...)
{
    c->bad++;
    if (c->bad > NAMED_MAX)
        return;
    va_list args;
    va_start(args, format);
    struct str line = str_vfmt(c->cx->arena, format, args);
    va_end(args);
    c->report(c->arg, true, line);
}

/* ---- (a) the entry says what its row says ---- */

static void check_entry(struct checking *c, const struct proof_entries_row *row)
{
    struct cx *cx = c->cx;
    struct merkle_hash digest, leaf;
    long long seq = (long long)row->seq;
    if (row->digest.len != 32 || row->leaf.len != 32) {
        finding(c, "entry %lld: its hashes are damaged", seq);
        return;
    }
    if (row->salt.len == TLOG_SALT_BYTES && row->content.len > 0) {
        digest = tlog_commit(&proof_crypto, (const uint8_t *)row->salt.data, row->content);
        if (memcmp(digest.b, row->digest.data, 32) != 0)
            finding(c, "entry %lld (%.32s): its content is not what was logged", seq,
                    str_cstr(cx->arena, row->kind));
    } else if (row->erased_at.us == 0) {
        finding(c, "entry %lld: its content is gone without an erasure", seq);
    } else {
        c->erased++;
    }
    leaf = merkle_leaf(&proof_crypto, proof_entry_text(cx, row));
    if (memcmp(leaf.b, row->leaf.data, 32) != 0)
        finding(c, "entry %lld (%.32s): its columns are not what was logged", seq,
                str_cstr(cx->arena, row->kind));
}

/* ---- (b) tiles, (c) signatures, (d) one history ---- */

/* Instead of storing, compares with what is stored. */
static enum err compare_tile(void *state, int level, uint64_t n, const struct merkle_hash *hashes,
                             int width, struct fault *fault)
{
    struct checking *c = state;
    struct cx *cx = c->cx;
    struct str stored;
    size_t bytes = (size_t)width * sizeof *hashes;
    enum err e = proof_tile_get(cx, (struct proof_tile_get_in){ level, (int64_t)n }, &stored);
    if (e && e != ERR_NOT_FOUND)
        return fault_set(fault, e, "reading tile %d/%llu", level, (unsigned long long)n);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        finding(c, "tile %d/%llu is missing", level, (unsigned long long)n);
    } else if (stored.len != bytes || memcmp(stored.data, hashes, bytes) != 0) {
        finding(c, "tile %d/%llu is not what the entries make", level, (unsigned long long)n);
    }
    return OK;
}

static const struct log_key *key_of(const struct checking *c, int64_t number)
{
    for (size_t i = 0; i < c->logs.count; i++)
        if (c->logs.items[i].number == number)
            return &c->logs.items[i];
    return NULL;
}

/* All checkpoints have roots of the one tree that grows here, so each extends the one before. */
static void check_checkpoint(struct checking *c, const struct proof_checkpoints_row *row)
{
    struct tlog_checkpoint signed_tree;
    struct merkle_hash root = merkle_range_root(&proof_crypto, &c->range);
    const struct log_key *key = key_of(c, row->number);
    long long size = (long long)row->size;
    c->checkpoints++;
    if (!key || proof_note_open(c->cx, row->note, key->vkey, &signed_tree)) {
        finding(c, "checkpoint %lld/%lld: its signature does not hold", (long long)row->number,
                size);
        fault_clear(&c->cx->fault);
        return;
    }
    if (signed_tree.size != (uint64_t)row->size || row->root.len != 32 ||
        memcmp(signed_tree.root.b, row->root.data, 32) != 0)
        finding(c, "checkpoint %lld/%lld: its row is not what was signed", (long long)row->number,
                size);
    if (!merkle_same(&signed_tree.root, &root))
        finding(c, "checkpoint %lld/%lld: it was signed over another tree than the entries make",
                (long long)row->number, size);
}

static enum err load_due(struct checking *c, int64_t from, int64_t to)
{
    struct proof_checkpoints_cursor cursor;
    const struct proof_checkpoints_row *row;
    c->due.count = c->due.room = c->next_due = 0;
    c->due.items = NULL;
    TRY(proof_checkpoints(c->cx, (struct proof_checkpoints_in){ from, to }, &cursor));
    for (;;) {
        TRY(proof_checkpoints_next(c->cx, &cursor, &row));
        if (!row)
            return OK;
        vec_add(c->cx->arena, &c->due, *row);
    }
}

static void check_due(struct checking *c)
{
    while (c->next_due < c->due.count &&
           (uint64_t)c->due.items[c->next_due].size == c->range.size)
        check_checkpoint(c, &c->due.items[c->next_due++]);
}

/* ---- the walk ---- */

static enum err take_entry(struct checking *c, const struct proof_entries_row *row)
{
    struct tlog_tile_sink sink = { compare_tile, c };
    struct merkle_hash leaf = { 0 };
    check_entry(c, row);
    if (row->leaf.len == sizeof leaf.b)
        memcpy(leaf.b, row->leaf.data, sizeof leaf.b);
    merkle_range_add(&proof_crypto, &c->range, &leaf);
    if (c->range.size <= c->sequenced)
        TRY(tlog_edge_add(&proof_crypto, c->edge, &leaf, &sink, &c->cx->fault));
    c->entries++;
    check_due(c);
    return OK;
}

static enum err check_stretch(struct checking *c, int64_t from, int64_t to)
{
    struct proof_entries_cursor cursor;
    const struct proof_entries_row *row;
    /* Checkpoints of size s are due once s entries are in: those of (from, to]. */
    TRY(load_due(c, from + 1, to + 1));
    TRY(proof_entries(c->cx, (struct proof_entries_in){ from, to }, &cursor));
    for (int64_t seq = from;; seq++) {
        struct arena_mark mark = arena_mark(c->cx->arena);
        TRY(proof_entries_next(c->cx, &cursor, &row));
        if (!row) {
            if (seq != to)
                finding(c, "entry %lld and what follows: missing", (long long)seq);
            return OK;
        }
        if (row->seq != seq) {
            finding(c, "entry %lld: missing", (long long)seq);
            db_rows_close(cursor.rows);
            return OK;
        }
        TRY(take_entry(c, row));
        arena_reset(c->cx->arena, mark);
    }
}

static enum err check_entries(struct checking *c, int64_t next)
{
    for (int64_t from = 0; from < next && (int64_t)c->range.size == from;) {
        struct arena_mark mark = arena_mark(c->cx->arena);
        int64_t to = MIN(next, from + ROWS_AT_ONCE);
        TRY(check_stretch(c, from, to));
        arena_reset(c->cx->arena, mark);
        from = to;
    }
    struct tlog_tile_sink sink = { compare_tile, c };
    return tlog_edge_flush(c->edge, &sink, &c->cx->fault);
}

/* Checkpoints beyond the last entry: entries were removed after they were signed. */
static enum err check_beyond(struct checking *c)
{
    struct proof_checkpoints_cursor cursor;
    const struct proof_checkpoints_row *row;
    int64_t from = (int64_t)c->range.size + 1;
    TRY(proof_checkpoints(c->cx, (struct proof_checkpoints_in){ from, INT64_MAX }, &cursor));
    for (;;) {
        TRY(proof_checkpoints_next(c->cx, &cursor, &row));
        if (!row)
            return OK;
        finding(c, "checkpoint %lld/%lld: signed over more entries than there are",
                (long long)row->number, (long long)row->size);
    }
}

/* ---- (e) facts without an entry ---- */

static enum err check_sources(struct checking *c, const struct proof_source *sources)
{
    for (const struct proof_source *s = sources; s && s->name; s++) {
        int64_t count = 0, example = 0;
        TRY(s->missing(c->cx, &count, &example));
        if (count > 0)
            finding(c, "%s: %lld rows have no entry in the log, the first is %lld", s->name,
                    (long long)count, (long long)example);
    }
    return OK;
}

static enum err load_logs(struct checking *c)
{
    struct proof_logs_cursor cursor;
    const struct proof_logs_row *row;
    TRY(proof_logs(c->cx, &cursor));
    for (;;) {
        TRY(proof_logs_next(c->cx, &cursor, &row));
        if (!row)
            return OK;
        vec_add(c->cx->arena, &c->logs,
                ((struct log_key){ row->number, row->origin, row->vkey }));
    }
}

enum err proof_check(struct cx *cx, const struct proof_source *sources, proof_report *report,
                     void *arg, int64_t *bad)
{
    struct checking c = { .cx = cx, .report = report, .arg = arg,
                          .edge = arena_new(cx->arena, struct tlog_edge) };
    uint64_t signed_size;
    int64_t next = 0;
    enum err e = proof_appended(cx, &next);
    if (e && e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    TRY(load_logs(&c));
    TRY(proof_tree_sizes(cx, &c.sequenced, &signed_size));
    if ((int64_t)c.sequenced > next)
        finding(&c, "the tiles hold %llu entries, %lld were logged",
                (unsigned long long)c.sequenced, (long long)next);
    TRY(check_entries(&c, next));
    TRY(check_beyond(&c));
    TRY(check_sources(&c, sources));
    report(arg, false, str_fmt(cx->arena, "%lld entries (%lld erased), %lld checkpoints, %lld "
                               "findings", (long long)c.entries, (long long)c.erased,
                               (long long)c.checkpoints, (long long)c.bad));
    *bad = c.bad;
    return OK;
}
