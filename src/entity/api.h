/* api.h - inside of the dispatcher: the mounted routes (api.c), one call (call.c), HTTP
 * (api_http.c). */
#pragma once

#include "db/db.h"
#include "entity/ops.h"
#include "entity/route.h"
#include "http/http.h"

#include <pthread.h>

struct mounted {
    struct route route;
    struct api *api;
    const char *path; /* whole: "/api/v1/visits/{id}" */
};

struct api {
    struct api_config config;
    struct arena *arena;
    VEC(struct mounted) mounted;
    struct http_route *http_routes;
    struct http_router *router; /* for api_call() */

    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    struct call *first, *last; /* waiting for a worker */
    int waiting, running, workers;
    int asleep, waking; /* workers that sleep; woken ones that have taken nothing yet */
    bool closing;
    pthread_t *threads;
    struct api_figures figures;
};

enum call_step { CALL_RUN, CALL_ANSWER };

/* One request under way. Lives in its own arena. */
struct call {
    struct api *api;
    const struct mounted *mounted;
    struct arena *arena;
    struct arena_mark start; /* what stands before it belongs to the connection */
    struct arena_mark ready; /* in, authentication and .before are done: a rerun begins here */
    struct cx cx;
    struct request in;
    struct reply out;
    struct http_exchange *exchange; /* NULL: api_call() */
    struct db_command command;
    struct fault fault;
    enum err outcome;
    bool replayed;
    enum call_step step;
    struct call *next;
    void (*finished)(struct call *call); /* takes the reply; the call is gone after it */
    void *user;
};

/* Everything up to the reply; `finished` is called once, on this or on a database thread. */
void call_run(struct call *call);
/* The reply of a failure: status and problem JSON. */
void call_problem(struct call *call);
#define API_PULL_MAX ((size_t)64 << 20) /* address space of a pulled body; a piece is far smaller */

/* Puts a call in front of the workers. false: too many wait. `forced`: never refused. */
bool api_queue(struct api *api, struct call *call, bool forced);
/* The call has been answered and is gone. */
void api_over(struct api *api);
/* Adds the routes of all entities. */
void api_mount_entities(struct api *api, const struct model *model);
void api_mount(struct api *api, const struct route *route);
void api_http_make(struct api *api);
/* Reads body and headers into call->in. */
NODISCARD enum err call_read(struct call *call);
