/* dispatch.c - from the bytes of a head to the handler, and from the answer to the writer. */
#include "http/internal.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define BLANK_LINES_MAX 2 /* before a request line (RFC 9112 §2.2) */

static void reset_head(struct conn *c)
{
    c->scan = (struct http_scan){ 0 };
    c->blank_lines = 0;
    c->saw_bytes = c->fresh = false;
}

enum step conn_refuse(struct conn *c, int status, const char *why)
{
    if (!c->x && !exchange_take(c))
        return STEP_CLOSE;
    struct exchange *x = c->x;
    counter_add(&c->loop->counters.bad, 1);
    jmp_buf out;
    if (setjmp(out))
        return STEP_CLOSE;
    arena_guard(x->pub.arena, &out);
    reply_replace(x, status, why);
    arena_guard(x->pub.arena, NULL);
    x->must_close = true;
    reply_prepare(x);
    return dispatch_reply(c);
}

/* Empty lines before the request line. False: not enough bytes to tell, or `*bad`. */
static bool skip_blank_lines(struct conn *c, bool *bad)
{
    while (c->scan.at == 0 && c->in_len && c->in[0] == '\r') {
        if (c->in_len == 1)
            return false;
        *bad = c->in[1] != '\n' || ++c->blank_lines > BLANK_LINES_MAX;
        if (*bad)
            return false;
        conn_consume(c, 2);
    }
    return true;
}

static const char *why_of_scan(int status)
{
    return status == 414   ? "the address is too long"
           : status == 431 ? "the headers are too large"
                           : "a control character, a bare line end or a folded header";
}

enum step head_run(struct conn *c)
{
    if (c->in_len && !c->saw_bytes) {
        c->saw_bytes = true;
        c->since_ms = c->loop->now_ms;
    }
    bool bad = false;
    if (skip_blank_lines(c, &bad) && c->in_len) {
        size_t head_len;
        int status = http_head_scan(&c->scan, c->in, c->in_len, &head_len);
        if (status == 0)
            return dispatch_head(c, head_len);
        if (status != HTTP_MORE)
            return conn_refuse(c, status, why_of_scan(status));
    } else if (bad) {
        return conn_refuse(c, 400, "bad request line");
    }
    enum step step = conn_fill(c);
    return step == STEP_WAIT && c->loop->stopping && !c->in_len ? STEP_CLOSE : step;
}

/* ---- the view of the request ---- */

static int take_view(struct exchange *x)
{
    struct http_exchange *pub = &x->pub;
    const struct http_head *head = &x->head;
    pub->method = head->method;
    pub->target = head->target;
    pub->query = head->query;
    pub->host = head->host;
    if (str_is(head->raw_path, "*")) {
        pub->path = head->raw_path;
        return 0;
    }
    char *path = arena_alloc(pub->arena, head->raw_path.len + head->query.len + 1);
    int status = http_path_decode(head->raw_path, path, &pub->path.len);
    pub->path.data = path;
    if (!status && head->query.len)
        status = http_query_check(head->query, path + head->raw_path.len);
    return status;
}

static bool is_loopback(const char *peer)
{
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0;
}

/* Only the last entry was written by our own proxy; those before it are what a client claims. */
static void take_forwarded(struct exchange *x)
{
    struct str list = http_head_get(&x->head, STR("x-forwarded-for")), item, last = STR_NONE;
    while (list.data && http_list_next(&list, &item))
        last = item;
    unsigned char binary[16];
    const char *text = last.len < INET6_ADDRSTRLEN ? str_cstr(x->pub.arena, last) : "";
    if (inet_pton(AF_INET, text, binary) == 1 || inet_pton(AF_INET6, text, binary) == 1)
        x->pub.peer = str_from(text);
    x->pub.tls = http_same(http_head_get(&x->head, STR("x-forwarded-proto")), "https");
}

static int over_rate(struct exchange *x)
{
    const struct http_config *config = &x->server->config;
    int wait_s = config->rate ? config->rate(config->rate_user, x->pub.peer, &x->pub) : 0;
    if (wait_s <= 0)
        return 0;
    reply_replace(x, 429, "");
    http_add_header(&x->pub, "Retry-After", str_fmt(x->pub.arena, "%d", wait_s));
    return 429;
}

/* ---- routes ---- */

static void add_allow(struct exchange *x, unsigned allowed)
{
    struct buf list = buf_in(x->pub.arena);
    for (int i = 0; i < HTTP_METHODS; i++) {
        if (!(allowed & 1u << i))
            continue;
        buf_cstr(&list, list.len ? ", " : "");
        buf_cstr(&list, http_method_name((enum http_method)i));
    }
    http_add_header(&x->pub, "Allow", buf_view(&list));
}

