/* fault_steps.c - see fault_steps.h. */
#include "fault_steps.h"

#include "app/calendars.h"
#include "app/demo_parts.h"
#include "base/io.h"
#include "core/identity/identity.h"
#include "core/org/org.gen.h"
#include "core/playbook/playbook.gen.h"
#include "core/proof/proof.h"
#include "mod/catalog/catalog.gen.h"
#include "mod/customer/customer.gen.h"
#include "mod/sales/sales.h"
#include "mod/settlement/settlement.h"

#include <stdio.h>

enum { PEOPLE = 3, PRODUCTS = 2, CHUNK_LINES = 3, WAL_PAGES = 64 };
#define MONTH date_of(2026, 10, 1)

static const char file_text[] =
    "order_no,product_code,product_name,quantity,unit_price,ordered_at,customer_no,region,"
    "promoter_no\n"
    "I-001,A1,花茶,5,20.5,2026-10-05 10:00,K1,华东,P2\n"
    "I-001,B2,礼盒,1,199,2026-10-05 10:00,K1,华东,P2\n"
    "I-002,A1,花茶,12,20.25,2026-10-06 11:30,K2,华东,P3\n"
    "I-003,N3,新茶,3,88.8888,2026-10-07 09:15,K9,华东,P3\n"
    "I-004,B2,礼盒,2,199,2026-10-08 16:00,K2,华东,P2\n"
    "I-005,A1,花茶,7,20.5,2026-10-09 08:45,K1,华东,P1\n"
    "CI-001,A1,花茶,-2,20.5,2026-10-12 10:00,K1,华东,P2\n";

#define STATEMENT(label, count, text)                                                            \
    static const struct db_statement label = {                                                   \
        .name = #label, .sql = text, .file = "fault_product.c", .line = __LINE__,                \
        .params = count,                                                                         \
    }
STATEMENT(post_done, 2,
          "SELECT count(*) FROM sales_order o WHERE org = $1 AND order_no = $2 AND amount > 0 AND"
          " collected = (SELECT sum(amount) FROM collection WHERE org = $1 AND"
          " sales_order_id = o.id) AND lines = 2 AND collected = amount");
STATEMENT(import_done, 2,
          "SELECT CASE WHEN count(*) = 6 THEN 1 ELSE 0 END FROM sales_order WHERE org = $1 AND"
          " source = $2");
STATEMENT(refund_done, 2, "SELECT count(*) FROM refund WHERE org = $1 AND reason = $2");
STATEMENT(log_done, 2,
          "SELECT CASE WHEN max(size) > 0 THEN 1 ELSE 0 END FROM proof_checkpoint WHERE org = $1"
          " AND $2 <> ''");
STATEMENT(state_done, 2,
          "SELECT count(*) FROM period WHERE org = $1 AND"
          " instr($2, status) > 0 AND run = 1 AND code = '2026-10'");
STATEMENT(line_id, 1,
          "SELECT l.id FROM order_line l JOIN sales_order o ON o.org = l.org AND"
          " o.id = l.sales_order_id WHERE l.org = $1 AND o.order_no = 'F-1' AND l.number = 1");
STATEMENT(login_id, 2, "SELECT id FROM login WHERE org = $1 AND name = $2");
STATEMENT(person_id, 2, "SELECT id FROM person WHERE org = $1 AND number = $2");
STATEMENT(customer_id, 2, "SELECT id FROM customer WHERE org = $1 AND number = $2");
STATEMENT(product_id, 2, "SELECT id FROM product WHERE org = $1 AND code = $2");

/* What must be the same however often the work was interrupted. */
STATEMENT(orders, 1, "SELECT count(*) FROM sales_order WHERE org = $1");
STATEMENT(lines, 1, "SELECT count(*) FROM order_line WHERE org = $1");
STATEMENT(amount, 1,
          "SELECT CAST(coalesce(sum(abs(amount)), 0) AS bigint) FROM order_line WHERE org = $1");
STATEMENT(collected, 1,
          "SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM collection WHERE org = $1");
STATEMENT(collections, 1, "SELECT count(*) FROM collection WHERE org = $1");
STATEMENT(refunds, 1, "SELECT count(*) FROM refund WHERE org = $1");
STATEMENT(refunded, 1,
          "SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM refund WHERE org = $1");
STATEMENT(products, 1, "SELECT count(*) FROM product WHERE org = $1");
STATEMENT(customers, 1, "SELECT count(*) FROM customer WHERE org = $1");
STATEMENT(runs, 1, "SELECT count(*) FROM settlement_run WHERE org = $1");
STATEMENT(gross, 1,
          "SELECT CAST(coalesce(sum(gross), 0) AS bigint) FROM settlement_run WHERE org = $1");
