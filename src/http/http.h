/*
 * http.h - the HTTP/1.1 server: event loops, strict parsing, routes, replies, streams, limits.
 *
 * One loop per core, each with its own listening socket (SO_REUSEPORT). A request is parsed by our
 * own strict parser (docs/adr/0004-http-core.md), matched with the routing table, its body read up
 * to the limit of the route, and handed to the route's handler on the loop's thread as a
 * `struct http_exchange`. The handler fills `exchange->reply` and calls http_answer() at once, or
 * keeps the pointer and lets ANY thread do so later. A handler must not block: whatever waits for
 * a disk or a database belongs to a worker thread, because a loop serves thousands of clients.
 *
 * Ownership: from the handler's call to http_answer() the exchange and its arena belong to the
 * application, one thread at a time. After http_answer() neither may be touched. Every exchange
 * must be answered exactly once, also when the client has gone; it stays valid until then. No
 * arena_guard is set while a handler runs: the application's own boundary sets and clears one.
 *
 * Times are microseconds of the monotonic clock unless a name ends in _ms or _s.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_METHODS
};
const char *http_method_name(enum http_method method);

#define HTTP_PARAMS_MAX 8      /* {names} in one pattern */
#define HTTP_HEAD_MAX 32768    /* request line and headers; beyond: 431 */
#define HTTP_HEADERS_MAX 100   /* beyond: 431 */
#define HTTP_TARGET_MAX 8192   /* beyond: 414 */
#define HTTP_BODY_SMALL 65536  /* a usual `body_max` for JSON commands */

struct http_exchange;

/* Fills the body of a reply. Writes up to `size` bytes and returns how many; 0 ends the body,
 * -1 breaks the connection off (the client sees a truncated body, never a complete wrong one).
 * Runs on the loop's thread and must not block: for slow sources use a stream. */
typedef ssize_t http_pull_fn(void *user, char *room, size_t size);

/* What the application says. Zero values are the defaults; texts must live in the exchange's
 * arena or longer. At most one of body, fd, pull. */
struct http_reply {
    int status;          /* 0: 200, or 204 without any body */
    struct str type;     /* Content-Type; empty: application/json */
    struct str body;
    int fd;              /* > 0: a regular file to send; closed by the server */
    int64_t fd_from;     /* first byte */
    int64_t fd_len;      /* bytes */
    http_pull_fn *pull;  /* length unknown: chunked */
    void *pull_user;
    void (*pull_done)(void *user); /* once, on success and on failure, on any thread; may be NULL */
    struct str etag;     /* with its quotes; gives 304 on If-None-Match */
    int64_t modified_s;  /* seconds since the epoch; gives Last-Modified and 304; 0: none */
    struct str encoding; /* the body is already encoded so ("gzip", "br"); adds Vary */
    bool plain;          /* never compress: the body has secrets beside text of an attacker */
    bool ranges;         /* answer Range with 206/416; for a buffer or a file */
    bool close;          /* close the connection after this reply */
};

struct http_route;

/* One request and its reply. Fields are set by the server; `reply` and `user` are yours. */
struct http_exchange {
    struct arena *arena;            /* lives until the reply is sent; recycled afterwards */
    enum http_method method;        /* HEAD is told to GET handlers; the body is dropped */
    struct str target;              /* as sent: "/a%20b?x=1" */
    struct str path;                /* decoded, checked: UTF-8, no NUL, no dot segments: "/a b" */
    struct str query;               /* as sent, without '?' */
    struct str host;                /* as sent, with port */
    const struct http_route *route;
    struct str body;                /* whole; empty when the route spools and body_fd is set */
    int body_fd;                    /* spooled body, positioned at 0; closed by the server. Or -1 */
    int64_t body_len;
    struct str peer;                /* "192.0.2.7", "2001:db8::1"; no port */
    bool tls;
    struct str id;                  /* request id, 16 hex digits; also in the reply and the log */
    int64_t began;                  /* head complete */
    void *user;
    struct http_reply reply;
};

typedef void http_handler_fn(struct http_exchange *x);

/* Looks at the head before the body is read (session, permission, rate). True: go on. False: the
 * reply is filled in and is sent without reading the body. Runs on the loop: must not block. */
typedef bool http_admit_fn(struct http_exchange *x);

/*
 * A pattern is made of segments: "/api/v1/visits/{id}/arrive". `{name}` takes one whole non-empty
 * segment; a last `{name*}` takes the rest of the path, slashes included. Text beats {name} beats
 * {name*} at the leftmost segment where two patterns differ. GET also answers HEAD; OPTIONS and
 * 405 with Allow are made by the router.
 */
