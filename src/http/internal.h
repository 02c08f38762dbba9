/*
 * internal.h - what the files of the server share. Nothing here is for the application.
 *
 * Threads: everything of a connection belongs to its loop's thread. Other threads reach a loop
 * only through loop_post(). An exchange belongs to the application between the handler's call and
 * http_answer(), and to the loop else. A stream has a lock of its own.
 *
 * Sockets are watched edge-triggered, once for the life of the connection: no epoll_ctl per
 * request, and a connection that waits for its handler costs nothing when the client sends more.
 * `readable` and `writable` remember the last news.
 */
#pragma once

#include "base/vec.h"
#include "http/head.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- posts: work handed to a loop by any thread ---- */

struct loop;
struct post {
    struct post *next;
    void (*run)(struct loop *loop, struct post *post);
};
void loop_post(struct loop *loop, struct post *post);

/* ---- connections per address ---- */

struct peer_key { uint8_t bytes[16]; };
struct peers;
struct peers *peers_open(void); /* NULL: no memory */
void peers_close(struct peers *peers);
/* Counts one connection more; false: the address has `max` already. */
bool peers_enter(struct peers *peers, struct peer_key key, int max);
void peers_leave(struct peers *peers, struct peer_key key);
/* IPv4 as mapped IPv6; IPv6 by its /64, because one customer owns as much. */
struct peer_key peer_key_of(const struct sockaddr *address);
void peer_text(const struct sockaddr *address, char out[INET6_ADDRSTRLEN]);

/* ---- exchanges ---- */

enum body_kind { BODY_NONE, BODY_BYTES, BODY_FILE, BODY_PULL, BODY_STREAM };

struct exchange {
    struct http_exchange pub; /* first: the two pointers convert */
    struct http_server *server;
    struct loop *loop;
    struct conn *conn;
    struct post post;         /* on its way back to the loop */
    struct exchange *next;    /* in the pool */
    struct str params[HTTP_PARAMS_MAX];
    VEC(struct http_header_line) reply_lines;
    VEC(struct str) reply_values; /* beside reply_lines, by index */
    bool own_defaults;        /* a default header is replaced */
    bool bad_header;
    bool answered;            /* by its own handler, before that returned */
    bool must_close;
    bool sealed;              /* TLS of this connection; pub.tls may be the proxy's */
    /* set by reply_prepare */
    int status;
    enum body_kind kind;
    int64_t length;           /* of the body as told; -1: not known */
    bool chunked;             /* a body of unknown length on HTTP/1.1 */
    bool weak_etag, vary;
    struct str content_range;
    struct str head_text;     /* the reply's head but for `tail` */
    char tail[96];            /* Date and Connection, from the loop */
    int64_t sent;
    char *body_room;          /* of a body being received */
    size_t body_capacity;
    int64_t body_counted;     /* what this exchange holds of server->body_memory */
    char *chunk;              /* of a pulled or TLS file body */
    struct http_stream *stream;
    char id[17];
    struct http_head head;    /* last: the rest is zeroed for each use, this is not */
};
struct exchange *exchange_take(struct conn *conn); /* becomes conn->x; NULL: no memory */
void exchange_drop(struct exchange *x);            /* closes what it holds, back to the pool */
void exchange_free(struct exchange *x);
static inline struct exchange *exchange_of(struct http_exchange *pub)
{
    return (struct exchange *)(void *)pub;
}

/* Settles status, conditions, range, compression and head, on the answering thread. When the
 * arena has no room, the reply becomes a 507 that needs none. */
void reply_prepare(struct exchange *x);
/* Throws away what the handler said and fills in the problem of `status`. */
void reply_replace(struct exchange *x, int status, const char *detail);
/* Closes or gives back what the reply's body holds. */
void reply_release(struct http_reply *reply);
/* 304 and 206/416 by the request's headers (condition.c). */
void reply_conditions(struct exchange *x);
void reply_range(struct exchange *x);
const char *status_words(int status);
/* "Sun, 06 Nov 1994 08:49:37 GMT" and back; out has 30 bytes. */
void http_date_text(int64_t s, char out[30]);
bool http_date_parse(struct str text, int64_t *ret);

/* ---- connections ---- */

enum conn_state { CONN_HEAD, CONN_BODY, CONN_HANDLER, CONN_REPLY, CONN_LINGER };
enum step { STEP_AGAIN, STEP_WAIT, STEP_CLOSE };

struct conn {
    struct loop *loop;
    struct conn *prev, *next;
    struct event event;
    struct ssl_st *ssl;               /* NULL: plain */
    int fd;
    enum conn_state state;
    bool readable, writable;
    bool peer_closed;       /* end of file was seen, or is behind what can be read */
    bool dead;              /* closed while a handler held the exchange */
    bool close_after;       /* the reply in progress is the last */
    bool running;           /* inside conn_run: no second one */
    bool saw_bytes;         /* of the head being waited for */
    bool fresh;             /* no request yet: the TLS handshake counts as part of the head */
    int blank_lines;        /* skipped before this head */
    char *own;              /* keeps `in` between two runs; NULL: `in` is in the loop's scratch */
    size_t own_size;
    const char *in;         /* read and not yet consumed */
    size_t in_len;
    struct http_scan scan;
    struct http_chunked chunked;
    int64_t body_left;
    int64_t since_ms;       /* the state, or the part of it that has a deadline */
    int64_t progress_ms;    /* last byte that the client took */
    int64_t moved;          /* bytes of this body or reply */
    struct str out[3];      /* waiting to be written, in order */
    int out_count;
    bool out_last;          /* nothing comes after `out` */
    struct exchange *x;
    struct peer_key peer;
    char peer_name[INET6_ADDRSTRLEN];
};
/* Takes over `fd`. */
void conn_accept(struct loop *loop, int fd, const struct sockaddr *address);
void conn_run(struct conn *conn);
void conn_close(struct conn *conn);
void conn_answered(struct conn *conn); /* its exchange came back to the loop */
void conn_tick(struct conn *conn);     /* timeouts */
void conn_stop(struct conn *conn);     /* the graceful stop has begun */
void conn_cut(struct conn *conn);      /* the graceful stop is over */

