#include "base/id.h"
#include "base/map.h"
#include "base/rand.h"
#include "base/test.h"
#include "base/vec.h"

TEST(str_to_i64_knows_the_limits)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t want;
    } cases[] = {
        { "0", true, 0 },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775807", true, INT64_MAX },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "", false, 0 },
        { "-", false, 0 },
        { "+1", false, 0 },
        { "1 ", false, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t v = 0;
        CHECK_EQ(str_to_i64(str_from(cases[i].text), &v), cases[i].ok, "%s", cases[i].text);
        CHECK_EQ(v, cases[i].want, "%s", cases[i].text);
    }
}

TEST(utf8_refuses_what_rfc_3629_refuses)
{
    static const struct {
        const char *bytes;
        bool ok;
    } cases[] = {
        { "张三", true },      { "\xc0\x80", false },     { "\xed\xa0\x80", false },
        { "\xf4\x90\x80\x80", false }, { "\xe5\xbc", false }, { "\x80", false }, { "", true },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(utf8_valid(str_from(cases[i].bytes)), cases[i].ok, "case %zu", i);
    CHECK_EQ(utf8_count(STR("张三a")), 3);
}

TEST(str_split_keeps_empty_parts)
{
    struct str rest = STR("a,,b"), part;
    CHECK(str_split(&rest, ',', &part));
    CHECK_STR(part, STR("a"));
    CHECK(str_split(&rest, ',', &part));
    CHECK_EQ(part.len, 0);
    CHECK(str_split(&rest, ',', &part));
    CHECK_STR(part, STR("b"));
    CHECK(!str_split(&rest, ',', &part));
}

TEST(arena_gives_zeroed_memory_again_after_reset)
{
    struct arena *arena = test_arena();
    struct arena_mark mark = arena_mark(arena);
    for (int round = 0; round < 3; round++) {
        char *bytes = arena_alloc(arena, 3 << 20);
        for (size_t i = 0; i < 3 << 20; i += 4096)
            CHECK_EQ(bytes[i], 0);
        memset(bytes, 7, 3 << 20);
        char *grown = arena_grow(arena, bytes, 3 << 20, 5 << 20);
        CHECK_EQ(grown[(3 << 20) - 1], 7);
        CHECK_EQ(grown[3 << 20], 0);
        CHECK_EQ(grown[(5 << 20) - 1], 0);
        arena_reset(arena, mark);
    }
}

TEST(arena_returns_to_the_guard_when_it_is_full)
{
    struct arena *small = arena_open(1 << 20);
    jmp_buf out;
    volatile bool returned = false;
    if (setjmp(out)) {
        returned = true;
    } else {
        arena_guard(small, &out);
        for (;;)
            arena_alloc(small, 100000);
    }
    CHECK(returned);
    arena_close(small);
}

TEST(maps_hold_what_was_put)
{
    struct i64_map numbers = i64_map_in(test_arena());
    struct str_map texts = str_map_in(test_arena());
    for (int64_t i = -5000; i < 5000; i++) {
        *i64_map_put(&numbers, i * 7919, NULL) = i;
        *str_map_at(&texts, str_fmt(test_arena(), "k%d", (int)i), true) = (void *)(i + 10000);
    }
    CHECK_EQ(numbers.count, 10000);
    CHECK_EQ(texts.count, 10000);
    for (int64_t i = -5000; i < 5000; i++) {
        CHECK_EQ(*i64_map_get(&numbers, i * 7919), i);
        CHECK_EQ((intptr_t)str_map_get(&texts, str_fmt(test_arena(), "k%d", (int)i)), i + 10000);
    }
    CHECK(!i64_map_get(&numbers, 1));
    CHECK(!str_map_get(&texts, STR("absent")));
}

TEST(vec_grows_and_keeps)
{
    VEC(int) v = { 0 };
    for (int i = 0; i < 1000; i++)
        vec_add(test_arena(), &v, i);
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(v.items[i], i);
}

TEST(ids_ascend_even_when_the_clock_goes_back)
{
    struct id_source *source = id_source_open(5);
    int64_t last = 0;
    struct instant t = { INT64_C(1790000000000000) };
    for (int i = 0; i < 20000; i++) {
        int64_t id = id_next(source, (struct instant){ t.us - (i % 3) * 1000000 });
        CHECK(id > last);
        last = id;
    }
    CHECK(id_instant(last).us >= t.us - 1000);
    id_source_close(source);
}

TEST(rand_is_the_published_splitmix64)
{
    struct rand r = rand_seeded(1234567);
    CHECK_EQ((int64_t)rand_u64(&r), (int64_t)UINT64_C(6457827717110365317));
    CHECK_EQ((int64_t)rand_u64(&r), (int64_t)UINT64_C(3203168211198807973));
    for (int i = 0; i < 1000; i++)
        CHECK(rand_below(&r, 7) < 7);
}
