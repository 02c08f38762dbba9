#include "app/site.h"

#include "app/ui_pack.h"
#include "base/buf.h"
#include "core/job/job.h"

static const char csp[] =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

static const struct site *site_of(const struct http_exchange *x)
{
    return x->route->user;
}

static void not_found(struct http_exchange *x)
{
    http_answer_problem(x, &(struct http_problem){ .status = 404, .code = "not_found",
                                                   .title = "There is no such page" });
}

static void serve_ui(struct http_exchange *x)
{
    struct ui_file file;
    if (str_starts(x->path, STR("/api/")) || str_starts(x->path, STR("/log/")) ||
        !ui_pack_route(x->path, &file)) {
        not_found(x);
        return;
    }
    bool hashed = str_starts(x->path, STR("/assets/"));
    http_add_header(x, "Cache-Control",
                    hashed ? STR("public, max-age=31536000, immutable") : STR("no-cache"));
    http_add_header(x, "Content-Security-Policy", str_from(csp));
    http_add_header(x, "Cross-Origin-Opener-Policy", STR("same-origin"));
    http_add_header(x, "Vary", STR("Accept-Encoding"));
    x->reply.type = file.type;
    x->reply.etag = file.etag;
    if (file.brotli.len && http_accepts_encoding(x, "br")) {
        x->reply.body = file.brotli;
        x->reply.encoding = STR("br");
    } else if (file.gzip.len && http_accepts_encoding(x, "gzip")) {
        x->reply.body = file.gzip;
        x->reply.encoding = STR("gzip");
    } else {
        x->reply.body = file.raw;
        x->reply.plain = true;
    }
    http_answer(x);
}

/* For whoever watches the machine: does the process answer, and can it read its database? */
static enum err touch(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)tx;
    (void)arg;
    (void)fault;
    return OK;
}

static void health(struct http_exchange *x)
{
    struct fault fault = { 0 };
    bool good = db_read(site_of(x)->app->db, touch, NULL, &fault) == OK;
    x->reply.status = good ? 200 : 503;
    x->reply.body = good ? STR("{\"status\":\"ok\"}") : STR("{\"status\":\"database\"}");
    http_answer(x);
}

static void metric(struct buf *out, const char *name, const char *kind, uint64_t value)
{
    buf_fmt(out, "# TYPE %s %s\n%s %llu\n", name, kind, name, (unsigned long long)value);
}

static void http_metrics(struct buf *out, const struct http_stats *s)
{
    metric(out, "qibing_http_requests_total", "counter", s->requests);
    metric(out, "qibing_http_bad_requests_total", "counter", s->bad_requests);
    metric(out, "qibing_http_timeouts_total", "counter", s->timeouts);
    metric(out, "qibing_http_connections", "gauge", (uint64_t)s->connections);
    buf_cstr(out, "# TYPE qibing_http_request_seconds histogram\n");
    uint64_t below = 0;
    for (int i = 0; i < HTTP_LATENCY_BUCKETS; i++) {
        below += s->latency[i];
        if (i < HTTP_LATENCY_BUCKETS - 1)
            buf_fmt(out, "qibing_http_request_seconds_bucket{le=\"%lld.%06lld\"} %llu\n",
                    (long long)(http_latency_bounds_us[i] / 1000000),
                    (long long)(http_latency_bounds_us[i] % 1000000),
                    (unsigned long long)below);
    }
    buf_fmt(out, "qibing_http_request_seconds_bucket{le=\"+Inf\"} %llu\n"
            "qibing_http_request_seconds_sum %llu.%06llu\nqibing_http_request_seconds_count %llu\n",
            (unsigned long long)below, (unsigned long long)(s->latency_sum_us / 1000000),
            (unsigned long long)(s->latency_sum_us % 1000000), (unsigned long long)below);
}

static void metrics(struct http_exchange *x)
{
    const struct site *site = site_of(x);
    struct buf out = buf_in(x->arena);
    struct http_stats stats;
    http_server_stats(site->server, &stats);
    http_metrics(&out, &stats);
    struct db_figures db = db_figures(site->app->db);
    metric(&out, "qibing_db_commands_total", "counter", db.commands);
    metric(&out, "qibing_db_commits_total", "counter", db.groups);
    metric(&out, "qibing_db_failed_total", "counter", db.failed);
    metric(&out, "qibing_db_waiting", "gauge", (uint64_t)db.waiting);
    struct api_figures api = api_figures(site->api);
    metric(&out, "qibing_api_calls_total", "counter", api.calls);
    metric(&out, "qibing_api_failed_total", "counter", api.failed);
    metric(&out, "qibing_api_running", "gauge", (uint64_t)api.running);
    x->reply.type = STR("text/plain; version=0.0.4");
    x->reply.body = buf_view(&out);
    http_answer(x);
}

/* Figures of a business are not for passers-by: only this machine may read them. */
static bool from_here(struct http_exchange *x)
{
    if (str_starts(x->peer, STR("127.")) || str_is(x->peer, "::1"))
        return true;
    http_set_problem(x, &(struct http_problem){ .status = 404, .code = "not_found",
                                                .title = "There is no such page" });
    return false;
}

const struct http_route *site_routes(struct arena *arena, struct site *site, size_t *count)
{
    size_t api_count;
    const struct http_route *api = api_http_routes(site->api, &api_count);
    const struct http_route own[] = {
        { .method = HTTP_GET, .pattern = "/healthz", .handler = health, .user = site },
        { .method = HTTP_GET, .pattern = "/metrics", .handler = metrics, .admit = from_here,
          .user = site },
        { .method = HTTP_GET, .pattern = "/", .handler = serve_ui, .user = site },
        { .method = HTTP_GET, .pattern = "/{path*}", .handler = serve_ui, .user = site },
    };
    struct http_route *all = arena_array(arena, struct http_route, api_count + COUNT(own));
    memcpy(all, api, api_count * sizeof *all);
    memcpy(all + api_count, own, sizeof own);
    *count = api_count + COUNT(own);
    return all;
}