enum step head_run(struct conn *conn);                 /* CONN_HEAD */
enum step body_begin(struct conn *conn);
enum step body_run(struct conn *conn);                 /* CONN_BODY */
enum step dispatch_head(struct conn *conn, size_t head_len);
enum step dispatch_handler(struct conn *conn);         /* the request is complete */
enum step dispatch_reply(struct conn *conn);           /* the exchange is answered */
enum step conn_refuse(struct conn *conn, int status, const char *why); /* and close */
enum step writer_run(struct conn *conn);               /* CONN_REPLY */
enum step linger_begin(struct conn *conn);
enum step linger_run(struct conn *conn);               /* CONN_LINGER */

/* I/O that hides TLS. > 0 bytes; 0 end of file; -1 later; -2 broken. */
ssize_t conn_read(struct conn *conn, char *room, size_t size);
ssize_t conn_write(struct conn *conn, const struct str *parts, int count, bool more);
enum step conn_fill(struct conn *conn); /* reads more input; STEP_AGAIN: there is some */
void conn_consume(struct conn *conn, size_t n);
bool conn_keep_input(struct conn *conn); /* before the scratch is used for another one */

/* ---- streams ---- */

void stream_attach(struct http_stream *stream, struct conn *conn); /* its head is being written */
void stream_detach(struct http_stream *stream);                    /* the client has gone */
void stream_end_events(struct http_stream *stream);                /* the server stops */
/* The next bytes to write, valid until the next call. False: nothing now, or see `*end`: 1 the
 * body is complete, -1 break off. */
bool stream_next(struct http_stream *stream, struct str *ret, int *end);
bool stream_is_events(const struct http_stream *stream);
/* A comment line that keeps an idle event stream and its proxies awake. */
struct str stream_heartbeat(const struct http_stream *stream);
void exchange_send(struct exchange *x); /* http_answer's second half */

/* ---- loops ---- */

#define LOOP_SCRATCH (64 * 1024)
#define LOOP_TICK_MS 250
#define LOOP_POOL_MAX 64
#define CHUNK 16384 /* of a pulled body or a file under TLS */
#define CHUNK_HEAD 8 /* "4000\r\n" and its end fit around */

struct loop_counters {
    _Atomic uint64_t requests, by_class[6], latency[HTTP_LATENCY_BUCKETS], latency_sum;
    _Atomic uint64_t bytes_in, bytes_out, accepted, refused, bad, timeouts;
};

struct loop {
    struct http_server *server;
    int index;
    pthread_t handle; /* to join */
    pthread_t thread; /* set by the thread itself, read only by who got an exchange from it */
    struct event_base *base;
    struct event listen_event, wake_event, tick_event;
    bool listening, stopping;
    struct post stop_post, kill_post;
    int listen_fd, wake_fd;
    struct conn *conns;
    _Atomic(struct post *) posts;
    _Atomic int64_t posting; /* threads inside loop_post */
    struct exchange *dispatching; /* whose handler runs now */
    struct exchange *pool;
    int pooled;
    int64_t now_ms;               /* of the last wake-up */
    int64_t ticked_ms, date_s;
    char date[40];
    uint64_t next_id;
    struct loop_counters counters;
    char scratch[LOOP_SCRATCH];
};

struct http_server {
    struct http_config config;
    struct arena *arena; /* copies of the configuration */
    const struct http_header_line *headers;
    struct str default_block; /* the default headers as sent */
    int port;
    int loop_count, started;
    struct loop *loops;
    struct peers *peers;
    pthread_mutex_t lock;     /* tls, compressors */
    struct ssl_ctx_st *tls;
    void *compressors[16];
    int compressor_count;
    _Atomic int64_t connections, running, streams, body_memory;
    _Atomic int cut;          /* connections that a stop broke off */
    _Atomic int64_t running_loops; /* that do not stop yet */
    _Atomic bool stop_begun, kill_begun;
    uint64_t id_seed;
};

int loop_start(struct loop *loop); /* 0 or errno */
void loop_stop(struct loop *loop); /* from any thread: begins the graceful stop */
void loop_kill(struct loop *loop); /* from any thread: cuts what is left, ends the thread */
int64_t clock_us(void);            /* monotonic */
void counter_add(_Atomic uint64_t *counter, uint64_t n);
void count_reply(struct exchange *x);

/* tls.c is alone in seeing OpenSSL, whose ERR_STATE is not ours. */
struct ssl_ctx_st *tls_make(const char *cert, const char *key, struct fault *fault); /* or NULL */
void tls_free(struct ssl_ctx_st *tls);
struct ssl_st *tls_accept(struct http_server *server, int fd); /* NULL: no memory */
void tls_end(struct ssl_st *ssl);  /* tells the client that the data is complete */
void tls_drop(struct ssl_st *ssl);
/* Like conn_read and conn_write. */
ssize_t tls_read(struct ssl_st *ssl, char *room, size_t size);
ssize_t tls_write(struct ssl_st *ssl, struct str data);

bool gzip_body(struct http_server *server, struct arena *arena, struct str *body);
