/* Makes the demo company: real orders, invented people. See demo/README.md. */
#include "app/demo_parts.h"
#include "app/options.h"

#include "base/io.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define DEMO_ARENA_MAX ((size_t)4 << 30)
#define FIRST_DAY date_of(2026, 4, 1)

static const char help[] =
    "usage: qibing demo [--data DIR] [--seed N] [--months N] [--orders FOLDER]\n\n"
    "Makes a company to look at: the real orders of a published file (209,029 lines, shifted\n"
    "by 804 weeks so that its last month is 2026-10, one pound read as one yuan), invented\n"
    "people in 4 regions and 12 squads, collections and activities; then calculates, approves\n"
    "and locks 2026-09 and 2026-10. Prints control totals and logins. The same seed makes the\n"
    "same bytes. ITS KEYS AND PASSWORDS FOLLOW FROM THE SEED: they protect nothing.\n\n"
    "  --data DIR        the data folder; must not hold a database yet [./qibing-data];\n"
    "                    what an interrupted `qibing demo` left there is removed\n"
    "  --database URL    postgres://… instead of DIR/qibing.db\n"
    "  --seed N          of all that is invented [1]\n"
    "  --months N        only the last N months of orders, 1 to 7 [7: all]\n"
    "  --orders FOLDER   the order file as .csv.gz [demo/orders beside the program]\n"
    "  --playbooks DIR   folder of the playbooks [those inside the program]\n"
    "  --host NAME       begins the name of the proof log [localhost]\n\n"
    "examples:\n"
    "  qibing demo && qibing serve\n"
    "  qibing demo --data /tmp/small --months 1 --seed 7\n";

struct demo_options {
    struct data_options data;
    const char *seed, *months, *orders, *playbooks;
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

/* Three groups of four letters without look-alikes. */
static struct str make_password(struct demo *demo)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    struct rand r = rand_seeded(demo->seed * 7 + 1);
    struct buf out = buf_in(demo->arena);
    for (int i = 0; i < 12; i++) {
        if (i && i % 4 == 0)
            buf_char(&out, '-');
        buf_char(&out, letters[rand_below(&r, sizeof letters - 1)]);
    }
    return buf_view(&out);
}

static const char *folder_of(const struct demo_options *o)
{
    return o->data.data ? o->data.data : "./qibing-data";
}

static enum err read_inputs(struct demo *demo, const struct demo_options *o, struct fault *fault)
{
    const char *folder = o->orders ? o->orders : demo_orders_folder(demo->arena);
    const char *playbooks = o->playbooks ? o->playbooks : playbook_folder(demo->arena);
    if (!folder)
        return fault_set(fault, ERR_NOT_FOUND,
                         "the order file is not beside the program: name it with --orders");
    TRY(playbook_read_folder(demo->arena, playbooks, "ditui", fault, &demo->playbook));
    return demo_read_orders(&demo->orders, folder, fault);
}

static enum err make(struct demo *demo, const struct demo_options *o, struct fault *fault)
{
    struct core *core = &demo->app.core;
    demo_seed(demo->seed);
    demo_set_clock(FIRST_DAY, 9, 0);
    TRY(app_open(&demo->app, &o->data, APP_CREATE | APP_SIGN | APP_DEMO, fault));
    core->clock = demo_clock;
    demo->password = make_password(demo);
    TRY(password_hash(core->passwords, demo->arena, demo->password, fault,
                      &demo->password_hash));
    progress_show("inventing people", 60);
    TRY(core_write_alone(core, &(struct call){ 0 }, demo_make_company, demo, fault));
    TRY(core_write_alone(core, &demo->call, demo_make_customers, demo, fault));
    TRY(demo_live(demo, fault));
    return demo_write_logins(demo, fault);
}

/* The mark goes when the database is closed: all of it is on disk then. */
static enum err make_marked(struct demo *demo, const struct demo_options *o, struct fault *fault)
{
    int mark;
    TRY(demo_may_begin(folder_of(o), fault));
    TRY(read_inputs(demo, o, fault));
    TRY(demo_mark(folder_of(o), fault, &mark));
    enum err e = make(demo, o, fault);
    if (demo->app.arena)
        app_close(&demo->app);
    if (!e)
        return demo_unmark(folder_of(o), mark, fault);
    close(mark);
    return e;
}

