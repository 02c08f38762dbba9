/* The public log as a stranger reads it. */
#include "core/proof/testing.h"

struct asked {
    const char *path;    /* below /log/demo/ */
    const char *company;
    struct str body;     /* of the answer */
};

/* Finds the route as the router would: by its fixed word. */
static const struct route *route_of(const char *path)
{
    for (const struct route *r = proof_routes; r->path; r++) {
        struct str rest = str_cut(str_from(r->path), strlen("//log/{org}/"), strlen(r->path));
        ptrdiff_t end = str_find_char(rest, '{');
        if (str_starts(str_from(path), end < 0 ? rest : str_cut(rest, 0, (size_t)end)))
            return r;
    }
    return NULL;
}

static enum err ask(struct cx *cx, void *arg)
{
    struct asked *asked = arg;
    const struct route *route = route_of(asked->path);
    CHECK(route && route->may == MAY_ANYONE && route->why, "%s", asked->path);
    const char *tail = strchr(asked->path, '/');
    struct pair params[] = { { STR("org"), str_from(asked->company) },
                             { STR("path"), str_from(tail ? tail + 1 : "") },
                             { STR("size"), str_from(tail ? tail + 1 : "") } };
    struct request in = { .method = GET, .params = params, .param_count = COUNT(params) };
    struct reply out = { .body = buf_in(cx->arena) };
    cx->org = 0; /* nobody has signed in */
    TRY(route->run(cx, &in, &out));
    asked->body = str_copy(test_arena(), buf_view(&out.body));
    return OK;
}

static enum err get(struct world *w, const char *path, struct str *ret)
{
    struct asked asked = { .path = path, .company = "demo" };
    struct fault fault = { 0 };
    enum err e = core_read(&w->core, &(struct call){ 0 }, ask, &asked, &fault);
    *ret = asked.body;
    return e;
}

TEST(proof_public_log)
{
    static const char *const absent[] = {
        "tile/0/001.p/45", "tile/0/001", "tile/0/002", "tile/1/001.p/1", "tile/2/000.p/1",
        "tile/0/0", "tile/entries/001.p/45", "tile/8/000", "extension/301", "extension/x",
    };
    FOR_EACH_ENGINE(engine) {
        struct world w;
        struct str body, leaves, entry, rest;
        int count = 300, more = 30;
        if (!world_open(&w, engine))
            continue;
        CHECK_EQ(get(&w, "checkpoint", &body), ERR_NOT_FOUND, "no log yet");
        write_must(&w, log_orders, &count);
        CHECK_EQ(get(&w, "tile/0/000", &body), ERR_NOT_FOUND, "nothing signed yet");
        CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
        write_must(&w, log_orders, &more); /* not signed: must not be served */
        CHECK_EQ(get(&w, "checkpoint", &body), OK);
        CHECK_STR(body, status_of(&w).checkpoint);
        CHECK_EQ(get(&w, "vkey", &body), OK);
        CHECK_STR(str_trim(body), status_of(&w).vkey);
        CHECK_EQ(get(&w, "tile/0/000", &body), OK);
        CHECK_EQ(body.len, 8192);
        CHECK_EQ(get(&w, "tile/1/000.p/1", &body), OK);
        CHECK_EQ(body.len, 32);
        CHECK_EQ(get(&w, "tile/0/001.p/44", &leaves), OK);
        CHECK_EQ(get(&w, "tile/entries/001.p/44", &rest), OK);
        bool bad;
        size_t n = 0;
        for (; tlog_bundle_next(&rest, &entry, &bad); n++) {
            struct merkle_hash leaf = merkle_leaf(&proof_crypto, entry);
            CHECK(memcmp(leaf.b, leaves.data + 32 * n, 32) == 0, "entry %zu", 256 + n);
            CHECK(str_find(entry, STR("amount")) < 0, "no content in the log");
        }
        CHECK(!bad && n == 44);
        CHECK_EQ(get(&w, "extension/256", &body), OK);
        for (size_t i = 0; i < COUNT(absent); i++)
            CHECK_EQ(get(&w, absent[i], &body), ERR_NOT_FOUND, "%s", absent[i]);
        CHECK_EQ(get(&w, "tile/0/000.p/255", &body), OK, "a prefix of a fuller tile");
        world_close(&w);
    }
}
