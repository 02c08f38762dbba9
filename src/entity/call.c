/* call.c - one request from who asks to the answer: authentication, permission, transaction,
 * kept answers, and the problem JSON when it fails. */
#include "base/log.h"
#include "entity/api.h"
#include "entity/store.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_MIN 8
#define KEY_MAX 200

/* ------------------------------------------------------------------ the boundary of memory */

static enum err no_memory(struct call *call)
{
    /* What the call had made is given up, so that there is room to say so. */
    call->cx.problems.items = NULL;
    call->cx.problems.count = call->cx.problems.room = 0;
    arena_reset(call->arena, call->start);
    return fault_set(&call->cx.fault, ERR_NO_MEMORY, "the request needs more memory than it may");
}

/* Runs a step of the call; exhaustion of its arena becomes ERR_NO_MEMORY. */
static enum err guarded(struct call *call, enum err (*step)(struct call *call))
{
    jmp_buf out;
    if (setjmp(out)) {
        arena_guard(call->arena, NULL);
        return no_memory(call);
    }
    arena_guard(call->arena, &out);
    enum err e = step(call);
    arena_guard(call->arena, NULL);
    return e;
}

static bool only_reads(const struct route *r)
{
    return r->method == GET || r->reads || r->no_tx;
}

static void drop_files(struct reply *out)
{
    if (out->file_bytes > 0 && out->fd >= 0)
        close(out->fd);
    if (out->release)
        out->release(out->pull_state);
    out->release = NULL;
    out->pull = NULL;
    out->file_bytes = 0;
}

static void begin_reply(struct call *call)
{
    drop_files(&call->out);
    call->out = (struct reply){ .fd = -1, .body = buf_in(call->arena) };
    call->cx.problems.items = NULL;
    call->cx.problems.count = call->cx.problems.room = 0;
    call->cx.operation = NULL;
    call->cx.code = NULL;
    call->cx.event_depth = 0;
    fault_clear(&call->cx.fault);
}

/* ------------------------------------------------------------------ who asks, and may they */

static void set_language(struct call *call)
{
    struct str wish = request_header(&call->in, "accept-language");
    if (wish.len > 0)
        call->cx.lang = str_starts(wish, STR("en")) ? LANG_EN : LANG_ZH;
}

static enum err identify(struct call *call)
{
    const struct route *r = &call->mounted->route;
    if (r->may == MAY_ANYONE)
        return OK;
    if (!call->api->config.authenticate)
        return fail(&call->cx, ERR_UNAVAILABLE, "nobody can sign in here");
    TRY(call->api->config.authenticate(&call->cx, &call->in));
    set_language(call); /* what the page asks for goes before the stored choice */
    call->cx.today = instant_date(call->cx.now, call->cx.zone_minutes);
    if (!call->cx.actor.login && !call->cx.actor.system)
        return refuse(&call->cx, ERR_UNAUTHENTICATED, "sign in first", "请先登录");
    return cx_require(&call->cx, r->may);
}

/* A version is asked for only after permission: 403 tells less than 428 would. */
static enum err check_version(struct call *call)
{
    if (call->mounted->route.versioned && call->in.if_match == 0)
        return refuse(&call->cx, ERR_PRECONDITION, "say which version you have read (If-Match)",
                      "请注明所读取的版本（If-Match）");
    return OK;
}

/* ------------------------------------------------------------------ kept answers */

static struct str idempotency_key(const struct call *call)
{
    const struct route *r = &call->mounted->route;
    if (r->unkeyed || only_reads(r) || !call->cx.actor.login)
        return STR_NONE;
    return request_header(&call->in, "idempotency-key");
}

static bool key_is_good(struct str key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.data[i] <= ' ' || key.data[i] > '~')
            return false;
    return key.len >= KEY_MIN && key.len <= KEY_MAX;
}

static void hash_part(crypto_generichash_state *state, struct str part)
{
    uint64_t len = part.len;
    crypto_generichash_update(state, (const unsigned char *)&len, sizeof len);
    crypto_generichash_update(state, (const unsigned char *)part.data, part.len);
}

