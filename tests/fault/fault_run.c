/* fault_run.c - see fault_run.h. */
#include "fault_run.h"

#include "fault_vfs.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DONE_NO_FAULT = 0, DONE_WITH_FAULT = 10, RUN_WRONG = 11 };

struct options {
    struct fault_plan plan;
    enum db_sync sync;
    int seeds, step, from, max;
    bool must_fail;
    const char *mode_name, *sync_name, *workload;
};

struct totals {
    long runs, crashed, wrong;
    int points;
    char first[700];
};

struct folders {
    char base[64], start[128], live[128], image[128], side[128];
};

void fault_ack(const struct fault_run *run, int64_t number)
{
    if (write(run->acks, &number, sizeof(number)) != sizeof(number))
        abort();
}

/* ---- folders ---- */

static void each_file(const char *folder, void (*act)(const char *from, const char *to),
                      const char *to)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        char a[512], b[512];
        if (e->d_name[0] == '.')
            continue;
        snprintf(a, sizeof(a), "%s/%s", folder, e->d_name);
        snprintf(b, sizeof(b), "%s/%s", to ? to : "", e->d_name);
        act(a, b);
    }
    if (d)
        closedir(d);
}

static void remove_one(const char *from, const char *to)
{
    (void)to;
    unlink(from);
}

static void copy_one(const char *from, const char *to)
{
    char chunk[16384];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    if (!in || !out)
        abort();
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), in)) > 0;)
        if (fwrite(chunk, 1, n, out) != n)
            abort();
    fclose(in);
    fclose(out);
}

static bool folders_make(struct folders *f)
{
    snprintf(f->base, sizeof(f->base), "/dev/shm/qibing-fault-XXXXXX");
    if (!mkdtemp(f->base))
        return false;
    snprintf(f->start, sizeof(f->start), "%s/start", f->base);
    snprintf(f->live, sizeof(f->live), "%s/live", f->base);
    snprintf(f->image, sizeof(f->image), "%s/image", f->base);
    snprintf(f->side, sizeof(f->side), "%s/side", f->base);
    return !mkdir(f->start, 0700) && !mkdir(f->live, 0700) && !mkdir(f->image, 0700) &&
           !mkdir(f->side, 0700);
}

static int remove_any(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    return remove(path);
}

