/* server.c - opening, stopping and counting. */
#include "http/internal.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libdeflate.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPS_MAX 64
#define ARENA_BYTES (1 << 20) /* of the server itself: copies of its configuration */

static void set_default(int *value, int standard)
{
    *value = *value > 0 ? *value : standard;
}

static void set_defaults(struct http_config *c)
{
    if (c->loops <= 0)
        c->loops = (int)sysconf(_SC_NPROCESSORS_ONLN);
    c->loops = MAX(1, MIN(c->loops, LOOPS_MAX));
    c->arena_max = c->arena_max ? c->arena_max : (size_t)256 << 20;
    c->body_memory_max = c->body_memory_max ? c->body_memory_max : INT64_C(256) << 20;
    c->stream_queue_max = c->stream_queue_max ? c->stream_queue_max : (size_t)256 << 10;
    c->headers = c->headers ? c->headers : http_default_headers();
    set_default(&c->connections_max, 20000);
    set_default(&c->connections_per_peer_max, 1000);
    set_default(&c->head_timeout_ms, 10000);
    set_default(&c->idle_timeout_ms, 60000);
    set_default(&c->body_timeout_ms, 10000);
    set_default(&c->body_rate_min, 4096);
    set_default(&c->write_timeout_ms, 30000);
    set_default(&c->write_rate_min, 512);
    set_default(&c->heartbeat_ms, 15000);
}

static const char *copied(struct arena *arena, const char *text, const char *standard)
{
    return str_cstr(arena, str_from(text ? text : standard));
}

static enum err take_headers(struct http_server *server, struct fault *fault)
{
    struct buf block = buf_in(server->arena);
    for (const struct http_header_line *line = server->config.headers; line->name; line++) {
        if (!http_is_token(str_from(line->name)) || !http_is_value(str_from(line->value)))
            return fault_set(fault, ERR_INVALID, "the header %s cannot be sent", line->name);
        buf_fmt(&block, "%s: %s\r\n", line->name, line->value);
    }
    server->headers = server->config.headers;
    server->default_block = buf_view(&block);
    return OK;
}

/* ---- sockets ---- */

static enum err read_address(const struct http_config *config, struct sockaddr_storage *ret,
                             socklen_t *size, struct fault *fault)
{
    struct sockaddr_in *in = (void *)ret;
    struct sockaddr_in6 *in6 = (void *)ret;
    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, config->address, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)config->port);
        *size = sizeof *in;
        return OK;
    }
    if (inet_pton(AF_INET6, config->address, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)config->port);
        *size = sizeof *in6;
        return OK;
    }
    return fault_set(fault, ERR_INVALID, "listen address %s: not an IP address", config->address);
}

static enum err open_socket(const struct sockaddr_storage *address, socklen_t size, bool shared,
                            struct fault *fault, int *ret)
{
    CLOSE_ON_EXIT int fd =
        socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault_errno(fault, "socket");
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    /* Inherited by what is accepted: without it a reply can wait 40 ms for a delayed ACK. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)address, size) != 0)
        return errno == EADDRINUSE
                   ? fault_set(fault, ERR_CONFLICT, "bind: Address already in use")
                   : fault_errno(fault, "bind");
    if (shared && listen(fd, 4096) != 0)
        return fault_errno(fault, "listen");
    *ret = fd;
    fd = -1;
    return OK;
}

static enum err open_sockets(struct http_server *server, struct fault *fault)
{
    struct sockaddr_storage address;
    socklen_t size;
    TRY(read_address(&server->config, &address, &size, fault));
    /* SO_REUSEPORT would let a second server of the same user take half of our requests unseen.
     * Binding once without it fails when anybody listens there. */
    int probe = -1;
    TRY(open_socket(&address, size, false, fault, &probe));
    close(probe);
    for (int i = 0; i < server->loop_count; i++) {
        TRY(open_socket(&address, size, true, fault, &server->loops[i].listen_fd));
        if (i == 0 && getsockname(server->loops[0].listen_fd, (struct sockaddr *)&address,
                                  &size) != 0)
            return fault_errno(fault, "getsockname");
    }
    const struct sockaddr_in *in = (const void *)&address;
    const struct sockaddr_in6 *in6 = (const void *)&address;
    server->port = ntohs(address.ss_family == AF_INET ? in->sin_port : in6->sin6_port);
    return OK;
}

/* ---- opening ---- */

static void free_loop(struct loop *loop)
{
    if (loop->base)
        event_base_free(loop->base);
    if (loop->listen_fd >= 0)
        close(loop->listen_fd);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
}

static void free_server(struct http_server *server)
{
    for (int i = 0; i < server->loop_count; i++)
        free_loop(&server->loops[i]);
    for (int i = 0; i < server->compressor_count; i++)
        libdeflate_free_compressor(server->compressors[i]);
    peers_close(server->peers);
    tls_free(server->tls);
    pthread_mutex_destroy(&server->lock);
    arena_close(server->arena);
    free(server->loops);
    free(server);
}

