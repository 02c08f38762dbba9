/* api_http.c - requests from HTTP and from api_call(); replies back. */
#include "base/hex.h"
#include "base/io.h"
#include "entity/api.h"

#include <ctype.h>
#include <semaphore.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SPOOL_FROM (1u << 20) /* larger bodies wait in a file, not in memory */

/* ------------------------------------------------------------------ the table for the router */

static enum http_method http_method_of(enum method method)
{
    static const enum http_method methods[] = {
        [GET] = HTTP_GET,     [POST] = HTTP_POST,     [PUT] = HTTP_PUT,
        [PATCH] = HTTP_PATCH, [DELETE] = HTTP_DELETE,
    };
    return methods[method];
}

static size_t body_max(const struct route *r)
{
    if (r->body_max)
        return r->body_max;
    if (r->body & (BODY_CSV | BODY_XLSX))
        return BODY_SHEET_MAX;
    if (r->body & BODY_BYTES)
        return BODY_BYTES_MAX;
    return r->body & BODY_JSON ? BODY_JSON_MAX : 0;
}

static void http_finished(struct call *call);

static void http_handler(struct http_exchange *x)
{
    const struct mounted *m = x->route->user;
    struct call *call = arena_new(x->arena, struct call);
    call->api = m->api;
    call->mounted = m;
    call->arena = x->arena;
    call->exchange = x;
    call->finished = http_finished;
    call->start = arena_mark(x->arena);
    if (api_queue(m->api, call, false))
        return;
    struct fault fault;
    fault_set(&fault, ERR_BUSY, "too many requests wait");
    http_answer_fault(x, &fault, !str_starts(http_header(x, "accept-language"), STR("en")));
}

void api_http_make(struct api *api)
{
    api->http_routes = arena_array(api->arena, struct http_route, api->mounted.count);
    for (size_t i = 0; i < api->mounted.count; i++) {
        const struct mounted *m = &api->mounted.items[i];
        api->http_routes[i] = (struct http_route){
            .method = http_method_of(m->route.method),
            .pattern = m->path,
            .handler = http_handler,
            .body_max = (int64_t)body_max(&m->route),
            .spool = body_max(&m->route) > SPOOL_FROM,
            .user = m,
        };
    }
}

/* ------------------------------------------------------------------ reading a request */

/* "text/csv; charset=utf-8" without its parameters, in lower case. */
static struct str media_type(struct arena *arena, struct str header)
{
    struct str rest = header, type = STR("");
    str_split(&rest, ';', &type);
    type = str_copy(arena, str_trim(type));
    char *text = (char *)(uintptr_t)type.data; /* the copy is ours */
    for (size_t i = 0; i < type.len; i++)
        text[i] = (char)tolower((unsigned char)text[i]);
    return type;
}

#define TYPE_XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

static bool accepts(unsigned kinds, struct str type)
{
    if (kinds & BODY_BYTES)
        return true;
    return ((kinds & BODY_JSON) && str_is(type, "application/json")) ||
           ((kinds & BODY_CSV) && (str_is(type, "text/csv") || str_is(type, "text/plain") ||
                                   str_is(type, "application/vnd.ms-excel"))) ||
           ((kinds & BODY_XLSX) && str_is(type, TYPE_XLSX));
}

static enum err read_spooled(struct call *call, const struct http_exchange *x)
{
    char *data = arena_alloc(call->arena, (size_t)x->body_len + 1);
    size_t len = 0;
    while (len < (size_t)x->body_len) {
        ssize_t n = pread(x->body_fd, data + len, (size_t)x->body_len - len, (off_t)len);
        if (n <= 0)
            return fail_errno(&call->cx, "reading the request");
        len += (size_t)n;
    }
    call->in.body = (struct str){ data, len };
    return OK;
}

/* "v12" or W/"v12", also without the v, or *; 0: absent. A text that is no version matches none. */
static int64_t read_if_match(struct str text)
{
    int64_t version;
    text = str_trim(text);
    if (text.len == 0)
        return 0;
    if (str_is(text, "*"))
        return IF_MATCH_ANY;
    if (str_starts(text, STR("W/")))
        text = str_cut(text, 2, text.len);
    if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
        text = str_cut(text, 1, text.len - 1);
    if (str_starts(text, STR("v")))
        text = str_cut(text, 1, text.len);
    return str_to_i64(text, &version) && version > 0 ? version : INT64_MAX;
}

