/* What leaves the log: status, statement files, consistency proofs. */
#include "base/hex.h"
#include "core/proof/tree.h"

enum err proof_status(struct cx *cx, struct proof_status *ret)
{
    struct proof_log_current_row log;
    struct proof_checkpoint_last_row last;
    int64_t next;
    *ret = (struct proof_status){ 0 };
    enum err e = proof_log_now(cx, &log);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        return OK;
    }
    if (e)
        return e;
    TRY(proof_appended(cx, &next));
    TRY(proof_tree_sizes(cx, &ret->sequenced, &ret->signed_size));
    ret->number = log.number;
    ret->origin = log.origin;
    ret->vkey = log.vkey;
    ret->entries = (uint64_t)next;
    e = proof_checkpoint_last(cx, (struct proof_checkpoint_last_in){ log.number }, &last);
    if (e == ERR_NOT_FOUND)
        fault_clear(&cx->fault);
    else if (!e)
        ret->checkpoint = last.note;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* The signed tree that proofs are made for. */
struct signed_tree {
    struct str note;
    uint64_t size;
};

static enum err last_signed(struct cx *cx, struct signed_tree *ret)
{
    struct proof_status status;
    struct tlog_checkpoint checkpoint;
    TRY(proof_status(cx, &status));
    if (status.checkpoint.len == 0)
        return fail(cx, ERR_NOT_FOUND, "no checkpoint was signed yet");
    TRY(proof_note_open(cx, status.checkpoint, status.vkey, &checkpoint));
    *ret = (struct signed_tree){ status.checkpoint, checkpoint.size };
    return OK;
}

static enum err load_fact(struct cx *cx, int64_t seq, struct tlog_fact *ret)
{
    const struct proof_entries_row *row;
    TRY(proof_entry_at(cx, seq, &row));
    if (row->salt.len != TLOG_SALT_BYTES || row->content.len == 0)
        return fail(cx, ERR_NOT_FOUND, "entry %lld was erased", (long long)seq);
    *ret = (struct tlog_fact){ .content = row->content, .entry = proof_entry_text(cx, row) };
    memcpy(ret->salt, row->salt.data, TLOG_SALT_BYTES);
    return OK;
}

static enum err load_proven(struct cx *cx, const struct signed_tree *tree, int64_t seq,
                            struct tlog_proven *ret)
{
    struct merkle_proof hashes;
    struct merkle_reader reader = tlog_tiles_reader(proof_tiles_of(cx, tree->size));
    if ((uint64_t)seq >= tree->size)
        return fail(cx, ERR_NOT_FOUND, "entry %lld is not signed yet", (long long)seq);
    TRY(load_fact(cx, seq, &ret->fact));
    TRY(merkle_inclusion(&proof_crypto, &reader, (uint64_t)seq, tree->size, &cx->fault, &hashes));
    struct tlog_proof proof = { .index = (uint64_t)seq, .hashes = hashes.hash,
                                .count = hashes.count, .checkpoint = tree->note };
    ret->proof = tlog_proof_text(cx->arena, &proof);
    return OK;
}

/* ---- which entries belong into the file ---- */

struct chosen {
    VEC(int64_t) of_person; /* all before the head */
    int64_t statement, head, publication; /* -1: not found */
};

/* The last head of the period, the statement before it, and all that the head counts. */
static enum err choose_entries(struct cx *cx, int64_t person, struct str period,
                               struct chosen *chosen)
{
    struct str hex, subject;
    struct proof_of_subject_cursor cursor;
    const struct proof_of_subject_row *row;
    VEC(struct proof_of_subject_row) all = { 0 };
    TRY(proof_subject(cx, person, period, &hex));
    if (!hex_decode(cx->arena, hex, &subject))
        return fail(cx, ERR_INTERNAL, "a subject is not hex");
    TRY(proof_of_subject(cx, (struct proof_of_subject_in){ subject, period, INT64_MAX }, &cursor));
    for (;;) {
        TRY(proof_of_subject_next(cx, &cursor, &row));
        if (!row)
            break;
        vec_add(cx->arena, &all, *row);
        if (str_is(row->kind, TLOG_KIND_PERIOD))
            chosen->head = row->seq;
    }
    for (size_t i = 0; i < all.count && all.items[i].seq < chosen->head; i++) {
        vec_add(cx->arena, &chosen->of_person, all.items[i].seq);
        if (str_is(all.items[i].kind, TLOG_KIND_STATEMENT))
            chosen->statement = all.items[i].seq;
    }
    return OK;
}