struct http_route {
    enum http_method method;
    const char *pattern;
    http_handler_fn *handler;
    http_admit_fn *admit;  /* NULL: none */
    int64_t body_max;      /* bytes; 0: a request with a body is refused with 413 */
    bool spool;            /* the body goes to an unlinked file in config.spool_folder: body_fd */
    const void *user;      /* the application's description of this route */
};

struct http_router;
/* Builds the table in `arena`; `routes` must live as long. ERR_INVALID names a bad pattern or two
 * that say the same. Usable without a server. */
NODISCARD enum err http_router_make(struct arena *arena, const struct http_route *routes,
                                    size_t count, struct fault *fault, struct http_router **ret);
struct http_match {
    const struct http_route *route;  /* NULL: see allowed */
    unsigned allowed;                /* bit 1 << method for each method of that path; 0: no path */
    struct str params[HTTP_PARAMS_MAX];
};
/* `path` is decoded. */
struct http_match http_router_find(const struct http_router *router, enum http_method method,
                                   struct str path);

/* ---- reading a request (any thread that owns the exchange) ---- */

/* Value of a header, first of its name, without outer blanks; case of `name` does not matter.
 * STR_NONE (data NULL): absent. */
struct str http_header(const struct http_exchange *x, const char *name);
/* A {name} of the pattern, decoded. Empty: the pattern has none. */
struct str http_param(const struct http_exchange *x, const char *name);
/* First query parameter of that name, decoded ('+' is a blank). STR_NONE: absent. */
struct str http_query(struct http_exchange *x, const char *name);
/* Walks all query parameters in order: start `*at` at 0. Decoded into the arena. */
bool http_query_next(struct http_exchange *x, size_t *at, struct str *name, struct str *value);
/* Value of a cookie, first of its name. STR_NONE: absent. */
struct str http_cookie(const struct http_exchange *x, const char *name);
/* Does the client take this content coding ("gzip", "br", "zstd") with q > 0? */
bool http_accepts_encoding(const struct http_exchange *x, const char *coding);
/* The first of `types` (ended by NULL) that Accept allows by its q values; index, or -1. */
int http_accepts_type(const struct http_exchange *x, const char *const *types);

/* ---- answering ---- */

/* Adds a header to the reply. A name that is no token or a value with control characters turns
 * the whole reply into a logged 500: header injection is a defect, not an input error. A header
 * of the server's defaults (Cache-Control, Content-Security-Policy …) is replaced. Set-Cookie may
 * be added several times. `name` is a literal or lives as long as `value`. Not for Content-Type,
 * Content-Length, Content-Range, Transfer-Encoding, Connection, Date. */
void http_add_header(struct http_exchange *x, const char *name, struct str value);

/* Sends x->reply. From any thread; returns at once; the exchange is gone for the caller.
 * Bodies above 1 KB of a compressible type are gzipped here, on the calling thread. */
void http_answer(struct http_exchange *x);

/* Shorthands; each sets the reply and calls http_answer(). Bodies must live in the arena. */
void http_answer_json(struct http_exchange *x, int status, struct str json);

struct http_field_error { struct str field, code, message; };
/* RFC 9457 problem JSON: type, title, status, code, detail, request_id, errors[]. */
struct http_problem {
    int status;
    const char *code;   /* "not_found" */
    const char *title;  /* one sentence */
    struct str detail;  /* may be empty */
    const struct http_field_error *errors;
    size_t error_count;
};
/* Fills x->reply, does not answer (for admit functions). */
void http_set_problem(struct http_exchange *x, const struct http_problem *problem);
void http_answer_problem(struct http_exchange *x, const struct http_problem *problem);
/* The problem of a fault: status and code from errors.def, its message as detail, its field. A
 * message of a 5xx stays in the log and out of the reply. Title in Chinese when `chinese`. */
void http_set_fault(struct http_exchange *x, const struct fault *fault, bool chinese);
void http_answer_fault(struct http_exchange *x, const struct fault *fault, bool chinese);

/* ---- streams: a reply whose body is produced by another thread, piece by piece ---- */

/*
 * http_stream_open() takes the place of http_answer(): it sends the head (status, type, headers of
 * x->reply; never compressed) and gives the exchange away. The stream belongs to the caller until
 * http_stream_close(), whatever the client does.
 */
struct http_stream;
/* NULL: no memory; the exchange was answered so. */
struct http_stream *http_stream_open(struct http_exchange *x);
/* An event stream: type text/event-stream, no-store, a comment as heartbeat when idle. */
struct http_stream *http_stream_open_events(struct http_exchange *x);
/* Queues bytes and returns at once. False: the client has gone, was cut because its queue
 * exceeded config.stream_queue_max (it did not read), or the server stops: close the stream. */