STATEMENT(net, 1,
          "SELECT CAST(coalesce(sum(net), 0) AS bigint) FROM settlement_run WHERE org = $1");
STATEMENT(statements, 1, "SELECT count(*) FROM statement WHERE org = $1 AND status = 'locked'");
STATEMENT(payouts, 1, "SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM payout WHERE org = $1");
STATEMENT(entries, 1, "SELECT count(*) FROM proof_entry WHERE org = $1");
STATEMENT(signed_size, 1,
          "SELECT coalesce(max(size), 0) FROM proof_checkpoint WHERE org = $1");
static const struct db_statement *const figures[FIGURES] = {
    &orders, &lines, &amount, &collected, &collections, &refunds, &refunded, &products,
    &customers, &runs, &gross, &net, &statements, &payouts, &entries, &signed_size,
};
/* ---- the company ---- */

static enum err take_call(struct core *core, const struct call *call, struct str code, void *arg,
                          struct fault *fault)
{
    struct office *office = arg;
    (void)core, (void)code, (void)fault;
    office->call = *call;
    return OK;
}

const char *path_in(char into[256], const char *folder, const char *name)
{
    snprintf(into, 256, "%s/%s", folder, name);
    return into;
}

enum err office_open(struct office *office, const struct fault_run *run, const char *path,
                            unsigned flags, struct fault *fault)
{
    char own[256], data[256];
    struct db_config tuning = { .vfs = run->vfs, .sync = run->sync, .wal_pages = WAL_PAGES,
                                .readers = 1, .wait_ms = 200,
                                .must_exist = !(flags & APP_CREATE) };
    struct data_options options = { .tuning = &tuning, .data = path_in(data, run->side, "data"),
                                    .database = path ? path
                                                     : path_in(own, run->folder, "qibing.db") };
    /* An hour between the work and going on: ids come from the clock, and a new process that
     * stands at the same moment would make the same ones. */
    demo_set_clock(date_of(2026, 11, 2), run->acks < 0 ? 10 : 9, 0);
    TRY(app_open(&office->app, &options, flags | APP_SIGN, fault));
    office->app.core.clock = demo_clock;
    office->call = (struct call){ 0 };
    enum err e = core_each_company(&office->app.core, take_call, office, fault);
    if (!e && !(flags & APP_CREATE) && !office->call.org)
        e = fault_set(fault, ERR_CORRUPT, "the company is gone");
    if (e)
        app_close(&office->app);
    return e;
}

static enum err add_people(struct cx *cx, struct unit_id unit)
{
    struct person_id leader = { 0 };
    for (int i = 0; i < PEOPLE; i++) {
        struct person row = person_blank;
        struct post_by_code_row post;
        row.number = str_fmt(cx->arena, "P%d", i + 1);
        row.name = str_fmt(cx->arena, "推广员%d", i + 1);
        row.kind = PERSON_KIND_PART_TIME;
        row.unit = unit;
        row.leader = leader;
        row.rank = i ? 1 : 4;
        row.joined_on = date_of(2026, 3, 1);
        TRY(post_by_code(cx, (struct post_by_code_in){ STR("promotion_specialist") }, &post));
        row.post = post.id;
        TRY(person_insert(cx, &row));
        if (i == 0)
            leader = row.id;
        if (i == PEOPLE - 1)
            continue; /* two customers, of the first two */
        struct customer customer = customer_blank;
        customer.number = str_fmt(cx->arena, "K%d", i + 1);
        customer.name = str_fmt(cx->arena, "客户%d", i + 1);
        customer.promoter = row.id;
        TRY(customer_insert(cx, &customer));
    }
    return OK;
}

static enum err add_products(struct cx *cx)
{
    static const struct {
        const char *code, *name;
        int64_t price;
    } list[PRODUCTS] = { { "A1", "花茶", 205000 }, { "B2", "礼盒", 1990000 } };
    for (int i = 0; i < PRODUCTS; i++) {
        struct product product = product_blank;
        struct price price = price_blank;
        product.code = str_from(list[i].code);
        product.name = str_from(list[i].name);
        TRY(product_insert(cx, &product));
        price.product = product.id;
        price.from_on = date_of(2026, 4, 1);
        price.unit_price = list[i].price;
        TRY(price_insert(cx, &price));
    }
    return OK;
}

