#include "engine/merkle/testkit.h"

#include "base/test.h"

static const char origin[] = "qibing.example/log/7";

struct fixture {
    struct arena *arena;
    struct testkit_log log;
    struct tlog_packet packet;
    struct tlog_policy *policy;
    struct tlog_trust trust;
};

static struct tlog_policy *policy_of(struct arena *arena, const struct tlog_key *key)
{
    struct tlog_policy *policy = arena_new(arena, struct tlog_policy);
    struct str text = tlog_key_text(arena, key);
    struct fault fault = { 0 };
    text = str_fmt(arena, "log " STR_FMT "\nquorum none\n", STR_ARG(text));
    enum err e = tlog_policy_parse(arena, &testkit_crypto, text, &fault, policy);
    CHECK(!e);
    return policy;
}

static struct fixture open_fixture(size_t facts, bool cosigned)
{
    struct fixture f = { .arena = test_arena() };
    f.log = testkit_log_open(f.arena, origin, 2 * facts + 20);
    testkit_statement(&f.log, facts, cosigned, &f.packet);
    f.trust.policy = policy_of(f.arena, &f.log.log.key); /* as --key does */
    return f;
}

static enum tlog_refusal judge(struct fixture *f, struct str bytes)
{
    struct arena_mark mark = arena_mark(f->arena);
    struct tlog_verdict *verdict = arena_new(f->arena, struct tlog_verdict);
    tlog_packet_check(f->arena, &testkit_crypto, bytes, &f->trust, verdict);
    enum tlog_refusal refusal = verdict->refusal;
    arena_reset(f->arena, mark);
    return refusal;
}

TEST(packet_accepted)
{
    for (size_t facts = 0; facts < 6; facts++) {
        struct fixture f = open_fixture(facts, facts % 2);
        struct str bytes = tlog_packet_write(f.arena, &f.packet);
        struct tlog_verdict verdict;
        tlog_packet_check(f.arena, &testkit_crypto, bytes, &f.trust, &verdict);
        CHECK_EQ(verdict.refusal, TLOG_ACCEPTED, "%s", verdict.fault.message);
        CHECK_EQ(verdict.head.count, facts + 1);
        CHECK_EQ(verdict.signatures, facts % 2 ? 2 : 1);
    }
}

/* Each byte of the file, headers too, changed in seven ways; also one missing, one too many. */
TEST(packet_has_no_free_byte)
{
    struct fixture f = open_fixture(2, true);
    struct str bytes = tlog_packet_write(f.arena, &f.packet);
    CHECK_EQ(judge(&f, bytes), TLOG_ACCEPTED);
    char *changed = arena_copy(f.arena, bytes.data, bytes.len);
    int accepted = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        const char old = changed[i];
        const char others[] = { (char)(old ^ 1), (char)(old ^ 0x20), (char)(old ^ 0x80), (char)~old,
                                0, ' ', '\n' };
        for (size_t k = 0; k < sizeof others; k++) {
            changed[i] = others[k];
            if (others[k] == old || judge(&f, (struct str){ changed, bytes.len }))
                continue;
            CHECK(false, "byte %zu as %02x", i, (unsigned char)others[k]);
            accepted++;
        }
        changed[i] = old;
    }
    CHECK_EQ(accepted, 0);
    for (size_t len = 0; len < bytes.len; len++)
        CHECK(judge(&f, str_cut(bytes, 0, len)) != TLOG_ACCEPTED, "cut to %zu", len);
    struct buf out = buf_in(f.arena);
    buf_str(&out, bytes);
    buf_char(&out, '?');
    CHECK_EQ(judge(&f, buf_view(&out)), TLOG_REFUSED_FILE);
}

