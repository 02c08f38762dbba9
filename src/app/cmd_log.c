/* qibing log - the proof log of a company: key, state, going on after a restore. */
#include "app/app.h"
#include "base/io.h"
#include "core/proof/proof.h"

#include <getopt.h>
#include <stdio.h>

#define CHECKPOINT_MAX (1u << 20)

static const char help[] =
    "usage: qibing log status|vkey|checkpoint|extension|resume --org CODE [options]\n"
    "\n"
    "  status      what was logged, sequenced and signed\n"
    "  vkey        the key that people need to check their statements\n"
    "  checkpoint  the last signed checkpoint\n"
    "  extension   proof that the last checkpoint extends a tree of --size entries\n"
    "  resume      sign again after a restore\n"
    "\n"
    "  --data DIR          the data folder; default ./qibing-data\n"
    "  --database URL      postgres://…, when the rows live there\n"
    "  --org CODE          the company\n"
    "  --size N            of the older tree (extension)\n"
    "  --checkpoint FILE   the last checkpoint that was published (resume)\n"
    "  --new-log           open a new log with a new key that names the old one (resume)\n"
    "\n"
    "After a backup was restored the log is not signed: another tree may have been published\n"
    "since. `resume --checkpoint FILE` goes on when the database still holds what that checkpoint\n"
    "says. When entries are lost for good, `resume --new-log` opens a new log; publish its key.\n"
    "\n"
    "Examples:\n"
    "  qibing log vkey --data /srv/qibing --org demo\n"
    "  qibing log resume --data /srv/qibing --org demo --checkpoint last-from-witness\n"
    "  qibing log resume --data /srv/qibing --org demo --checkpoint last --new-log\n";

struct options {
    struct data_options data;
    const char *what, *org, *checkpoint;
    int64_t size;
    bool new_log;
};

static bool read_size(const char *text, int64_t *ret)
{
    uint64_t size;
    if (!tlog_size_parse(str_from(text), &size))
        return false;
    *ret = (int64_t)size;
    return true;
}

static bool read_options(int argc, char **argv, struct options *o, int *exit_code)
{
    static const struct option longs[] = {
        { "data", required_argument, NULL, 'd' },
        { "database", required_argument, NULL, 'b' },
        { "org", required_argument, NULL, 'o' },
        { "size", required_argument, NULL, 's' },
        { "checkpoint", required_argument, NULL, 'c' },
        { "new-log", no_argument, NULL, 'n' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    *exit_code = EXIT_USAGE;
    for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
        switch (c) {
        case 'd': o->data.data = optarg; break;
        case 'b': o->data.database = optarg; break;
        case 'o': o->org = optarg; break;
        case 'c': o->checkpoint = optarg; break;
        case 'n': o->new_log = true; break;
        case 's':
            if (read_size(optarg, &o->size))
                break;
            fprintf(stderr, "qibing log: --size %s is not a number\n", optarg);
            return false;
        case 'h':
            fputs(help, stdout);
            *exit_code = EXIT_DONE;
            return false;
        default: return false;
        }
    }
    if (optind + 1 == argc && o->org) {
        o->what = argv[optind];
        return true;
    }
    fputs("qibing log: name what to do, and --org (--help tells more)\n", stderr);
    return false;
}

/* ---- what the commands do ---- */

struct asking {
    struct app *app;
    const struct options *options;
    struct call call;
    bool found;
};

static enum err find_company(struct core *core, const struct call *call, struct str code,
                             void *arg, struct fault *fault)
{
    struct asking *asking = arg;
    (void)core;
    (void)fault;
    if (str_is(code, asking->options->org)) {
        asking->call = *call;
        asking->found = true;
    }
    return OK;
}

static enum err print_status(struct cx *cx, void *arg)
{
    struct proof_status s;
    (void)arg;
    TRY(proof_status(cx, &s));
    if (s.number == 0) {
        printf("nothing was logged yet\n");
        return OK;
    }
    printf("log        " STR_FMT " (number %lld)\nkey        " STR_FMT "\nentries    %llu\n"
           "sequenced  %llu\nsigned     %llu\n",
           STR_ARG(s.origin), (long long)s.number, STR_ARG(s.vkey), (unsigned long long)s.entries,
           (unsigned long long)s.sequenced, (unsigned long long)s.signed_size);
    return OK;
}

static enum err print_vkey(struct cx *cx, void *arg)
{
    struct proof_status s;
    (void)arg;
    TRY(proof_status(cx, &s));
    if (s.number == 0)
        return fail(cx, ERR_NOT_FOUND, "nothing was logged yet: the first entry makes the key");
    printf(STR_FMT "\n", STR_ARG(s.vkey));
    return OK;
}

static enum err print_checkpoint(struct cx *cx, void *arg)
{
    struct proof_status s;
    (void)arg;
    TRY(proof_status(cx, &s));
    if (s.checkpoint.len == 0)
        return fail(cx, ERR_NOT_FOUND, "nothing was signed yet");
    fwrite(s.checkpoint.data, 1, s.checkpoint.len, stdout);
    return OK;
}

static enum err print_extension(struct cx *cx, void *arg)
{
    const struct asking *asking = arg;
    struct str text;
    TRY(proof_extension(cx, (uint64_t)asking->options->size, &text));
    fwrite(text.data, 1, text.len, stdout);
    return OK;
}

static enum err resume(struct asking *asking, struct fault *fault)
{
    const struct options *o = asking->options;
    struct core *core = &asking->app->core;
    struct str checkpoint = STR_NONE;
    if (o->checkpoint)
        TRY(io_read_file(asking->app->arena, o->checkpoint, CHECKPOINT_MAX, fault, &checkpoint));
    if (!o->checkpoint && !o->new_log)
        return fault_set(fault, ERR_INVALID,
                         "resume needs --checkpoint FILE, or --new-log when there is none");
    if (o->new_log)
        TRY(proof_new_log(core, &asking->call, checkpoint, fault));
    else
        TRY(proof_resume(core, &asking->call, checkpoint, fault));
    TRY(proof_sequence(core, &asking->call, fault));
    return core_read(core, &asking->call, print_status, NULL, fault);
}

static enum err answer(struct asking *asking, struct fault *fault)
{
    static const struct {
        const char *name;
        call_run *run;
    } readers[] = { { "status", print_status }, { "vkey", print_vkey },
                    { "checkpoint", print_checkpoint }, { "extension", print_extension } };
    struct core *core = &asking->app->core;
    TRY(core_each_company(core, find_company, asking, fault));
    if (!asking->found)
        return fault_set(fault, ERR_NOT_FOUND, "there is no company %s", asking->options->org);
    if (strcmp(asking->options->what, "resume") == 0)
        return resume(asking, fault);
    for (size_t i = 0; i < COUNT(readers); i++)
        if (strcmp(asking->options->what, readers[i].name) == 0)
            return core_read(core, &asking->call, readers[i].run, asking, fault);
    return fault_set(fault, ERR_INVALID, "there is no \"%s\": see --help", asking->options->what);
}

int cmd_log(int argc, char **argv)
{
    struct options options = { .data = { .data = "./qibing-data" } };
    struct fault fault = { 0 };
    struct app app;
    int exit_code;
    if (!read_options(argc, argv, &options, &exit_code))
        return exit_code;
    bool signs = strcmp(options.what, "resume") == 0;
    if (app_open(&app, &options.data, signs ? APP_SIGN : 0, &fault))
        return command_failed("log", &fault);
    struct asking asking = { .app = &app, .options = &options };
    enum err e = answer(&asking, &fault);
    app_close(&app);
    return e ? command_failed("log", &fault) : EXIT_DONE;
}
