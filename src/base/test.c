/* The unit test program: runs the registered tests, alone or by name. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>

static struct test *tests;
static struct arena *arena;
static int failures_of_test;
static const char *skipped;

void test_register(struct test *test)
{
    test->next = tests;
    tests = test;
}

struct arena *test_arena(void)
{
    return arena;
}

void test_skip(const char *reason)
{
    skipped = reason;
}

PRINTF_LIKE(3, 0) static void vfail(const char *file, int line, const char *format, va_list args)
{
    failures_of_test++;
    printf("%s:%d: ", file, line);
    vprintf(format, args);
    printf("\n");
}

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfail(file, line, format, args);
    va_end(args);
}

void test_failed_eq(const char *file, int line, const char *what, long long got, long long want,
                    const char *format, ...)
{
    printf("%s:%d: %s is %lld, wanted %lld", file, line, what, got, want);
    va_list args;
    va_start(args, format);
    printf(" ");
    vprintf(format, args);
    va_end(args);
    printf("\n");
    failures_of_test++;
}

void test_failed_str(const char *file, int line, const char *what, struct str got, struct str want,
                     const char *format, ...)
{
    printf("%s:%d: %s is \"" STR_FMT "\", wanted \"" STR_FMT "\"", file, line, what, STR_ARG(got),
           STR_ARG(want));
    va_list args;
    va_start(args, format);
    printf(" ");
    vprintf(format, args);
    va_end(args);
    printf("\n");
    failures_of_test++;
}

static int by_place(const void *a, const void *b)
{
    const struct test *x = *(const struct test *const *)a, *y = *(const struct test *const *)b;
    int order = strcmp(x->file, y->file);
    return order ? order : strcmp(x->name, y->name);
}

static bool run_one(const struct test *test)
{
    arena = arena_open((size_t)4 << 30);
    if (!arena) {
        printf("%s: no memory for the test's arena\n", test->name);
        return false;
    }
    failures_of_test = 0;
    skipped = NULL;
    test->run();
    arena_close(arena);
    if (skipped)
        printf("skipped %s: %s\n", test->name, skipped);
    if (failures_of_test)
        printf("FAILED %s (%s)\n", test->name, test->file);
    return failures_of_test == 0;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (struct test *t = tests; t; t = t->next)
        count++;
    struct test **sorted = calloc(count + 1, sizeof(struct test *));
    if (!sorted)
        return 1;
    size_t at = 0;
    for (struct test *t = tests; t; t = t->next)
        sorted[at++] = t;
    qsort(sorted, count, sizeof(struct test *), by_place);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int passed = 0, failed = 0, skips = 0;
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && !strstr(sorted[i]->name, argv[1]) && !strstr(sorted[i]->file, argv[1]))
            continue;
        bool good = run_one(sorted[i]);
        passed += good && !skipped;
        skips += good && skipped;
        failed += !good;
    }
    free(sorted);
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skips);
    return failed ? 1 : 0;
}
