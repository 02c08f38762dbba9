/* The server: opens everything, waits for a signal, closes everything in the right order. */
#include "app/app.h"
#include "app/demo.h"
#include "app/modules.h"
#include "app/options.h"
#include "app/site.h"
#include "app/ui_pack.h"

#include "base/io.h"
#include "base/log.h"
#include "core/identity/identity.h"
#include "core/job/job.h"
#include "core/proof/proof.h"

#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STOP_WITHIN_MS = 10000, JOB_THREADS = 2 };

static const char help[] =
    "usage: qibing serve [--data DIR] [--listen ADDR:PORT] [options]\n\n"
    "Serves the web interface and the API of all companies in the data folder. Stops gracefully\n"
    "on SIGTERM or SIGINT: requests under way are answered, jobs go on after the next start.\n"
    "SIGHUP reads a renewed certificate and key.\n\n"
    "  --data DIR           the data folder [./qibing-data]\n"
    "  --database URL       postgres://… instead of DIR/qibing.db\n"
    "  --listen ADDR:PORT   [127.0.0.1:8080]; port 0 lets the system choose\n"
    "  --host NAME          public name; begins the origin of new proof logs [localhost]\n"
    "  --tls-cert FILE      PEM certificate chain; with --tls-key: HTTPS\n"
    "  --tls-key FILE\n"
    "  --behind-proxy       believe X-Forwarded-For and -Proto of a proxy on this machine\n"
    "  --access-log         one line per request on stderr\n"
    "  --log LEVEL          debug, info, warning or error [info]\n\n"
    "examples:\n"
    "  qibing serve --data /srv/qibing --listen 127.0.0.1:8080\n"
    "  qibing serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem\n";

struct serve_options {
    struct data_options data;
    const char *listen, *tls_cert, *tls_key, *level;
    bool behind_proxy, access_log;
};

struct serving {
    struct app app;
    struct api *api;
    struct site site;
    struct http_server *http;
    struct job_runner *jobs;
    struct proof_sequencer *sequencer;
};

/* Tests move the clock by writing a time into a file; nobody else sets the variable. */
static struct instant clock_from_file(void)
{
    char text[64] = { 0 };
    struct instant at;
    FILE *f = fopen(getenv("QIBING_CLOCK_FILE"), "r");
    bool good = f && fgets(text, sizeof text, f) &&
                instant_parse(str_trim(str_from(text)), &at);
    if (f)
        fclose(f);
    return good ? at : instant_now();
}

static enum err plant_jobs(struct cx *cx, void *arg)
{
    (void)arg;
    return job_plant_periodic(cx, qibing_jobs);
}

static enum err plant_company(struct core *core, const struct call *call, struct str code,
                              void *arg, struct fault *fault)
{
    (void)code;
    (void)arg;
    return core_write(core, call, plant_jobs, NULL, fault);
}

static enum err open_http(struct serving *s, const struct serve_options *options,
                          struct fault *fault)
{
    const char *host;
    int port;
    if (!options_address(s->app.arena, options->listen, &host, &port))
        return fault_set(fault, ERR_INVALID, "--listen takes ADDR:PORT, not \"%s\"",
                         options->listen);
    struct http_router *router;
    size_t count;
    s->site = (struct site){ .app = &s->app, .api = s->api };
    const struct http_route *routes = site_routes(s->app.arena, &s->site, &count);
    TRY(http_router_make(s->app.arena, routes, count, fault, &router));
    struct http_config config = {
        .address = host, .port = port, .router = router, .tls_cert = options->tls_cert,
        .tls_key = options->tls_key, .access_log = options->access_log,
        .behind_proxy = options->behind_proxy, .spool_folder = s->app.services.temp_folder,
    };
    enum err e = http_server_open(&config, fault, &s->http);
    if (e == ERR_CONFLICT)
        return fault_set(fault, e, "another program listens on %s; choose another address: "
                         "--listen 127.0.0.1:9090, or LISTEN=127.0.0.1:9090 make run",
                         options->listen);
    if (e)
        return e;
    s->site.server = s->http;
    printf("qibing serves %s://%s:%d/\n", options->tls_cert ? "https" : "http", host,
           http_server_port(s->http));
    return OK;
}

