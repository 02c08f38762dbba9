/* reply.c - from what the handler said to the bytes of the reply's head. */
#include "http/internal.h"

#include "base/buf.h"
#include "base/log.h"

#include <unistd.h>

#define GZIP_FROM 1024 /* below, the head is most of the cost */

static const struct http_header_line default_headers[] = {
    { "Cache-Control", "no-store" },
    { "Content-Security-Policy",
      "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
      "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" },
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "same-origin" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { NULL, NULL },
};

const struct http_header_line *http_default_headers(void)
{
    return default_headers;
}

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a | 0x20 : *a) != (*b >= 'A' && *b <= 'Z' ? *b | 0x20 : *b))
            return false;
    return *a == *b;
}

static bool is_reserved(const char *name)
{
    static const char *const names[] = { "content-length", "transfer-encoding", "connection",
                                         "date", "content-type", "content-range" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (same_name(name, names[i]))
            return true;
    return false;
}

void http_add_header(struct http_exchange *pub, const char *name, struct str value)
{
    struct exchange *x = exchange_of(pub);
    if (!http_is_token(str_from(name)) || !http_is_value(value) || is_reserved(name)) {
        log_line(LOG_ERROR, "http", "%s: the reply's header %s cannot be sent", x->id, name);
        x->bad_header = true;
        return;
    }
    for (const struct http_header_line *line = x->server->headers; line->name; line++)
        x->own_defaults = x->own_defaults || same_name(line->name, name);
    vec_add(pub->arena, &x->reply_lines, ((struct http_header_line){ name, NULL }));
    vec_add(pub->arena, &x->reply_values, value);
}

void reply_release(struct http_reply *reply)
{
    if (reply->fd > 0)
        close(reply->fd);
    if (reply->pull_done)
        reply->pull_done(reply->pull_user);
    reply->fd = -1;
    reply->pull = NULL;
    reply->pull_done = NULL;
}

static bool compressible(struct str type)
{
    static const char *const starts[] = { "text/", "application/json", "application/problem+json",
                                          "application/javascript", "image/svg+xml",
                                          "application/xml", "application/wasm" };
    for (size_t i = 0; i < COUNT(starts); i++)
        if (str_starts(type, str_from(starts[i])))
            return true;
    return false;
}

static void compress(struct exchange *x)
{
    struct http_reply *reply = &x->pub.reply;
    bool may = x->kind == BODY_BYTES && reply->body.len > GZIP_FROM && !reply->plain &&
               !reply->encoding.len && x->status != 206 && !reply->ranges &&
               compressible(reply->type);
    if (!may)
        return;
    x->vary = true;
    if (!http_accepts_encoding(&x->pub, "gzip") ||
        !gzip_body(x->server, x->pub.arena, &reply->body))
        return;
    reply->encoding = STR("gzip");
    /* Another representation than the one the tag was made for. */
    x->weak_etag = reply->etag.len && !str_starts(reply->etag, STR("W/"));
}

static void settle_body(struct exchange *x)
{
    struct http_reply *reply = &x->pub.reply;
    x->kind = x->stream         ? BODY_STREAM
              : reply->fd > 0   ? BODY_FILE
              : reply->pull     ? BODY_PULL
              : reply->body.len ? BODY_BYTES
                                : BODY_NONE;
    x->status = reply->status ? reply->status : x->kind == BODY_NONE ? 204 : 200;
    if (!reply->type.len)
        reply->type = STR("application/json");
}

static bool has_no_body(int status)
{
    return status == 204 || status == 304 || status < 200;
}

static void settle_length(struct exchange *x)
{
    const struct http_reply *reply = &x->pub.reply;
    if (has_no_body(x->status))
        x->kind = x->kind == BODY_STREAM ? BODY_STREAM : BODY_NONE;
    x->length = x->kind == BODY_BYTES  ? (int64_t)reply->body.len
                : x->kind == BODY_FILE ? reply->fd_len
                : x->kind == BODY_NONE ? 0
                                       : -1;
    x->chunked = x->length < 0 && x->head.minor == 1;
    /* Without a length and without chunks only the end of the connection ends the body. */
    x->must_close = x->must_close || reply->close || (x->length < 0 && !x->chunked);
}

static void write_line(struct buf *out, const char *name, struct str value)
{
    buf_cstr(out, name);
    buf_add(out, ": ", 2);
    buf_str(out, value);
    buf_add(out, "\r\n", 2);
}

static void write_content(struct exchange *x, struct buf *out)
{
    const struct http_reply *reply = &x->pub.reply;
    if (!has_no_body(x->status)) {
        if (x->kind != BODY_NONE)
            write_line(out, "Content-Type", reply->type);
        if (x->chunked) {
            buf_cstr(out, "Transfer-Encoding: chunked\r\n");
        } else if (x->length >= 0) {
            buf_cstr(out, "Content-Length: ");
            buf_i64(out, x->length);
            buf_cstr(out, "\r\n");
        }
        if (reply->encoding.len)
            write_line(out, "Content-Encoding", reply->encoding);
        if (x->content_range.len)
            write_line(out, "Content-Range", x->content_range);
        if (reply->ranges)
            buf_cstr(out, "Accept-Ranges: bytes\r\n");
    }
    if (x->vary || reply->encoding.len)
        buf_cstr(out, "Vary: Accept-Encoding\r\n");
    if (reply->etag.len) {
        buf_cstr(out, x->weak_etag ? "ETag: W/" : "ETag: ");
        buf_str(out, reply->etag);
        buf_cstr(out, "\r\n");
    }
}

static bool overridden(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->reply_lines.count; i++)
        if (same_name(x->reply_lines.items[i].name, name))
            return true;
    return false;
}

