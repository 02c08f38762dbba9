/*
 * cmd_settle.c - `qibing settle`: a plan over a folder of CSV files, without a server.
 *
 * The engine computes; this file reads, writes and owns the threads. Results go to temporary names
 * beside the final ones and are renamed when all of them are complete, so a failure of any kind
 * leaves the folder as it was.
 */
#include "app/cmd_settle.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Address space, not memory: pages are taken when they are touched. AddressSanitizer keeps an
 * eighth of it as shadow and clears that when an arena is closed, so it gets less. */
#ifdef __SANITIZE_ADDRESS__
#define SETTLE_SPACE ((size_t)1 << 30)
#else
#define SETTLE_SPACE ((size_t)64 << 30)
#endif

const char cmd_settle_help[] =
    "usage: qibing settle --plan PLAN.json --in FOLDER [--out FOLDER]\n"
    "                     [--explain PERSON] [--threads N] [--quiet]\n"
    "\n"
    "Works out a plan over the CSV files of a folder and writes the outputs that the\n"
    "plan declares. The same inputs give the same bytes.\n"
    "\n"
    "  --plan FILE       the plan (docs/PLANS.md)\n"
    "  --in FOLDER       where the plan's input files are\n"
    "  --out FOLDER      where its outputs go; made if missing, existing outputs are replaced\n"
    "  --explain PERSON  print why this person is paid what they are paid, to the last fen\n"
    "  --lang zh|en      language of the explanation (zh)\n"
    "  --threads N       1 to 64; default: one for each processor\n"
    "  --quiet           no progress on the terminal\n"
    "  --timing          print how long each part took, on standard error\n"
    "  --again           calculate a second time with the data loaded (for --timing)\n"
    "\n"
    "Exit: 0 done; 1 the plan or the data is wrong, nothing was written; 2 usage.\n"
    "\n"
    "Examples:\n"
    "  qibing settle --plan examples/settle-month/plan.json \\\n"
    "                --in examples/settle-month/data --out /tmp/october\n"
    "  qibing settle --plan examples/settle-month/plan.json \\\n"
    "                --in examples/settle-month/data --explain 3 --lang en\n";

struct options {
    const char *plan, *in, *out, *explain, *language;
    int threads;
    bool quiet, timing, again;
};

static int usage(const char *problem)
{
    fprintf(stderr, "qibing settle: %s\n%s", problem, cmd_settle_help);
    return 2;
}