static enum err add_company(struct cx *cx, void *playbook)
{
    static const char *const logins[] = { "finance", "hq" };
    struct company_new company = { STR("fault"), STR("故障公司"), STR("ditui") };
    struct unit unit = unit_blank;
    TRY(identity_add_company(cx, &company));
    TRY(playbook_install(cx, playbook));
    TRY(calendars_install(cx));
    unit.code = STR("east");
    unit.name = STR("华东第一小组");
    unit.name_en = STR("East squad");
    unit.level = UNIT_LEVEL_EXECUTION;
    unit.kind = STR("squad");
    TRY(unit_insert(cx, &unit));
    TRY(add_people(cx, unit.id));
    TRY(add_products(cx));
    for (size_t i = 0; i < COUNT(logins); i++) {
        int64_t id;
        struct login_new in = { .name = str_from(logins[i]), .password_hash = STR("none"),
                                .role = "admin" };
        TRY(identity_add_login(cx, &in, &id));
    }
    return OK;
}

/* ---- the work, step by step ---- */

static enum err id_of(struct cx *cx, const struct db_statement *statement, const char *key,
                      int64_t *ret)
{
    struct db_value values[] = { db_int(cx->org), db_str(str_from(key)) };
    bool has;
    TRY(db_get_i64(cx->tx, statement, values, &cx->fault, &has, ret));
    return has ? OK : fail(cx, ERR_NOT_FOUND, "there is no %s", key);
}

/* Order and money in one transaction, as the command of the product does it. */
static enum err post(struct cx *cx, void *arg)
{
    const struct step *step = arg;
    int64_t person, customer, ids[PRODUCTS];
    struct sales_order order;
    int number = step->key[2] - '0';
    TRY(id_of(cx, &person_id, number % 2 ? "P1" : "P2", &person));
    TRY(id_of(cx, &customer_id, number % 2 ? "K1" : "K2", &customer));
    TRY(id_of(cx, &product_id, "A1", &ids[0]));
    TRY(id_of(cx, &product_id, "B2", &ids[1]));
    struct line_draft items[PRODUCTS] = { { { ids[0] }, STR_NONE, 10 * number, 205000 },
                                          { { ids[1] }, STR_NONE, number, 1990000 } };
    struct order_draft draft = {
        .order_no = str_from(step->key), .kind = ORDER_KIND_SALE, .source = ORDER_SOURCE_DESK,
        .ordered_at = date_start(date_of(2026, 10, 10 + number), cx->zone_minutes),
        .customer = { customer }, .promoter = { person }, .lines = items,
        .line_count = PRODUCTS,
    };
    TRY(sales_book_order(cx, &draft, &order, NULL));
    return sales_book_collection(cx, &order, order.amount, draft.ordered_at, STR("微信"));
}

static enum err act_post(struct office *office, const struct step *step, struct fault *fault)
{
    return core_write(&office->app.core, &office->call, post, (void *)(uintptr_t)step, fault);
}

static enum err refund_one(struct cx *cx, void *arg)
{
    const struct step *step = arg;
    struct db_value org = db_int(cx->org);
    struct order_line line;
    struct refund refund;
    int64_t id;
    bool has;
    TRY(db_get_i64(cx->tx, &line_id, &org, &cx->fault, &has, &id));
    TRY(order_line_get(cx, (struct order_line_id){ id }, &line));
    struct refund_draft draft = {
        .origin = &line, .promoter = line.promoter, .customer = line.customer,
        .product = line.product, .quantity = 2, .amount = { 4100 },
        .at = date_start(date_of(2026, 10, 20), cx->zone_minutes),
        .reason = str_from(step->key),
    };
    return sales_book_refund(cx, &draft, &refund);
}

static enum err act_refund(struct office *office, const struct step *step, struct fault *fault)
{
    return core_write(&office->app.core, &office->call, refund_one, (void *)(uintptr_t)step,
                      fault);
}

static enum err import_with(struct office *office, struct arena *arena, struct fault *fault)
{
    struct core *core = &office->app.core;
    struct sales_import_commit how = { .chunk_lines = CHUNK_LINES };
    struct cx *cx = arena_new(arena, struct cx);
    struct sheet sheet;
    struct sales_import *import;
    cx->arena = arena;
    cx->lang = LANG_EN;
    TRY(sheet_read(arena, SHEET_CSV, str_from(file_text), STR_NONE, (struct sheet_limits){ 0 },
                   fault, &sheet));
    if (sales_import_open(cx, &sheet, NULL, office->call.zone_minutes, &import)) {
        *fault = cx->fault;
        return fault->code;
    }
    TRY(sales_import_judge(core, &office->call, import, fault));
    if (import->errors_total)
        return fault_set(fault, ERR_INVALID, "row %u: " STR_FMT, import->errors.items[0].row,
                         STR_ARG(import->errors.items[0].message));
    return sales_import_write(core, &office->call, import, &how, fault);
}