static void print_totals(const struct demo *demo)
{
    struct sales_import_totals all = { 0 };
    printf("%-9s %9s %9s %14s %13s %11s %10s %10s\n", "month", "orders", "lines", "net_fen",
           "cancellations", "no_customer", "zero_price", "unmatched");
    for (int i = DEMO_MONTHS_MAX - demo->months; i < DEMO_MONTHS_MAX; i++) {
        const struct demo_month *month = &demo->orders.months[i];
        const struct sales_import_totals *t = &month->totals;
        printf("%-9.7s %9lld %9lld %14lld %13lld %11lld %10lld %10lld\n",
               date_text(demo->arena, month->first).data, (long long)t->orders,
               (long long)t->lines, (long long)t->net_fen, (long long)t->cancellations,
               (long long)t->no_customer, (long long)t->zero_price, (long long)t->unmatched);
        all.orders += t->orders;
        all.lines += t->lines;
        all.net_fen += t->net_fen;
        all.cancellations += t->cancellations;
        all.no_customer += t->no_customer;
        all.zero_price += t->zero_price;
        all.unmatched += t->unmatched;
    }
    printf("%-9s %9lld %9lld %14lld %13lld %11lld %10lld %10lld\n", "total",
           (long long)all.orders, (long long)all.lines, (long long)all.net_fen,
           (long long)all.cancellations, (long long)all.no_customer, (long long)all.zero_price,
           (long long)all.unmatched);
}

static void describe(struct demo *demo)
{
    static const struct demo_login logins[DEMO_LOGINS] = {
        [DEMO_HQ] = { "hq", "hq", "总部运营：查看全公司，审批结算",
                      "head office: sees all, approves pay", 0 },
        [DEMO_FINANCE] = { "finance", "finance", "财务：导入订单，计算并锁定结算",
                           "finance: imports, calculates, locks", 0 },
        [DEMO_SUPERVISOR] = { "supervisor", "supervisor", "华东地推主管：查看本区域小组",
                              "promotion supervisor, East", 0 },
        [DEMO_PROMOTER_LOGIN] = { "promoter", "promoter", "推广员：手机端查看本人收入",
                                  "promoter, phone view at /m", 0 },
        [DEMO_ADMIN] = { "admin", "admin", "系统管理员", "administrator", 0 },
    };
    demo->code = STR("demo");
    demo->name = STR("奇兵地推演示公司");
    for (int i = 0; i < DEMO_LOGINS; i++)
        demo->logins[i] = logins[i];
}

static int run(struct demo *demo, const struct demo_options *o)
{
    struct fault fault = { 0 };
    const char *data = folder_of(o);
    if (make_marked(demo, o, &fault))
        return command_failed("demo", &fault);
    progress_end();
    print_totals(demo);
    printf("file and database agree; 2026-10 is settled; made in %.1f s in %s\n",
           (double)(now_us() - demo->begun_us) / 1e6, data);
    demo_print_logins(data);
    return EXIT_DONE;
}

int cmd_demo(int argc, char **argv)
{
    struct demo_options o = { .seed = "1", .months = "7" };
    const struct option_spec specs[] = {
        { "data", &o.data.data, NULL },     { "database", &o.data.database, NULL },
        { "host", &o.data.host, NULL },     { "seed", &o.seed, NULL },
        { "months", &o.months, NULL },      { "orders", &o.orders, NULL },
        { "playbooks", &o.playbooks, NULL }, { 0 },
    };
    int rest;
    int64_t seed, months;
    int code = options_read(argc, argv, specs, help, &rest);
    if (code >= 0)
        return code;
    if (rest != argc || !options_number(o.seed, 0, INT64_MAX, &seed) ||
        !options_number(o.months, 1, DEMO_MONTHS_MAX, &months)) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    struct arena *arena = arena_open(DEMO_ARENA_MAX);
    if (!arena)
        return EXIT_FAILED;
    struct demo *demo = arena_new(arena, struct demo);
    demo->arena = demo->orders.arena = arena;
    demo->seed = (uint64_t)seed;
    demo->months = (int)months;
    demo->begun_us = now_us();
    describe(demo);
    code = run(demo, &o);
    arena_close(arena);
    return code;
}
