/*
 * fault_product.c - the product itself under faults: the steps of fault_steps.h, each one
 * acknowledged outside when it is done.
 *
 * Right means: the engine finds no damage; `qibing check` would find nothing in sums, facts and
 * proof log; every acknowledged step is there, and nothing more than a whole month has; and going
 * on from there ends with the very figures of a run without fault.
 *
 * Keys and the signer's memory are ordinary files: they lie in run->side, and only the signer's
 * memory changes. It survives the loss of power, because it is synced before it counts.
 */
#include "app/demo_parts.h"
#include "base/io.h"
#include "core/proof/proof.h"
#include "db/copy.h"
#include "fault_steps.h"
#include "fault_vfs.h"
#include "mod/sales/sales.h"
#include "mod/settlement/settlement.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEED_PREPARE = 1, SEED_RUN, SEED_VERIFY };

static bool clean_error(enum err e)
{
    return e == OK || e == ERR_IO || e == ERR_FULL || e == ERR_BUSY || e == ERR_CORRUPT ||
           e == ERR_NO_MEMORY;
}

static bool tell(struct fault_run *run, const char *what, enum err e, const struct fault *fault)
{
    snprintf(run->why, sizeof(run->why), "%s: error %d: %.400s", what, (int)e, fault->message);
    return false;
}

/* ---- the work ---- */

/* Each run begins with a signer that has signed nothing. */
static void forget_signer(const struct fault_run *run)
{
    char folder[256], path[600];
    path_in(folder, run->side, "data/signer");
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
    }
    if (d)
        closedir(d);
}

/* A fault that went away may cost one attempt, no more. */
static enum err attempt(struct office *office, const struct fault_run *run,
                        const struct step *step, struct fault *fault)
{
    int hits = run->vfs ? fault_vfs_hits() : 0;
    enum err e = step_ensure(office, step, fault);
    if (e && clean_error(e) && run->vfs && !run->stay && fault_vfs_hits() > hits)
        e = step_ensure(office, step, fault);
    return e;
}

static bool work(struct fault_run *run, bool careless)
{
    struct office office;
    struct fault fault = { 0 };
    demo_seed(SEED_RUN);
    forget_signer(run);
    enum err e = office_open(&office, run, NULL, 0, &fault);
    if (e && run->vfs && !run->stay && fault_vfs_hits() > 0)
        e = office_open(&office, run, NULL, 0, &fault);
    if (e)
        return (clean_error(e) && (run->stay || !run->vfs)) || tell(run, "open", e, &fault);
    for (int i = 0; i < FAULT_STEPS; i++) {
        e = attempt(&office, run, &fault_steps[i], &fault);
        if (!e || careless)
            fault_ack(run, i);
        else
            break;
    }
    bool good = !e || careless || (clean_error(e) && (run->stay || !run->vfs)) ||
                tell(run, "a step", e, &fault);
    app_close(&office.app);
    return good;
}

static bool product_run(struct fault_run *run)
{
    return work(run, false);
}

/* The control: calls everything done whatever the database says. */
static bool careless_run(struct fault_run *run)
{
    return work(run, true);
}

/* ---- before ---- */

static enum err copy_file(struct arena *arena, const char *from, const char *to,
                          struct fault *fault)
{
    struct str bytes;
    TRY(io_read_file(arena, from, 64 << 20, fault, &bytes));
    return io_write_file(to, bytes, 0600, fault);
}

/* The figures of a month without faults, kept beside. */
static enum err rehearse(struct arena *arena, const struct fault_run *run, struct fault *fault)
{
    char from[256], to[256], kept[256];
    struct office office;
    struct figures figures;
    TRY(copy_file(arena, path_in(from, run->folder, "qibing.db"),
                  path_in(to, run->side, "rehearsal.db"), fault));
    TRY(office_open(&office, run, to, 0, fault));
    enum err e = OK;
    for (int i = 0; !e && i < FAULT_STEPS; i++) {
        e = step_ensure(&office, &fault_steps[i], fault);
        int64_t done = 0;
        if (!e)
            e = step_is_done(&office, &fault_steps[i], &done, fault);
        if (e)
            e = fault_explain(fault, e, "%s", fault_steps[i].name);
        else if (done != 1)
            e = fault_set(fault, ERR_INTERNAL, "%s is not seen", fault_steps[i].name);
    }
    if (!e)
        e = figures_read(&office, &figures, fault);
    app_close(&office.app);
    struct str bytes = { (const char *)&figures, sizeof(figures) };
    return e ? e : io_write_file(path_in(kept, run->side, "figures"), bytes, 0600, fault);
}

static bool product_prepare(struct fault_run *run)
{
    struct fault fault = { 0 };
    struct arena *arena = arena_open(256 << 20);
    demo_seed(SEED_PREPARE);
    enum err e = arena ? office_make(run, &fault) : ERR_NO_MEMORY;
    if (!e)
        e = rehearse(arena, run, &fault);
    arena_close(arena);
    forget_signer(run); /* it signed the rehearsal */
    return !e || tell(run, "prepare", e, &fault);
}

