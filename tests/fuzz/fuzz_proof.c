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

/* The whole check: nothing that differs from the one true file (in the corpus: no forger has the
 * keys) may be accepted. */
static void verify(struct arena *arena, struct str bytes)
{
    struct testkit_log log = testkit_log_open(arena, "qibing.example/log/7", 64);
    struct tlog_packet truth;
    struct tlog_policy *trusted = arena_new(arena, struct tlog_policy);
    struct tlog_verdict *verdict = arena_new(arena, struct tlog_verdict);
    struct fault fault = { 0 };
    testkit_statement(&log, 5, true, &truth);
    if (tlog_policy_parse(arena, &testkit_crypto, truth.policy, &fault, trusted))
        abort();
    struct tlog_trust trust = { .policy = trusted };
    tlog_packet_check(arena, &testkit_crypto, bytes, &trust, verdict);
    if (verdict->refusal == TLOG_ACCEPTED && !str_eq(bytes, tlog_packet_write(arena, &truth)))
        abort();
}

/* The bytes between the zip's headers, replaced in the true file so that its CRCs are right: the
 * input is the number of a file, a place in it, and what to write there. */
static void edit(struct arena *arena, struct str bytes)
{
    struct testkit_log log = testkit_log_open(arena, "qibing.example/log/7", 64);
    struct tlog_packet truth;
    size_t count;
    if (bytes.len < 3)
        return;
    testkit_statement(&log, 5, true, &truth);
    struct tlog_file *files = tlog_packet_files(arena, &truth, &count);
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
    struct arena *arena = arena_open((size_t)256 << 20);
    if (!arena)
        return 0;
    readers[data[0] % COUNT(readers)](arena, (struct str){ (const char *)data + 1, size - 1 });
    arena_close(arena);
    return 0;
}
