/*
 * head.c - a head is read in two steps. The scan follows the bytes as they come and refuses at the
 * first one that no head may have, so a bad client is told at once; it also finds the end. The
 * parse then reads the complete head in place. The parse repeats the checks of the scan where a
 * mistake would be dangerous: it must be safe on its own, and the fuzzer runs it so.
 */
#include "http/head.h"

/* Character classes of RFC 9110 §5.6.2 (tchar) and RFC 3986 (pchar), as bits of one table. */
enum { TCHAR = 1, PCHAR = 2, QCHAR = 4, DIGIT = 8, HOSTCHAR = 16 };

static int class_of(unsigned char c)
{
    int alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    int digit = c >= '0' && c <= '9';
    if (digit)
        return TCHAR | PCHAR | QCHAR | DIGIT | HOSTCHAR;
    if (alpha)
        return TCHAR | PCHAR | QCHAR | HOSTCHAR;
    switch (c) {
    case '-': case '.': case '_':
        return TCHAR | PCHAR | QCHAR | HOSTCHAR;
    case '!': case '$': case '&': case '\'': case '*': case '+': case '~': case '%':
        return TCHAR | PCHAR | QCHAR;
    case '#':
        return TCHAR;
    case '^': case '`': case '|':
        return TCHAR | QCHAR; /* browsers leave these as they are in a query (WHATWG URL) */
    case '(': case ')': case ',': case ';': case '=': case ':': case '@': case '/':
        return PCHAR | QCHAR;
    case '?': case '[': case ']': case '{': case '}': case '\\':
        return QCHAR;
    default:
        return 0;
    }
}

static bool all_of(struct str s, int class)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(class_of((unsigned char)s.data[i]) & class))
            return false;
    return true;
}

bool http_is_token(struct str s)
{
    return s.len > 0 && all_of(s, TCHAR);
}