/* ---- after ---- */

struct findings {
    int count;
    char first[200];
};

static void found(void *arg, struct str line)
{
    struct findings *f = arg;
    if (f->count++ == 0)
        snprintf(f->first, sizeof(f->first), STR_FMT, STR_ARG(line));
}

static void found_in_log(void *arg, bool bad, struct str line)
{
    if (bad)
        found(arg, line);
}

static enum err check(struct cx *cx, void *arg)
{
    int64_t bad;
    TRY(settlement_check(cx, found, arg));
    TRY(sales_check(cx, found, arg));
    return proof_check(cx, settlement_proof_sources, found_in_log, arg, &bad);
}

static enum err examine(struct office *office, struct fault *fault)
{
    struct findings findings = { 0 };
    TRY(db_check(office->app.db, fault));
    TRY(core_read(&office->app.core, &office->call, check, &findings, fault));
    return findings.count ? fault_set(fault, ERR_CORRUPT, "%d findings: %s", findings.count,
                                      findings.first)
                          : OK;
}

static enum err acks_hold(struct office *office, const struct fault_run *run,
                          struct fault *fault)
{
    for (int i = 0; i < run->acked_count; i++) {
        const struct step *step = &fault_steps[run->acked[i]];
        int64_t done = 0;
        TRY(step_is_done(office, step, &done, fault));
        if (done != 1)
            return fault_set(fault, ERR_CORRUPT, "%s was acknowledged and is there %lld times",
                             step->name, (long long)done);
    }
    return OK;
}

static enum err compare(struct office *office, const struct figures *right, bool whole,
                        struct fault *fault)
{
    struct figures is;
    TRY(figures_read(office, &is, fault));
    for (int i = 0; i < FIGURES; i++)
        if (is.of[i] > right->of[i] || (whole && is.of[i] != right->of[i]))
            return fault_set(fault, ERR_CORRUPT, "%s is %lld, not %lld%s", figure_name(i),
                             (long long)is.of[i], (long long)right->of[i],
                             whole ? "" : ", before the work went on");
    return OK;
}

static enum err go_on(struct office *office, const struct fault_run *run,
                      const struct figures *right, struct fault *fault)
{
    TRY(examine(office, fault));
    TRY(acks_hold(office, run, fault));
    TRY(compare(office, right, false, fault));
    for (int i = 0; i < FAULT_STEPS; i++) {
        enum err e = step_ensure(office, &fault_steps[i], fault);
        if (e)
            return fault_explain(fault, e, "going on with %s", fault_steps[i].name);
    }
    TRY(examine(office, fault));
    return compare(office, right, true, fault);
}

static bool product_verify(struct fault_run *run)
{
    char path[256];
    struct fault fault = { 0 };
    struct office office;
    struct figures right;
    CLOSE_ON_EXIT int fd = open(path_in(path, run->side, "figures"), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &right, sizeof(right)) != sizeof(right))
        return tell(run, "figures", ERR_IO, &fault);
    demo_seed(SEED_VERIFY);
    enum err e = office_open(&office, run, NULL, 0, &fault);
    if (e)
        return tell(run, "open again", e, &fault);
    e = go_on(&office, run, &right, &fault);
    app_close(&office.app);
    return !e || tell(run, "after the fault", e, &fault);
}

/* prepare FOLDER | probe FOLDER ACKS | verify FOLDER ACKS: one step each, for oom_sweep.sh. */
static int single(const char *what, const char *folder, const char *acks)
{
    char side[256];
    struct fault_run run = { .folder = folder, .side = path_in(side, folder, "side"),
                             .acks = -1 };
    static int64_t acked[100];
    bool good = false;
    if (strcmp(what, "prepare") == 0) {
        good = (mkdir(side, 0700) == 0 || io_exists(side)) && product_prepare(&run);
    } else if (strcmp(what, "probe") == 0) {
        run.acks = open(acks, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        good = run.acks >= 0 && product_run(&run);
    } else if (strcmp(what, "verify") == 0) {
        CLOSE_ON_EXIT int fd = open(acks, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, acked, sizeof(acked)) : 0;
        run.acked = acked;
        run.acked_count = n > 0 ? (int)((size_t)n / sizeof(acked[0])) : 0;
        good = product_verify(&run);
    }
    if (!good)
        fprintf(stderr, "%s: %s\n", what, run.why);
    return !good;
}

int main(int argc, char **argv)
{
    static const char *const parts[] = { "prepare", "probe", "verify" };
    for (size_t i = 0; argc >= 3 && i < COUNT(parts); i++)
        if (strcmp(argv[1], parts[i]) == 0)
            return single(argv[1], argv[2], argc > 3 ? argv[3] : "");
    static const struct fault_workload workloads[] = {
        { "product", product_prepare, product_run, product_verify },
        { "careless", product_prepare, careless_run, product_verify },
    };
    return fault_main(argc, argv, workloads, COUNT(workloads));
}
