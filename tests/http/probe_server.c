/*
 * probe_server.c - a server with one route for each thing that the HTTP library can do, for
 * tests/http/probe.test.js, and its own hello-world for bench/.
 *
 *   http-probe-server [--port N] [--loops N] [--cert FILE --key FILE] [--catch-all]
 *                     [--head-ms N] [--body-ms N] [--idle-ms N] [--write-ms N] [--beat-ms N]
 *                     [--connections N] [--per-peer N] [--rate N] [--queue BYTES] [--log]
 *
 * Prints "listening PORT" when ready; SIGTERM stops it gracefully ("stopped clean").
 */
#include "base/buf.h"
#include "base/json.h"
#include "http/http.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Everything that a handler needs beside its request: reached through route.user. */
struct probe {
    struct http_server *server;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct http_exchange *waiting[4096];
    int count;
    bool stop;
    _Atomic int threads;
    _Atomic int requests; /* for --rate */
    int rate;
};

static struct probe *probe_of(const struct http_exchange *x)
{
    return (struct probe *)(uintptr_t)x->route->user;
}

static int64_t number(struct http_exchange *x, const char *name, int64_t standard)
{
    int64_t v;
    struct str text = http_query(x, name);
    return text.data && str_to_i64(text, &v) ? v : standard;
}

/* ---- answers at once ---- */

static void hello(struct http_exchange *x)
{
    struct buf out = buf_in(x->arena);
    buf_fmt(&out, "{\"id\":\"" STR_FMT "\",\"greeting\":\"hello, world\",\"lines\":[",
            STR_ARG(x->id));
    for (int i = 0; i < 4; i++)
        buf_fmt(&out, "%s{\"rule\":\"base commission\",\"basis_fen\":%d,\"earned_fen\":%d}",
                i ? "," : "", 100000 + i, 5000 + i);
    buf_cstr(&out, "]}");
    x->reply.plain = true;
    http_answer_json(x, 200, buf_view(&out));
}

static struct str filler(struct arena *arena, size_t size)
{
    char *text = arena_alloc(arena, size);
    for (size_t i = 0; i < size; i++)
        text[i] = "{\"line\":1,\"earned_fen\":5000} "[(i * 7 + i / 29) % 29];
    return (struct str){ text, size };
}

static void big(struct http_exchange *x)
{
    x->reply.etag = STR("\"v1\"");
    x->reply.ranges = http_query(x, "ranges").data != NULL;
    x->reply.type = STR("text/plain");
    x->reply.body = filler(x->arena, (size_t)number(x, "size", 20480));
    x->reply.plain = http_query(x, "plain").data != NULL;
    http_answer(x);
}

static void echo(struct http_exchange *x)
{
    x->reply.type = STR("application/octet-stream");
    x->reply.status = 200;
    x->reply.body = x->body;
    http_answer(x);
}

static void spooled(struct http_exchange *x)
{
    char room[65536];
    int64_t total = 0, sum = 0;
    ssize_t n;
    while ((n = read(x->body_fd, room, sizeof room)) > 0) {
        total += n;
        for (ssize_t i = 0; i < n; i++)
            sum += (unsigned char)room[i];
    }
    http_answer_json(x, 200, str_fmt(x->arena, "{\"length\":%lld,\"sum\":%lld}", (long long)total,
                                     (long long)sum));
}

static void view(struct http_exchange *x)
{
    struct buf out = buf_in(x->arena);
    struct json_writer w = json_writer_to(&out);
    struct str name, value;
    size_t at = 0;
    json_begin_object(&w);
    json_key(&w, "method");
    json_put_cstr(&w, http_method_name(x->method));
    json_key(&w, "path");
    json_put_str(&w, x->path);
    json_key(&w, "host");
    json_put_str(&w, x->host);
    json_key(&w, "peer");
    json_put_str(&w, x->peer);
    json_key(&w, "tls");
    json_put_bool(&w, x->tls);
    json_key(&w, "name");
    json_put_str(&w, http_param(x, "name"));
    json_key(&w, "cookie");
    json_put_str(&w, http_cookie(x, "session"));
    json_key(&w, "body");
    json_put_i64(&w, x->body_len);
    json_key(&w, "query");
    json_begin_object(&w);
    while (http_query_next(x, &at, &name, &value)) {
        json_key_str(&w, name);
        json_put_str(&w, value);
    }
    json_end_object(&w);
    json_end_object(&w);
    http_answer_json(x, 200, buf_view(&out));
}