bool http_stream_push(struct http_stream *stream, struct str data);
/* One event: "event: name", "id: id", "data: …" for each line. name and id may be empty. */
bool http_stream_event(struct http_stream *stream, const char *name, struct str id,
                       struct str data);
/* Like push, but waits while the queue is full, for exports from a worker thread. Never call it
 * on a loop's thread. A client that takes nothing for config.write_timeout_ms is cut. */
bool http_stream_write(struct http_stream *stream, struct str data);
/* Ends the body and gives the stream back. `whole` false: the connection breaks off without a
 * proper end, so that the client cannot take a part for the whole. */
void http_stream_close(struct http_stream *stream, bool whole);

/* ---- the server ---- */

struct http_header_line { const char *name, *value; };

struct http_config {
    const char *address;   /* "127.0.0.1", "::", "0.0.0.0" */
    int port;              /* 0: the system chooses; see http_server_port */
    int loops;             /* 0: one per core */
    const char *tls_cert;  /* PEM chain and key; NULL: plain HTTP */
    const char *tls_key;
    const struct http_router *router;
    /* On every reply, ended by a NULL name; the handler's own header wins. NULL: the defaults
     * of http_default_headers(). */
    const struct http_header_line *headers;
    /* May refuse a request by its head (429). Returns 0 to go on or the seconds of Retry-After.
     * Called on the loops' threads, at the same time. NULL: no limit. */
    int (*rate)(void *user, struct str peer, const struct http_exchange *x);
    void *rate_user;
    const char *spool_folder; /* for routes with spool; NULL: "/tmp" */
    bool access_log;          /* one line per request through base/log.h */
    /* Behind our own proxy: the last X-Forwarded-For address is the peer and X-Forwarded-Proto
     * tells tls, but only on connections that come from loopback. */
    bool behind_proxy;

    /* Limits; 0 takes the default in brackets. */
    size_t arena_max;             /* one exchange's arena, address space [256 MiB] */
    int64_t body_memory_max;      /* bodies being received, all connections [256 MiB]; then 503 */
    int connections_max;          /* [20000]; beyond: 503 and close */
    int connections_per_peer_max; /* [1000]; phones behind one gateway share an address */
    int head_timeout_ms;          /* first byte to end of head [10000] */
    int idle_timeout_ms;          /* between requests [60000] */
    int body_timeout_ms;          /* whole body may take this plus its size at the rate [10000] */
    int body_rate_min;            /* bytes per second [4096] */
    int write_timeout_ms;         /* without any progress [30000] */
    int write_rate_min;           /* bytes per second over the whole reply after 30 s [512] */
    int heartbeat_ms;             /* of event streams [15000] */
    size_t stream_queue_max;      /* bytes waiting for one client [256 KiB] */
};

struct http_server;
/* Binds and starts the loops. The server runs when this returns; `*ret` is set before that, so that
 * handlers may use it. */
NODISCARD enum err http_server_open(const struct http_config *config, struct fault *fault,
                                    struct http_server **ret);
int http_server_port(const struct http_server *server);
/*
 * Graceful stop: no new connections; idle ones are closed; requests whose head has arrived are
 * finished and answered with Connection: close; event streams are ended (push returns false), other
 * streams may finish. Returns when all are done or after `deadline_ms`, when the rest is cut; true:
 * nothing was cut.
 */
bool http_server_stop(struct http_server *server, int deadline_ms);
/* After stop: waits for exchanges and streams still held by the application, then frees. */
void http_server_close(struct http_server *server);
/* Reads the certificate and key again, for new connections. The old ones stay on failure. */
NODISCARD enum err http_server_reload_tls(struct http_server *server, struct fault *fault);

/* Security headers for a site that loads only from itself; also Cache-Control: no-store. */
const struct http_header_line *http_default_headers(void);

/* Counters since the start, summed over the loops; for /metrics. */
#define HTTP_LATENCY_BUCKETS 16
extern const int64_t http_latency_bounds_us[HTTP_LATENCY_BUCKETS - 1]; /* last bucket: above all */
struct http_stats {
    uint64_t requests;            /* answered */
    uint64_t by_class[6];         /* index status / 100; 0 unused */
    uint64_t latency[HTTP_LATENCY_BUCKETS]; /* head complete to reply handed to the system */
    uint64_t latency_sum_us;
    uint64_t bytes_in, bytes_out;
    uint64_t accepted;            /* connections */
    uint64_t refused;             /* over a connection limit */
    uint64_t bad_requests;        /* refused by the parser */
    uint64_t timeouts;            /* closed by a timeout or for slowness */
    int64_t connections;          /* now */
    int64_t running;              /* exchanges held by handlers now */
    int64_t streams;              /* now */
    int64_t body_memory;          /* bytes of bodies being received now */
};
void http_server_stats(const struct http_server *server, struct http_stats *ret);
