#include "engine/merkle/testkit.h"

#include "base/hex.h"

#include <sodium.h>

static void sha256(const struct str *parts, size_t count, uint8_t ret[32])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++)
        crypto_hash_sha256_update(&state, (const uint8_t *)parts[i].data, parts[i].len);
    crypto_hash_sha256_final(&state, ret);
}

static bool ed25519_verify(const uint8_t key[32], struct str message, const uint8_t signature[64])
{
    return crypto_sign_verify_detached(signature, (const uint8_t *)message.data, message.len,
                                       key) == 0;
}

const struct tlog_crypto testkit_crypto = { sha256, ed25519_verify };

static void sign(void *state, struct str message, uint8_t ret[64])
{
    crypto_sign_detached(ret, NULL, (const uint8_t *)message.data, message.len, state);
}

struct tlog_signer testkit_signer(struct arena *arena, const char *name, enum tlog_key_type type,
                                  const char *seed)
{
    uint8_t public[32], *secret = arena_alloc(arena, 64);
    struct merkle_hash bytes = merkle_sha256(&testkit_crypto, str_from(seed));
    crypto_sign_seed_keypair(public, secret, bytes.b);
    return (struct tlog_signer){
        .key = tlog_key_make(&testkit_crypto, str_from(name), type, public),
        .sign = sign,
        .state = secret,
    };
}

struct testkit_log testkit_log_open(struct arena *arena, const char *origin, size_t room)
{
    return (struct testkit_log){
        .arena = arena,
        .entries = arena_array(arena, struct str, room),
        .leaves = arena_array(arena, struct merkle_hash, room),
        .room = room,
        .log = testkit_signer(arena, origin, TLOG_KEY_ED25519, "log"),
        .witness = testkit_signer(arena, "witness.example/w1", TLOG_KEY_COSIGNATURE, "witness"),
    };
}

void testkit_add(struct testkit_log *log, struct str entry)
{
    assert(log->count < log->room);
    log->entries[log->count] = entry;
    log->leaves[log->count++] = merkle_leaf(&testkit_crypto, entry);
}

static struct merkle_hash subtree(struct testkit_log *log, uint64_t from, uint64_t count)
{
    if (count == 1)
        return log->leaves[from];
    struct merkle_hash left = subtree(log, from, count / 2);
    struct merkle_hash right = subtree(log, from + count / 2, count / 2);
    return merkle_node(&testkit_crypto, &left, &right);
}

static enum err read_subtree(void *state, int level, uint64_t index, struct merkle_hash *ret,
                             struct fault *fault)
{
    struct testkit_log *log = state;
    if ((index + 1) << level > log->count)
        return fault_set(fault, ERR_NOT_FOUND, "beyond the log");
    *ret = subtree(log, index << level, UINT64_C(1) << level);
    return OK;
}

struct merkle_reader testkit_reader(struct testkit_log *log)
{
    return (struct merkle_reader){ read_subtree, log };
}

struct merkle_hash testkit_root(struct testkit_log *log, uint64_t size)
{
    struct merkle_range range = { 0 };
    for (uint64_t i = 0; i < size; i++)
        merkle_range_add(&testkit_crypto, &range, &log->leaves[i]);
    return merkle_range_root(&testkit_crypto, &range);
}

struct str testkit_checkpoint(struct testkit_log *log, uint64_t size, bool cosigned)
{
    struct tlog_checkpoint checkpoint = { .origin = log->log.key.name, .size = size,
                                          .root = testkit_root(log, size) };
    struct tlog_note note = { .text = tlog_checkpoint_text(log->arena, &checkpoint) };
    tlog_note_sign(log->arena, &note, &log->log);
    if (cosigned)
        tlog_note_cosign(log->arena, &note, &log->witness, 1790000000);
    struct buf out = buf_in(log->arena);
    tlog_note_write(&out, &note);
    return buf_view(&out);
}

static uint64_t checkpoint_size(struct testkit_log *log, struct str checkpoint)
{
    struct fault fault = { 0 };
    struct tlog_note note;
    struct tlog_checkpoint parsed;
    enum err e = tlog_note_parse(log->arena, checkpoint, &fault, &note);
    if (!e)
        e = tlog_checkpoint_parse(log->arena, note.text, &fault, &parsed);
    assert(!e);
    return parsed.size;
}

struct str testkit_proof(struct testkit_log *log, uint64_t index, struct str checkpoint)
{
    struct fault fault = { 0 };
    struct merkle_reader reader = testkit_reader(log);
    struct merkle_proof hashes;
    enum err e = merkle_inclusion(&testkit_crypto, &reader, index,
                                  checkpoint_size(log, checkpoint), &fault, &hashes);
    assert(!e);
    struct tlog_proof proof = { .index = index, .hashes = hashes.hash, .count = hashes.count,
                                .checkpoint = checkpoint };
    return tlog_proof_text(log->arena, &proof);
}