/* The same inside each file, with the zip made anew around it: the layers below must refuse. */
TEST(packet_files_have_no_free_byte)
{
    struct fixture f = open_fixture(2, true);
    int seen[TLOG_REFUSALS] = { 0 };
    size_t count;
    struct tlog_file *files = tlog_packet_files(f.arena, &f.packet, &count);
    for (size_t n = 0; n < count; n++) {
        struct tlog_file *file = &files[n];
        char *changed = arena_copy(f.arena, file->data.data, file->data.len);
        file->data.data = changed;
        for (size_t i = 0; i < file->data.len; i++) {
            const char old = changed[i];
            const char others[] = { (char)(old ^ 1), (char)(old ^ 0x20), (char)(old ^ 0x80), '\n',
                                    '0' };
            for (size_t k = 0; k < sizeof others; k++) {
                struct arena_mark mark = arena_mark(f.arena);
                changed[i] = others[k];
                enum tlog_refusal got = judge(&f, tlog_zip_write(f.arena, files, count));
                arena_reset(f.arena, mark);
                seen[got] += others[k] != old;
                if (others[k] != old && got == TLOG_ACCEPTED)
                    CHECK(false, STR_FMT " byte %zu as %02x", STR_ARG(file->name), i,
                          (unsigned char)others[k]);
            }
            changed[i] = old;
        }
    }
    CHECK_EQ(seen[TLOG_ACCEPTED], 0);
    CHECK(seen[TLOG_REFUSED_FILE] > 0 && seen[TLOG_REFUSED_CONTENT] > 0 &&
          seen[TLOG_REFUSED_INCLUSION] > 0 && seen[TLOG_REFUSED_PERIOD] > 0 &&
          seen[TLOG_REFUSED_PLAN] > 0, "each layer refused something");
}

/* Two files that swapped places, one left out, one twice, a new one. */
TEST(packet_has_exactly_its_files)
{
    struct fixture f = open_fixture(1, false);
    size_t count;
    struct tlog_file *files = tlog_packet_files(f.arena, &f.packet, &count);
    struct tlog_file *other = arena_array(f.arena, struct tlog_file, count + 1);
    for (size_t n = 0; n < count; n++) {
        memcpy(other, files, n * sizeof *files);
        memcpy(other + n, files + n + 1, (count - n - 1) * sizeof *files);
        CHECK(judge(&f, tlog_zip_write(f.arena, other, count - 1)) != TLOG_ACCEPTED, "without %zu",
              n);
        other[n] = files[n];
        memcpy(other + n + 1, files + n, (count - n) * sizeof *files);
        CHECK(judge(&f, tlog_zip_write(f.arena, other, count + 1)) != TLOG_ACCEPTED, "%zu twice",
              n);
        memcpy(other, files, count * sizeof *files);
        other[n] = files[(n + 1) % count];
        other[(n + 1) % count] = files[n];
        CHECK_EQ(judge(&f, tlog_zip_write(f.arena, other, count)), TLOG_REFUSED_FILE, "swap %zu",
                 n);
    }
    memcpy(other, files, count * sizeof *files);
    other[count] = (struct tlog_file){ STR("more"), STR("x") };
    CHECK_EQ(judge(&f, tlog_zip_write(f.arena, other, count + 1)), TLOG_REFUSED_FILE);
}

/* Two entries of the person that swapped places, one left out, one told twice. */
TEST(packet_period_must_be_whole)
{
    struct fixture f = open_fixture(3, false);
    struct tlog_fact *facts = f.packet.entries, other[5];
    static const int orders[][5] = { { 1, 0, 2, 3, -1 }, { 0, 1, 3, -1 }, { 1, 2, 3, -1 },
                                     { 0, 1, 2, -1 }, { 0, 0, 1, 2, 3 }, { 0, 1, 2, 3, 3 } };
    f.packet.entries = other;
    for (size_t k = 0; k < COUNT(orders); k++) {
        f.packet.entry_count = 0;
        for (int i = 0; i < 5 && orders[k][i] >= 0; i++)
            other[f.packet.entry_count++] = facts[orders[k][i]];
        CHECK_EQ(judge(&f, tlog_packet_write(f.arena, &f.packet)), TLOG_REFUSED_PERIOD, "order %zu",
                 k);
    }
    f.packet.entries = facts;
    f.packet.entry_count = 4;
    CHECK_EQ(judge(&f, tlog_packet_write(f.arena, &f.packet)), TLOG_ACCEPTED);
}

TEST(packet_needs_the_key_of_the_person)
{
    struct fixture f = open_fixture(1, false);
    struct str bytes = tlog_packet_write(f.arena, &f.packet);
    struct tlog_signer other = testkit_signer(f.arena, origin, TLOG_KEY_ED25519, "other");
    f.trust.policy = policy_of(f.arena, &other.key);
    CHECK_EQ(judge(&f, bytes), TLOG_REFUSED_SIGNATURE, "same name, other key");
    struct tlog_signer renamed = testkit_signer(f.arena, "x.example", TLOG_KEY_ED25519, "log");
    f.trust.policy = policy_of(f.arena, &renamed.key);
    CHECK_EQ(judge(&f, bytes), TLOG_REFUSED_SIGNATURE, "same key, other name");
}

