/*
 * fuzz_proof.c - what a stranger hands to the verifier: notes, proofs, policies, statement files.
 *
 * The first byte picks the reader. Whatever a reader takes must write back to the same bytes: a
 * byte that two texts may differ in without a difference in meaning is a place to hide a lie.
 */
#include "base/arena.h"
#include "engine/merkle/testkit.h"

#include <sodium.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(struct arena *arena, struct str text)
{
    struct fault fault = { 0 };
    struct tlog_note parsed;
    struct tlog_checkpoint checkpoint;
    if (tlog_note_parse(arena, text, &fault, &parsed))
        return;
    struct buf again = buf_in(arena);
    tlog_note_write(&again, &parsed);
    assert(str_eq(buf_view(&again), text));
    if (!tlog_checkpoint_parse(arena, parsed.text, &fault, &checkpoint))
        assert(str_eq(tlog_checkpoint_text(arena, &checkpoint), parsed.text));
}

static void proof(struct arena *arena, struct str text)
{
    struct fault fault = { 0 };
    struct tlog_proof parsed;
    struct tlog_extension extension;
    if (!tlog_proof_parse(arena, text, &fault, &parsed))
        assert(str_eq(tlog_proof_text(arena, &parsed), text));
    if (!tlog_extension_parse(arena, text, &fault, &extension))
        assert(str_eq(tlog_extension_text(arena, &extension), text));
}

static void policy(struct arena *arena, struct str text)
{
    struct fault fault = { 0 };
    struct tlog_policy *parsed = arena_new(arena, struct tlog_policy);
    struct tlog_key key;
    (void)tlog_policy_parse(arena, &testkit_crypto, text, &fault, parsed);
    if (!tlog_key_parse(arena, &testkit_crypto, text, &fault, &key))
        assert(str_eq(tlog_key_text(arena, &key), text));
}

static void entry(struct arena *arena, struct str text)
{
    struct fault fault = { 0 };
    struct tlog_entry parsed;
    struct tlog_head head;
    struct tlog_tile tile;
    struct str rest = text, one;
    bool bad;
    if (!tlog_entry_parse(arena, text, &fault, &parsed)) {
        struct buf again = buf_in(arena);
        tlog_entry_write(&again, &parsed);
        assert(str_eq(buf_view(&again), text));
    }
    if (!tlog_head_parse(arena, text, &fault, &head))
        assert(str_eq(tlog_head_write(arena, &head), text));
    if (tlog_tile_parse(text, &tile))
        assert(str_eq(tlog_tile_path(arena, tile), text));
    while (tlog_bundle_next(&rest, &one, &bad))
        assert(one.len <= TLOG_ENTRY_MAX);
}

static void packet(struct arena *arena, struct str bytes)
{
    struct fault fault = { 0 };
    struct tlog_packet parsed;
    struct tlog_file *files;
    size_t count;
    if (!tlog_zip_read(arena, bytes, &fault, &files, &count))
        assert(str_eq(tlog_zip_write(arena, files, count), bytes));
    if (!tlog_packet_read(arena, bytes, &fault, &parsed))
        assert(str_eq(tlog_packet_write(arena, &parsed), bytes));
}

/* The one true file, made once. */
struct truth {
    struct arena *arena;
    struct tlog_policy *policy;
    struct tlog_file *files;
    size_t count;
    struct str bytes;
};

static const struct truth *truth(void)
{
    static struct truth made;
    if (made.policy)
        return &made;
    struct arena *arena = made.arena = arena_open((size_t)256 << 20);
    struct testkit_log log = testkit_log_open(arena, "qibing.example/log/7", 64);
    struct tlog_packet packet;
    struct fault fault = { 0 };
    testkit_statement(&log, 5, true, &packet);
    made.files = tlog_packet_files(arena, &packet, &made.count);
    made.bytes = tlog_packet_write(arena, &packet);
    made.policy = arena_new(arena, struct tlog_policy);
    if (tlog_policy_parse(arena, &testkit_crypto, packet.policy, &fault, made.policy))
        abort();
    return &made;
}

/* The whole check: nothing that differs from the true file may be accepted: nobody else has the
 * keys. */
static void verify(struct arena *arena, struct str bytes)
{
    struct tlog_verdict *verdict = arena_new(arena, struct tlog_verdict);
    struct tlog_trust trust = { .policy = truth()->policy };
    tlog_packet_check(arena, &testkit_crypto, bytes, &trust, verdict);
    if (verdict->refusal == TLOG_ACCEPTED && !str_eq(bytes, truth()->bytes))
        abort();
}

/* Replaces bytes inside one file of the true zip and makes the headers anew: the input is the
 * number of the file, a place in it, and what to write there. */
static void edit(struct arena *arena, struct str bytes)
{
    if (bytes.len < 3)
        return;
    size_t count = truth()->count;
    struct tlog_file *files = arena_copy(arena, truth()->files, count * sizeof *files);
    struct tlog_file *file = &files[(uint8_t)bytes.data[0] % count];
    size_t at = (uint8_t)bytes.data[1] * file->data.len / 256;
    struct buf changed = buf_in(arena);
    buf_str(&changed, str_cut(file->data, 0, at));
    buf_str(&changed, str_cut(bytes, 2, bytes.len));
    buf_str(&changed, str_cut(file->data, at + bytes.len - 2, file->data.len));
    file->data = buf_view(&changed);
    verify(arena, tlog_zip_write(arena, files, count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct arena *arena, struct str text) = {
        note, proof, policy, entry, packet, verify, edit,
    };
    if (size < 1 || sodium_init() < 0)
        return 0;
    static struct arena *arena; /* opened once: address space is dear under a sanitizer */
    if (!arena && !(arena = arena_open((size_t)256 << 20)))
        return 0;
    readers[data[0] % COUNT(readers)](arena, (struct str){ (const char *)data + 1, size - 1 });
    arena_reset(arena, (struct arena_mark){ 0 });
    return 0;
}