struct str testkit_extension(struct testkit_log *log, uint64_t old_size, struct str checkpoint)
{
    struct fault fault = { 0 };
    struct merkle_reader reader = testkit_reader(log);
    struct merkle_proof hashes;
    enum err e = merkle_consistency(&testkit_crypto, &reader, old_size,
                                    checkpoint_size(log, checkpoint), &fault, &hashes);
    assert(!e);
    struct tlog_extension extension = { .old_size = old_size, .hashes = hashes.hash,
                                        .count = hashes.count, .checkpoint = checkpoint };
    return tlog_extension_text(log->arena, &extension);
}

/* ---- a statement ---- */

static void salt_of(uint64_t seq, uint8_t ret[32])
{
    uint8_t seed[9] = { 's' };
    memcpy(seed + 1, &seq, sizeof seq);
    struct merkle_hash hash = merkle_sha256(&testkit_crypto, (struct str){ (char *)seed, 9 });
    memcpy(ret, hash.b, 32);
}

/* Appends the entry of a fact and tells its disclosure. */
static struct tlog_fact log_fact(struct testkit_log *log, struct tlog_entry entry,
                                 struct str content)
{
    struct tlog_fact fact = { .content = content };
    salt_of(log->count, fact.salt);
    entry.org = 7;
    entry.seq = log->count;
    entry.at = STR("2026-10-31T16:00:00Z");
    entry.sha256 = tlog_commit(&testkit_crypto, fact.salt, content);
    struct buf out = buf_in(log->arena);
    tlog_entry_write(&out, &entry);
    fact.entry = buf_view(&out);
    testkit_add(log, fact.entry);
    return fact;
}

struct facts {
    struct testkit_log *log;
    struct tlog_entry of; /* subject and period */
    struct tlog_packet *packet;
    struct merkle_range range;
};

static struct tlog_fact person_fact(struct facts *facts, struct str kind, struct str content)
{
    struct tlog_entry entry = facts->of;
    entry.kind = kind;
    struct tlog_fact fact = log_fact(facts->log, entry, content);
    facts->packet->entries[facts->packet->entry_count++] = fact;
    merkle_range_add(&testkit_crypto, &facts->range, &facts->log->leaves[facts->log->count - 1]);
    return fact;
}

static struct str policy_text(struct testkit_log *log, bool cosigned)
{
    struct str key = tlog_key_text(log->arena, &log->log.key);
    struct str witness = tlog_key_text(log->arena, &log->witness.key);
    if (!cosigned)
        return str_fmt(log->arena, "log " STR_FMT "\nquorum none\n", STR_ARG(key));
    return str_fmt(log->arena, "log " STR_FMT "\nwitness W1 " STR_FMT "\nquorum W1\n",
                   STR_ARG(key), STR_ARG(witness));
}

static struct tlog_fact add_head(struct facts *facts, struct str policy)
{
    struct tlog_entry entry = facts->of;
    entry.kind = STR(TLOG_KIND_PERIOD);
    struct tlog_head head = { .count = facts->range.size, .policy = policy,
                              .subject = facts->of.subject,
                              .root = merkle_range_root(&testkit_crypto, &facts->range) };
    return log_fact(facts->log, entry, tlog_head_write(facts->log->arena, &head));
}

void testkit_statement(struct testkit_log *log, size_t count, bool cosigned,
                       struct tlog_packet *ret)
{
    struct arena *arena = log->arena;
    struct merkle_hash subject = merkle_sha256(&testkit_crypto, STR("someone"));
    *ret = (struct tlog_packet){ .plan = STR("{\"plan\": \"three tiers\"}\n"),
                                 .policy = policy_text(log, cosigned),
                                 .entries = arena_array(arena, struct tlog_fact, count + 1) };
    struct facts facts = { .log = log, .packet = ret };
    facts.of = (struct tlog_entry){ .subject = hex_encode(arena, subject.b, 32),
                                    .period = STR("2026-10") };
    struct merkle_hash hash = merkle_sha256(&testkit_crypto, ret->plan);
    struct str hex = hex_encode(arena, hash.b, 32);
    ret->publication.fact = log_fact(log, (struct tlog_entry){ .kind = STR("plan") },
        str_fmt(arena, "{\"plan_sha256\":\"" STR_FMT "\"}", STR_ARG(hex)));
    for (size_t i = 0; i < count; i++) {
        (void)log_fact(log, (struct tlog_entry){ .kind = STR("order"), .period = STR("2026-10") },
                       STR("{\"of\":\"another\"}"));
        (void)person_fact(&facts, STR("order"), str_fmt(arena, "{\"order\":\"%zu\"}", i));
    }
    ret->statement.fact = person_fact(&facts, STR("statement"),
        str_fmt(arena, "{\"net_fen\":123456,\"period\":\"2026-10\",\"plan_sha256\":\"" STR_FMT
                "\"}", STR_ARG(hex)));
    ret->head.fact = add_head(&facts, ret->policy);
    for (int i = 0; i < 3; i++)
        (void)log_fact(log, (struct tlog_entry){ .kind = STR("consent") }, STR("{}"));

    struct str checkpoint = testkit_checkpoint(log, log->count, cosigned);
    ret->statement.proof = testkit_proof(log, 2 * count + 1, checkpoint);
    ret->head.proof = testkit_proof(log, 2 * count + 2, checkpoint);
    ret->publication.proof = testkit_proof(log, 0, checkpoint);
}