TEST(packet_quorum_of_the_person)
{
    struct fixture f = open_fixture(1, true);
    struct fault fault = { 0 };
    struct tlog_policy *strict = arena_new(f.arena, struct tlog_policy);
    CHECK_EQ(tlog_policy_parse(f.arena, &testkit_crypto, f.packet.policy, &fault,
                               strict), OK);
    f.trust.policy = strict;
    CHECK_EQ(judge(&f, tlog_packet_write(f.arena, &f.packet)), TLOG_ACCEPTED);
    struct fixture bare = open_fixture(1, false);
    bare.trust.policy = strict;
    CHECK_EQ(judge(&bare, tlog_packet_write(bare.arena, &bare.packet)), TLOG_REFUSED_SIGNATURE);
}

TEST(packet_against_a_checkpoint_from_elsewhere)
{
    struct fixture f = open_fixture(2, false);
    struct str bytes = tlog_packet_write(f.arena, &f.packet);
    uint64_t size = f.log.count;
    struct str same = testkit_checkpoint(&f.log, size, false);
    struct str older = testkit_checkpoint(&f.log, 3, false);
    struct str from_older = testkit_extension(&f.log, 3, same);
    for (int i = 0; i < 9; i++)
        testkit_add(&f.log, str_fmt(f.arena, "later %d", i));
    struct str newer = testkit_checkpoint(&f.log, f.log.count, false);
    struct str to_newer = testkit_extension(&f.log, size, newer);
    /* The company shows others another tree of the same log. */
    struct testkit_log fork = testkit_log_open(f.arena, origin, 40);
    while (fork.count < f.log.count)
        testkit_add(&fork, fork.count == 2 ? STR("forged") : f.log.entries[fork.count]);
    struct str fork_same = testkit_checkpoint(&fork, size, false);
    struct str fork_newer = testkit_checkpoint(&fork, fork.count, false);
    struct str fork_proof = testkit_extension(&fork, size, fork_newer);
    const struct {
        const char *name;
        struct str checkpoint, extension;
        enum tlog_refusal want;
    } cases[] = {
        { "none", STR_NONE, STR_NONE, TLOG_ACCEPTED },
        { "the same", same, STR_NONE, TLOG_ACCEPTED },
        { "older with proof", older, from_older, TLOG_ACCEPTED },
        { "newer with proof", newer, to_newer, TLOG_ACCEPTED },
        { "older without proof", older, STR_NONE, TLOG_REFUSED_HISTORY },
        { "newer without proof", newer, STR_NONE, TLOG_REFUSED_HISTORY },
        { "the proof of another pair", newer, from_older, TLOG_REFUSED_HISTORY },
        { "a fork of the same size", fork_same, STR_NONE, TLOG_REFUSED_HISTORY },
        { "a fork with its proof", fork_newer, fork_proof, TLOG_REFUSED_HISTORY },
        { "a fork with the true proof", fork_newer, to_newer, TLOG_REFUSED_HISTORY },
        { "no checkpoint at all", STR("x"), STR_NONE, TLOG_REFUSED_HISTORY },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        f.trust.checkpoint = cases[i].checkpoint;
        f.trust.extension = cases[i].extension;
        CHECK_EQ(judge(&f, bytes), cases[i].want, "%s", cases[i].name);
    }
}

/* A proof of more, an extra line, another checkpoint: each says what nobody answers for. */
TEST(packet_checkpoints_must_agree)
{
    struct fixture f = open_fixture(2, false);
    struct str kept = f.packet.publication.proof;
    testkit_add(&f.log, STR("later"));
    struct str newer = testkit_checkpoint(&f.log, f.log.count, false);
    f.packet.publication.proof = testkit_proof(&f.log, 0, newer);
    CHECK_EQ(judge(&f, tlog_packet_write(f.arena, &f.packet)), TLOG_REFUSED_INCLUSION);
    struct fault fault = { 0 };
    struct tlog_proof proof;
    CHECK_EQ(tlog_proof_parse(f.arena, kept, &fault, &proof), OK);
    proof.has_extra = true;
    proof.extra = STR("free");
    f.packet.publication.proof = tlog_proof_text(f.arena, &proof);
    CHECK_EQ(judge(&f, tlog_packet_write(f.arena, &f.packet)), TLOG_REFUSED_INCLUSION);
}
