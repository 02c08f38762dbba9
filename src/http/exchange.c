/* exchange.c - the life of an exchange: taken from the loop's pool, answered, given back. */
#include "http/internal.h"

#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

static uint64_t mixed(uint64_t v) /* splitmix64: a bijection, so ids are unique */
{
    v += UINT64_C(0x9e3779b97f4a7c15);
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return v ^ v >> 31;
}

static void make_id(struct exchange *x)
{
    struct loop *loop = x->loop;
    uint64_t number = loop->server->id_seed + ((uint64_t)loop->index << 48) + ++loop->next_id;
    uint64_t v = mixed(number);
    for (int i = 0; i < 16; i++, v >>= 4)
        x->id[i] = "0123456789abcdef"[v & 15];
    x->pub.id = (struct str){ x->id, 16 };
}

static struct exchange *from_pool(struct loop *loop)
{
    struct exchange *x = loop->pool;
    if (x) {
        loop->pool = x->next;
        loop->pooled--;
        return x;
    }
    x = malloc(sizeof *x);
    if (!x)
        return NULL;
    x->pub.arena = arena_open(loop->server->config.arena_max);
    if (!x->pub.arena) {
        free(x);
        return NULL;
    }
    return x;
}

struct exchange *exchange_take(struct conn *conn)
{
    struct loop *loop = conn->loop;
    struct exchange *x = from_pool(loop);
    if (!x)
        return NULL;
    struct arena *arena = x->pub.arena;
    memset(x, 0, offsetof(struct exchange, head));
    memset(&x->head, 0, offsetof(struct http_head, lines));
    x->head.minor = 1;
    x->pub.arena = arena;
    x->pub.body_fd = -1;
    x->pub.reply.fd = -1;
    x->pub.tls = x->sealed = conn->ssl != NULL;
    x->pub.peer = str_from(conn->peer_name);
    x->pub.began = clock_us();
    x->server = loop->server;
    x->loop = loop;
    x->conn = conn;
    make_id(x);
    conn->x = x;
    atomic_fetch_add_explicit(&loop->server->running, 1, memory_order_relaxed);
    return x;
}

void exchange_free(struct exchange *x)
{
    arena_close(x->pub.arena);
    free(x);
}

void exchange_drop(struct exchange *x)
{
    struct loop *loop = x->loop;
    struct http_server *server = x->server;
    if (x->stream)
        stream_detach(x->stream);
    reply_release(&x->pub.reply);
    if (x->pub.body_fd >= 0)
        close(x->pub.body_fd);
    if (x->body_counted)
        atomic_fetch_sub_explicit(&server->body_memory, x->body_counted, memory_order_relaxed);
    atomic_fetch_sub_explicit(&server->running, 1, memory_order_relaxed);
    arena_guard(x->pub.arena, NULL);
    arena_reset(x->pub.arena, (struct arena_mark){ 0 });
    if (loop->pooled >= LOOP_POOL_MAX) {
        exchange_free(x);
        return;
    }
    x->next = loop->pool;
    loop->pool = x;
    loop->pooled++;
}

static void came_back(struct loop *loop, struct post *post)
{
    (void)loop;
    struct exchange *x = (void *)((char *)post - offsetof(struct exchange, post));
    conn_answered(x->conn);
}

void exchange_send(struct exchange *x)
{
    struct loop *loop = x->loop;
    assert(!x->answered); /* answered twice */
    if (pthread_equal(loop->thread, pthread_self()) && loop->dispatching == x) {
        x->answered = true;
        return;
    }
    x->post.run = came_back;
    loop_post(loop, &x->post);
}

void http_answer(struct http_exchange *pub)
{
    struct exchange *x = exchange_of(pub);
    reply_prepare(x);
    exchange_send(x);
}

void http_answer_json(struct http_exchange *x, int status, struct str json)
{
    x->reply.status = status;
    x->reply.body = json;
    http_answer(x);
}

const int64_t http_latency_bounds_us[HTTP_LATENCY_BUCKETS - 1] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
    5000000,
};

void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
    /* Only the loop's thread writes, so a plain load and store suffice. */
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

void count_reply(struct exchange *x)
{
    struct loop_counters *c = &x->loop->counters;
    int64_t us = clock_us() - x->pub.began;
    int bucket = 0;
    while (bucket < HTTP_LATENCY_BUCKETS - 1 && us > http_latency_bounds_us[bucket])
        bucket++;
    counter_add(&c->requests, 1);
    counter_add(&c->by_class[x->status / 100 % 6], 1);
    counter_add(&c->latency[bucket], 1);
    counter_add(&c->latency_sum, (uint64_t)us);
    if (x->server->config.access_log)
        log_line(LOG_INFO, "http", "%s %s %s %d %lld B %lld us " STR_FMT,
                 x->head.raw_path.data ? http_method_name(x->pub.method) : "-",
                 x->pub.route ? x->pub.route->pattern : "-", x->id, x->status,
                 (long long)x->conn->moved, (long long)us, STR_ARG(x->pub.peer));
}