static void write_headers(struct exchange *x, struct buf *out)
{
    char date[30];
    if (x->pub.reply.modified_s) {
        http_date_text(x->pub.reply.modified_s, date);
        write_line(out, "Last-Modified", str_from(date));
    }
    write_line(out, "X-Request-Id", x->pub.id);
    for (size_t i = 0; i < x->reply_lines.count; i++)
        write_line(out, x->reply_lines.items[i].name, x->reply_values.items[i]);
    if (!x->own_defaults) {
        buf_str(out, x->server->default_block);
        return;
    }
    for (const struct http_header_line *line = x->server->headers; line->name; line++)
        if (!overridden(x, line->name))
            write_line(out, line->name, str_from(line->value));
}

static void build_head(struct exchange *x)
{
    struct buf out = buf_in(x->pub.arena);
    (void)buf_reserve(&out, 1024); /* one allocation for nearly every reply */
    buf_cstr(&out, "HTTP/1.1 ");
    buf_i64(&out, x->status);
    buf_char(&out, ' ');
    buf_cstr(&out, status_words(x->status));
    buf_add(&out, "\r\n", 2);
    write_content(x, &out);
    write_headers(x, &out);
    x->head_text = buf_view(&out);
}

static bool sendable(const struct http_reply *reply)
{
    return http_is_value(reply->type) && http_is_value(reply->etag) &&
           http_is_value(reply->encoding) && (reply->status == 0 ||
           (reply->status >= 200 && reply->status <= 599));
}

static void prepare(struct exchange *x)
{
    if (x->bad_header || !sendable(&x->pub.reply)) {
        log_line(LOG_ERROR, "http", "%s: the reply cannot be sent as it is", x->id);
        reply_replace(x, 500, "");
    }
    settle_body(x);
    if (x->kind != BODY_STREAM) {
        reply_conditions(x);
        reply_range(x);
        compress(x);
    }
    settle_length(x);
    if (x->kind == BODY_PULL || (x->kind == BODY_FILE && x->sealed))
        x->chunk = arena_alloc(x->pub.arena, CHUNK_HEAD + CHUNK + 2);
    build_head(x);
}

/* Said when there is no memory for anything else. */
static void say_no_memory(struct exchange *x)
{
    static const char head[] = "HTTP/1.1 507 Insufficient Storage\r\n"
                               "Content-Type: application/problem+json\r\n"
                               "Content-Length: 84\r\nCache-Control: no-store\r\n";
    static const char body[] = "{\"type\":\"about:blank\",\"title\":\"Memory is exhausted\","
                               "\"status\":507,\"code\":\"no_memory\"}";
    log_line(LOG_ERROR, "http", "%s: no memory for the reply", x->id);
    reply_release(&x->pub.reply);
    x->status = 507;
    x->kind = BODY_BYTES;
    x->chunked = false;
    x->length = sizeof body - 1;
    x->pub.reply.body = (struct str){ body, sizeof body - 1 };
    x->head_text = (struct str){ head, sizeof head - 1 };
    x->must_close = true;
}

void reply_prepare(struct exchange *x)
{
    jmp_buf out;
    if (setjmp(out)) {
        say_no_memory(x);
        return;
    }
    arena_guard(x->pub.arena, &out);
    prepare(x);
    arena_guard(x->pub.arena, NULL);
}