static void header(struct http_exchange *x)
{
    http_add_header(x, "X-Echo", http_query(x, "value"));
    http_answer_json(x, 200, STR("{}"));
}

static void file(struct http_exchange *x)
{
    int64_t size = number(x, "size", 100000);
    FILE *f = tmpfile();
    for (int64_t i = 0; f && i < size; i++)
        putc((int)(i % 251), f);
    if (!f || fflush(f) != 0) {
        struct fault fault;
        fault_errno(&fault, "temporary file");
        http_answer_fault(x, &fault, false);
        return;
    }
    x->reply.fd = dup(fileno(f));
    fclose(f);
    x->reply.fd_len = size;
    x->reply.type = STR("application/octet-stream");
    x->reply.etag = STR("\"file\"");
    x->reply.modified_s = 784111777;
    x->reply.ranges = true;
    http_answer(x);
}

struct pulled { int64_t at, size; bool breaks; };

static ssize_t pull(void *user, char *room, size_t size)
{
    struct pulled *p = user;
    size_t n = (size_t)MIN((int64_t)size, p->size - p->at);
    if (p->breaks && p->at > 0)
        return -1;
    for (size_t i = 0; i < MIN(n, 26); i++)
        room[i] = (char)('a' + (p->at + (int64_t)i) % 26);
    for (size_t done = 26; done < n; done *= 2) /* what is there repeats every 26 bytes */
        memcpy(room + done, room, MIN(done, n - done));
    p->at += (int64_t)n;
    return (ssize_t)n;
}

static void pulls(struct http_exchange *x)
{
    struct pulled *p = arena_new(x->arena, struct pulled);
    p->size = number(x, "size", 100000);
    p->breaks = http_query(x, "break").data != NULL;
    x->reply.type = STR("text/plain");
    x->reply.pull = pull;
    x->reply.pull_user = p;
    http_answer(x);
}

static bool refuse_all(struct http_exchange *x)
{
    struct fault fault;
    fault_set(&fault, ERR_UNAUTHENTICATED, "no session");
    http_set_fault(x, &fault, true);
    return false;
}

static void stats(struct http_exchange *x)
{
    struct http_stats s;
    http_server_stats(probe_of(x)->server, &s);
    http_answer_json(x, 200, str_fmt(x->arena,
        "{\"requests\":%llu,\"connections\":%lld,\"running\":%lld,\"streams\":%lld,"
        "\"timeouts\":%llu,\"bad\":%llu,\"refused\":%llu,\"body_memory\":%lld}",
        (unsigned long long)s.requests, (long long)s.connections, (long long)s.running,
        (long long)s.streams, (unsigned long long)s.timeouts, (unsigned long long)s.bad_requests,
        (unsigned long long)s.refused, (long long)s.body_memory));
}

/* ---- answers later ---- */

struct job {
    struct probe *probe;
    struct http_exchange *x;
    struct http_stream *stream;
    int64_t ms, count, pad;
};

static void start(struct probe *probe, void *(*run)(void *), struct job job)
{
    struct job *copy = malloc(sizeof *copy);
    job.probe = probe;
    *copy = job;
    pthread_t thread;
    atomic_fetch_add(&job.probe->threads, 1);
    if (pthread_create(&thread, NULL, run, copy) != 0)
        abort();
    pthread_detach(thread);
}

static void finish(struct job *job)
{
    atomic_fetch_sub(&job->probe->threads, 1);
    free(job);
}