static void folders_remove(const struct folders *f)
{
    nftw(f->base, remove_any, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- one run ---- */

static void child(const struct fault_workload *w, const struct options *o, const struct folders *f,
                  struct fault_plan plan, int acks)
{
    plan.image = f->image;
    fault_vfs_install(&plan);
    struct fault_run run = { .folder = f->live, .side = f->side, .vfs = "fault", .sync = o->sync,
                             .acks = acks, .stay = plan.stay };
    bool good = w->run(&run);
    if (!good)
        fprintf(stderr, "  operation %d: %s\n", plan.at, run.why);
    _exit(!good                              ? RUN_WRONG
          : fault_vfs_operations() < plan.at ? DONE_NO_FAULT
                                             : DONE_WITH_FAULT);
}

static int read_acks(int fd, int64_t *acked)
{
    int count = 0;
    while (count < FAULT_ACKS_MAX) {
        ssize_t n = read(fd, &acked[count], sizeof(*acked));
        if (n == sizeof(*acked))
            count++;
        else if (n >= 0 || errno != EINTR)
            break;
    }
    return count;
}

static void wrong(struct totals *t, const struct fault_plan *plan, const char *why)
{
    t->wrong++;
    if (!t->first[0])
        snprintf(t->first, sizeof(t->first), "first at operation %d, seed %llu: %s", plan->at,
                 (unsigned long long)plan->seed, why);
}

/* False: the workload ended before it came to operation `at`. */
static bool one_run(const struct fault_workload *w, const struct options *o,
                    const struct folders *f, struct fault_plan plan, struct totals *t)
{
    static const size_t size = FAULT_ACKS_MAX * sizeof(int64_t);
    each_file(f->live, remove_one, NULL);
    each_file(f->image, remove_one, NULL);
    each_file(f->start, copy_one, f->live);
    each_file(f->start, copy_one, f->image); /* what the workload has not opened yet is there too */
    int acks[2], status = 0;
    if (pipe(acks))
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        close(acks[0]);
        child(w, o, f, plan, acks[1]);
    }
    close(acks[1]);
    int64_t *acked = malloc(size);
    if (!acked || pid < 0)
        abort();
    int count = read_acks(acks[0], acked);
    close(acks[0]);
    waitpid(pid, &status, 0);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    bool crashed = code == FAULT_CRASHED;
    struct fault_run run = { .folder = crashed ? f->image : f->live, .side = f->side, .acks = -1,
                             .crashed = crashed, .stay = plan.stay, .acked = acked,
                             .acked_count = count };
    t->runs++;
    t->crashed += crashed;
    if (code < 0)
        wrong(t, &plan, "the process was killed by a signal");
    else if (code == RUN_WRONG)
        wrong(t, &plan, "the workload met a wrong error, or did not recover");
    else if (!w->verify(&run))
        wrong(t, &plan, run.why);
    free(acked);
    return code != DONE_NO_FAULT;
}

/* ---- the loop ---- */

static bool parse(int argc, char **argv, struct options *o)
{
    static const char *const modes[] = { "none", "crash", "eio", "full" };
    static const char *const syncs[] = { "full", "normal", "off" };
    *o = (struct options){ .seeds = 1, .step = 1, .from = 1, .max = 1000000, .sync_name = "full" };
    if (argc < 2)
        return false;
    o->mode_name = argv[1];
    for (size_t i = 1; i < COUNT(modes); i++)
        if (strcmp(argv[1], modes[i]) == 0)
            o->plan.mode = (enum fault_mode)i;
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--stay") == 0) {
            o->plan.stay = true;
            continue;
        }
        if (strcmp(argv[i], "--must-fail") == 0) {
            o->must_fail = true;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "--seeds") == 0)
            o->seeds = atoi(value);
        else if (strcmp(argv[i - 1], "--step") == 0)
            o->step = atoi(value);
        else if (strcmp(argv[i - 1], "--from") == 0)
            o->from = atoi(value);
        else if (strcmp(argv[i - 1], "--max") == 0)
            o->max = atoi(value);
        else if (strcmp(argv[i - 1], "--workload") == 0)
            o->workload = value;
        else if (strcmp(argv[i - 1], "--sync") == 0)
            o->sync_name = value;
        else
            return false;
    }
    for (size_t i = 0; i < COUNT(syncs); i++)
        if (strcmp(o->sync_name, syncs[i]) == 0)
            o->sync = (enum db_sync)i;
    return o->plan.mode != FAULT_NONE && o->seeds > 0 && o->step > 0 && o->from > 0;
}

static int loop(const struct fault_workload *w, const struct options *o, const struct folders *f)
{
    struct totals t = { 0 };
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct fault_run first = { .folder = f->start, .side = f->side, .acks = -1 };
    if (!w->prepare(&first)) {
        fprintf(stderr, "prepare: %s\n", first.why);
        return 1;
    }
    bool reached = true;
    for (int at = o->from; reached && at <= o->max; at += o->step) {
        reached = false;
        for (int seed = 0; seed < o->seeds; seed++) {
            struct fault_plan plan = o->plan;
            plan.at = at;
            plan.seed = (uint64_t)at * 7919 + (uint64_t)seed * 104729 + 1;
            reached |= one_run(w, o, f, plan, &t);
        }
        t.points += reached;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%s %s sync=%s%s: %d operations, %ld runs, %ld power losses, %ld wrong, %.1f s%s%s\n",
           w->name, o->mode_name, o->sync_name, o->plan.stay ? " stay" : "", t.points, t.runs,
           t.crashed, t.wrong, (double)(end.tv_sec - start.tv_sec) +
           (double)(end.tv_nsec - start.tv_nsec) / 1e9, t.first[0] ? "; " : "", t.first);
    if (t.points == 0)
        printf("no operation was reached: the workload did not use the VFS\n");
    return t.points == 0 || (t.wrong > 0) != o->must_fail;
}

int fault_main(int argc, char **argv, const struct fault_workload *workloads, int count)
{
    struct options o;
    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "usage: %s crash|eio|full [--workload NAME] [--sync full|normal|off]"
                        " [--seeds N] [--stay] [--step N] [--from N] [--max N] [--must-fail]\n",
                argv[0]);
        return 2;
    }
    int bad = 0, ran = 0;
    for (int i = 0; i < count; i++) {
        if (o.workload && strcmp(o.workload, workloads[i].name) != 0)
            continue;
        struct folders f;
        if (!folders_make(&f)) {
            perror("folders");
            return 2;
        }
        bad |= loop(&workloads[i], &o, &f);
        folders_remove(&f);
        ran++;
    }
    return ran ? bad : 2;
}
