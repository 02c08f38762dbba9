/*
 * site.h - what the server answers beside the API: the interface (embedded, or a folder during
 * development), /healthz, /metrics.
 */
#pragma once

#include "app/app.h"
#include "entity/route.h"
#include "http/http.h"

struct site {
    struct app *app;
    struct api *api;
    struct http_server *server; /* set after it was opened; for /metrics */
    const char *ui_folder;      /* NULL: the embedded pack */
};

/* Routes of the API and of the site, in the arena. */
const struct http_route *site_routes(struct arena *arena, struct site *site, size_t *count);