/* Processes over one database, and this one after its clock went back, must not make the same ids:
 * each start takes a node number by lot. Should two agree, the key of the table refuses the second
 * row. Commands keep node 0, which makes the demo repeatable. */
static enum err take_node(struct core *core, struct fault *fault)
{
    struct id_source *ids = id_source_open(1 + (int)randombytes_uniform(1023));
    if (!ids)
        return fault_set(fault, ERR_NO_MEMORY, "no memory to start");
    id_source_close(core->ids);
    core->ids = ids;
    return OK;
}

static enum err open_all(struct serving *s, const struct serve_options *options,
                         struct fault *fault)
{
    TRY(app_open(&s->app, &options->data, APP_MIGRATE | APP_SIGN, fault));
    struct core *core = &s->app.core;
    TRY(take_node(core, fault));
    core->secure_cookie = options->tls_cert || options->behind_proxy;
    if (getenv("QIBING_CLOCK_FILE"))
        core->clock = clock_from_file;
    TRY(core_each_company(core, plant_company, NULL, fault));
    struct api_config api = { .db = s->app.db, .services = &s->app.services,
                              .tables = qibing_routes, .authenticate = identity_authenticate,
                              .ids = core->ids, .clock = core->clock };
    TRY(api_open(&api, fault, &s->api));
    TRY(proof_sequencer_start(core, fault, &s->sequencer));
    TRY(job_runner_open(core, qibing_jobs, JOB_THREADS, fault, &s->jobs));
    return open_http(s, options, fault);
}

/* From the outside in: first nobody can ask any more, last the database closes. */
static void close_all(struct serving *s)
{
    if (s->http) {
        if (!http_server_stop(s->http, STOP_WITHIN_MS))
            log_line(LOG_WARNING, "serve", "some requests were cut after %d ms", STOP_WITHIN_MS);
        job_runner_close(s->jobs);
        api_close(s->api);
        http_server_close(s->http);
    } else {
        job_runner_close(s->jobs);
        if (s->api)
            api_close(s->api);
    }
    proof_sequencer_stop(s->sequencer);
    if (s->app.arena)
        app_close(&s->app);
}

static bool set_level(const char *name)
{
    static const char *const names[] = { "debug", "info", "warning", "error" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) {
            log_set_level((enum log_level)i);
            return true;
        }
    return false;
}

/* A renewed certificate is taken in without a restart; one that cannot be read changes nothing. */
static void wait_for_stop(struct serving *s, const sigset_t *signals)
{
    int number = 0;
    while (sigwait(signals, &number) != 0 || number == SIGHUP) {
        struct fault fault = { 0 };
        if (http_server_reload_tls(s->http, &fault))
            log_line(LOG_WARNING, "serve", "certificate: %s", fault.message);
        else
            log_line(LOG_INFO, "serve", "certificate and key were read again");
    }
}

int cmd_serve(int argc, char **argv)
{
    struct serve_options o = { .listen = "127.0.0.1:8080", .level = "info" };
    const struct option_spec specs[] = {
        { "data", &o.data.data, NULL },         { "database", &o.data.database, NULL },
        { "host", &o.data.host, NULL },         { "listen", &o.listen, NULL },
        { "tls-cert", &o.tls_cert, NULL },      { "tls-key", &o.tls_key, NULL },
        { "log", &o.level, NULL },              { "behind-proxy", NULL, &o.behind_proxy },
        { "access-log", NULL, &o.access_log },  { 0 },
    };
    int rest;
    int code = options_read(argc, argv, specs, help, &rest);
    if (code >= 0)
        return code;
    if (rest != argc || !set_level(o.level) || !o.tls_cert != !o.tls_key) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    /* Blocked before the first thread is made, so that only sigwait below gets them. */
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    struct serving s = { 0 };
    struct fault fault = { 0 };
    if (open_all(&s, &o, &fault)) {
        close_all(&s);
        return command_failed("serve", &fault);
    }
    if (!ui_pack_embedded().len)
        log_line(LOG_WARNING, "serve", "there is no interface in this program, only the API: "
                 "`make ui all` builds it in");
    demo_print_logins(o.data.data ? o.data.data : "./qibing-data");
    fflush(stdout);
    wait_for_stop(&s, &stop);
    log_line(LOG_INFO, "serve", "stopping");
    close_all(&s);
    return EXIT_DONE;
}