/* What was asked: the same key for something else is a mistake of the client, not a retry. */
static struct str request_hash(struct call *call)
{
    char *hash = arena_alloc(call->arena, 32);
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 32);
    char method = (char)call->in.method;
    hash_part(&state, (struct str){ &method, 1 });
    hash_part(&state, call->in.path);
    for (size_t i = 0; i < call->in.query_count; i++) {
        hash_part(&state, call->in.query[i].name);
        hash_part(&state, call->in.query[i].value);
    }
    hash_part(&state, call->in.body);
    crypto_generichash_final(&state, (unsigned char *)hash, 32);
    return (struct str){ hash, 32 };
}

static enum err replay(struct call *call, const struct kept_answer *kept)
{
    if (!str_eq(kept->request, request_hash(call)))
        return refuse(&call->cx, ERR_UNPROCESSABLE,
                      "this Idempotency-Key was used for another request",
                      "该幂等键已用于另一请求");
    struct reply *out = &call->out;
    out->status = kept->status;
    buf_str(&out->body, kept->body);
    out->type = kept->type.len ? kept->type.data : NULL;
    out->location = kept->location;
    out->version = kept->version;
    call->replayed = true;
    return OK;
}

static int status_of(const struct reply *out)
{
    if (out->status)
        return out->status;
    return out->body.len || out->file_bytes || out->pull ? 200 : 204;
}

static enum err keep(struct call *call, struct str key)
{
    struct kept_answer answer = {
        .request = request_hash(call),
        .status = status_of(&call->out),
        .body = call->out.body.len ? buf_view(&call->out.body) : STR(""),
        .type = str_from(call->out.type),
        .location = call->out.location,
        .version = call->out.version,
    };
    return store_answer_put(&call->cx, key, &answer);
}

/* ------------------------------------------------------------------ transactions */

static enum err run_handler(struct call *call)
{
    return call->mounted->route.run(&call->cx, &call->in, &call->out);
}

static enum err read_step(struct call *call)
{
    TRY(identify(call));
    TRY(check_version(call));
    begin_reply(call);
    if (call->mounted->route.no_tx)
        return OK;
    return run_handler(call);
}

static enum err prepare_step(struct call *call)
{
    const struct route *r = &call->mounted->route;
    TRY(identify(call));
    TRY(check_version(call));
    return r->before ? r->before(&call->cx, &call->in, &call->in.before) : OK;
}

static enum err write_step(struct call *call)
{
    struct str key = idempotency_key(call);
    bool found = false;
    if (key.data) {
        struct kept_answer kept;
        if (!key_is_good(key))
            return refuse(&call->cx, ERR_INVALID, "an Idempotency-Key has %d to %d visible signs",
                          "幂等键应为 %d 至 %d 个可见字符", KEY_MIN, KEY_MAX);
        TRY(store_answer_get(&call->cx, key, &found, &kept));
        if (found)
            return replay(call, &kept);
    }
    TRY(run_handler(call));
    return key.data ? keep(call, key) : OK;
}

static enum err in_tx(struct db_tx *tx, struct call *call, bool writes,
                      enum err (*step)(struct call *call), struct fault *fault)
{
    call->cx.tx = tx;
    call->cx.writes = writes;
    enum err e = guarded(call, step);
    call->cx.tx = NULL;
    if (e)
        *fault = call->cx.fault;
    return e;
}

static enum err read_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    return in_tx(tx, arg, false, read_step, fault);
}

static enum err prepare_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    return in_tx(tx, arg, false, prepare_step, fault);
}

/* Begins each run from the same state: the database may run it again. */
static enum err write_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct call *call = arg;
    arena_reset(call->arena, call->ready);
    call->replayed = false;
    begin_reply(call);
    return in_tx(tx, call, true, write_step, fault);
}

/* ------------------------------------------------------------------ the whole */

static enum err problem_step(struct call *call)
{
    call_problem(call);
    return OK;
}

static void finish(struct call *call, enum err outcome, const struct fault *fault)
{
    call->outcome = outcome;
    if (outcome) {
        call->fault = *fault;
        if (call->fault.code == OK)
            call->fault.code = outcome;
        if (guarded(call, problem_step) != OK)
            call->out.status = 507;
    }
    pthread_mutex_lock(&call->api->lock);
    call->api->figures.calls++;
    call->api->figures.failed += outcome != OK;
    call->api->figures.replayed += call->replayed;
    pthread_mutex_unlock(&call->api->lock);
}

#define ANSWER_HERE_MAX 1024 /* more is compressed while answering: not on the writer's thread */

