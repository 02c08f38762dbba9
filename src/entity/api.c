/* api.c - the table of all routes, checked before the first request; the workers. */
#include "entity/api.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ mounting */

static const char *whole_path(struct arena *arena, const char *path)
{
    if (path[0] == '/' && path[1] == '/')
        return path + 1;
    return str_fmt(arena, "/api/v1%s", path).data;
}

void api_mount(struct api *api, const struct route *route)
{
    vec_add(api->arena, &api->mounted, ((struct mounted){
        .route = *route, .api = api, .path = whole_path(api->arena, route->path) }));
}

static enum err check_route(const struct mounted *m, struct fault *fault)
{
    const struct route *r = &m->route;
    if (r->method == METHOD_NONE || !r->run || r->path[0] != '/')
        return fault_set(fault, ERR_INVALID, "route %s: method, path and handler are needed",
                         r->path);
    if (r->may == MAY_NOBODY)
        return fault_set(fault, ERR_INVALID, "route %s names no permission (.may)", r->path);
    if (r->may < MAY_SIGNED_IN)
        return fault_set(fault, ERR_INVALID, "route %s names an unknown permission", r->path);
    if (r->may == MAY_ANYONE && (!r->why || !*r->why))
        return fault_set(fault, ERR_INVALID,
                         "route %s is open to anyone and does not say why (.why)", r->path);
    if ((r->method == GET || r->method == DELETE) && r->body != BODY_NONE)
        return fault_set(fault, ERR_INVALID, "route %s: this method takes no body", r->path);
    if (r->before && (r->method == GET || r->reads))
        return fault_set(fault, ERR_INVALID, "route %s only reads: it needs no .before", r->path);
    return OK;
}

static enum err check_all(struct api *api, struct fault *fault)
{
    for (size_t i = 0; i < api->mounted.count; i++)
        TRY(check_route(&api->mounted.items[i], fault));
    /* The router refuses two routes that answer the same address. */
    return http_router_make(api->arena, api->http_routes, api->mounted.count, fault, &api->router);
}

const struct route *api_route_at(const struct api *api, size_t index)
{
    return index < api->mounted.count ? &api->mounted.items[index].route : NULL;
}

const struct http_route *api_http_routes(const struct api *api, size_t *count)
{
    *count = api->mounted.count;
    return api->http_routes;
}

/* ------------------------------------------------------------------ workers */

/* One at a time: a woken worker that finds more than its own call wakes the next. Waking one for
 * each call of a burst would have them all wait for the lock. */
static void wake_worker(struct api *api)
{
    if (!api->first || api->waking || !api->asleep)
        return;
    api->waking++;
    pthread_cond_signal(&api->work);
}

bool api_queue(struct api *api, struct call *call, bool forced)
{
    int max = api->config.queue_max ? api->config.queue_max : 1024;
    pthread_mutex_lock(&api->lock);
    bool taken = forced || (!api->closing && api->waiting < max);
    if (taken) {
        call->next = NULL;
        if (api->last)
            api->last->next = call;
        else
            api->first = call;
        api->last = call;
        api->waiting++;
        /* A forced one is counted as running since its first time. */
        if (!forced)
            api->running++;
        wake_worker(api);
    }
    pthread_mutex_unlock(&api->lock);
    return taken;
}

void api_over(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    if (--api->running == 0) {
        pthread_cond_broadcast(&api->idle);
        pthread_cond_broadcast(&api->work);
    }
    pthread_mutex_unlock(&api->lock);
}

static struct call *next_call(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    while (!api->first && !(api->closing && api->running == 0)) {
        api->asleep++;
        pthread_cond_wait(&api->work, &api->lock);
        api->asleep--;
        api->waking = 0; /* whoever woke, for whatever reason: the next may be woken */
    }
    struct call *call = api->first;
    if (call) {
        api->first = call->next;
        if (!api->first)
            api->last = NULL;
        api->waiting--;
        wake_worker(api);
    }
    pthread_mutex_unlock(&api->lock);
    return call;
}

static void *work(void *arg)
{
    struct api *api = arg;
    for (struct call *call; (call = next_call(api)) != NULL;) {
        if (call->step == CALL_ANSWER)
            call->finished(call);
        else
            call_run(call);
    }
    return NULL;
}

static enum err start_workers(struct api *api, struct fault *fault)
{
    int count = api->config.workers ? api->config.workers : 8;
    api->threads = arena_array(api->arena, pthread_t, (size_t)count);
    for (; api->workers < count; api->workers++)
        if (pthread_create(&api->threads[api->workers], NULL, work, api) != 0)
            return fault_set(fault, ERR_NO_MEMORY, "no thread for a worker");
    return OK;
}

/* ------------------------------------------------------------------ opening and closing */

#define API_ARENA_MAX ((size_t)256 << 20)

static enum err open_all(struct api *api, struct fault *fault)
{
    for (const struct route *const *table = api->config.tables; table && *table; table++)
        for (const struct route *r = *table; r->method != METHOD_NONE || r->path; r++)
            api_mount(api, r);
    api_mount_entities(api, api->config.services->model);
    api_http_make(api);
    TRY(check_all(api, fault));
    return start_workers(api, fault);
}

enum err api_open(const struct api_config *config, struct fault *fault, struct api **ret)
{
    struct arena *arena = arena_open(API_ARENA_MAX);
    if (!arena)
        return fault_set(fault, ERR_NO_MEMORY, "no memory for the table of routes");
    struct api *api = arena_new(arena, struct api);
    api->arena = arena;
    api->config = *config;
    pthread_mutex_init(&api->lock, NULL);
    pthread_cond_init(&api->work, NULL);
    pthread_cond_init(&api->idle, NULL);
    enum err e = open_all(api, fault);
    if (e) {
        api_close(api);
        return e;
    }
    *ret = api;
    return OK;
}

void api_close(struct api *api)
{
    if (!api)
        return;
    pthread_mutex_lock(&api->lock);
    api->closing = true;
    pthread_cond_broadcast(&api->work);
    while (api->running > 0)
        pthread_cond_wait(&api->idle, &api->lock);
    pthread_cond_broadcast(&api->work);
    pthread_mutex_unlock(&api->lock);
    for (int i = 0; i < api->workers; i++)
        pthread_join(api->threads[i], NULL);
    pthread_cond_destroy(&api->work);
    pthread_cond_destroy(&api->idle);
    pthread_mutex_destroy(&api->lock);
    arena_close(api->arena);
}

struct api_figures api_figures(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    struct api_figures figures = api->figures;
    figures.waiting = api->waiting;
    figures.running = api->running;
    pthread_mutex_unlock(&api->lock);
    return figures;
}
