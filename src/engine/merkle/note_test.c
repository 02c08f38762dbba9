#include "engine/merkle/testkit.h"

#include "base/test.h"

#define EXAMPLE_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_LINE                                                                              \
    "\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZX" \
    "sYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

/* The example of C2SP signed-note. */
TEST(note_example_of_the_format)
{
    struct fault fault = { 0 };
    struct tlog_key key;
    struct tlog_note note;
    bool by = false;
    struct str bytes = STR("This is an example message.\n\n" EXAMPLE_LINE);
    CHECK_EQ(tlog_key_parse(test_arena(), &testkit_crypto, STR(EXAMPLE_KEY), &fault, &key), OK);
    CHECK_EQ(tlog_note_parse(test_arena(), bytes, &fault, &note), OK, "%s", fault.message);
    CHECK_EQ(tlog_note_check(test_arena(), &testkit_crypto, &note, &key, 1, &fault, &by), OK);
    CHECK(by);
    note.text = STR("This is an example messagE.\n");
    CHECK_EQ(tlog_note_check(test_arena(), &testkit_crypto, &note, &key, 1, &fault, &by),
             ERR_PROOF);
}

TEST(note_refuses_what_is_not_a_note)
{
    static const struct {
        const char *name;
        struct str bytes;
    } cases[] = {
        { "empty", { "", 0 } },
        { "no signature", { "text\n", 5 } },
        { "no signature line", { "text\n\n", 6 } },
        { "no empty line", STR("text\n" EXAMPLE_LINE) },
        { "last newline missing", STR("t\n\n\xe2\x80\x94 a AAAAAAE=") },
        { "no dash", STR("t\n\na AAAAAAE=\n") },
        { "two spaces", STR("t\n\n\xe2\x80\x94  a AAAAAAE=\n") },
        { "name with plus", STR("t\n\n\xe2\x80\x94 a+b AAAAAAE=\n") },
        { "name with a wide space", STR("t\n\n\xe2\x80\x94 a\xe3\x80\x80z AAAAAAE=\n") },
        { "only a key id", STR("t\n\n\xe2\x80\x94 a AAAAAA==\n") },
        { "loose base64 bits", STR("t\n\n\xe2\x80\x94 a AAAAAAF=\n") },
        { "base64 without padding", STR("t\n\n\xe2\x80\x94 a AAAAAAE\n") },
        { "carriage return", STR("t\r\n\n\xe2\x80\x94 a AAAAAAE=\n") },
        { "tab", STR("t\t\n\n\xe2\x80\x94 a AAAAAAE=\n") },
        { "bad UTF-8", STR("\xff\n\n\xe2\x80\x94 a AAAAAAE=\n") },
        { "text after the signatures", STR("t\n\n\xe2\x80\x94 a AAAAAAE=\nmore\n") },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fault fault = { 0 };
        struct tlog_note note;
        CHECK_EQ(tlog_note_parse(test_arena(), cases[i].bytes, &fault, &note), ERR_PARSE, "%s",
                 cases[i].name);
    }
}

TEST(note_text_may_have_empty_lines)
{
    struct fault fault = { 0 };
    struct tlog_note note;
    struct str bytes = STR("a\n\nb\n\n\xe2\x80\x94 a AAAAAAE=\n\xe2\x80\x94 b AAAAAAE=\n");
    CHECK_EQ(tlog_note_parse(test_arena(), bytes, &fault, &note), OK, "%s", fault.message);
    CHECK_STR(note.text, STR("a\n\nb\n"));
    CHECK_EQ(note.count, 2);
}

TEST(note_takes_many_signatures)
{
    struct buf out = buf_in(test_arena());
    buf_cstr(&out, "t\n\n");
    struct fault fault = { 0 };
    struct tlog_note note;
    for (int i = 0; i < TLOG_SIGNATURES_MAX; i++) {
        buf_fmt(&out, "\xe2\x80\x94 key%d AAAAAAE=\n", i);
        CHECK_EQ(tlog_note_parse(test_arena(), buf_view(&out), &fault, &note), OK);
        CHECK_EQ(note.count, i + 1);
    }
    buf_cstr(&out, "\xe2\x80\x94 more AAAAAAE=\n");
    CHECK_EQ(tlog_note_parse(test_arena(), buf_view(&out), &fault, &note), ERR_PARSE);
}