/* 0: x has a route; else the reply is filled in. */
static int find_route(struct exchange *x)
{
    bool server_wide = str_is(x->pub.path, "*");
    struct http_match match = { .allowed = 1u << HTTP_OPTIONS | 1u << HTTP_GET };
    if (!server_wide)
        match = http_router_find(x->server->config.router, x->pub.method, x->pub.path);
    x->pub.route = match.route;
    memcpy(x->params, match.params, sizeof x->params);
    if (match.route)
        return 0;
    if (!match.allowed) {
        reply_replace(x, 404, "");
        return 404;
    }
    if (x->pub.method != HTTP_OPTIONS) {
        reply_replace(x, 405, "");
        add_allow(x, match.allowed);
        return 405;
    }
    x->pub.reply.status = 204;
    add_allow(x, match.allowed);
    return 204;
}

static bool has_body(const struct exchange *x)
{
    return x->head.chunked || x->head.content_length > 0;
}

static int check_body(struct exchange *x)
{
    int64_t max = x->pub.route->body_max;
    if (has_body(x) && (max == 0 || x->head.content_length > max)) {
        reply_replace(x, 413, "");
        return 413;
    }
    return 0;
}

/* Everything that is decided by the head alone. 0: go on to the body and the handler; 1: the
 * reply is filled in; 2: and the connection must end, because framing cannot be trusted. */
static int judge_head(struct conn *c, struct exchange *x, char *copy, size_t len)
{
    int status = http_head_parse(copy, len, &x->head);
    if (!status)
        status = take_view(x);
    if (status) {
        reply_replace(x, status, x->head.why);
        return 2;
    }
    if (x->server->config.behind_proxy && is_loopback(c->peer_name))
        take_forwarded(x);
    if (over_rate(x) || find_route(x) || check_body(x))
        return 1;
    return x->pub.route->admit && !x->pub.route->admit(&x->pub) ? 1 : 0;
}

static bool send_continue(struct conn *c)
{
    static const struct str text = { "HTTP/1.1 100 Continue\r\n\r\n", 25 };
    return conn_write(c, &text, 1, false) == (ssize_t)text.len;
}

enum step dispatch_head(struct conn *c, size_t head_len)
{
    struct exchange *x = exchange_take(c);
    if (!x)
        return STEP_CLOSE;
    jmp_buf out;
    if (setjmp(out))
        return STEP_CLOSE; /* no memory even for a head: the next client may be luckier */
    arena_guard(x->pub.arena, &out);
    char *copy = arena_copy(x->pub.arena, c->in, head_len);
    conn_consume(c, head_len);
    reset_head(c);
    int verdict = judge_head(c, c->x, copy, head_len);
    arena_guard(c->x->pub.arena, NULL);
    x = c->x;
    if (verdict) {
        if (verdict == 2)
            counter_add(&c->loop->counters.bad, 1);
        x->must_close = verdict == 2 || has_body(x);
        reply_prepare(x);
        return dispatch_reply(c);
    }
    if (!has_body(x))
        return dispatch_handler(c);
    if (x->head.expect_continue && !c->in_len && !send_continue(c))
        return STEP_CLOSE;
    return body_begin(c);
}

enum step dispatch_handler(struct conn *c)
{
    struct exchange *x = c->x;
    struct loop *loop = c->loop;
    c->state = CONN_HANDLER;
    loop->dispatching = x;
    x->pub.route->handler(&x->pub);
    loop->dispatching = NULL;
    /* Not answered: another thread may own x by now, so it is not touched. `answered` is written
     * by this thread only. */
    return x->answered ? dispatch_reply(c) : STEP_WAIT;
}

static void set_tail(struct conn *c, bool keep)
{
    struct exchange *x = c->x;
    int n = snprintf(x->tail, sizeof x->tail, "Date: %s\r\n%s\r\n", c->loop->date,
                     keep ? "" : "Connection: close\r\n");
    c->out[0] = x->head_text;
    c->out[1] = (struct str){ x->tail, (size_t)n };
    c->out_count = 2;
}

enum step dispatch_reply(struct conn *c)
{
    struct exchange *x = c->x;
    bool keep = x->head.keep_alive && !x->must_close && !c->loop->stopping;
    bool bodyless = x->pub.method == HTTP_HEAD || x->kind == BODY_NONE;
    set_tail(c, keep);
    if (!bodyless && x->kind == BODY_BYTES && x->pub.reply.body.len)
        c->out[c->out_count++] = x->pub.reply.body;
    c->out_last = bodyless || x->kind == BODY_BYTES;
    c->close_after = !keep;
    c->state = CONN_REPLY;
    c->moved = 0;
    c->since_ms = c->progress_ms = c->loop->now_ms;
    if (x->kind == BODY_STREAM && !c->out_last) {
        stream_attach(x->stream, c);
        if (c->loop->stopping)
            stream_end_events(x->stream);
    }
    return STEP_AGAIN;
}