static void copy_query(struct call *call, struct http_exchange *x)
{
    VEC(struct pair) pairs = { 0 };
    struct pair p;
    for (size_t at = 0; http_query_next(x, &at, &p.name, &p.value);)
        vec_add(call->arena, &pairs, p);
    call->in.query = pairs.items;
    call->in.query_count = pairs.count;
}

/* The {names} of the pattern with what stands there in the path. */
static void copy_params(struct call *call, const struct str *values)
{
    VEC(struct pair) pairs = { 0 };
    const char *at = call->mounted->path;
    for (size_t i = 0; (at = strchr(at, '{')) != NULL; i++) {
        const char *end = strchr(at, '}');
        size_t len = (size_t)(end - at - 1);
        len -= len > 0 && end[-1] == '*';
        struct str name = str_copy(call->arena, (struct str){ at + 1, len });
        struct str value = values ? values[i] : http_param(call->exchange, name.data);
        vec_add(call->arena, &pairs, ((struct pair){ name, value }));
        at = end;
    }
    call->in.params = pairs.items;
    call->in.param_count = pairs.count;
}

static enum method method_of(enum http_method method)
{
    return method == HTTP_POST    ? POST
           : method == HTTP_PUT   ? PUT
           : method == HTTP_PATCH ? PATCH
           : method == HTTP_DELETE ? DELETE
                                   : GET;
}

static enum err from_exchange(struct call *call)
{
    struct http_exchange *x = call->exchange;
    call->in = (struct request){ .method = method_of(x->method), .path = x->path,
                                 .body = x->body, .address = x->peer, .http = x };
    copy_query(call, x);
    copy_params(call, NULL);
    return x->body_fd >= 0 && x->body_len > 0 ? read_spooled(call, x) : OK;
}

static enum err read_body(struct call *call)
{
    const struct route *r = &call->mounted->route;
    struct request *in = &call->in;
    if (in->body.len == 0)
        return OK;
    if (r->body == BODY_NONE)
        return refuse(&call->cx, ERR_TOO_LARGE, "this takes no body", "此请求不应包含内容");
    if (!accepts(r->body, in->content_type))
        return refuse(&call->cx, ERR_MEDIA_TYPE, "“" STR_FMT "” is not accepted here",
                      "此处不接受“" STR_FMT "”类型的内容", STR_ARG(in->content_type));
    if (!(r->body & BODY_JSON) || !str_is(in->content_type, "application/json"))
        return OK;
    TRY(json_read(call->arena, in->body, (struct json_limits){ .bytes = body_max(r) },
                  &call->cx.fault, &in->json));
    if (in->json->type != JSON_OBJECT)
        return refuse(&call->cx, ERR_INVALID, "the body must be a JSON object",
                      "请求内容应为 JSON 对象");
    return OK;
}

enum err call_read(struct call *call)
{
    if (call->exchange)
        TRY(from_exchange(call));
    call->in.state = call->mounted->route.state;
    call->in.content_type = media_type(call->arena, request_header(&call->in, "content-type"));
    call->in.if_match = read_if_match(request_header(&call->in, "if-match"));
    return read_body(call);
}

/* ------------------------------------------------------------------ sending a reply */

static struct str etag_of(struct call *call)
{
    const struct reply *out = &call->out;
    if (out->version > 0)
        return str_fmt(call->arena, "\"v%lld\"", (long long)out->version);
    if (out->etag.len > 0)
        return str_fmt(call->arena, "\"" STR_FMT "\"", STR_ARG(out->etag));
    if (!out->weigh || call->outcome)
        return STR_NONE;
    unsigned char hash[16];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)out->body.data, out->body.len,
                       NULL, 0);
    return str_fmt(call->arena, "\"h" STR_FMT "\"",
                   STR_ARG(hex_encode(call->arena, hash, sizeof hash)));
}

