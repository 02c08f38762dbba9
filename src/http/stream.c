/* stream.c - bodies produced by another thread: event streams and exports. */
#include "http/internal.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

struct piece {
    struct piece *next;
    size_t len;
    char data[];
};

/*
 * Held by the producer and by the exchange, and by each post on its way to the loop. `conn` belongs
 * to the loop's thread; everything below `lock` needs the lock.
 */
struct http_stream {
    struct http_server *server;
    struct loop *loop;
    struct conn *conn;
    struct post post;
    struct piece *current; /* being written; the loop's thread only */
    bool chunked, events;
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct piece *first, **last;
    size_t queued;
    int holders;
    bool posted;
    bool gone;   /* nobody reads any more */
    bool detached;
    bool closed; /* the producer is done */
    bool broken; /* and not with a whole body, or it overran the queue */
};

static void free_pieces(struct piece *p)
{
    while (p) {
        struct piece *next = p->next;
        free(p);
        p = next;
    }
}

/* Takes the lock held, gives it back. */
static void release(struct http_stream *s)
{
    bool last = --s->holders == 0;
    struct http_server *server = s->server;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    free_pieces(s->first);
    free(s->current);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->room);
    free(s);
    /* Last of all: the server may be freed when the count is down. */
    atomic_fetch_sub(&server->streams, 1);
}

static void look(struct loop *loop, struct post *post)
{
    struct http_stream *s = (void *)((char *)post - offsetof(struct http_stream, post));
    /* First the mark: what is queued from here on posts again. */
    pthread_mutex_lock(&s->lock);
    s->posted = false;
    pthread_mutex_unlock(&s->lock);
    if (s->conn) {
        loop->now_ms = clock_us() / 1000;
        conn_run(s->conn);
    }
    pthread_mutex_lock(&s->lock);
    release(s);
}

/* With the lock held: makes the loop look at the stream. A stream that was detached must not post,
 * because its loop may have ended. */
static void notify(struct http_stream *s)
{
    if (s->posted || s->detached)
        return;
    s->posted = true;
    s->holders++;
    s->post.run = look;
    loop_post(s->loop, &s->post);
}

static struct http_stream *make_stream(struct exchange *x, bool events)
{
    struct http_stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->server = x->server;
    s->loop = x->loop;
    s->events = events;
    s->chunked = x->head.minor == 1;
    s->last = &s->first;
    s->holders = 2;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->room, NULL);
    atomic_fetch_add(&x->server->streams, 1);
    return s;
}

static struct http_stream *open_stream(struct http_exchange *pub, bool events)
{
    struct exchange *x = exchange_of(pub);
    struct http_stream *s = make_stream(x, events);
    if (!s) {
        static const struct http_reply nothing = { .status = 507, .fd = -1 };
        reply_release(&pub->reply);
        pub->reply = nothing;
        http_answer(pub);
        return NULL;
    }
    x->stream = s;
    reply_prepare(x);
    exchange_send(x);
    return s;
}

struct http_stream *http_stream_open(struct http_exchange *x)
{
    return open_stream(x, false);
}

struct http_stream *http_stream_open_events(struct http_exchange *x)
{
    x->reply.type = STR("text/event-stream");
    http_add_header(x, "X-Accel-Buffering", STR("no")); /* a proxy must not collect events */
    return open_stream(x, true);
}

/* ---- the producer's side ---- */

/* NULL: no memory. Empty data makes an empty piece: an empty chunk would end the body. */
static struct piece *framed(const struct http_stream *s, struct str data)
{
    bool chunked = s->chunked && data.len;
    struct piece *p = malloc(sizeof *p + data.len + 20);
    if (!p)
        return NULL;
    p->next = NULL;
    size_t n = 0;
    if (chunked)
        n = (size_t)sprintf(p->data, "%zx\r\n", data.len);
    if (data.len)
        memcpy(p->data + n, data.data, data.len);
    n += data.len;
    if (chunked) {
        memcpy(p->data + n, "\r\n", 2);
        n += 2;
    }
    p->len = n;
    return p;
}

