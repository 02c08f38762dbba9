#include "engine/merkle/testkit.h"

#include "base/test.h"

/* Keys stand as $L (log), $A … $E (witnesses) in the policies below. */
struct people {
    struct tlog_signer log, witness[5];
};

static struct people people(struct arena *arena)
{
    static const char *const names[] = { "a.example", "b.example", "c.example", "d.example",
                                         "e.example" };
    struct people p = { .log = testkit_signer(arena, "log.example", TLOG_KEY_ED25519, "log") };
    for (size_t i = 0; i < COUNT(names); i++)
        p.witness[i] = testkit_signer(arena, names[i], TLOG_KEY_COSIGNATURE, names[i]);
    return p;
}

static struct str spelled(struct arena *arena, const struct people *p, const char *text)
{
    struct buf out = buf_in(arena);
    for (const char *c = text; *c; c++) {
        if (*c != '$') {
            buf_char(&out, *c);
            continue;
        }
        c++;
        const struct tlog_signer *who = *c == 'L' ? &p->log : &p->witness[*c - 'A'];
        buf_str(&out, tlog_key_text(arena, &who->key));
    }
    return buf_view(&out);
}

TEST(policy_quorums)
{
    static const char deep[] = "log $L\n\nwitness X1 $A\nwitness X2 $B\nwitness X3 $C\n"
                               "group X 2 X1 X2 X3\n# others\n\twitness Y1 $D http://y\n"
                               "witness Y2 $E\ngroup Y any Y1 Y2\ngroup XY all X Y\nquorum XY\n";
    static const struct {
        const char *name, *policy, *signers;
        bool good;
    } cases[] = {
        { "no quorum asked", "log $L\nquorum none\n", "L", true },
        { "the log itself is missing", "log $L\nquorum none\n", "A", false },
        { "one witness", "log $L\nwitness W $A\nquorum W\n", "LA", true },
        { "the wrong witness", "log $L\nwitness W $A\nquorum W\n", "LB", false },
        { "two of three and one of two", deep, "LACE", true },
        { "one of three", deep, "LAE", false },
        { "three of three but no other", deep, "LABC", false },
        { "all", deep, "LABCDE", true },
    };
    struct arena *arena = test_arena();
    struct people p = people(arena);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fault fault = { 0 };
        struct tlog_policy *policy = arena_new(arena, struct tlog_policy);
        struct tlog_checkpoint checkpoint = { .origin = STR("log.example"), .size = 1 };
        struct tlog_note note = { .text = tlog_checkpoint_text(arena, &checkpoint) };
        for (const char *s = cases[i].signers; *s; s++)
            if (*s == 'L')
                tlog_note_sign(arena, &note, &p.log);
            else
                tlog_note_cosign(arena, &note, &p.witness[*s - 'A'], 5);
        CHECK_EQ(tlog_policy_parse(arena, &testkit_crypto, spelled(arena, &p, cases[i].policy),
                                   &fault, policy), OK, "%s", fault.message);
        CHECK_EQ(tlog_policy_check(arena, &testkit_crypto, policy, &note, &checkpoint, &fault),
                 cases[i].good ? OK : ERR_PROOF, "%s", cases[i].name);
    }
}

TEST(policy_refuses_mistakes)
{
    static const struct {
        int line; /* where the mistake is; 0: of the whole */
        const char *text;
    } cases[] = {
        { 0, "" },
        { 0, "log $L\n" },
        { 0, "quorum none" },
        { 2, "quorum none\nquorum none\n" },
        { 1, "quorum W\n" },
        { 1, "quorum\n" },
        { 1, "log x\nquorum none\n" },
        { 1, "log $A\nquorum none\n" },
        { 2, "log $L\nlog $L\nquorum none\n" },
        { 1, "witness W $L\nquorum none\n" },
        { 2, "witness W $A\nwitness W $B\nquorum none\n" },
        { 2, "witness W $A\nwitness V $A\nquorum none\n" },
        { 1, "witness none $A\nquorum none\n" },
        { 2, "witness W $A\ngroup G 2 W\nquorum none\n" },
        { 2, "witness W $A\ngroup G 0 W\nquorum none\n" },
        { 2, "witness W $A\ngroup G 01 W\nquorum none\n" },
        { 2, "witness W $A\ngroup G any\nquorum none\n" },
        { 2, "witness W $A\ngroup G any W W\nquorum none\n" },
        { 3, "witness W $A\ngroup G any W\ngroup H any W\nquorum none\n" },
        { 1, "group G any G\nquorum none\n" },
        { 1, "logs $L\nquorum none\n" },
        { 1, "log $L http://x more\nquorum none\n" },
        { 0, "log $L\r\nquorum none\n" },
    };
    struct arena *arena = test_arena();
    struct people p = people(arena);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fault fault = { 0 };
        struct tlog_policy *policy = arena_new(arena, struct tlog_policy);
        CHECK_EQ(tlog_policy_parse(arena, &testkit_crypto, spelled(arena, &p, cases[i].text),
                                   &fault, policy), ERR_PARSE, "%s", cases[i].text);
        CHECK_EQ(fault.line, cases[i].line, "%s", cases[i].text);
    }
}