/* RFC 6266: an ASCII name for old programs, the real one percent-encoded in UTF-8. */
static struct str disposition(struct arena *arena, struct str name)
{
    struct buf out = buf_in(arena);
    buf_cstr(&out, "attachment; filename=\"");
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        buf_char(&out, isalnum(c) || strchr("-_. ", c) ? (char)c : '_');
    }
    buf_cstr(&out, "\"; filename*=UTF-8''");
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c < 0x80 && (isalnum(c) || strchr("-_.", c)))
            buf_char(&out, (char)c);
        else
            buf_fmt(&out, "%%%02X", c);
    }
    return buf_view(&out);
}

static void add_headers(struct call *call)
{
    struct http_exchange *x = call->exchange;
    const struct reply *out = &call->out;
    for (size_t i = 0; i < out->headers.count; i++)
        http_add_header(x, str_cstr(call->arena, out->headers.items[i].name),
                        out->headers.items[i].value);
    if (out->location.len > 0)
        http_add_header(x, "Location", out->location);
    if (out->download.len > 0)
        http_add_header(x, "Content-Disposition", disposition(call->arena, out->download));
    if (out->cache_forever)
        http_add_header(x, "Cache-Control", STR("public, max-age=31536000, immutable"));
    else if (x->reply.etag.len > 0) /* may be kept, must be asked about each time */
        http_add_header(x, "Cache-Control", STR("private, no-cache"));
}

static void pull_all(struct call *call)
{
    struct http_stream *stream = http_stream_open(call->exchange);
    struct reply *out = &call->out;
    struct arena *arena = arena_open(API_PULL_MAX);
    bool done = arena == NULL, whole = !done;
    while (!done && whole) {
        struct arena_mark mark = arena_mark(arena);
        struct buf chunk = buf_in(arena);
        whole = out->pull(out->pull_state, &chunk, &done) == OK &&
                (chunk.len == 0 || http_stream_write(stream, buf_view(&chunk)));
        arena_reset(arena, mark);
    }
    if (out->release)
        out->release(out->pull_state);
    http_stream_close(stream, whole);
    if (arena)
        arena_close(arena);
}

static void fill_reply(struct call *call)
{
    struct reply *out = &call->out;
    struct http_reply *reply = &call->exchange->reply;
    reply->status = out->status;
    reply->type = str_from(out->type);
    reply->fd = -1;
    reply->etag = etag_of(call);
    if (out->file_bytes > 0) {
        reply->fd = out->fd;
        reply->fd_len = (int64_t)out->file_bytes;
        reply->ranges = true;
    } else {
        reply->body = out->body.len ? buf_view(&out->body) : STR_NONE;
    }
    add_headers(call);
}

static void http_finished(struct call *call)
{
    struct api *api = call->api;
    fill_reply(call);
    if (call->out.pull)
        pull_all(call);
    else
        http_answer(call->exchange);
    api_over(api);
}

/* ------------------------------------------------------------------ without HTTP */

static void call_finished(struct call *call)
{
    struct api *api = call->api;
    sem_post(call->user);
    api_over(api);
}

static enum err find_route(struct call *call, const struct request *in, struct str *values)
{
    struct http_match match = http_router_find(call->api->router, http_method_of(in->method),
                                               in->path);
    if (!match.route)
        return refuse(&call->cx, match.allowed ? ERR_METHOD : ERR_NOT_FOUND,
                      "there is no such address", "没有此地址");
    call->mounted = match.route->user;
    memcpy(values, match.params, sizeof match.params);
    return OK;
}

const struct reply *api_call(struct api *api, struct arena *arena, const struct request *in)
{
    static const struct mounted none = { .path = "?" };
    struct call *call = arena_new(arena, struct call);
    struct str values[HTTP_PARAMS_MAX];
    sem_t done;
    call->api = api;
    call->arena = arena;
    call->finished = call_finished;
    call->user = &done;
    if (find_route(call, in, values)) {
        call->mounted = &none;
        call->fault = call->cx.fault;
        call_problem(call);
        return &call->out;
    }
    call->in = *in;
    copy_params(call, values);
    call->start = arena_mark(arena);
    sem_init(&done, 0, 0);
    if (!api_queue(api, call, false)) {
        fault_set(&call->fault, ERR_BUSY, "too many requests wait");
        call_problem(call);
    } else {
        while (sem_wait(&done) != 0)
            continue;
    }
    sem_destroy(&done);
    return &call->out;
}