static void write_done(void *arg, enum err outcome, const struct fault *fault)
{
    struct call *call = arg;
    finish(call, outcome, fault);
    if (call->out.body.len <= ANSWER_HERE_MAX && !call->out.pull) {
        call->finished(call);
        return;
    }
    call->step = CALL_ANSWER;
    api_queue(call->api, call, true);
}

static void finish_here(struct call *call, enum err outcome)
{
    finish(call, outcome, &call->fault);
    call->finished(call);
}

static void run_write(struct call *call)
{
    enum err e = db_read(call->api->config.db, prepare_work, call, &call->fault);
    if (e) {
        finish_here(call, e);
        return;
    }
    call->ready = arena_mark(call->arena);
    call->command = (struct db_command){ .work = write_work, .done = write_done, .arg = call };
    e = db_submit(call->api->config.db, &call->command, &call->fault);
    if (e)
        finish_here(call, e);
}

static void run_read(struct call *call)
{
    enum err e = db_read(call->api->config.db, read_work, call, &call->fault);
    if (!e && call->mounted->route.no_tx) {
        e = guarded(call, run_handler);
        call->fault = call->cx.fault;
    }
    finish_here(call, e);
}

static void begin_cx(struct call *call)
{
    const struct api_config *config = &call->api->config;
    struct instant now = config->clock ? config->clock() : instant_now();
    call->cx = (struct cx){
        .arena = call->arena,
        .now = now,
        .zone_minutes = ZONE_SHANGHAI_MINUTES,
        .today = instant_date(now, ZONE_SHANGHAI_MINUTES),
        .lang = LANG_ZH,
        .ids = config->ids,
        .model = config->services->model,
        .services = config->services,
        .db = config->db,
        .request_id = call->exchange ? call->exchange->id : STR_NONE,
    };
    set_language(call);
}

void call_run(struct call *call)
{
    begin_cx(call);
    call->out = (struct reply){ .fd = -1, .body = buf_in(call->arena) };
    enum err e = guarded(call, call_read);
    if (e) {
        call->fault = call->cx.fault;
        finish_here(call, e);
    } else if (only_reads(&call->mounted->route)) {
        run_read(call);
    } else {
        run_write(call);
    }
}

/* ------------------------------------------------------------------ problem JSON (RFC 9457) */

static void put_errors(struct json_writer *w, const struct call *call)
{
    json_key(w, "errors");
    json_begin_array(w);
    for (size_t i = 0; i < call->cx.problems.count; i++) {
        const struct problem *p = &call->cx.problems.items[i];
        json_begin_object(w);
        json_key(w, "field");
        json_put_str(w, p->field);
        json_key(w, "code");
        json_put_cstr(w, p->code);
        json_key(w, "message");
        json_put_str(w, p->message);
        json_end_object(w);
    }
    json_end_array(w);
}

/* The story of a 5xx is for the log: it speaks of tables and files. */
static bool tell_detail(const struct call *call, const struct err_info *info)
{
    if (info->http_status < 500)
        return true;
    log_line(LOG_ERROR, "api", "%s %s: %s", info->code, call->mounted->path, call->fault.message);
    return info->http_status == 507;
}

void call_problem(struct call *call)
{
    const struct err_info *info = err_info(call->fault.code);
    struct reply *out = &call->out;
    VEC(struct pair) headers = { 0 };
    memcpy(&headers, &out->headers, sizeof headers); /* kept also when the handler fails */
    drop_files(out);
    *out = (struct reply){ .fd = -1, .body = buf_in(call->arena), .status = info->http_status,
                           .type = "application/problem+json" };
    if (call->fault.code != ERR_NO_MEMORY)
        memcpy(&out->headers, &headers, sizeof headers);
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "type");
    json_put_cstr(&w, "about:blank");
    json_key(&w, "title");
    json_put_cstr(&w, cx_say(&call->cx, info->english, info->chinese));
    json_key(&w, "status");
    json_put_i64(&w, info->http_status);
    json_key(&w, "code");
    json_put_cstr(&w, call->cx.code ? call->cx.code : info->code);
    if (tell_detail(call, info)) {
        json_key(&w, "detail");
        json_put_cstr(&w, call->fault.message);
    }
    if (call->cx.request_id.len > 0) {
        json_key(&w, "request_id");
        json_put_str(&w, call->cx.request_id);
    }
    put_errors(&w, call);
    json_end_object(&w);
}