TEST(note_signs_and_cosigns)
{
    struct arena *arena = test_arena();
    struct testkit_log log = testkit_log_open(arena, "qibing.example/log/7", 1);
    struct tlog_note note = { .text = STR("a\n") };
    struct fault fault = { 0 };
    struct tlog_key keys[] = { log.log.key, log.witness.key };
    bool by[2];
    tlog_note_sign(arena, &note, &log.log);
    CHECK_EQ(tlog_note_check(arena, &testkit_crypto, &note, keys, 2, &fault, by), OK);
    CHECK(by[0] && !by[1], "the witness has not signed yet");
    tlog_note_cosign(arena, &note, &log.witness, 1790000000);
    CHECK_EQ(tlog_note_check(arena, &testkit_crypto, &note, keys, 2, &fault, by), OK);
    CHECK(by[0] && by[1]);

    /* The time is signed too; an unknown key of the same name is ignored, a known one is not. */
    ((char *)note.signatures[1].bytes.data)[7] ^= 1;
    CHECK_EQ(tlog_note_check(arena, &testkit_crypto, &note, keys, 2, &fault, by), ERR_PROOF);
    note.signatures[1].id[0] ^= 1;
    CHECK_EQ(tlog_note_check(arena, &testkit_crypto, &note, keys, 2, &fault, by), OK);
    CHECK(by[0] && !by[1]);
}

TEST(note_keys)
{
    static const char *const bad[] = {
        "", "a", "a+b", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        " example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct fault fault = { 0 };
        struct tlog_key key;
        CHECK_EQ(tlog_key_parse(test_arena(), &testkit_crypto, str_from(bad[i]), &fault, &key),
                 ERR_PARSE, "%s", bad[i]);
    }
}

TEST(checkpoint_forms)
{
#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        { "o\n0\n" ROOT "\n", true },
        { "example.com/log\n9223372036854775807\n" ROOT "\n", true },
        { "o\n5\n" ROOT "\nextension\n", true },
        { "o\n5\n" ROOT "\n\n", false },
        { "o\n5\n" ROOT, false },
        { "\n5\n" ROOT "\n", false },
        { "o\n05\n" ROOT "\n", false },
        { "o\n-5\n" ROOT "\n", false },
        { "o\n+5\n" ROOT "\n", false },
        { "o\n9223372036854775808\n" ROOT "\n", false },
        { "o\n5\nAAAA\n", false },
        { "o\n5\n", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fault fault = { 0 };
        struct tlog_checkpoint checkpoint;
        struct str text = str_from(cases[i].text);
        enum err e = tlog_checkpoint_parse(test_arena(), text, &fault, &checkpoint);
        CHECK_EQ(e, cases[i].good ? OK : ERR_PARSE, "%s", cases[i].text);
        if (!e)
            CHECK_STR(tlog_checkpoint_text(test_arena(), &checkpoint), text);
    }
}

TEST(proof_files_are_strict)
{
    static const struct {
        const char *name, *text;
        bool good;
    } cases[] = {
        { "plain", "c2sp.org/tlog-proof@v1\nindex 3\n" ROOT "\n\nc", true },
        { "no hashes", "c2sp.org/tlog-proof@v1\nindex 0\n\nc", true },
        { "extra", "c2sp.org/tlog-proof@v1\nextra YQ==\nindex 0\n\nc", true },
        { "other version", "c2sp.org/tlog-proof@v2\nindex 0\n\nc", false },
        { "index with zero in front", "c2sp.org/tlog-proof@v1\nindex 01\n\nc", false },
        { "loose bits", "c2sp.org/tlog-proof@v1\nextra YR==\nindex 0\n\nc", false },
        { "extra after index", "c2sp.org/tlog-proof@v1\nindex 0\nextra YQ==\n\nc", false },
        { "no empty line", "c2sp.org/tlog-proof@v1\nindex 0\n" ROOT "\n", false },
        { "short hash", "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nc", false },
        { "nothing", "", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fault fault = { 0 };
        struct tlog_proof proof;
        struct str text = str_from(cases[i].text);
        enum err e = tlog_proof_parse(test_arena(), text, &fault, &proof);
        CHECK_EQ(e, cases[i].good ? OK : ERR_PARSE, "%s", cases[i].name);
        if (!e)
            CHECK_STR(tlog_proof_text(test_arena(), &proof), text);
    }
}
