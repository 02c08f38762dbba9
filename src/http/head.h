/*
 * head.h - the strict parser of request heads and chunked bodies (RFC 9112). Pure: no I/O, no
 * memory of its own, bounded time; this is what the fuzzer drives.
 *
 * Where RFC 9112 lets a server be lenient we refuse, because two readers of one byte stream that
 * disagree are the root of request smuggling: bare LF, folded headers, blanks before the colon,
 * Content-Length beside Transfer-Encoding or twice, control characters, a missing Host.
 * Results are 0 for success, else the HTTP status to refuse with.
 */
#pragma once

#include "http/http.h"

#define HTTP_MORE 1 /* not yet complete; below every status */

/* Follows the bytes of a head as they arrive, so that a bad byte is refused at once and not when
 * the client feels like ending the head. Start zeroed. */
struct http_scan {
    size_t at;         /* bytes looked at */
    size_t line_start; /* of the line in progress */
    int lines;
};
/* `data` is the head from its first byte. 0: complete, `*head_len` bytes with the empty line.
 * HTTP_MORE; or 400, 414, 431. */
int http_head_scan(struct http_scan *scan, const char *data, size_t len, size_t *head_len);

struct http_line {
    struct str name; /* lower case */
    struct str value;
};

struct http_head {
    enum http_method method;
    int minor;              /* HTTP/1.minor */
    struct str target;      /* as sent */
    struct str raw_path;    /* of the target, before '?'; "*" for OPTIONS * */
    struct str query;
    struct str host;
    int64_t content_length; /* -1: none */
    bool chunked;
    bool keep_alive;
    bool expect_continue;
    bool tls_target;        /* absolute target with https */
    int count;
    struct http_line lines[HTTP_HEADERS_MAX];
    const char *why;        /* of a refusal, for the reply */
};
/* Reads a complete head (as found by http_head_scan). Names in `data` are made lower case; the
 * result points into it. 0, or 400, 417, 431, 501, 505. */
int http_head_parse(char *data, size_t len, struct http_head *ret);
/* Value by lower-case name; STR_NONE: absent. */
struct str http_head_get(const struct http_head *head, struct str name);

/* Decodes and checks a path: escapes well formed, UTF-8, no NUL or control character, no encoded
 * slash or backslash, no "." or ".." segment. `out` has room for raw.len bytes. 0 or 400. */
int http_path_decode(struct str raw, char *out, size_t *out_len);
/* Checks a query the same way; blanks, slashes and line ends may be encoded. 0 or 400. */
int http_query_check(struct str raw, char *scratch);
/* Decodes one name or value of a checked query. Returns the length; `out` has raw.len bytes. */
size_t http_query_decode(struct str raw, char *out);
/* host [":" port] of a Host header or an absolute target. */
bool http_host_valid(struct str host);
bool http_is_token(struct str s);
/* No control characters but HTAB: safe to send or to keep. */
bool http_is_value(struct str s);
bool http_same(struct str s, const char *lower); /* ASCII case does not matter */

/* One item of a comma list, trimmed, empty items skipped. */
bool http_list_next(struct str *rest, struct str *ret);

/* ---- chunked bodies ---- */

#define HTTP_CHUNK_LINE_MAX 256     /* size and extensions of one chunk */
#define HTTP_CHUNK_OVERHEAD_MAX 8192 /* extensions and trailers of a whole body */

struct http_chunked {
    int state;
    uint64_t left;  /* of the chunk in progress */
    int digits;
    int line;       /* bytes of the line in progress */
    int overhead;
    bool quoted_pair;
};
/* Takes bytes in. `*used` bytes are consumed; `*data` is body found among them (may be empty;
 * call again while bytes are left). 0: the body is complete; HTTP_MORE; or 400, 413 (a size
 * beyond 2^60). Trailers are checked and dropped. */
int http_chunked_take(struct http_chunked *c, const char *in, size_t len, size_t *used,
                      struct str *data);
