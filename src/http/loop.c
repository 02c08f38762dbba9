/* loop.c - one event loop: its thread, its listening socket, its clock and its letterbox. */
#include "http/internal.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ACCEPTS_AT_ONCE 64

int64_t clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- posts ---- */

/* A stack that any thread may push on; only the push on an empty one has to wake the loop, so the
 * answers of one group commit cost one system call together. */
static void push(struct loop *loop, struct post *post)
{
    struct post *first = atomic_load_explicit(&loop->posts, memory_order_relaxed);
    do
        post->next = first;
    while (!atomic_compare_exchange_weak_explicit(&loop->posts, &first, post, memory_order_release,
                                                  memory_order_relaxed));
    if (first)
        return;
    uint64_t one = 1;
    ssize_t ignored = write(loop->wake_fd, &one, sizeof one);
    (void)ignored;
}

void loop_post(struct loop *loop, struct post *post)
{
    /* The loop may take the post, finish and end before our write returns: whoever frees the loop
     * waits for this count. */
    atomic_fetch_add(&loop->posting, 1);
    push(loop, post);
    atomic_fetch_sub(&loop->posting, 1);
}

static void run_posts(struct loop *loop)
{
    struct post *list = atomic_exchange_explicit(&loop->posts, NULL, memory_order_acquire);
    struct post *ordered = NULL;
    while (list) { /* the stack has the newest on top */
        struct post *next = list->next;
        list->next = ordered;
        ordered = list;
        list = next;
    }
    while (ordered) {
        struct post *next = ordered->next;
        ordered->run(loop, ordered);
        ordered = next;
    }
}

static void end_if_done(struct loop *loop)
{
    if (loop->stopping && !loop->conns)
        event_base_loopbreak(loop->base);
}

/* Edge-triggered: each write to the descriptor is an edge, so it need not be read. */
static void on_wake(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    struct loop *loop = user;
    run_posts(loop);
    end_if_done(loop);
}

/* ---- the listening socket ---- */

static bool accept_some(struct loop *loop)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        int fd = accept4(loop->listen_fd, (struct sockaddr *)&address, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            conn_accept(loop, fd, (struct sockaddr *)&address);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            /* Looking again at once would spin; the next tick listens again. */
            event_del(&loop->listen_event);
            loop->listening = false;
            log_line(LOG_WARNING, "http", "accept: %s", strerror(errno));
        }
        return errno == EINTR || errno == ECONNABORTED;
    }
    return true;
}

static void on_connection(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    struct loop *loop = user;
    loop->now_ms = clock_us() / 1000;
    (void)accept_some(loop);
}

/* ---- the clock ---- */

static void refresh_date(struct loop *loop)
{
    int64_t s = (int64_t)time(NULL);
    if (s == loop->date_s)
        return;
    loop->date_s = s;
    http_date_text(s, loop->date);
}

static void on_tick(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    struct loop *loop = user;
    loop->now_ms = clock_us() / 1000;
    refresh_date(loop);
    if (!loop->listening && !loop->stopping)
        loop->listening = event_add(&loop->listen_event, NULL) == 0;
    /* Walking all connections four times a second is cheaper than moving a timer per request. */
    for (struct conn *c = loop->conns, *next; c; c = next) {
        next = c->next;
        conn_tick(c);
    }
    end_if_done(loop);
}

/* ---- starting and stopping ---- */

static void begin_stop(struct loop *loop, struct post *post)
{
    (void)post;
    loop->now_ms = clock_us() / 1000;
    /* Who got through to the queue of the closed socket would be reset: take them in first. */
    while (accept_some(loop) && loop->listening)
        ;
    if (loop->listening)
        event_del(&loop->listen_event);
    loop->listening = false;
    close(loop->listen_fd);
    loop->listen_fd = -1;
    loop->stopping = true;
    for (struct conn *c = loop->conns, *next; c; c = next) {
        next = c->next;
        conn_stop(c);
    }
    atomic_fetch_sub(&loop->server->running_loops, 1);
}

void loop_stop(struct loop *loop)
{
    loop->stop_post.run = begin_stop;
    loop_post(loop, &loop->stop_post);
}

static void cut_all(struct loop *loop, struct post *post)
{
    (void)post;
    for (struct conn *c = loop->conns, *next; c; c = next) {
        next = c->next;
        conn_cut(c);
    }
}

void loop_kill(struct loop *loop)
{
    loop->kill_post.run = cut_all;
    loop_post(loop, &loop->kill_post);
}

static void *run(void *user)
{
    struct loop *loop = user;
    loop->thread = pthread_self();
    /* Signals are for the main thread; and SIGPIPE, which OpenSSL's and sendfile's writes raise in
     * the writing thread, stays pending for good. */
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    while (loop->pool) {
        struct exchange *x = loop->pool;
        loop->pool = x->next;
        exchange_free(x);
    }
    return NULL;
}

int loop_start(struct loop *loop)
{
    struct event_config *config = event_config_new();
    if (!config)
        return ENOMEM;
    int bad = event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
    bad |= event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    loop->base = bad ? NULL : event_base_new_with_config(config);
    event_config_free(config);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!loop->base || loop->wake_fd < 0)
        return errno ? errno : ENOMEM;
    refresh_date(loop);
    loop->now_ms = clock_us() / 1000;
    struct timeval tick = { .tv_usec = LOOP_TICK_MS * 1000 };
    bad |= event_assign(&loop->listen_event, loop->base, loop->listen_fd, EV_READ | EV_PERSIST,
                        on_connection, loop);
    bad |= event_assign(&loop->wake_event, loop->base, loop->wake_fd,
                        EV_READ | EV_ET | EV_PERSIST, on_wake, loop);
    bad |= event_assign(&loop->tick_event, loop->base, -1, EV_PERSIST, on_tick, loop);
    bad |= event_add(&loop->listen_event, NULL) | event_add(&loop->wake_event, NULL) |
           event_add(&loop->tick_event, &tick);
    loop->listening = true;
    return bad ? ENOMEM : pthread_create(&loop->handle, NULL, run, loop);
}
