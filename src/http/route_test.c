#include "http/internal.h"

#include "base/test.h"

static void nothing(struct http_exchange *x)
{
    (void)x;
}

static const struct http_route table[] = {
    { .method = HTTP_GET, .pattern = "/", .handler = nothing },
    { .method = HTTP_GET, .pattern = "/people", .handler = nothing },
    { .method = HTTP_POST, .pattern = "/people", .handler = nothing },
    { .method = HTTP_GET, .pattern = "/people/{id}", .handler = nothing },
    { .method = HTTP_PATCH, .pattern = "/people/{id}", .handler = nothing },
    { .method = HTTP_POST, .pattern = "/people/import", .handler = nothing },
    { .method = HTTP_GET, .pattern = "/people/{id}/visits/{visit}", .handler = nothing },
    { .method = HTTP_GET, .pattern = "/people/import/log", .handler = nothing },
    { .method = HTTP_GET, .pattern = "/log/{org}/{path*}", .handler = nothing },
};

TEST(http_router_find)
{
    struct fault fault;
    struct http_router *router;
    CHECK_EQ(http_router_make(test_arena(), table, COUNT(table), &fault, &router), OK);
    static const struct {
        enum http_method method;
        const char *path;
        int route; /* -1: none */
        const char *first, *second;
    } cases[] = {
        { HTTP_GET, "/", 0, NULL, NULL },
        { HTTP_HEAD, "/people", 1, NULL, NULL },
        { HTTP_POST, "/people", 2, NULL, NULL },
        { HTTP_GET, "/people/7", 3, "7", NULL },
        { HTTP_PATCH, "/people/7", 4, "7", NULL },
        { HTTP_POST, "/people/import", 5, NULL, NULL },
        { HTTP_GET, "/people/7/visits/9", 6, "7", "9" },
        { HTTP_GET, "/people/import/visits/9", 6, "import", "9" },
        { HTTP_GET, "/people/import/log", 7, NULL, NULL },
        { HTTP_GET, "/log/3/tile/0/x001", 8, "3", "tile/0/x001" },
        { HTTP_GET, "/log/3/", 8, "3", "" },
        { HTTP_GET, "/people/", -1, NULL, NULL },
        { HTTP_GET, "/people//visits/9", -1, NULL, NULL },
        { HTTP_GET, "/person", -1, NULL, NULL },
        { HTTP_DELETE, "/people", -1, NULL, NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_match m =
            http_router_find(router, cases[i].method, str_from(cases[i].path));
        CHECK_EQ(m.route ? m.route - table : -1, cases[i].route, "%s", cases[i].path);
        if (cases[i].first)
            CHECK_STR(m.params[0], str_from(cases[i].first), "%s", cases[i].path);
        if (cases[i].second)
            CHECK_STR(m.params[1], str_from(cases[i].second), "%s", cases[i].path);
    }
    struct http_match m = http_router_find(router, HTTP_DELETE, STR("/people"));
    CHECK_EQ(m.allowed, 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_POST | 1u << HTTP_OPTIONS);
}

TEST(http_router_refuses)
{
    static const struct {
        const char *name, *a, *b;
    } cases[] = {
        { "the same twice", "/a", "/a" },
        { "the same with another name", "/a/{b}", "/a/{c}" },
        { "a rest that is not last", "/a/{b*}/c", NULL },
        { "half a segment", "/a/x{b}", NULL },
        { "no slash", "a", NULL },
        { "too many names", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_route two[2] = {
            { .method = HTTP_GET, .pattern = cases[i].a, .handler = nothing },
            { .method = HTTP_GET, .pattern = cases[i].b, .handler = nothing },
        };
        struct fault fault;
        struct http_router *router;
        CHECK_EQ(http_router_make(test_arena(), two, cases[i].b ? 2 : 1, &fault, &router),
                 ERR_INVALID, "%s", cases[i].name);
    }
}

/* An exchange with one header, for what is read from headers. */
static struct exchange *with_header(const char *name, struct str value)
{
    struct exchange *x = arena_new(test_arena(), struct exchange);
    x->pub.arena = test_arena();
    x->head.count = 1;
    x->head.lines[0] = (struct http_line){ str_from(name), value };
    return x;
}

TEST(http_accepts)
{
    static const struct {
        struct str header;
        bool gzip;
    } cases[] = {
        { STR("gzip"), true },
        { STR("br, GZIP;q=0.5"), true },
        { STR("*"), true },
        { STR("gzip;q=0"), false },
        { STR("gzip;q=0.000, *"), false },
        { STR("gzip;q=0.001"), true },
        { STR("identity"), false },
        { STR(""), false },
        { STR("*;q=0"), false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(http_accepts_encoding(&with_header("accept-encoding", cases[i].header)->pub,
                                       "gzip"),
                 cases[i].gzip, STR_FMT, STR_ARG(cases[i].header));
    const char *const types[] = { "application/json", "text/csv", NULL };
    CHECK_EQ(http_accepts_type(&with_header("accept", STR("*/*"))->pub, types), 0);
    CHECK_EQ(http_accepts_type(&with_header("accept", STR("text/*"))->pub, types), 1);
    CHECK_EQ(http_accepts_type(&with_header("accept", STR("text/csv, application/json;q=0.9"))->pub,
                               types), 1);
    CHECK_EQ(http_accepts_type(&with_header("accept", STR("image/png"))->pub, types), -1);
    CHECK_EQ(http_accepts_type(&with_header("x", STR(""))->pub, types), 0);
}

TEST(http_cookie)
{
    struct exchange *x = with_header("cookie", STR("a=1; session=\"x=y\"; session=z; b"));
    CHECK_STR(http_cookie(&x->pub, "session"), STR("x=y"));
    CHECK_STR(http_cookie(&x->pub, "a"), STR("1"));
    CHECK(http_cookie(&x->pub, "b").data == NULL);
    CHECK(http_cookie(&x->pub, "sess").data == NULL);
}

TEST(http_date)
{
    char text[30];
    int64_t s;
    http_date_text(784111777, text);
    CHECK_STR(str_from(text), STR("Sun, 06 Nov 1994 08:49:37 GMT"));
    CHECK(http_date_parse(str_from(text), &s));
    CHECK_EQ(s, 784111777);
    CHECK(!http_date_parse(STR("Sunday, 06-Nov-94 08:49:37 GMT"), &s));
    CHECK(!http_date_parse(STR("Sun, 06 Foo 1994 08:49:37 GMT"), &s));
}