static void *answer_slowly(void *user)
{
    struct job *job = user;
    usleep((useconds_t)(job->ms * 1000));
    http_answer_json(job->x, 200, STR("{\"slow\":true}"));
    finish(job);
    return NULL;
}

static void slow(struct http_exchange *x)
{
    start(probe_of(x), answer_slowly, (struct job){ .x = x, .ms = number(x, "ms", 100) });
}

static void *send_events(void *user)
{
    struct job *job = user;
    bool ok = true;
    char padding[4096]; /* comment lines, to fill a client's buffers sooner */
    memset(padding, ':', sizeof padding);
    for (int64_t i = 0; ok && i < job->count; i++) {
        char id[24], text[64];
        snprintf(id, sizeof id, "%lld", (long long)i);
        snprintf(text, sizeof text, "first %lld\nsecond", (long long)i);
        ok = http_stream_event(job->stream, "tick", str_from(id), str_from(text)) &&
             (!job->pad ||
              http_stream_push(job->stream, (struct str){ padding, (size_t)job->pad }));
        if (job->ms)
            usleep((useconds_t)(job->ms * 1000));
    }
    http_stream_close(job->stream, true);
    finish(job);
    return NULL;
}

static void events(struct http_exchange *x)
{
    struct job job = { .ms = number(x, "ms", 10), .count = number(x, "count", 5) };
    struct probe *probe = probe_of(x);
    job.pad = MIN(number(x, "pad", 0), 4096);
    job.stream = http_stream_open_events(x); /* x is gone from here on */
    if (job.stream)
        start(probe, send_events, job);
}

static void *export_all(void *user)
{
    struct job *job = user;
    struct http_exchange *x = job->x;
    x->reply.type = STR("text/csv");
    struct http_stream *stream = http_stream_open(x);
    char line[1000];
    memset(line, 'x', sizeof line);
    bool ok = stream != NULL;
    for (int64_t i = 0; ok && i < job->count; i++)
        ok = http_stream_write(stream, (struct str){ line, sizeof line });
    if (stream)
        http_stream_close(stream, ok);
    finish(job);
    return NULL;
}

static void export(struct http_exchange *x)
{
    start(probe_of(x), export_all, (struct job){ .x = x, .count = number(x, "kb", 1000) });
}

/* One worker that answers whatever has gathered, as a group commit does. */
static void *batch(void *user)
{
    struct probe *p = user;
    struct http_exchange *mine[COUNT(p->waiting)];
    for (;;) {
        pthread_mutex_lock(&p->lock);
        while (!p->count && !p->stop)
            pthread_cond_wait(&p->work, &p->lock);
        int n = p->count;
        memcpy(mine, p->waiting, (size_t)n * sizeof mine[0]);
        p->count = 0;
        bool stop = p->stop;
        pthread_mutex_unlock(&p->lock);
        if (!n && stop)
            return NULL;
        for (int i = 0; i < n; i++)
            hello(mine[i]);
    }
}

static void later(struct http_exchange *x)
{
    struct probe *p = probe_of(x);
    pthread_mutex_lock(&p->lock);
    assert(p->count < (int)COUNT(p->waiting));
    p->waiting[p->count++] = x;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}

static int rate(void *user, struct str peer, const struct http_exchange *x)
{
    struct probe *p = user;
    (void)peer;
    (void)x;
    return p->rate && atomic_fetch_add(&p->requests, 1) >= p->rate ? 7 : 0;
}

/* ---- the program ---- */

static int option(int argc, char **argv, const char *name, int standard)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atoi(argv[i + 1]);
    return standard;
}

static const char *text_option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

static bool flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

