/* conn.c - a connection: opened, run as far as it goes, timed out, closed. */
#include "http/internal.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Steps of one connection before the others of the loop get their turn. */
#define STEPS_AT_ONCE 64
#define LINGER_MS 2000
#define LINGER_BYTES_MAX (32 << 20)
#define SLOW_WRITE_GRACE_MS 30000

static enum step run_state(struct conn *c)
{
    switch (c->state) {
    case CONN_HEAD:
        return head_run(c);
    case CONN_BODY:
        return body_run(c);
    case CONN_HANDLER:
        return STEP_WAIT;
    case CONN_REPLY:
        return writer_run(c);
    case CONN_LINGER:
        return linger_run(c);
    }
    return STEP_CLOSE;
}

void conn_run(struct conn *c)
{
    if (c->running || c->dead)
        return;
    c->running = true;
    enum step step = STEP_AGAIN;
    for (int i = 0; i < STEPS_AT_ONCE && step == STEP_AGAIN; i++)
        step = run_state(c);
    c->running = false;
    if (step == STEP_CLOSE || !conn_keep_input(c)) {
        conn_close(c);
        return;
    }
    if (step == STEP_AGAIN)
        event_active(&c->event, EV_TIMEOUT, 0);
}

static void on_event(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    struct conn *c = user;
    c->loop->now_ms = clock_us() / 1000;
    if (what & EV_READ)
        c->readable = true;
    if (what & EV_WRITE)
        c->writable = true;
    if (what & EV_CLOSED)
        c->readable = c->peer_closed = true;
    conn_run(c);
}

static void link_conn(struct conn *c)
{
    struct loop *loop = c->loop;
    c->next = loop->conns;
    if (c->next)
        c->next->prev = c;
    loop->conns = c;
}

static void unlink_conn(struct conn *c)
{
    if (c->next)
        c->next->prev = c->prev;
    if (c->prev)
        c->prev->next = c->next;
    else
        c->loop->conns = c->next;
}

/* Too many: said in one write that may fail, because there is no room to wait. */
static void turn_away(struct loop *loop, int fd)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    counter_add(&loop->counters.refused, 1);
    if (!loop->server->tls) {
        ssize_t ignored = send(fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)ignored;
    }
    close(fd);
}

static struct conn *make_conn(struct loop *loop, int fd, const struct sockaddr *address)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    if (loop->server->tls && !(c->ssl = tls_accept(loop->server, fd))) {
        free(c);
        return NULL;
    }
    c->loop = loop;
    c->fd = fd;
    c->readable = c->writable = c->fresh = true;
    c->since_ms = c->progress_ms = loop->now_ms;
    c->peer = peer_key_of(address);
    peer_text(address, c->peer_name);
    return c;
}

void conn_accept(struct loop *loop, int fd, const struct sockaddr *address)
{
    struct http_server *server = loop->server;
    struct peer_key key = peer_key_of(address);
    int64_t now = atomic_fetch_add(&server->connections, 1);
    bool room = now < server->config.connections_max &&
                peers_enter(server->peers, key, server->config.connections_per_peer_max);
    struct conn *c = room ? make_conn(loop, fd, address) : NULL;
    if (!c) {
        if (room)
            peers_leave(server->peers, key);
        atomic_fetch_sub(&server->connections, 1);
        turn_away(loop, fd);
        return;
    }
    counter_add(&loop->counters.accepted, 1);
    link_conn(c);
    short what = EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST;
    if (event_assign(&c->event, loop->base, fd, what, on_event, c) != 0 ||
        event_add(&c->event, NULL) != 0) {
        conn_close(c);
        return;
    }
    conn_run(c); /* the request is often here already */
}

static void close_socket(struct conn *c)
{
    if (event_initialized(&c->event))
        event_del(&c->event);
    if (c->ssl)
        tls_drop(c->ssl);
    c->ssl = NULL;
    close(c->fd);
    c->fd = -1;
    peers_leave(c->loop->server->peers, c->peer);
    atomic_fetch_sub(&c->loop->server->connections, 1);
}

void conn_close(struct conn *c)
{
    if (!c->dead)
        close_socket(c);
    if (c->state == CONN_HANDLER) { /* the application has the exchange: wait for its answer */
        c->dead = true;
        return;
    }
    if (c->x)
        exchange_drop(c->x);
    unlink_conn(c);
    free(c->own);
    free(c);
}

