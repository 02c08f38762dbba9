/*
 * route.h - the addresses of the API, each with the permission it needs, and the dispatcher.
 *
 * A route names its permission or the server refuses to start. Operations of entities need no
 * entry here: they come from the descriptions (entity/entity.h mounts them).
 *
 *     const struct route visit_routes[] = {
 *         { POST, "/visits/import", visit_import, .may = MAY_VISIT_PLAN, .body = BODY_CSV },
 *         { GET,  "/visits/map",    visit_map,    .may = MAY_VISIT_READ },
 *         { 0 },
 *     };
 *
 * Paths are relative to /api/v1 unless they begin with "//", which means the root: "//log/{org}".
 * `{name}` takes one segment, `{name*}` as the last segment takes the rest.
 *
 * Where a handler runs:
 *   GET, or .reads      a worker thread, in a read transaction (a snapshot); cx->writes is false
 *   all others          the writer, in a transaction of their own that shares its fsync with the
 *                       commands around it; the answer leaves after the commit. On PostgreSQL, and
 *                       after a conflict anywhere, the handler may run twice: it touches only cx,
 *                       the database, and its reply
 *   .before             a worker thread, read transaction, before the handler of a writing route:
 *                       for what must not hold up the writer (password hashes, reading a file)
 */
#pragma once

#include "base/buf.h"
#include "entity/cx.h"

enum method { METHOD_NONE, GET, POST, PUT, PATCH, DELETE };

enum body_kind {
    BODY_NONE = 0,       /* a body is refused */
    BODY_JSON = 1 << 0,  /* read strictly into request.json; must be an object */
    BODY_CSV = 1 << 1,   /* text/csv */
    BODY_XLSX = 1 << 2,
    BODY_BYTES = 1 << 3, /* any type */
};
#define BODY_JSON_MAX (1u << 20)
#define BODY_SHEET_MAX (64u << 20)
#define BODY_BYTES_MAX (8u << 20) /* one part of a resumable upload */

struct pair {
    struct str name, value;
};

struct http_exchange;

/* What came in. Everything is copied into cx->arena: it outlives the connection. */
struct request {
    enum method method;
    struct str path;
    const struct pair *params;  /* of the path: {id} */
    size_t param_count;
    const struct pair *query;   /* decoded */
    size_t query_count;
    const struct pair *headers; /* without HTTP; names in lower case. See request_header() */
    size_t header_count;
    struct str body;            /* as sent */
    struct str content_type;    /* without parameters, lower case */
    const struct json *json;    /* BODY_JSON; NULL when there was no body */
    struct str address;         /* of the client */
    int64_t if_match;           /* version named by If-Match; 0 absent; IF_MATCH_ANY for * */
    void *before;               /* what .before left for the handler */
    const void *state;          /* of whoever mounted the route (route.state) */
    struct http_exchange *http; /* where headers come from; NULL without HTTP */
};
#define IF_MATCH_ANY (-1)

struct str request_param(const struct request *in, const char *name);
/* The id in the path. ERR_NOT_FOUND when it is not a number: an id that cannot be is not there. */
NODISCARD enum err request_id(struct cx *cx, const struct request *in, const char *name,
                              int64_t *ret);
bool request_query(const struct request *in, const char *name, struct str *ret);
struct str request_header(const struct request *in, const char *name); /* lower-case name */

/* Pulls the rest of a body that is made while it is sent. `*done` ends it. Runs on a worker. */
typedef enum err reply_pull(void *state, struct buf *chunk, bool *done);

/* What goes out. Starts zeroed with `body` in cx->arena. */
struct reply {
    int status;            /* 0: 200, or 204 when there is nothing to send */
    struct buf body;
    const char *type;      /* NULL: application/json */
    int64_t version;       /* > 0: sent as ETag "v<version>" */
    struct str etag;       /* or this, quoted by the dispatcher */
    bool weigh;            /* make the ETag from the body and answer 304 when it is unchanged */
    struct str location;
    struct str download;   /* file name: Content-Disposition: attachment */
    int fd;                /* with file_bytes > 0: this file is the body; closed after sending */
    uint64_t file_bytes;
    bool cache_forever;    /* content-addressed or immutable */
    VEC(struct pair) headers;
    /* The body is pulled in pieces after the transaction has ended; `release` is always called
     * once, also when the client went away. */
    reply_pull *pull;
    void (*release)(void *state);
    void *pull_state;
};

