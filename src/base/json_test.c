#include "base/json.h"
#include "base/io.h"
#include "base/test.h"

static enum err read_text(const char *text, const struct json **ret, struct fault *fault)
{
    return json_read(test_arena(), str_from(text), (struct json_limits){ 0 }, fault, ret);
}

TEST(json_refuses_what_is_not_strict)
{
    static const char *const bad[] = {
        "",          "{",          "[1,]",         "{\"a\":1,}",   "{\"a\":1,\"a\":2}", "01",
        "1.",        ".5",         "1e",           "+1",           "NaN",               "nul",
        "\"\\x\"",   "\"\\ud800\"", "\"\\udc00\"",  "\"\\u0000\"",  "\"a\nb\"",          "\"\xff\"",
        "1 2",       "[1 2]",      "{1:2}",        "'a'",          "\"abc",             "// c\n1",
        "[\"a\"",    "-",          "{\"a\" 1}",    "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct json *v;
        struct fault fault;
        CHECK_EQ(read_text(bad[i], &v, &fault), ERR_PARSE, "%s", bad[i]);
    }
}

TEST(json_says_where)
{
    const struct json *v;
    struct fault fault;
    CHECK_EQ(read_text("{\n  \"张\": 1,\n  \"b\": x }", &v, &fault), ERR_PARSE);
    CHECK_EQ(fault.line, 3);
    CHECK_EQ(fault.column, 8);
    CHECK_EQ(read_text("{\"a\":1,\n \"a\":2}", &v, &fault), ERR_PARSE);
    CHECK_EQ(fault.line, 2);
}

TEST(json_reads_values)
{
    const struct json *v;
    struct fault fault;
    int64_t n = 0;
    CHECK_EQ(read_text(" {\"n\":-12,\"s\":\"a\\u5f20\\ud83d\\ude00\\n\",\"l\":[1,[],{}],"
                       "\"z\":null}",
                       &v, &fault), OK);
    CHECK(json_i64(json_get(v, "n"), &n));
    CHECK_EQ(n, -12);
    CHECK_STR(json_get(v, "s")->text, STR("a张😀\n"));
    CHECK_EQ(json_get(v, "l")->count, 3);
    CHECK(json_is_null(json_get(v, "z")));
    CHECK(json_is_null(json_get(v, "absent")));
}

TEST(json_many_keys_are_still_compared)
{
    struct buf text = buf_in(test_arena());
    buf_char(&text, '{');
    for (int i = 0; i < 3000; i++)
        buf_fmt(&text, "\"k%d\":%d,", i, i);
    size_t good = text.len;
    buf_cstr(&text, "\"k7\":0}");
    const struct json *v;
    struct fault fault;
    CHECK_EQ(json_read(test_arena(), buf_view(&text), (struct json_limits){ 0 }, &fault, &v),
             ERR_PARSE);
    text.len = good;
    buf_cstr(&text, "\"k3000\":0}");
    CHECK_EQ(json_read(test_arena(), buf_view(&text), (struct json_limits){ 0 }, &fault, &v), OK);
    CHECK_EQ(v->count, 3001);
}

TEST(json_depth_is_limited)
{
    struct buf text = buf_in(test_arena());
    for (int i = 0; i < 100000; i++)
        buf_char(&text, '[');
    const struct json *v;
    struct fault fault;
    CHECK_EQ(json_read(test_arena(), buf_view(&text), (struct json_limits){ 0 }, &fault, &v),
             ERR_PARSE);
}

TEST(json_canonical_sorts_by_utf16_and_escapes_shortest)
{
    const struct json *v;
    struct fault fault;
    struct str out;
    CHECK_EQ(read_text("{\"\\ufb33\":1,\"\\ud83d\\ude00\":2,"
                       "\"b\":[true,null,\"\\u000f\\n\\u20ac\"],"
                       "\"a\":-5}", &v, &fault), OK);
    CHECK_EQ(json_canonical(test_arena(), v, &fault, &out), OK);
    CHECK_STR(out, STR("{\"a\":-5,\"b\":[true,null,\"\\u000f\\n€\"],\"😀\":2,\"\xef\xac\xb3\":1}"));
    CHECK_EQ(read_text("1.5", &v, &fault), OK);
    CHECK_EQ(json_canonical(test_arena(), v, &fault, &out), ERR_INVALID);
}

TEST(json_written_is_json_read)
{
    struct buf out = buf_in(test_arena());
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "id");
    json_put_id(&w, INT64_C(9007199254740993));
    json_key(&w, "none");
    json_put_id(&w, 0);
    json_key(&w, "list");
    json_begin_array(&w);
    json_put_bool(&w, true);
    json_put_i64(&w, INT64_MIN);
    json_put_str(&w, STR("\"\\\x01"));
    json_end_array(&w);
    json_end_object(&w);
    CHECK_STR(buf_view(&out), STR("{\"id\":\"9007199254740993\",\"none\":null,"
                                  "\"list\":[true,-9223372036854775808,\"\\\"\\\\\\u0001\"]}"));
}
