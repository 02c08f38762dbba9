#include "core/proof/testing.h"

#include "base/hex.h"
#include "base/io.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static const char plan_text[] = "{\"plan\": \"three tiers\"}\n";
static struct instant fixed_clock(void)
{
    return (struct instant){ INT64_C(1793000000000000) };
}

static bool make_tables(struct world *w)
{
    struct str text;
    if (io_read_file(test_arena(), QIBING_PROOF_MIGRATION, 1 << 20, &w->fault, &text))
        return false;
    return !db_fixture_script(&w->db, "CREATE TABLE company (id INT PRIMARY KEY, code TEXT);"
                                      "INSERT INTO company VALUES (7, 'demo');") &&
           !db_fixture_script(&w->db, str_cstr(test_arena(), text));
}

bool world_open(struct world *w, enum db_engine engine)
{
    memset(w, 0, sizeof *w);
    if (!db_fixture_open(&w->db, engine))
        return false;
    snprintf(w->folder, sizeof w->folder, "/tmp/qibing-proof-XXXXXX");
    bool made = mkdtemp(w->folder) != NULL;
    w->services = (struct services){ .core = &w->core, .random = randombytes_buf };
    w->core = (struct core){ .db = w->db.db, .services = &w->services, .clock = fixed_clock };
    made = made && make_tables(w) &&
           !proof_keeper_open(w->folder, "qibing.example", &w->fault, &w->core.proof);
    CHECK(made, "%s %s", w->fault.message, w->db.fault.message);
    return made;
}

void world_close(struct world *w)
{
    proof_keeper_close(w->core.proof);
    db_fixture_close(&w->db);
    const char *remove = str_cstr(test_arena(), str_fmt(test_arena(), "rm -rf %s", w->folder));
    CHECK_EQ(system(remove), 0);
}

/* ---- what is logged ---- */

enum err log_plan(struct cx *cx, void *arg)
{
    (void)arg;
    struct merkle_hash hash = merkle_sha256(&proof_crypto, str_from(plan_text));
    struct str hex = hex_encode(cx->arena, hash.b, 32);
    struct proof_fact fact = {
        .kind = "plan", .entity = "plan",
        .content = str_fmt(cx->arena, "{\"plan_sha256\":\"" STR_FMT "\"}", STR_ARG(hex)),
    };
    return proof_append(cx, &fact, NULL);
}

enum err log_orders(struct cx *cx, void *arg)
{
    const int *count = arg;
    for (int i = 0; i < *count; i++) {
        struct proof_fact fact = {
            .kind = "order", .entity = "sales_order", .row = i + 1,
            .person = i % 2 ? WANG : LI, .period = STR("2026-10"),
            .content = str_fmt(cx->arena, "{\"amount_fen\":%d,\"order\":\"%d\"}", 100 * i, i),
        };
        TRY(proof_append(cx, &fact, NULL));
    }
    return OK;
}

enum err log_statement(struct cx *cx, void *arg)
{
    const int *net = arg;
    struct merkle_hash hash = merkle_sha256(&proof_crypto, str_from(plan_text));
    struct str hex = hex_encode(cx->arena, hash.b, 32);
    struct proof_fact fact = {
        .kind = "statement", .entity = "statement", .person = WANG, .period = STR("2026-10"),
        .content = str_fmt(cx->arena, "{\"net_fen\":%d,\"period\":\"2026-10\","
                                      "\"plan_sha256\":\"" STR_FMT "\"}", *net, STR_ARG(hex)),
    };
    TRY(proof_append(cx, &fact, NULL));
    return proof_append_head(cx, WANG, STR("2026-10"), NULL);
}

void write_must(struct world *w, call_run *run, void *arg)
{
    struct fault fault = { 0 };
    CHECK_EQ(core_write(&w->core, &as_server, run, arg, &fault), OK, "%s", fault.message);
}

void month(struct world *w, int orders, int net)
{
    write_must(w, log_plan, NULL);
    write_must(w, log_orders, &orders);
    write_must(w, log_statement, &net);
}

enum err sequence(struct world *w)
{
    fault_clear(&w->fault);
    return proof_sequence(&w->core, &as_server, &w->fault);
}

/* ---- what is asked ---- */

static enum err get_status(struct cx *cx, void *arg)
{
    struct proof_status *status = arg;
    TRY(proof_status(cx, status));
    status->origin = str_copy(test_arena(), status->origin);
    status->vkey = str_copy(test_arena(), status->vkey);
    status->checkpoint = str_copy(test_arena(), status->checkpoint);
    return OK;
}

struct proof_status status_of(struct world *w)
{
    struct proof_status status = { 0 };
    struct fault fault = { 0 };
    CHECK_EQ(core_read(&w->core, &as_server, get_status, &status, &fault), OK, "%s",
             fault.message);
    return status;
}

enum err get_zip(struct cx *cx, void *arg)
{
    struct str *ret = arg, zip;
    TRY(proof_statement_zip(cx, WANG, STR("2026-10"), str_from(plan_text), &zip));
    *ret = str_copy(test_arena(), zip);
    return OK;
}

static void note_finding(void *arg, bool bad, struct str line)
{
    struct checked *checked = arg;
    if (bad)
        checked->last = str_copy(test_arena(), line);
}

static enum err run_check(struct cx *cx, void *arg)
{
    struct checked *checked = arg;
    return proof_check(cx, NULL, note_finding, checked, &checked->bad);
}

struct checked check_of(struct world *w)
{
    struct checked checked = { 0 };
    struct fault fault = { 0 };
    CHECK_EQ(core_read(&w->core, &as_server, run_check, &checked, &fault), OK, "%s",
             fault.message);
    return checked;
}

struct tlog_verdict judge(struct world *w, struct str zip, struct str checkpoint,
                          struct str extension)
{
    struct tlog_verdict verdict = { 0 };
    struct tlog_policy *policy = arena_new(test_arena(), struct tlog_policy);
    struct str vkey = status_of(w).vkey;
    struct str text = str_fmt(test_arena(), "log " STR_FMT "\nquorum none\n", STR_ARG(vkey));
    CHECK_EQ(tlog_policy_parse(test_arena(), &proof_crypto, text, &w->fault, policy), OK);
    struct tlog_trust trust = { policy, checkpoint, extension };
    tlog_packet_check(test_arena(), &proof_crypto, zip, &trust, &verdict);
    return verdict;
}
