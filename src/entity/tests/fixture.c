/* fixture.c - see fixture.h. */
#include "fixture.h"

#include "base/io.h"
#include "model.gen.h"
#include "may.gen.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ who asks */

static const struct str north[] = { { "/101/102/", 9 } };

static void fill_grants(enum who who, struct grant *grants)
{
    struct grant all = { .org = true }, own = { .own = true };
    struct grant lead = { .units = north, .unit_count = 1 };
    struct grant mine = who == LEAD ? lead : who == ANNA || who == BERT ? own : all;
    grants[MAY_SHOP_READ] = mine;
    grants[MAY_PERSON_READ] = who == ANNA || who == BERT ? all : mine;
    grants[MAY_UNIT_READ] = mine;
    if (who == CLERK)
        return;
    grants[MAY_SHOP_PLAN] = mine;
    if (who == BOSS || who == OTHER_BOSS)
        grants[MAY_SHOP_REVEAL] = grants[MAY_UNIT_MANAGE] = grants[MAY_PERSON_MANAGE] = all;
}

static enum err who_asks(struct cx *cx, const struct request *in)
{
    static const char *const names[] = { "nobody", "boss", "anna", "bert", "lead", "clerk",
                                         "other" };
    struct str word = request_header(in, "x-who");
    for (int who = BOSS; who <= OTHER_BOSS; who++) {
        if (!str_is(word, names[who]))
            continue;
        struct grant *grants = arena_array(cx->arena, struct grant, MAY_COUNT);
        fill_grants((enum who)who, grants);
        cx->org = who == OTHER_BOSS ? 8 : 7;
        cx->actor = (struct actor){
            .login = 1000 + who, .person = 200 + who, .unit = who == BERT ? 103 : 102,
            .name = str_from(names[who]), .grants = grants, .grant_count = MAY_COUNT,
        };
        return OK;
    }
    return fail(cx, ERR_UNAUTHENTICATED, "nobody");
}

/* ------------------------------------------------------------------ what the app would wire in */

static enum err test_key(struct cx *cx, enum key_use use, uint8_t key[32])
{
    memset(key, (int)(cx->org + (int)use), 32);
    return OK;
}

static int proofs;

static enum err test_proof(struct cx *cx, const struct proof_fact *fact, int64_t *ret)
{
    (void)cx, (void)ret;
    proofs++;
    CHECK(fact->content.len > 0 && fact->content.data[0] == '{');
    return OK;
}

static struct instant test_clock(void)
{
    return (struct instant){ date_start(date_of(2026, 10, 31), 480).us + INT64_C(34200000000) };
}

static const struct services services = {
    .model = &sample_model,
    .org_key = test_key,
    .proof_append = test_proof,
    .random = randombytes_buf,
};

static const char base_rows[] =
    "INSERT INTO unit (org, id, version, changed_at, changed_by, parent_id, path, name,"
    " created_at, created_by) VALUES"
    " (7, 101, 1, 1, 0, NULL, '/101/', 'all', 1, 0),"
    " (7, 102, 1, 1, 0, 101, '/101/102/', 'north', 1, 0),"
    " (7, 103, 1, 1, 0, 101, '/101/103/', 'south', 1, 0),"
    " (8, 101, 1, 1, 0, NULL, '/101/', 'others', 1, 0);"
    "INSERT INTO person (org, id, version, changed_at, changed_by, name, unit_id, created_at,"
    " created_by) VALUES"
    " (7, 201, 1, 1, 0, 'Boss', 101, 1, 0), (7, 202, 1, 1, 0, '安娜', 102, 1, 0),"
    " (7, 203, 1, 1, 0, 'Bert', 103, 1, 0), (7, 204, 1, 1, 0, 'Lead', 102, 1, 0),"
    " (8, 206, 1, 1, 0, 'Other', 101, 1, 0);"
    "INSERT INTO login (org, id, version, changed_at, changed_by, name, created_at, created_by)"
    " VALUES (7, 1001, 1, 1, 0, 'boss', 1, 0);";