void conn_answered(struct conn *c)
{
    if (c->dead) {
        c->state = CONN_LINGER; /* no longer the application's */
        conn_close(c);
        return;
    }
    c->loop->now_ms = clock_us() / 1000;
    dispatch_reply(c);
    conn_run(c);
}

/* ---- closing so that the client can still read the reply ---- */

/* close() with unread input sends a reset that may destroy the reply on its way; so only our
 * direction is shut, and what still comes is thrown away for a while. */
enum step linger_begin(struct conn *c)
{
    c->in_len = 0;
    c->state = CONN_LINGER;
    c->since_ms = c->loop->now_ms;
    c->moved = 0;
    c->readable = true;
    if (c->ssl)
        tls_end(c->ssl);
    return shutdown(c->fd, SHUT_WR) == 0 ? STEP_AGAIN : STEP_CLOSE;
}

enum step linger_run(struct conn *c)
{
    if (!c->readable)
        return STEP_WAIT;
    ssize_t n = recv(c->fd, c->loop->scratch, LOOP_SCRATCH, MSG_DONTWAIT);
    if (n < 0) {
        c->readable = false;
        return STEP_WAIT; /* a broken connection is found by the next event or the timeout */
    }
    c->moved += n;
    return n == 0 || c->moved > LINGER_BYTES_MAX ? STEP_CLOSE : STEP_AGAIN;
}

/* ---- time ---- */

static void too_slow(struct conn *c, int status)
{
    counter_add(&c->loop->counters.timeouts, 1);
    if (!status) {
        conn_close(c);
        return;
    }
    if (conn_refuse(c, status, "the request came too slowly") == STEP_CLOSE)
        conn_close(c);
    else
        conn_run(c);
}

static void tick_head(struct conn *c, int64_t waited)
{
    const struct http_config *config = &c->loop->server->config;
    if (c->saw_bytes && waited > config->head_timeout_ms)
        too_slow(c, c->in_len ? 408 : 0);
    else if (!c->saw_bytes &&
             waited > (c->fresh ? config->head_timeout_ms : config->idle_timeout_ms))
        conn_close(c);
}

static void tick_body(struct conn *c, int64_t waited, int64_t now)
{
    const struct http_config *config = &c->loop->server->config;
    int64_t allowed = config->body_timeout_ms + c->moved * 1000 / config->body_rate_min;
    if (waited > allowed || now - c->progress_ms > config->body_timeout_ms)
        too_slow(c, 408);
}

static void tick_reply(struct conn *c, int64_t waited, int64_t now)
{
    const struct http_config *config = &c->loop->server->config;
    int64_t quiet = now - c->progress_ms;
    bool streams = c->x->kind == BODY_STREAM;
    if (streams && !c->out_count) {
        if (stream_is_events(c->x->stream) && quiet > config->heartbeat_ms) {
            c->out[c->out_count++] = stream_heartbeat(c->x->stream);
            conn_run(c);
        }
        return;
    }
    int64_t slow_ms = waited - SLOW_WRITE_GRACE_MS;
    bool too_little = !streams && slow_ms > 0 && c->moved < slow_ms * config->write_rate_min / 1000;
    if (quiet > config->write_timeout_ms || too_little)
        too_slow(c, 0);
}

void conn_tick(struct conn *c)
{
    int64_t now = c->loop->now_ms, waited = now - c->since_ms;
    if (c->dead)
        return;
    switch (c->state) {
    case CONN_HEAD:
        tick_head(c, waited);
        break;
    case CONN_BODY:
        tick_body(c, waited, now);
        break;
    case CONN_HANDLER:
        break;
    case CONN_REPLY:
        tick_reply(c, waited, now);
        break;
    case CONN_LINGER:
        if (waited > (c->loop->stopping ? LINGER_MS / 4 : LINGER_MS))
            conn_close(c);
        break;
    }
}

void conn_stop(struct conn *c)
{
    if (c->dead)
        return;
    if (c->state == CONN_REPLY && c->x->stream)
        stream_end_events(c->x->stream);
    c->readable = true; /* a request may be waiting that no edge announced to us yet */
    conn_run(c);
}

void conn_cut(struct conn *c)
{
    if (c->dead)
        return;
    if (c->state != CONN_LINGER && (c->state != CONN_HEAD || c->in_len))
        atomic_fetch_add(&c->loop->server->cut, 1);
    conn_close(c);
}
