/* Examines a data folder: the database, its shape, the stored files, the proof log. */
#include "app/app.h"
#include "app/modules.h"
#include "app/options.h"

#include "core/proof/proof.h"
#include "db/catalogue.h"
#include "db/copy.h"
#include "mod/sales/sales.h"
#include "mod/settlement/settlement.h"

#include <stdio.h>

static const char help[] =
    "usage: qibing check [--data DIR] [--database URL]\n\n"
    "Examines everything and names what is wrong:\n"
    "  database   the engine's own check; every foreign key; keys led by the company\n"
    "  sums       orders equal their lines, statements equal their lines, runs their statements\n"
    "  proof      content and salt give the leaf, leaves the tree, trees the signed checkpoints;\n"
    "             no fact that is logged lacks its entry\n"
    "Exit code 1 when anything is wrong.\n\n"
    "example:\n"
    "  qibing check --data /srv/qibing\n";

/* Tables that belong to no company, each with its reason in its description. */
static const char *const global_tables[] = { "company", NULL };

struct findings {
    int64_t bad;
};

static void finding(struct findings *f, const char *part, struct str line)
{
    f->bad++;
    printf("BAD %s: " STR_FMT "\n", part, STR_ARG(line));
}

static void shape_finding(void *arg, struct str problem)
{
    finding(arg, "shape", problem);
}

static void proof_finding(void *arg, bool bad, struct str line)
{
    if (bad)
        finding(arg, "proof", line);
    else
        printf("    proof: " STR_FMT "\n", STR_ARG(line));
}

static void sum_finding(void *arg, struct str line)
{
    finding(arg, "sums", line);
}

static void proven_finding(void *arg, struct str line)
{
    finding(arg, "fact", line);
}

static enum err check_inside(struct cx *cx, void *arg)
{
    int64_t bad;
    TRY(settlement_check(cx, sum_finding, arg));
    TRY(sales_check(cx, proven_finding, arg));
    return proof_check(cx, settlement_proof_sources, proof_finding, arg, &bad);
}

static enum err check_company(struct core *core, const struct call *call, struct str code,
                              void *arg, struct fault *fault)
{
    printf("company " STR_FMT "\n", STR_ARG(code));
    return core_read(core, call, check_inside, arg, fault);
}

static enum err check_all(struct app *app, struct findings *findings, struct fault *fault)
{
    int problems;
    TRY(db_check(app->db, fault));
    printf("    database: whole\n");
    TRY(db_check_shape(app->db, global_tables, shape_finding, findings, fault, &problems));
    return core_each_company(&app->core, check_company, findings, fault);
}

int cmd_check(int argc, char **argv)
{
    struct data_options options = { 0 };
    const struct option_spec specs[] = { { "data", &options.data, NULL },
                                         { "database", &options.database, NULL },
                                         { 0 } };
    int rest;
    int code = options_read(argc, argv, specs, help, &rest);
    if (code >= 0)
        return code;
    struct app app;
    struct fault fault = { 0 };
    if (app_open(&app, &options, APP_SIGN, &fault))
        return command_failed("check", &fault);
    struct findings findings = { 0 };
    enum err e = check_all(&app, &findings, &fault);
    app_close(&app);
    if (e)
        return command_failed("check", &fault);
    printf("%lld finding%s\n", (long long)findings.bad, findings.bad == 1 ? "" : "s");
    return findings.bad ? EXIT_FAILED : EXIT_DONE;
}