static bool put(struct http_stream *s, struct str data, bool wait)
{
    struct piece *p = framed(s, data);
    size_t max = s->server->config.stream_queue_max;
    pthread_mutex_lock(&s->lock);
    while (wait && !s->gone && s->queued && s->queued + data.len > max)
        pthread_cond_wait(&s->room, &s->lock);
    bool over = s->queued && s->queued + data.len > max;
    bool ok = !s->gone && p && !over;
    if (ok) {
        *s->last = p;
        s->last = &p->next;
        s->queued += p->len;
        p = NULL;
    } else if (!s->gone) {
        s->broken = s->gone = true;
    }
    notify(s);
    pthread_mutex_unlock(&s->lock);
    free(p);
    return ok;
}

bool http_stream_push(struct http_stream *s, struct str data)
{
    return put(s, data, false);
}

bool http_stream_write(struct http_stream *s, struct str data)
{
    assert(!pthread_equal(s->loop->thread, pthread_self())); /* it would wait for itself */
    return put(s, data, true);
}

static void add_field(char **at, const char *name, struct str value)
{
    *at += sprintf(*at, "%s: ", name);
    if (value.len)
        memcpy(*at, value.data, value.len);
    *at += value.len;
    *(*at)++ = '\n';
}

/* A line end inside a name or id would start another field. */
static bool one_line(struct str s)
{
    return str_find_char(s, '\n') < 0 && str_find_char(s, '\r') < 0 && str_find_char(s, 0) < 0;
}

bool http_stream_event(struct http_stream *s, const char *name, struct str id, struct str data)
{
    struct str event = str_from(name), line;
    if (!one_line(event) || !one_line(id))
        return false;
    size_t lines = 1;
    for (size_t i = 0; i < data.len; i++)
        lines += data.data[i] == '\n';
    char *text = malloc(event.len + id.len + data.len + lines * 8 + 32);
    if (!text)
        return false;
    char *at = text;
    if (event.len)
        add_field(&at, "event", event);
    if (id.len)
        add_field(&at, "id", id);
    if (!data.data)
        data = STR("");
    while (str_split(&data, '\n', &line))
        add_field(&at, "data", line);
    *at++ = '\n';
    bool ok = put(s, (struct str){ text, (size_t)(at - text) }, false);
    free(text);
    return ok;
}

void http_stream_close(struct http_stream *s, bool whole)
{
    pthread_mutex_lock(&s->lock);
    s->closed = true;
    s->broken = s->broken || !whole;
    notify(s);
    release(s);
}

/* ---- the loop's side ---- */

void stream_attach(struct http_stream *s, struct conn *conn)
{
    s->conn = conn;
}

void stream_detach(struct http_stream *s)
{
    s->conn = NULL;
    pthread_mutex_lock(&s->lock);
    s->gone = s->detached = true;
    pthread_cond_broadcast(&s->room);
    release(s);
}

void stream_end_events(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->events)
        s->gone = s->closed = true;
    pthread_mutex_unlock(&s->lock);
}

bool stream_next(struct http_stream *s, struct str *ret, int *end)
{
    free(s->current);
    pthread_mutex_lock(&s->lock);
    struct piece *p = s->broken ? NULL : s->first;
    s->current = p;
    if (p) {
        s->first = p->next;
        if (!s->first)
            s->last = &s->first;
        s->queued -= p->len;
        pthread_cond_broadcast(&s->room);
        *ret = (struct str){ p->data, p->len };
    } else {
        *end = s->broken ? -1 : s->closed ? 1 : 0;
    }
    pthread_mutex_unlock(&s->lock);
    return p != NULL;
}

bool stream_is_events(const struct http_stream *s)
{
    return s->events;
}

struct str stream_heartbeat(const struct http_stream *s)
{
    return s->chunked ? STR("3\r\n:\n\n\r\n") : STR(":\n\n");
}
