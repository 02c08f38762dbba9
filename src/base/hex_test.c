#include "base/hex.h"
#include "base/test.h"

TEST(base64_vectors_of_rfc_4648)
{
    static const char *const cases[][2] = {
        { "", "" },         { "f", "Zg==" },     { "fo", "Zm8=" },        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str plain = str_from(cases[i][0]), back;
        struct str text = base64_encode(test_arena(), plain.data, plain.len);
        CHECK_STR(text, str_from(cases[i][1]));
        CHECK(base64_decode(test_arena(), text, &back));
        CHECK_STR(back, plain);
    }
}

TEST(base64_has_one_text_per_value)
{
    static const char *const bad[] = { "Zh==", "Zg", "Zg=", "Z===", "Zm9v\n", "Zm 9", "Zm9=Zg==" };
    struct str back;
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK(!base64_decode(test_arena(), str_from(bad[i]), &back), "%s", bad[i]);
}

TEST(hex_there_and_back)
{
    struct str back;
    CHECK_STR(hex_encode(test_arena(), "\x00\xff\x1a", 3), STR("00ff1a"));
    CHECK(hex_decode(test_arena(), STR("00FF1a"), &back));
    CHECK_EQ(back.len, 3);
    CHECK(!hex_decode(test_arena(), STR("0g"), &back));
    CHECK(!hex_decode(test_arena(), STR("abc"), &back));
}
