/* http_test.c - the same api behind the real server: headers, files, conditions, many at once. */
#include "fixture.h"

#include "http/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct served {
    struct company company;
    struct http_server *server;
    struct http_router *router;
    int port;
};

static bool serve(struct served *s)
{
    struct fault fault = { 0 };
    size_t count;
    if (!company_open(&s->company, DB_SQLITE))
        return false;
    const struct http_route *routes = api_http_routes(s->company.api, &count);
    enum err e = http_router_make(test_arena(), routes, count, &fault, &s->router);
    struct http_config config = { .address = "127.0.0.1", .router = s->router, .loops = 1 };
    if (!e)
        e = http_server_open(&config, &fault, &s->server);
    CHECK_EQ(e, OK, "%s", fault.message);
    s->port = e ? 0 : http_server_port(s->server);
    return e == OK;
}

static void unserve(struct served *s)
{
    http_server_stop(s->server, 2000);
    http_server_close(s->server);
    company_close(&s->company);
}

/* Sends one request and returns all that comes back. Own memory: threads call it, too. */
static size_t talk(int port, const char *request, size_t len, char *back, size_t room)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CLOSE_ON_EXIT int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        return 0;
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, request + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    size_t got = 0;
    for (ssize_t n; got < room - 1 && (n = read(fd, back + got, room - 1 - got)) > 0;)
        got += (size_t)n;
    back[got] = '\0';
    return got;
}

static struct str http(struct served *s, const char *method, const char *path,
                       const char *headers, struct str body)
{
    struct buf request = buf_in(test_arena());
    buf_fmt(&request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-who: boss\r\n"
                      "Accept-Language: en\r\n%s", method, path, headers);
    if (body.len > 0)
        buf_fmt(&request, "Content-Length: %zu\r\n", body.len);
    buf_cstr(&request, "\r\n");
    buf_str(&request, body);
    char *back = arena_alloc(test_arena(), 1 << 20);
    return (struct str){ back, talk(s->port, request.data, request.len, back, 1 << 20) };
}

#define JSON_TYPE "Content-Type: application/json\r\n"

static bool says(struct str reply, const char *words)
{
    return str_find(reply, str_from(words)) >= 0;
}

TEST(http_rows_have_versions_and_conditions)
{
    struct served s = { 0 };
    if (!serve(&s))
        return;
    struct str body = STR("{\"code\":\"A\",\"name\":\"a\",\"owner\":\"202\"}");
    struct str r = http(&s, "POST", "/api/v1/shops", JSON_TYPE, body);
    CHECK(str_starts(r, STR("HTTP/1.1 201")) && says(r, "ETag: \"v1\"\r\n") &&
          says(r, "Location: /api/v1/shops/"), STR_FMT, STR_ARG(r));
    ptrdiff_t at = str_find(r, STR("Location: "));
    struct str rest = str_cut(r, (size_t)at + 10, r.len), location;
    str_split(&rest, '\r', &location);
    const char *path = str_cstr(test_arena(), location);

    r = http(&s, "GET", path, "If-None-Match: \"v1\"\r\n", STR(""));
    CHECK(str_starts(r, STR("HTTP/1.1 304")), STR_FMT, STR_ARG(r));
    r = http(&s, "HEAD", path, "", STR(""));
    CHECK(str_starts(r, STR("HTTP/1.1 200")) && !says(r, "{"), STR_FMT, STR_ARG(r));
    struct str change = STR("{\"name\":\"b\"}");
    r = http(&s, "PATCH", path, JSON_TYPE, change);
    CHECK(str_starts(r, STR("HTTP/1.1 428")) && says(r, "application/problem+json"), STR_FMT,
          STR_ARG(r));
    r = http(&s, "PATCH", path, JSON_TYPE "If-Match: \"v1\"\r\n", change);
    CHECK(str_starts(r, STR("HTTP/1.1 200")) && says(r, "ETag: \"v2\""), STR_FMT, STR_ARG(r));
    r = http(&s, "PATCH", path, JSON_TYPE "If-Match: \"v1\"\r\n", change);
    CHECK(str_starts(r, STR("HTTP/1.1 412")) && says(r, "\"request_id\":"), STR_FMT, STR_ARG(r));

    r = http(&s, "GET", "/api/v1/shops?q=b", "", STR(""));
    at = str_find(r, STR("ETag: "));
    CHECK(at > 0 && says(r, "\"items\":[{"), STR_FMT, STR_ARG(r));
    rest = str_cut(r, (size_t)at + 6, r.len);
    struct str etag;
    str_split(&rest, '\r', &etag);
    struct str header = str_fmt(test_arena(), "If-None-Match: " STR_FMT "\r\n", STR_ARG(etag));
    r = http(&s, "GET", "/api/v1/shops?q=b", header.data, STR(""));
    CHECK(str_starts(r, STR("HTTP/1.1 304")), STR_FMT, STR_ARG(r));
    unserve(&s);
}