static enum err configure(struct http_server *server, struct fault *fault)
{
    struct http_config *c = &server->config;
    set_defaults(c);
    if (!c->router)
        return fault_set(fault, ERR_INVALID, "no router");
    c->address = copied(server->arena, c->address, "127.0.0.1");
    c->spool_folder = copied(server->arena, c->spool_folder, "/tmp");
    TRY(take_headers(server, fault));
    if (c->tls_cert) {
        c->tls_cert = copied(server->arena, c->tls_cert, "");
        c->tls_key = copied(server->arena, c->tls_key, "");
        server->tls = tls_make(c->tls_cert, c->tls_key, fault);
        if (!server->tls)
            return fault->code;
    }
    if (getrandom(&server->id_seed, sizeof server->id_seed, 0) != sizeof server->id_seed)
        return fault_errno(fault, "getrandom");
    server->loops = calloc((size_t)c->loops, sizeof *server->loops);
    server->peers = peers_open();
    if (!server->loops || !server->peers)
        return fault_set(fault, ERR_NO_MEMORY, "starting the server");
    server->loop_count = c->loops;
    for (int i = 0; i < server->loop_count; i++) {
        server->loops[i].server = server;
        server->loops[i].index = i;
        server->loops[i].listen_fd = server->loops[i].wake_fd = -1;
    }
    return OK;
}

static enum err start_loops(struct http_server *server, struct fault *fault)
{
    for (int i = 0; i < server->loop_count; i++) {
        int error = loop_start(&server->loops[i]);
        if (!error) {
            server->started++;
            atomic_fetch_add(&server->running_loops, 1);
            continue;
        }
        errno = error;
        return fault_errno(fault, "event loop");
    }
    return OK;
}

enum err http_server_open(const struct http_config *config, struct fault *fault,
                          struct http_server **ret)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (!server || !(server->arena = arena_open(ARENA_BYTES))) {
        free(server);
        return fault_set(fault, ERR_NO_MEMORY, "starting the server");
    }
    server->config = *config;
    pthread_mutex_init(&server->lock, NULL);
    enum err e = configure(server, fault);
    if (!e)
        e = open_sockets(server, fault);
    if (e) {
        free_server(server);
        return fault_explain(fault, e, "listening on %s:%d",
                             config->address ? config->address : "127.0.0.1", config->port);
    }
    *ret = server; /* before the first handler runs: it may want to know its server */
    e = start_loops(server, fault);
    if (e) {
        *ret = NULL;
        (void)http_server_stop(server, 0);
        http_server_close(server);
        return e;
    }
    return OK;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

/* ---- stopping ---- */

static bool wait_until_zero(_Atomic int64_t *number, int64_t until_us)
{
    while (atomic_load(number) > 0) {
        if (until_us && clock_us() > until_us)
            return false;
        usleep(2000);
    }
    return true;
}

bool http_server_stop(struct http_server *server, int deadline_ms)
{
    if (!atomic_exchange(&server->stop_begun, true))
        for (int i = 0; i < server->started; i++)
            loop_stop(&server->loops[i]);
    wait_until_zero(&server->running_loops, 0);
    int64_t until = clock_us() + MAX(1, deadline_ms) * INT64_C(1000);
    if (!wait_until_zero(&server->connections, until)) {
        if (!atomic_exchange(&server->kill_begun, true))
            for (int i = 0; i < server->started; i++)
                loop_kill(&server->loops[i]);
        wait_until_zero(&server->connections, 0);
    }
    return atomic_load(&server->cut) == 0;
}

void http_server_close(struct http_server *server)
{
    for (int i = 0; i < server->started; i++) {
        pthread_join(server->loops[i].handle, NULL);
        wait_until_zero(&server->loops[i].posting, 0);
    }
    wait_until_zero(&server->streams, 0);
    free_server(server);
}

enum err http_server_reload_tls(struct http_server *server, struct fault *fault)
{
    if (!server->config.tls_cert)
        return OK;
    struct ssl_ctx_st *fresh =
        tls_make(server->config.tls_cert, server->config.tls_key, fault);
    if (!fresh)
        return fault->code;
    pthread_mutex_lock(&server->lock);
    struct ssl_ctx_st *old = server->tls;
    server->tls = fresh;
    pthread_mutex_unlock(&server->lock);
    tls_free(old); /* connections hold it by count */
    return OK;
}

/* ---- counting ---- */

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_loop(const struct loop_counters *c, struct http_stats *ret)
{
    ret->requests += read_counter(&c->requests);
    ret->latency_sum_us += read_counter(&c->latency_sum);
    ret->bytes_in += read_counter(&c->bytes_in);
    ret->bytes_out += read_counter(&c->bytes_out);
    ret->accepted += read_counter(&c->accepted);
    ret->refused += read_counter(&c->refused);
    ret->bad_requests += read_counter(&c->bad);
    ret->timeouts += read_counter(&c->timeouts);
    for (size_t i = 0; i < COUNT(c->by_class); i++)
        ret->by_class[i] += read_counter(&c->by_class[i]);
    for (size_t i = 0; i < COUNT(c->latency); i++)
        ret->latency[i] += read_counter(&c->latency[i]);
}

void http_server_stats(const struct http_server *server, struct http_stats *ret)
{
    *ret = (struct http_stats){
        .connections = atomic_load(&server->connections),
        .running = atomic_load(&server->running),
        .streams = atomic_load(&server->streams),
        .body_memory = atomic_load(&server->body_memory),
    };
    for (int i = 0; i < server->loop_count; i++)
        add_loop(&server->loops[i].counters, ret);
}
