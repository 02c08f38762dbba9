/*
 * fuzz_http.c - the request parser under arbitrary bytes.
 *
 * Beside memory errors it looks for disagreement: a head must be found at the same place whether
 * its bytes come at once or one by one, and a body's chunks must give the same data however they
 * are cut. A parser that depends on packet borders is a smuggling hole.
 *
 * clang -fsanitize=fuzzer,address,undefined -Isrc tests/fuzz/fuzz_http.c
 *       src/http/{head,target,chunked}.c src/base/{str,utf8,arena}.c
 * The corpus is tests/fuzz/corpus/http.
 */
#include "http/head.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Finds the head with `step` bytes more each time. */
static int scan(const char *data, size_t len, size_t step, size_t *head_len)
{
    struct http_scan s = { 0 };
    int result = HTTP_MORE;
    for (size_t n = MIN(step, len); result == HTTP_MORE; n = MIN(n + step, len)) {
        result = http_head_scan(&s, data, n, head_len);
        if (n == len)
            break;
    }
    return result;
}

struct body { int result; size_t used, len; uint64_t hash; };

static struct body unchunk(const char *data, size_t len, size_t step)
{
    struct http_chunked c = { 0 };
    struct body b = { HTTP_MORE, 0, 0, 14695981039346656037u };
    while (b.result == HTTP_MORE && b.used < len) {
        size_t used;
        struct str part;
        b.result = http_chunked_take(&c, data + b.used, MIN(step, len - b.used), &used, &part);
        assert(used > 0);
        b.used += used;
        b.len += part.len;
        for (size_t i = 0; i < part.len; i++)
            b.hash = (b.hash ^ (uint8_t)part.data[i]) * 1099511628211u;
    }
    return b;
}

static void check_body(const char *data, size_t len)
{
    struct body whole = unchunk(data, len, len), single = unchunk(data, len, 1);
    assert(whole.result == single.result && whole.used == single.used);
    assert(whole.len == single.len && whole.hash == single.hash);
    assert(whole.len <= len);
}

static void check_target(const struct http_head *head)
{
    char *room = malloc(head->target.len + 1);
    size_t n = 0;
    if (http_path_decode(head->raw_path, room, &n) == 0) {
        struct str path = { room, n };
        assert(n > 0 && room[0] == '/' && utf8_valid(path) && !memchr(room, 0, n));
        assert(str_find(path, STR("/../")) < 0 && !str_ends(path, STR("/..")));
    }
    if (http_query_check(head->query, room) == 0)
        assert(http_query_decode(head->query, room) <= head->query.len);
    free(room);
}

static void check_head(const struct http_head *head)
{
    assert(head->count <= HTTP_HEADERS_MAX);
    assert(!head->chunked || head->content_length < 0);
    assert(head->minor == 0 || head->host.len > 0);
    for (int i = 0; i < head->count; i++) {
        assert(http_is_token(head->lines[i].name));
        assert(http_is_value(head->lines[i].value));
    }
    check_target(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *data = (const char *)bytes;
    size_t at_once = 0, one_by_one = 0;
    int result = scan(data, size, size, &at_once), again = scan(data, size, 1, &one_by_one);
    /* A bad byte behind a good line may be reported before or after a limit; both refuse. */
    assert((result == 0) == (again == 0) && (result >= 400) == (again >= 400));
    check_body(data, size);
    if (result != 0)
        return 0;
    assert(at_once == one_by_one && at_once <= size);

    char *copy = malloc(at_once); /* exact size, so that one byte too far is seen */
    struct http_head *head = malloc(sizeof *head);
    memcpy(copy, data, at_once);
    if (http_head_parse(copy, at_once, head) == 0) {
        check_head(head);
        if (head->chunked)
            check_body(data + at_once, size - at_once);
    }
    free(head);
    free(copy);
    return 0;
}