TEST(http_sheets_come_and_go)
{
    struct served s = { 0 };
    if (!serve(&s))
        return;
    struct buf csv = buf_in(test_arena());
    buf_cstr(&csv, "code,name,owner\n");
    for (int i = 0; i < 30000; i++) /* beyond what is kept in memory: it is spooled */
        buf_fmt(&csv, "C%d,a rather long name of a shop %d,202\n", i, i);
    CHECK(csv.len > (1 << 20));
    struct str r = http(&s, "POST", "/api/v1/shops/import", "Content-Type: text/csv\r\n",
                        buf_view(&csv));
    CHECK(str_starts(r, STR("HTTP/1.1 200")) && says(r, "\"created\":30000,"), STR_FMT,
          STR_ARG(str_cut(r, 0, 600)));
    r = http(&s, "GET", "/api/v1/shops/export?code.prefix=C2999", "", STR(""));
    CHECK(says(r, "filename*=UTF-8''Shop-2026-10-31.csv") && says(r, "text/csv; charset=utf-8") &&
          says(r, "C29999,a rather long name of a shop 29999,"), STR_FMT, STR_ARG(r));
    unserve(&s);
}

/* ------------------------------------------------------------------ many at once */

static void *post_same(void *arg)
{
    struct served *s = arg;
    static const char body[] = "{\"code\":\"S\",\"name\":\"same\",\"owner\":\"202\"}";
    char request[500], back[4096];
    int n = snprintf(request, sizeof request,
                     "POST /api/v1/shops HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "x-who: boss\r\n"
                     JSON_TYPE "Idempotency-Key: the-same-key\r\nContent-Length: %zu\r\n\r\n%s",
                     sizeof body - 1, body);
    size_t got = talk(s->port, request, (size_t)n, back, sizeof back);
    return (void *)(uintptr_t)(got > 12 && memcmp(back, "HTTP/1.1 201", 12) == 0);
}

TEST(http_one_key_many_clients_one_effect)
{
    struct served s = { 0 };
    pthread_t threads[24];
    int good = 0;
    if (!serve(&s))
        return;
    for (size_t i = 0; i < COUNT(threads); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, post_same, &s), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *answered;
        pthread_join(threads[i], &answered);
        good += answered != NULL;
    }
    CHECK_EQ(good, COUNT(threads));
    CHECK_EQ(db_fixture_i64(&s.company.db, "SELECT count(*) FROM shop"), 1);
    CHECK_EQ(api_figures(s.company.api).replayed, COUNT(threads) - 1);
    unserve(&s);
}

static enum err nothing(struct cx *cx, const struct request *in, struct reply *out)
{
    (void)cx, (void)in, (void)out;
    return OK;
}

TEST(api_refuses_to_start_with_careless_routes)
{
    static const struct {
        struct route routes[3];
        const char *words;
    } cases[] = {
        { { { GET, "/x", nothing, .may = 0 }, { 0 } }, "names no permission" },
        { { { GET, "/x", nothing, .may = MAY_ANYONE }, { 0 } }, "does not say why" },
        { { { GET, "/x", nothing, .may = -7 }, { 0 } }, "unknown permission" },
        { { { GET, "/x", nothing, .may = 1, .body = BODY_JSON }, { 0 } }, "takes no body" },
        { { { GET, "/x/{a}", nothing, .may = 1 }, { GET, "/x/{b}", nothing, .may = 1 }, { 0 } },
          "" },
    };
    static const struct services services = { .model = &sample_model };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct route *const tables[] = { cases[i].routes, NULL };
        struct api_config config = { .services = &services, .tables = tables };
        struct fault fault = { 0 };
        struct api *api;
        CHECK_EQ(api_open(&config, &fault, &api), ERR_INVALID, "%zu", i);
        CHECK(strstr(fault.message, cases[i].words) != NULL, "%s", fault.message);
    }
}