/* Kept even when the handler then fails (a cookie to clear). */
void reply_header(struct cx *cx, struct reply *out, const char *name, struct str value);
struct json_writer reply_json(struct reply *out); /* writes to out->body */

typedef enum err route_run(struct cx *cx, const struct request *in, struct reply *out);
typedef enum err route_before(struct cx *cx, const struct request *in, void **ret);

struct route {
    enum method method;
    const char *path;
    route_run *run;
    int may;          /* generated MAY_…, MAY_ANYONE, MAY_SIGNED_IN; 0: no start */
    const char *why;  /* of MAY_ANYONE: why nobody needs to sign in */
    unsigned body;    /* BODY_… that are accepted, or-ed */
    size_t body_max;  /* 0: the limit of the kind */
    bool reads;       /* a POST that changes nothing (preview, search) */
    bool no_tx;       /* on a worker without any transaction (streams, long work): cx->tx is NULL,
                         the handler opens its own on cx->db */
    bool versioned;   /* If-Match is required: 428 without */
    bool unkeyed;     /* ignores Idempotency-Key: a repeat is harmless or must run again */
    route_before *before;
    const char *about;   /* one line for OpenAPI and the manual */
    const char *about_zh;
    const void *state;   /* given to the handler as request.state */
};

/* ------------------------------------------------------------------ modules */

struct job_kind; /* core/job */

/* A module introduces itself; app lists all of them. Tables end with a zero entry. */
struct module {
    const char *name, *about;
    const struct route *routes;
    const struct listener *listeners;
    const struct job_kind *jobs;
};

/* ------------------------------------------------------------------ the dispatcher */

struct http_route;
struct api;

/* Core/identity: who is asking? Fills org, actor, lang, zone of cx from session cookie or token.
 * ERR_UNAUTHENTICATED without (or with a stale) one. Also checks what a cookie needs on a writing
 * method (CSRF). Runs in a read transaction. Not called for MAY_ANYONE. */
typedef enum err authenticate_run(struct cx *cx, const struct request *in);

struct api_config {
    struct db *db;
    const struct services *services;
    const struct route *const *tables; /* of modules, NULL-terminated */
    authenticate_run *authenticate;
    struct id_source *ids;
    struct instant (*clock)(void);     /* NULL: instant_now */
    int workers;                       /* 0: 8, as many as the database's readers */
    int queue_max;                     /* requests waiting for a worker; 0: 1024; beyond: 503 */
};

/* Checks every table (permission, reason, no two routes alike) and starts the workers.
 * ERR_INVALID names the first bad route. */
NODISCARD enum err api_open(const struct api_config *config, struct fault *fault, struct api **ret);
/* Waits for what runs. Call after the HTTP server has stopped taking requests. */
void api_close(struct api *api);
/* The same routes for http's router; the array lives as long as the api. Add the program's own
 * (user interface, health) beside them. */
const struct http_route *api_http_routes(const struct api *api, size_t *count);

/* All mounted routes, those of entities too, for OpenAPI and for the test that walks them. */
const struct route *api_route_at(const struct api *api, size_t index); /* NULL: past the end */

/* Without HTTP: finds the route of in->path ("/api/v1/visits"), reads in->body by in->content_type,
 * runs it through permission, transaction and idempotency, and waits. A failure is a reply, too:
 * its status and problem JSON. For tests and the command line; never from inside a handler. */
const struct reply *api_call(struct api *api, struct arena *arena, const struct request *in);

struct api_figures {
    uint64_t calls, failed, replayed; /* replayed: answered from the kept answers */
    int waiting, running;
};
struct api_figures api_figures(struct api *api);