bool http_is_value(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool http_same(struct str s, const char *want)
{
    for (size_t i = 0; i < s.len; i++)
        if (!want[i] || lower(s.data[i]) != want[i])
            return false;
    return want[s.len] == '\0';
}

static struct str trim_blanks(struct str s)
{
    while (s.len && (s.data[0] == ' ' || s.data[0] == '\t'))
        s.data++, s.len--;
    while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool http_list_next(struct str *rest, struct str *ret)
{
    while (rest->len) {
        const char *comma = memchr(rest->data, ',', rest->len);
        size_t n = comma ? (size_t)(comma - rest->data) : rest->len;
        struct str item = trim_blanks((struct str){ rest->data, n });
        size_t skip = MIN(n + 1, rest->len);
        rest->data += skip;
        rest->len -= skip;
        if (item.len) {
            *ret = item;
            return true;
        }
    }
    return false;
}

/* ---- finding the end of a head ---- */

/* The line from line_start to `end` (its CR) is complete. */
static int scan_line(struct http_scan *scan, const char *data, size_t end)
{
    if (end == scan->line_start)
        return scan->lines == 0 ? 400 : 0; /* callers drop empty lines before the request line */
    char first = data[scan->line_start];
    if (scan->lines > 0 && (first == ' ' || first == '\t'))
        return 400; /* a folded header */
    if (++scan->lines > HTTP_HEADERS_MAX + 1)
        return 431;
    return HTTP_MORE;
}

static int scan_too_long(const struct http_scan *scan)
{
    /* 24: the longest method, two blanks and the version. */
    if (scan->lines == 0 && scan->at > HTTP_TARGET_MAX + 24)
        return 414;
    return scan->at > HTTP_HEAD_MAX ? 431 : HTTP_MORE;
}

int http_head_scan(struct http_scan *scan, const char *data, size_t len, size_t *head_len)
{
    while (scan->at < len) {
        unsigned char c = (unsigned char)data[scan->at];
        if ((c >= 0x20 && c != 0x7f) || c == '\t') {
            scan->at++;
            continue;
        }
        if (c != '\r')
            return 400; /* control characters, and LF without CR */
        if (scan->at + 1 == len)
            break;
        if (data[scan->at + 1] != '\n')
            return 400;
        int result = scan_too_long(scan);
        if (result == HTTP_MORE)
            result = scan_line(scan, data, scan->at);
        if (result != HTTP_MORE) {
            *head_len = scan->at + 2;
            return result;
        }
        scan->at += 2;
        scan->line_start = scan->at;
    }
    return scan_too_long(scan);
}

/* ---- reading a head ---- */

static int refuse(struct http_head *head, int status, const char *why)
{
    head->why = why;
    return status;
}

/* Takes the line up to CR LF off `*rest`. */
static bool take_line(struct str *rest, struct str *line)
{
    const char *lf = memchr(rest->data, '\n', rest->len);
    if (!lf || lf == rest->data || lf[-1] != '\r')
        return false;
    size_t n = (size_t)(lf - rest->data) + 1;
    *line = (struct str){ rest->data, n - 2 };
    rest->data += n;
    rest->len -= n;
    return true;
}

static bool take_word(struct str *rest, struct str *word)
{
    const char *blank = memchr(rest->data, ' ', rest->len);
    if (!blank)
        return false;
    size_t n = (size_t)(blank - rest->data);
    *word = (struct str){ rest->data, n };
    rest->data += n + 1;
    rest->len -= n + 1;
    return n > 0;
}

static const char *const method_names[HTTP_METHODS] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
};

const char *http_method_name(enum http_method method)
{
    return method < HTTP_METHODS ? method_names[method] : "?";
}

static int parse_version(struct http_head *head, struct str v)
{
    if (str_is(v, "HTTP/1.1")) {
        head->minor = 1;
        return 0;
    }
    if (str_is(v, "HTTP/1.0"))
        return 0;
    bool other = v.len == 8 && memcmp(v.data, "HTTP/", 5) == 0 && v.data[6] == '.' &&
                 all_of(str_cut(v, 5, 6), DIGIT) && all_of(str_cut(v, 7, 8), DIGIT);
    return other ? refuse(head, 505, "only HTTP/1.0 and HTTP/1.1 are spoken")
                 : refuse(head, 400, "bad request line");
}

/* Cuts "http://host" off an absolute target (RFC 9112 §3.2.2). */
static int parse_absolute(struct http_head *head, struct str *rest, struct str *authority)
{
    size_t scheme = 0;
    if (rest->len > 7 && http_same(str_cut(*rest, 0, 7), "http://"))
        scheme = 7;
    else if (rest->len > 8 && http_same(str_cut(*rest, 0, 8), "https://"))
        scheme = 8;
    else
        return refuse(head, 400, "the target is not a path");
    head->tls_target = scheme == 8;
    size_t end = scheme;
    while (end < rest->len && rest->data[end] != '/' && rest->data[end] != '?')
        end++;
    *authority = str_cut(*rest, scheme, end);
    if (!http_host_valid(*authority))
        return refuse(head, 400, "bad host in the target");
    *rest = str_cut(*rest, end, rest->len);
    return 0;
}

static int parse_target(struct http_head *head, struct str target, struct str *authority)
{
    head->target = target;
    if (target.len > HTTP_TARGET_MAX)
        return refuse(head, 414, "the address is too long");
    struct str rest = target;
    if (head->method == HTTP_OPTIONS && str_is(target, "*")) {
        head->raw_path = target;
        return 0;
    }
    if (target.data[0] != '/') {
        int status = parse_absolute(head, &rest, authority);
        if (status)
            return status;
    }
    const char *mark = rest.len ? memchr(rest.data, '?', rest.len) : NULL;
    size_t n = mark ? (size_t)(mark - rest.data) : rest.len;
    head->raw_path = n ? str_cut(rest, 0, n) : STR("/");
    head->query = mark ? str_cut(rest, n + 1, rest.len) : STR_NONE;
    if (!all_of(head->raw_path, PCHAR) || !all_of(head->query, QCHAR))
        return refuse(head, 400, "a character that an address may not have");
    return 0;
}

static int parse_request_line(struct http_head *head, struct str line, struct str *authority)
{
    struct str method, target;
    if (!take_word(&line, &method) || !http_is_token(method) || !take_word(&line, &target))
        return refuse(head, 400, "bad request line");
    int status = parse_version(head, line);
    if (status)
        return status;
    head->method = HTTP_METHODS;
    for (int i = 0; i < HTTP_METHODS; i++)
        if (str_is(method, method_names[i]))
            head->method = (enum http_method)i;
    if (head->method == HTTP_METHODS)
        return refuse(head, 501, "this method is not known");
    return parse_target(head, target, authority);
}

static int parse_line(struct http_head *head, struct str line)
{
    const char *colon = memchr(line.data, ':', line.len);
    if (!colon)
        return refuse(head, 400, "a header without a colon");
    size_t n = (size_t)(colon - line.data);
    struct str name = { line.data, n };
    struct str value = trim_blanks(str_cut(line, n + 1, line.len));
    if (!http_is_token(name))
        return refuse(head, 400, "bad header name");
    if (!http_is_value(value))
        return refuse(head, 400, "a control character in a header");
    if (head->count == HTTP_HEADERS_MAX)
        return refuse(head, 431, "too many headers");
    char *mutable_name = (char *)(uintptr_t)name.data; /* the caller's buffer is writable */
    for (size_t i = 0; i < n; i++)
        mutable_name[i] = lower(mutable_name[i]);
    head->lines[head->count++] = (struct http_line){ name, value };
    return 0;
}

struct str http_head_get(const struct http_head *head, struct str name)
{
    for (int i = 0; i < head->count; i++)
        if (str_eq(head->lines[i].name, name))
            return head->lines[i].value;
    return STR_NONE;
}

/* ---- what the headers mean for the framing ---- */

static int take_length(struct http_head *head, struct str value)
{
    if (head->content_length >= 0)
        return refuse(head, 400, "Content-Length twice");
    if (value.len == 0 || value.len > 15 || !all_of(value, DIGIT))
        return refuse(head, 400, "bad Content-Length");
    head->content_length = 0;
    for (size_t i = 0; i < value.len; i++)
        head->content_length = head->content_length * 10 + (value.data[i] - '0');
    return 0;
}

static int take_encoding(struct http_head *head, struct str value)
{
    if (head->chunked || head->minor == 0 || !http_same(value, "chunked"))
        return refuse(head, 400, "Transfer-Encoding other than chunked");
    head->chunked = true;
    return 0;
}

static int take_host(struct http_head *head, struct str value)
{
    if (head->host.data)
        return refuse(head, 400, "Host twice");
    if (!http_host_valid(value))
        return refuse(head, 400, "bad Host");
    head->host = value;
    return 0;
}

static void take_connection(struct http_head *head, struct str value, bool *close)
{
    struct str item;
    while (http_list_next(&value, &item))
        *close = *close || http_same(item, "close");
    /* HTTP/1.0 with keep-alive is not kept: nobody needs it and its framing is fragile. */
    head->keep_alive = head->minor == 1 && !*close;
}

static int take_expect(struct http_head *head, struct str value)
{
    if (!http_same(value, "100-continue"))
        return refuse(head, 417, "this expectation cannot be met");
    head->expect_continue = head->minor == 1;
    return 0;
}

/* A second value of one of these would leave open which one counts. */
static bool is_single(struct str name)
{
    static const char *const names[] = { "authorization", "content-type", "content-range", "expect",
                                         "origin", "range", "if-match", "idempotency-key" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static int take_header(struct http_head *head, int at, bool *close)
{
    struct str name = head->lines[at].name, value = head->lines[at].value;
    if (str_is(name, "host"))
        return take_host(head, value);
    if (str_is(name, "content-length"))
        return take_length(head, value);
    if (str_is(name, "transfer-encoding"))
        return take_encoding(head, value);
    if (str_is(name, "connection"))
        take_connection(head, value, close);
    if (is_single(name))
        for (int i = 0; i < at; i++)
            if (str_eq(head->lines[i].name, name))
                return refuse(head, 400, "a header twice that may stand once");
    return str_is(name, "expect") ? take_expect(head, value) : 0;
}

static int check_headers(struct http_head *head, struct str authority)
{
    bool close = false;
    for (int i = 0; i < head->count; i++) {
        int status = take_header(head, i, &close);
        if (status)
            return status;
    }
    if (head->chunked && head->content_length >= 0)
        return refuse(head, 400, "Content-Length beside Transfer-Encoding");
    if (head->minor == 1 && !head->host.data)
        return refuse(head, 400, "no Host");
    if (authority.len && head->host.data && !str_eq(authority, head->host))
        return refuse(head, 400, "Host and target differ");
    if (authority.len)
        head->host = authority;
    return 0;
}

int http_head_parse(char *data, size_t len, struct http_head *head)
{
    /* The lines are written as they are counted; zeroing all hundred would cost more. */
    memset(head, 0, offsetof(struct http_head, lines));
    head->content_length = -1;
    head->why = "bad request";
    struct str rest = { data, len }, line, authority = STR_NONE;
    if (!take_line(&rest, &line))
        return refuse(head, 400, "bad request line");
    int status = parse_request_line(head, line, &authority);
    head->keep_alive = head->minor == 1;
    while (status == 0) {
        if (!take_line(&rest, &line))
            return refuse(head, 400, "bad line end");
        if (line.len == 0)
            break;
        status = parse_line(head, line);
    }
    if (status == 0 && rest.len)
        return refuse(head, 400, "bytes after the head");
    return status ? status : check_headers(head, authority);
}
