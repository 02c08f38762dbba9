/*
 * test.h - a unit test is a table beside the code: foo.c has foo_test.c.
 *
 *     TEST(money_rate_rounds_half_away) { CHECK_EQ(money_rate(...).fen, 5, "%s", case_name); }
 *
 * All tests of the program link into `build/qibing-unit`, which runs them (optionally only those
 * whose name contains an argument) and ends with "N passed, N failed".
 */
#pragma once

#include "base/str.h"

struct test {
    const char *name, *file;
    void (*run)(void);
    struct test *next;
};
void test_register(struct test *test);
void test_fail(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Fresh for each test, freed after it. */
struct arena *test_arena(void);
/* Marks the running test as skipped, with the reason. */
void test_skip(const char *reason);

#define TEST(name)                                                                       \
    static void test_##name(void);                                                       \
    static struct test test_entry_##name = { #name, __FILE__, test_##name, NULL };       \
    __attribute__((constructor)) static void test_add_##name(void)                       \
    {                                                                                    \
        test_register(&test_entry_##name);                                               \
    }                                                                                    \
    static void test_##name(void)

#define CHECK(condition, ...)                                                            \
    do {                                                                                 \
        if (!(condition))                                                                \
            test_fail(__FILE__, __LINE__, "CHECK(" #condition ") " __VA_ARGS__);         \
    } while (0)
#define CHECK_EQ(got, want, ...)                                                         \
    do {                                                                                 \
        long long got_ = (long long)(got), want_ = (long long)(want);                    \
        if (got_ != want_)                                                               \
            test_failed_eq(__FILE__, __LINE__, #got, got_, want_, " " __VA_ARGS__);       \
    } while (0)
#define CHECK_STR(got, want, ...)                                                        \
    do {                                                                                 \
        struct str got_ = (got), want_ = (want);                                         \
        if (!str_eq(got_, want_))                                                        \
            test_failed_str(__FILE__, __LINE__, #got, got_, want_, " " __VA_ARGS__);      \
    } while (0)
void test_failed_eq(const char *file, int line, const char *what, long long got, long long want,
                    const char *format, ...) PRINTF_LIKE(6, 7);
void test_failed_str(const char *file, int line, const char *what, struct str got, struct str want,
                     const char *format, ...) PRINTF_LIKE(6, 7);
