#include "http/head.h"

#include "base/buf.h"
#include "base/test.h"

#include <stdio.h>

/* Reads a whole head the way the server does: scan, then parse. */
static int read_head(struct str text, struct http_head *head)
{
    struct http_scan scan = { 0 };
    size_t len = 0;
    char *copy = arena_copy(test_arena(), text.data, text.len);
    int status = http_head_scan(&scan, copy, text.len, &len);
    return status ? status : http_head_parse(copy, len, head);
}

#define GET_A "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST_A "POST / HTTP/1.1\r\nHost: a\r\n"

struct head_case {
    const char *name;
    struct str head;
    int status;
};

static void check_heads(const struct head_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct http_head head;
        CHECK_EQ(read_head(cases[i].head, &head), cases[i].status, "%s", cases[i].name);
    }
}

TEST(http_head_legal)
{
    static const struct head_case cases[] = {
        { "a plain request", STR(GET_A "\r\n"), 0 },
        { "HTTP/1.0 needs no Host", STR("GET / HTTP/1.0\r\n\r\n"), 0 },
        { "blanks around a value", STR("GET / HTTP/1.1\r\nHost: \t a \t\r\n\r\n"), 0 },
        { "an empty value", STR(GET_A "X:\r\n\r\n"), 0 },
        { "bytes above 127 in a value", STR(GET_A "X: \xe5\xbc\xa0\r\n\r\n"), 0 },
        { "absolute target", STR("GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
        { "OPTIONS *", STR("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
        { "IPv6 host", STR("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 0 },
        { "leading zeros of a length", STR(POST_A "Content-Length: 005\r\n\r\n"), 0 },
        { "chunked in capitals", STR(POST_A "Transfer-Encoding: CHUNKED\r\n\r\n"), 0 },
        { "no end yet", STR(GET_A ""), HTTP_MORE },
        { "a last CR waits for its LF", STR(GET_A "\r"), HTTP_MORE },
    };
    check_heads(cases, COUNT(cases));
}

TEST(http_head_refuses_bad_lines)
{
    static const struct head_case cases[] = {
        { "bare LF", STR("GET / HTTP/1.1\nHost: a\n\n"), 400 },
        { "bare LF in the middle", STR("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"), 400 },
        { "bare CR", STR(GET_A "X: b\rc\r\n\r\n"), 400 },
        { "NUL in a value", STR(GET_A "X: b\0c\r\n\r\n"), 400 },
        { "DEL in a value", STR(GET_A "X: b\x7f\r\n\r\n"), 400 },
        { "folded", STR(GET_A "X: b\r\n c\r\n\r\n"), 400 },
        { "folded with a tab", STR(GET_A "X: b\r\n\tc\r\n\r\n"), 400 },
        { "blank before the colon", STR("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400 },
        { "no colon", STR(GET_A "X\r\n\r\n"), 400 },
        { "empty name", STR(GET_A ": b\r\n\r\n"), 400 },
        { "quote in a name", STR(GET_A "X\"Y: b\r\n\r\n"), 400 },
        { "no Host", STR("GET / HTTP/1.1\r\n\r\n"), 400 },
        { "empty Host", STR("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
        { "two Hosts", STR(GET_A "Host: a\r\n\r\n"), 400 },
        { "user in Host", STR("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400 },
        { "port beyond 65535", STR("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"), 400 },
        { "Host and target differ", STR("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
        { "user in the target", STR("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
        { "two blanks", STR("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
        { "blank after the version", STR("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400 },
        { "tab for a blank", STR("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
        { "HTTP/0.9", STR("GET /\r\n\r\n"), 400 },
        { "lower-case http", STR("GET / http/1.1\r\nHost: a\r\n\r\n"), 400 },
        { "HTTP/2.0", STR("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505 },
        { "HTTP/1.10", STR("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), 400 },
        { "unknown method", STR("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 501 },
        { "method in lower case", STR("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501 },
        { "fragment", STR("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
        { "byte above 127 in the path", STR("GET /\xe5\xbc\xa0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
        { "backslash in the path", STR("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
        { "relative path", STR("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
    };
    check_heads(cases, COUNT(cases));
}

TEST(http_head_refuses_bad_framing)
{
    static const struct head_case cases[] = {
        { "two lengths", STR(POST_A "Content-Length: 5\r\nContent-Length: 0\r\n\r\n"), 400 },
        { "two equal lengths", STR(POST_A "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400 },
        { "a list of lengths", STR(POST_A "Content-Length: 5, 5\r\n\r\n"), 400 },
        { "signed length", STR(POST_A "Content-Length: +5\r\n\r\n"), 400 },
        { "hex length", STR(POST_A "Content-Length: 0x5\r\n\r\n"), 400 },
        { "empty length", STR(POST_A "Content-Length:\r\n\r\n"), 400 },
        { "2^64 + 5", STR(POST_A "Content-Length: 18446744073709551621\r\n\r\n"), 400 },
        { "length and chunked",
          STR(POST_A "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
        { "chunked and length",
          STR(POST_A "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), 400 },
        { "chunked twice",
          STR(POST_A "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
        { "gzip, chunked", STR(POST_A "Transfer-Encoding: gzip, chunked\r\n\r\n"), 400 },
        { "chunked with a vertical tab", STR(POST_A "Transfer-Encoding: \vchunked\r\n\r\n"), 400 },
        { "xchunked", STR(POST_A "Transfer-Encoding: xchunked\r\n\r\n"), 400 },
        { "identity", STR(POST_A "Transfer-Encoding: identity\r\n\r\n"), 400 },
        { "chunked on 1.0", STR("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
        { "two credentials", STR(GET_A "Authorization: a\r\nAuthorization: b\r\n\r\n"), 400 },
        { "an expectation that is unknown", STR(POST_A "Expect: 200-ok\r\n\r\n"), 417 },
    };
    check_heads(cases, COUNT(cases));
}

TEST(http_head_what_is_read)
{
    struct http_head head;
    struct str text = STR("POST /a/b?c=d HTTP/1.1\r\nHost: Example.com:80\r\nX-A: 1 \r\n"
                          "Content-Length: 12\r\nConnection: x, Close\r\n\r\n");
    CHECK_EQ(read_head(text, &head), 0);
    CHECK_EQ(head.method, HTTP_POST);
    CHECK_STR(head.raw_path, STR("/a/b"));
    CHECK_STR(head.query, STR("c=d"));
    CHECK_STR(head.host, STR("Example.com:80"));
    CHECK_EQ(head.content_length, 12);
    CHECK_EQ(head.keep_alive, false);
    CHECK_STR(http_head_get(&head, STR("x-a")), STR("1"));
    CHECK(http_head_get(&head, STR("x-b")).data == NULL);
}

/* A long head of many lines or one: limits count from the first byte that breaks them. */
TEST(http_head_limits)
{
    static const struct {
        const char *name;
        size_t target, lines, value;
        int status;
    } cases[] = {
        { "a target of 8 KB", HTTP_TARGET_MAX, 0, 0, 0 },
        { "one byte more", HTTP_TARGET_MAX + 1, 0, 0, 414 },
        { "a target of 100 KB", 100000, 0, 0, 414 },
        { "99 headers and Host", 1, 99, 1, 0 },
        { "100 headers and Host", 1, 100, 1, 431 },
        { "a value of 30 KB", 1, 1, 30000, 0 },
        { "a value of 100 KB", 1, 1, 100000, 431 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = arena_alloc(test_arena(), 220000), *at = text;
        at += sprintf(at, "GET /");
        memset(at, 'a', cases[i].target - 1);
        at += cases[i].target - 1;
        at += sprintf(at, " HTTP/1.1\r\nHost: a\r\n");
        for (size_t n = 0; n < cases[i].lines; n++) {
            at += sprintf(at, "X: ");
            memset(at, 'a', cases[i].value);
            at += cases[i].value;
            at += sprintf(at, "\r\n");
        }
        at += sprintf(at, "\r\n");
        struct http_head head;
        CHECK_EQ(read_head((struct str){ text, (size_t)(at - text) }, &head), cases[i].status,
                 "%s", cases[i].name);
    }
}

TEST(http_path_decode)
{
    static const struct {
        struct str raw;
        const char *path; /* NULL: refused */
    } cases[] = {
        { STR("/"), "/" },
        { STR("/a%20b"), "/a b" },
        { STR("/%E5%BC%A0"), "/\xe5\xbc\xa0" },
        { STR("/..a/b.."), "/..a/b.." },
        { STR("/a//b"), "/a//b" },
        { STR("/%00"), NULL },
        { STR("/a%0d%0a"), NULL },
        { STR("/%7f"), NULL },
        { STR("/%"), NULL },
        { STR("/%4"), NULL },
        { STR("/%zz"), NULL },
        { STR("/a%2fb"), NULL },
        { STR("/a%5Cb"), NULL },
        { STR("/.."), NULL },
        { STR("/../etc"), NULL },
        { STR("/a/%2e%2E/b"), NULL },
        { STR("/a/."), NULL },
        { STR("/%c0%af"), NULL },
        { STR("/%ff"), NULL },
        { STR("/%ed%a0%80"), NULL },
        { STR(""), NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char room[64];
        size_t n = 0;
        int status = http_path_decode(cases[i].raw, room, &n);
        CHECK_EQ(status, cases[i].path ? 0 : 400, STR_FMT, STR_ARG(cases[i].raw));
        if (cases[i].path)
            CHECK_STR(((struct str){ room, n }), str_from(cases[i].path));
    }
}

TEST(http_query_decode)
{
    char room[64];
    CHECK_EQ(http_query_check(STR("a=%e5%bc%a0&b=%2F%0A"), room), 0);
    CHECK_EQ(http_query_check(STR("a=%00"), room), 400);
    CHECK_EQ(http_query_check(STR("a=%e5"), room), 400);
    CHECK_EQ(http_query_check(STR("a=%e"), room), 400);
    CHECK_STR(((struct str){ room, http_query_decode(STR("a+b%2B"), room) }), STR("a b+"));
}

TEST(http_chunked_take)
{
    static const struct {
        const char *name;
        struct str in;
        int result;
        const char *data;
    } cases[] = {
        { "two chunks", STR("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 0, "abcde" },
        { "hex in both cases, zeros before",
          STR("00a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
          0, "01234567890123456789" },
        { "extensions", STR("3;a;b=c;d=\"e\\\"f\"\r\nabc\r\n0;x\r\n\r\n"), 0, "abc" },
        { "trailers are dropped", STR("0\r\nA: b\r\nC:\r\n\r\n"), 0, "" },
        { "not complete", STR("3\r\nabc\r\n"), HTTP_MORE, "abc" },
        { "no size", STR("\r\nabc"), 400, "" },
        { "no hex digit", STR("Z\r\n"), 400, "" },
        { "0x", STR("0x3\r\nabc\r\n"), 400, "" },
        { "a sign", STR("-1\r\n"), 400, "" },
        { "a blank after the size", STR("3 \r\nabc\r\n"), 400, "" },
        { "bare LF after the size", STR("3\nabc\r\n"), 400, "" },
        { "bare LF in an extension", STR("3;a\nabc\r\n"), 400, "" },
        { "semicolon and nothing", STR("3;\r\nabc"), 400, "" },
        { "open quote", STR("3;a=\"b\r\nabc"), 400, "" },
        { "longer than its size", STR("3\r\nabcd\r\n"), 400, "abc" },
        { "bare LF after the data", STR("3\r\nabc\n0\r\n\r\n"), 400, "abc" },
        { "16 digits", STR("0000000000000003\r\nabc"), 400, "" },
        { "trailer without a colon", STR("0\r\nabc\r\n\r\n"), 400, "" },
        { "folded trailer", STR("0\r\nA: b\r\n c\r\n\r\n"), 400, "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_chunked c = { 0 };
        struct buf got = buf_in(test_arena());
        int result = HTTP_MORE;
        for (size_t at = 0, used; at < cases[i].in.len && result == HTTP_MORE; at += used) {
            struct str data;
            result = http_chunked_take(&c, cases[i].in.data + at, cases[i].in.len - at, &used,
                                       &data);
            buf_str(&got, data);
        }
        CHECK_EQ(result, cases[i].result, "%s", cases[i].name);
        CHECK_STR(buf_view(&got), str_from(cases[i].data), "%s", cases[i].name);
    }
}

TEST(http_chunked_overhead_is_bounded)
{
    struct http_chunked c = { 0 };
    size_t used, sent = 0;
    struct str data, piece = STR("1;extension=012345678901234567890\r\na\r\n");
    int result = HTTP_MORE;
    while (result == HTTP_MORE && sent < 10 * HTTP_CHUNK_OVERHEAD_MAX)
        for (size_t at = 0; at < piece.len && result == HTTP_MORE; at += used) {
            result = http_chunked_take(&c, piece.data + at, piece.len - at, &used, &data);
            sent += used;
        }
    CHECK_EQ(result, 400);
    CHECK(sent < 2 * HTTP_CHUNK_OVERHEAD_MAX);
}