static enum err act_import(struct office *office, const struct step *step, struct fault *fault)
{
    struct arena *arena = arena_open(256 << 20);
    (void)step;
    if (!arena)
        return fault_set(fault, ERR_NO_MEMORY, "no memory to import");
    jmp_buf out;
    enum err e;
    if (setjmp(out)) {
        e = fault_set(fault, ERR_NO_MEMORY, "memory is exhausted");
    } else {
        arena_guard(arena, &out);
        e = import_with(office, arena, fault);
    }
    arena_guard(arena, NULL);
    arena_close(arena);
    return e;
}

static enum err act_sequence(struct office *office, const struct step *step, struct fault *fault)
{
    (void)step;
    return proof_sequence(&office->app.core, &office->call, fault);
}

struct move {
    const struct step *step;
    int64_t login;
    struct period_id period;
    enum err (*move)(struct cx *cx, struct period *period); /* NULL: find it */
};

static enum err find_login(struct cx *cx, void *arg)
{
    struct move *m = arg;
    return id_of(cx, &login_id, m->move == settlement_approve ? "hq" : "finance", &m->login);
}

static enum err move_on(struct cx *cx, void *arg)
{
    struct move *m = arg;
    struct period period;
    TRY(settlement_period(cx, MONTH, &period));
    m->period = period.id;
    return m->move ? m->move(cx, &period) : OK;
}

static enum err act_period(struct office *office, struct move *m, struct fault *fault)
{
    struct core *core = &office->app.core;
    struct call call = office->call;
    TRY(core_read(core, &call, find_login, m, fault));
    call.login = m->login;
    TRY(core_write_alone(core, &call, move_on, m, fault));
    return m->move ? OK : settlement_calculate_now(core, &call, m->period, fault);
}

static enum err act_calculate(struct office *office, const struct step *step, struct fault *fault)
{
    return act_period(office, &(struct move){ .step = step }, fault);
}

static enum err act_approve(struct office *office, const struct step *step, struct fault *fault)
{
    return act_period(office, &(struct move){ .step = step, .move = settlement_approve }, fault);
}

static enum err act_lock(struct office *office, const struct step *step, struct fault *fault)
{
    return act_period(office, &(struct move){ .step = step, .move = settlement_lock }, fault);
}

const struct step fault_steps[FAULT_STEPS] = {
    { "order 1", act_post, &post_done, "F-1" },
    { "order 2", act_post, &post_done, "F-2" },
    { "order 3", act_post, &post_done, "F-3" },
    { "first checkpoint", act_sequence, &log_done, "-" },
    { "import", act_import, &import_done, "import" },
    { "refund", act_refund, &refund_done, "客户退货" },
    { "calculation", act_calculate, &state_done, "calculated approved locked" },
    { "approval", act_approve, &state_done, "approved locked" },
    { "lock", act_lock, &state_done, "locked" },
    { "last checkpoint", act_sequence, &log_done, "-" },
};

struct asking {
    const struct db_statement *statement;
    const char *key;
    int64_t answer;
};

static enum err ask(struct cx *cx, void *arg)
{
    struct asking *a = arg;
    return id_of(cx, a->statement, a->key, &a->answer);
}

enum err step_is_done(struct office *office, const struct step *step, int64_t *ret,
                        struct fault *fault)
{
    struct asking a = { step->done, step->key, 0 };
    TRY(core_read(&office->app.core, &office->call, ask, &a, fault));
    *ret = a.answer;
    return OK;
}

/* What a client does: look, and do what is missing. The log may always have more to take in. */
enum err step_ensure(struct office *office, const struct step *step, struct fault *fault)
{
    int64_t done = 0;
    TRY(step_is_done(office, step, &done, fault));
    return done && step->act != act_sequence ? OK : step->act(office, step, fault);
}

/* ---- figures ---- */

static enum err read_figures(struct cx *cx, void *arg)
{
    struct figures *all = arg;
    for (int i = 0; i < FIGURES; i++) {
        struct db_value org = db_int(cx->org);
        bool has;
        TRY(db_get_i64(cx->tx, figures[i], &org, &cx->fault, &has, &all->of[i]));
    }
    return OK;
}

enum err figures_read(struct office *office, struct figures *ret, struct fault *fault)
{
    return core_read(&office->app.core, &office->call, read_figures, ret, fault);
}

const char *figure_name(int i)
{
    return figures[i]->name;
}

enum err office_make(const struct fault_run *run, struct fault *fault)
{
    struct office office;
    const struct playbook_source *playbook;
    TRY(office_open(&office, run, NULL, APP_CREATE, fault));
    enum err e = playbook_read_folder(office.app.arena, NULL, "ditui", fault, &playbook);
    if (!e) {
        demo_set_clock(date_of(2026, 4, 1), 9, 0);
        e = core_write_alone(&office.app.core, &(struct call){ 0 }, add_company,
                             (void *)(uintptr_t)playbook, fault);
    }
    app_close(&office.app);
    return e;
}