static enum err choose_publication(struct cx *cx, struct str plan, struct chosen *chosen)
{
    struct merkle_hash hash = merkle_sha256(&proof_crypto, plan);
    struct str hex = hex_encode(cx->arena, hash.b, sizeof hash.b);
    struct proof_plans_cursor cursor;
    const struct proof_plans_row *row;
    TRY(proof_plans(cx, &cursor));
    for (;;) {
        const struct json *v;
        TRY(proof_plans_next(cx, &cursor, &row));
        if (!row)
            return OK;
        if (row->content.len == 0 || row->seq >= chosen->statement)
            continue;
        TRY(json_read(cx->arena, row->content, (struct json_limits){ 0 }, &cx->fault, &v));
        const struct json *published = json_get(v, "plan_sha256");
        if (published && str_eq(published->text, hex))
            chosen->publication = row->seq; /* the oldest: published before all that use it */
    }
}

static enum err choose(struct cx *cx, int64_t person, struct str period, struct str plan,
                       struct chosen *chosen)
{
    chosen->statement = chosen->head = chosen->publication = -1;
    TRY(choose_entries(cx, person, period, chosen));
    if (chosen->statement < 0)
        return fail(cx, ERR_NOT_FOUND, "no statement of " STR_FMT " is locked and logged",
                    STR_ARG(period));
    if (chosen->of_person.count > TLOG_PACKET_ENTRIES_MAX)
        return fail(cx, ERR_TOO_LARGE, "more than %d entries", TLOG_PACKET_ENTRIES_MAX);
    TRY(choose_publication(cx, plan, chosen));
    if (chosen->publication < 0)
        return fail(cx, ERR_NOT_FOUND, "the publication of the plan is not in the log");
    return OK;
}

/* Names, headers, salt and proof of a fact in the file, generously. */
#define FACT_OVERHEAD 8192

static enum err check_size(struct cx *cx, const struct tlog_packet *packet)
{
    size_t bytes = packet->plan.len + packet->policy.len + 4 * FACT_OVERHEAD +
                   packet->statement.fact.content.len + packet->head.fact.content.len;
    for (size_t i = 0; i < packet->entry_count && bytes < TLOG_PACKET_MAX; i++)
        bytes += packet->entries[i].content.len + packet->entries[i].entry.len + 512;
    if (bytes >= TLOG_PACKET_MAX)
        return fail(cx, ERR_TOO_LARGE, "the statement file would exceed %u bytes",
                    TLOG_PACKET_MAX);
    return OK;
}

enum err proof_statement_zip(struct cx *cx, int64_t person, struct str period, struct str plan,
                             struct str *ret)
{
    struct chosen chosen = { 0 };
    struct signed_tree tree;
    struct tlog_head head;
    struct tlog_packet packet = { .plan = plan };
    TRY(choose(cx, person, period, plan, &chosen));
    TRY(last_signed(cx, &tree));
    TRY(load_proven(cx, &tree, chosen.statement, &packet.statement));
    TRY(load_proven(cx, &tree, chosen.head, &packet.head));
    TRY(load_proven(cx, &tree, chosen.publication, &packet.publication));
    TRY(tlog_head_parse(cx->arena, packet.head.fact.content, &cx->fault, &head));
    packet.policy = head.policy;
    packet.entry_count = chosen.of_person.count;
    packet.entries = arena_array(cx->arena, struct tlog_fact, packet.entry_count);
    for (size_t i = 0; i < packet.entry_count; i++)
        TRY(load_fact(cx, chosen.of_person.items[i], &packet.entries[i]));
    TRY(check_size(cx, &packet));
    *ret = tlog_packet_write(cx->arena, &packet);
    return OK;
}

enum err proof_extension(struct cx *cx, uint64_t old_size, struct str *ret)
{
    struct signed_tree tree;
    struct merkle_proof hashes;
    TRY(last_signed(cx, &tree));
    struct merkle_reader reader = tlog_tiles_reader(proof_tiles_of(cx, tree.size));
    TRY(merkle_consistency(&proof_crypto, &reader, old_size, tree.size, &cx->fault, &hashes));
    struct tlog_extension extension = { .old_size = old_size, .hashes = hashes.hash,
                                        .count = hashes.count, .checkpoint = tree.note };
    *ret = tlog_extension_text(cx->arena, &extension);
    return OK;
}