static const struct option long_options[] = {
    { "plan", required_argument, NULL, 'p' },    { "in", required_argument, NULL, 'i' },
    { "out", required_argument, NULL, 'o' },     { "explain", required_argument, NULL, 'e' },
    { "threads", required_argument, NULL, 't' }, { "lang", required_argument, NULL, 'l' },
    { "quiet", no_argument, NULL, 'q' },         { "timing", no_argument, NULL, 'T' },
    { "again", no_argument, NULL, 'a' },         { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

/* -1: go on; otherwise the exit code. */
static int read_options(int argc, char **argv, struct options *o)
{
    *o = (struct options){ .language = "zh", .threads = (int)sysconf(_SC_NPROCESSORS_ONLN) };
    optind = 1;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
        int64_t n;
        switch (c) {
        case 'p': o->plan = optarg; break;
        case 'i': o->in = optarg; break;
        case 'o': o->out = optarg; break;
        case 'e': o->explain = optarg; break;
        case 'l': o->language = optarg; break;
        case 'q': o->quiet = true; break;
        case 'T': o->timing = true; break;
        case 'a': o->again = true; break;
        case 't':
            if (!str_to_i64(str_from(optarg), &n) || n < 1 || n > 64)
                return usage("--threads takes a number from 1 to 64");
            o->threads = (int)n;
            break;
        case 'h': fputs(cmd_settle_help, stdout); return 0;
        default: return usage("unknown option or missing value");
        }
    }
    if (optind < argc)
        return usage("no other arguments are taken");
    if (!o->plan || !o->in || (!o->out && !o->explain))
        return usage("--plan, --in and one of --out and --explain are needed");
    if (strcmp(o->language, "zh") != 0 && strcmp(o->language, "en") != 0)
        return usage("--lang takes zh or en");
    o->threads = MAX(1, MIN(o->threads, 64));
    return -1;
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum err read_plan(struct settle *s, const char *path, struct fault *fault)
{
    struct str text;
    TRY(io_read_file(s->arena, path, PLAN_BYTES_MAX, fault, &text));
    if (plan_compile(s->arena, text, fault, &s->plan) == OK)
        return OK;
    struct fault inner = *fault;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    return fault_set_field(fault, inner.code, inner.field, "%s:%d:%d: %s%s%s", name, inner.line,
                           inner.column, inner.field, inner.field[0] ? ": " : "", inner.message);
}

static enum err read_at(void *ctx, uint64_t at, void *to, size_t len, struct fault *fault)
{
    const struct settle_file *file = ctx;
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(file->fd, (char *)to + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault_errno(fault, "%s", file->name);
        if (n == 0)
            return fault_set(fault, ERR_IO, "%s: it became shorter while it was read", file->name);
        done += (size_t)n;
    }
    return OK;
}

static enum err read_table(struct settle *s, const char *folder, int table, struct fault *fault)
{
    const char *name = str_cstr(s->arena, plan_table(s->plan, table).file);
    const char *path = str_cstr(s->arena, str_fmt(s->arena, "%s/%s", folder, name));
    CLOSE_ON_EXIT int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault_errno(fault, "%s", path);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fault_errno(fault, "%s", path);
    if (!S_ISREG(st.st_mode))
        return fault_set(fault, ERR_INVALID, "%s: not a file", path);
    struct settle_file file = { fd, name };
    struct plan_source source = { name, (uint64_t)st.st_size, &file, read_at };
    return plan_read_csv(s->data, table, &source, fault);
}

static enum err read_tables(struct settle *s, const char *folder, struct fault *fault)
{
    for (int t = 0; t < plan_about(s->plan).tables; t++) {
        struct plan_table_info info = plan_table(s->plan, t);
        if (info.given)
            continue;
        if (info.file.len == 0)
            return fault_set(fault, ERR_INVALID,
                             "table " STR_FMT " comes from the database only: it has no file",
                             STR_ARG(info.name));
        TRY(read_table(s, folder, t, fault));
    }
    return OK;
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum err explain(struct settle *s, const struct options *o, struct fault *fault)
{
    struct plan_about about = plan_about(s->plan);
    int64_t row = plan_find_row(s->data, about.person_table, str_from(o->explain));
    if (row < 0)
        return fault_set_field(fault, ERR_NOT_FOUND, "explain",
                               "--explain: " STR_FMT ": there is no such person: %s",
                               STR_ARG(plan_table(s->plan, about.person_table).name), o->explain);
    struct plan_node *node;
    TRY(plan_explain(s->data, s->arena_explain, about.person_table, about.result, (size_t)row,
                     fault, &node));
    settle_print_tree(stdout, node, strcmp(o->language, "en") == 0);
    return OK;
}

static enum err settle(struct settle *s, const struct options *o, struct fault *fault)
{
    TRY(read_plan(s, o->plan, fault));
    s->data = plan_open(s->arena, s->plan, &s->tasks);
    TRY(read_tables(s, o->in, fault));
    settle_lap(s, "read");
    TRY(plan_run(s->data, fault));
    settle_lap(s, "compute");
    if (o->again) {
        TRY(plan_run(s->data, fault));
        settle_lap(s, "compute again");
    }
    if (o->explain)
        TRY(explain(s, o, fault));
    if (o->out)
        TRY(settle_write(s, o->out, fault));
    settle_lap(s, "write");
    return OK;
}

/* Columns are large and written once from end to end: large pages spare one fault for each 4 KB. */
static void settle_huge_pages(struct settle *s)
{
    char *start = arena_alloc(s->arena, 1);
    size_t into = (uintptr_t)start & (size_t)(sysconf(_SC_PAGESIZE) - 1);
    madvise(start - into, SETTLE_SPACE, MADV_HUGEPAGE);
}

int cmd_settle(int argc, char **argv)
{
    struct options o;
    int exit_code = read_options(argc, argv, &o);
    if (exit_code >= 0)
        return exit_code;
    struct settle s = { .arena = arena_open(SETTLE_SPACE),
                        .arena_explain = arena_open(SETTLE_SPACE), .threads = o.threads,
                        .timing = o.timing, .terminal = !o.quiet && isatty(STDERR_FILENO) };
    if (!s.arena || !s.arena_explain) {
        fprintf(stderr, "qibing settle: the system has no memory\n");
        return 1;
    }
    settle_huge_pages(&s);
    settle_tasks(&s);
    settle_lap(&s, NULL);
    struct fault fault = { .code = OK };
    enum err e;
    jmp_buf out;
    if (setjmp(out)) {
        e = fault_set(&fault, ERR_NO_MEMORY, "memory is exhausted; nothing was written");
    } else {
        arena_guard(s.arena, &out);
        arena_guard(s.arena_explain, &out);
        e = settle(&s, &o, &fault);
    }
    settle_progress_end(&s);
    if (e)
        fprintf(stderr, "qibing settle: %s\n", fault.message);
    arena_close(s.arena);
    arena_close(s.arena_explain);
    return e ? 1 : 0;
}
