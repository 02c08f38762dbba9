#include "base/test.h"
#include "core/identity/password.h"

TEST(password_is_verified_by_its_hash_only)
{
    struct password_gate *gate = password_gate_open();
    struct fault fault;
    struct str hash;
    CHECK_EQ(password_hash(gate, test_arena(), STR("一个足够长的口令很好"), &fault, &hash), OK);
    CHECK(str_starts(hash, STR("$argon2id$v=19$m=19456,t=2,p=1$")), STR_FMT, STR_ARG(hash));
    static const struct {
        const char *password;
        bool known, good;
    } cases[] = {
        { "一个足够长的口令很好", true, true },
        { "一个足够长的口令很坏", true, false },
        { "anything", false, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool good = !cases[i].good;
        CHECK_EQ(password_verify(gate, str_from(cases[i].password),
                                 cases[i].known ? hash : STR_NONE, &fault, &good), OK);
        CHECK_EQ(good, cases[i].good, "%s", cases[i].password);
    }
    password_gate_close(gate);
}

TEST(password_check_says_what_is_missing)
{
    static const struct {
        const char *password;
        enum err want;
    } cases[] = {
        { "short", ERR_UNPROCESSABLE },       { "1234567890", ERR_UNPROCESSABLE },
        { "wang.fang.long", ERR_UNPROCESSABLE }, { "correct horse battery", OK },
        { "十个汉字也算够长了吧好", OK },
    };
    struct fault fault;
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(password_check(str_from(cases[i].password), STR("wang.fang.long"), &fault),
                 cases[i].want, "%s", cases[i].password);
}
