#include "base/test.h"
#include "core/identity/totp.h"

/* RFC 6238 appendix B, SHA-1 rows; its eight digits end in our six. */
TEST(totp_vectors_of_rfc_6238)
{
    static const struct {
        int64_t second;
        const char *code;
    } cases[] = {
        { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
        { 1234567890, "005924" }, { 2000000000, "279037" }, { INT64_C(20000000000), "353130" },
    };
    struct str secret = STR("12345678901234567890");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct instant at = { cases[i].second * 1000000 };
        char code[7];
        totp_code(secret, cases[i].second / 30, code);
        CHECK_STR(str_from(code), str_from(cases[i].code));
        CHECK(totp_verify(secret, str_from(cases[i].code), at, NULL));
        at.us += INT64_C(90000000);
        CHECK(!totp_verify(secret, str_from(cases[i].code), at, NULL));
    }
    CHECK(!totp_verify(secret, STR("28708"), (struct instant){ 59000000 }, NULL));
    CHECK_STR(totp_base32(test_arena(), secret), STR("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
}