static bool make_schema(struct company *c)
{
    struct str schema;
    struct fault fault = { 0 };
    if (io_read_file(test_arena(), SAMPLE_SCHEMA, 1 << 20, &fault, &schema) != OK)
        return false;
    struct db_migration first = { 1, "0001_sample", str_cstr(test_arena(), schema) };
    enum err e = db_migrate(c->db.db, &first, 1, test_clock(), &fault);
    CHECK_EQ(e, OK, "%s", fault.message);
    e = db_fixture_script(&c->db, base_rows);
    CHECK_EQ(e, OK, "%s", c->db.fault.message);
    return e == OK;
}

bool company_open(struct company *c, enum db_engine engine)
{
    memset(c, 0, sizeof *c);
    if (sodium_init() < 0 || !db_fixture_open(&c->db, engine))
        return false;
    c->ids = id_source_open(1);
    struct api_config config = { .db = c->db.db, .services = &services, .ids = c->ids,
                                 .authenticate = who_asks, .clock = test_clock, .workers = 3 };
    bool good = make_schema(c) && api_open(&config, &c->fault, &c->api) == OK;
    CHECK(good, "%s", c->fault.message);
    return good;
}

void company_close(struct company *c)
{
    api_close(c->api);
    db_fixture_close(&c->db);
    id_source_close(c->ids);
    for (size_t i = 0; i < c->arenas.count; i++)
        arena_close(c->arenas.items[i]);
}

/* ------------------------------------------------------------------ asking */

static void read_target(const char *target, struct request *in)
{
    VEC(struct pair) pairs = { 0 };
    struct str rest = str_from(target), path, pair, name;
    str_split(&rest, '?', &path);
    while (str_split(&rest, '&', &pair)) {
        str_split(&pair, '=', &name);
        vec_add(test_arena(), &pairs, ((struct pair){ name, pair.data ? pair : STR("") }));
    }
    in->path = path;
    in->query = pairs.items;
    in->query_count = pairs.count;
}

const struct reply *ask_with(struct company *c, enum who who, enum method method,
                             const char *target, struct str body, struct call_options o)
{
    static const char *const names[] = { "nobody", "boss", "anna", "bert", "lead", "clerk",
                                         "other" };
    struct arena *arena = arena_open((size_t)64 << 20);
    vec_add(test_arena(), &c->arenas, arena);
    struct pair headers[] = {
        { STR("x-who"), str_from(names[who]) },
        { STR("content-type"), str_from(o.type ? o.type : "application/json") },
        { STR("accept-language"), str_from(o.language ? o.language : "en") },
        { STR("idempotency-key"), str_from(o.key) },
        { STR("if-match"), str_from(o.if_match) },
    };
    struct request in = { .method = method, .body = body,
                          .headers = arena_copy(test_arena(), headers, sizeof headers),
                          .header_count = COUNT(headers) };
    if (!o.key)
        ((struct pair *)(uintptr_t)in.headers)[3].name = STR("none");
    read_target(target, &in);
    return api_call(c->api, arena, &in);
}

const struct reply *ask(struct company *c, enum who who, enum method method, const char *target,
                        const char *body)
{
    struct call_options none = { 0 };
    return ask_with(c, who, method, target, body ? str_from(body) : STR(""), none);
}

struct str body_of(const struct reply *reply)
{
    return reply->body.len ? buf_view(&reply->body) : STR("");
}

const struct json *answer(const struct reply *reply)
{
    static const struct json none = { .type = JSON_NULL };
    const struct json *v = &none;
    struct fault fault = { 0 };
    enum err e = json_read(test_arena(), body_of(reply), (struct json_limits){ 0 }, &fault, &v);
    CHECK_EQ(e, OK, "%s in " STR_FMT, fault.message, STR_ARG(body_of(reply)));
    return v;
}

struct str field(const struct json *v, const char *path)
{
    struct str rest = str_from(path), word;
    int64_t index;
    while (v && str_split(&rest, '.', &word)) {
        if (v->type == JSON_ARRAY && str_to_i64(word, &index)) {
            const struct json *item = v->first;
            for (; item && index > 0; index--)
                item = item->next;
            v = item;
        } else {
            v = v->type == JSON_OBJECT ? json_get(v, str_cstr(test_arena(), word)) : NULL;
        }
    }
    if (!v)
        return STR("");
    return v->type == JSON_TRUE ? STR("true") : v->type == JSON_FALSE ? STR("false") : v->text;
}