static struct http_config configure(int argc, char **argv, struct probe *p)
{
    p->rate = option(argc, argv, "--rate", 0);
    return (struct http_config){
        .address = "127.0.0.1",
        .port = option(argc, argv, "--port", 0),
        .loops = option(argc, argv, "--loops", 2),
        .tls_cert = text_option(argc, argv, "--cert"),
        .tls_key = text_option(argc, argv, "--key"),
        .head_timeout_ms = option(argc, argv, "--head-ms", 0),
        .body_timeout_ms = option(argc, argv, "--body-ms", 0),
        .idle_timeout_ms = option(argc, argv, "--idle-ms", 0),
        .write_timeout_ms = option(argc, argv, "--write-ms", 0),
        .heartbeat_ms = option(argc, argv, "--beat-ms", 0),
        .connections_max = option(argc, argv, "--connections", 0),
        .connections_per_peer_max = option(argc, argv, "--per-peer", 20000),
        .stream_queue_max = (size_t)option(argc, argv, "--queue", 0),
        .access_log = flag(argc, argv, "--log"),
        .behind_proxy = flag(argc, argv, "--proxy"),
        .rate = rate,
        .rate_user = p,
    };
}

#define MB (1 << 20)

static struct http_router *routes(struct arena *arena, struct probe *p, bool catch_all)
{
    const struct http_route table[] = {
        { HTTP_GET, "/hello", hello, NULL, 0, false, p },
        { HTTP_GET, "/big", big, NULL, 0, false, p },
        { HTTP_POST, "/hello", hello, NULL, MB, false, p },
        { HTTP_POST, "/echo", echo, NULL, MB, false, p },
        { HTTP_PUT, "/part", echo, NULL, 8 * MB, false, p },
        { HTTP_PUT, "/spool", spooled, NULL, 64 * MB, true, p },
        { HTTP_GET, "/view/{name}", view, NULL, 0, false, p },
        { HTTP_GET, "/header", header, NULL, 0, false, p },
        { HTTP_GET, "/file", file, NULL, 0, false, p },
        { HTTP_GET, "/pull", pulls, NULL, 0, false, p },
        { HTTP_POST, "/closed", echo, refuse_all, MB, false, p },
        { HTTP_GET, "/stats", stats, NULL, 0, false, p },
        { HTTP_GET, "/slow", slow, NULL, 0, false, p },
        { HTTP_GET, "/events", events, NULL, 0, false, p },
        { HTTP_GET, "/export", export, NULL, 0, false, p },
        { HTTP_GET, "/later", later, NULL, 0, false, p },
        { HTTP_GET, "/{rest*}", view, NULL, MB, false, p },
        { HTTP_POST, "/{rest*}", view, NULL, MB, false, p },
        { HTTP_PUT, "/{rest*}", view, NULL, MB, false, p },
        { HTTP_PATCH, "/{rest*}", view, NULL, MB, false, p },
    };
    struct http_route *copy = arena_copy(arena, table, sizeof table);
    struct fault fault;
    struct http_router *router;
    size_t count = COUNT(table) - (catch_all ? 0 : 4);
    if (http_router_make(arena, copy, count, &fault, &router)) {
        fprintf(stderr, "%s\n", fault.message);
        exit(1);
    }
    return router;
}

static void wait_for_signal(void)
{
    sigset_t set;
    int signal_number;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigwait(&set, &signal_number);
}

int main(int argc, char **argv)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);

    struct arena *arena = arena_open(MB);
    struct probe *p = arena_new(arena, struct probe);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_t worker;
    pthread_create(&worker, NULL, batch, p);
    struct http_config config = configure(argc, argv, p);
    config.router = routes(arena, p, flag(argc, argv, "--catch-all"));
    struct fault fault;
    if (http_server_open(&config, &fault, &p->server)) {
        fprintf(stderr, "%s\n", fault.message);
        return 1;
    }
    printf("listening %d\n", http_server_port(p->server));
    fflush(stdout);
    wait_for_signal();
    bool clean = http_server_stop(p->server, 5000);
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
    pthread_join(worker, NULL);
    http_server_close(p->server);
    while (atomic_load(&p->threads))
        usleep(1000);
    printf("stopped %s\n", clean ? "clean" : "cut");
    arena_close(arena);
    return 0;
}
