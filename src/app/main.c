/* qibing - one program for a sales force: server, batch settlement, offline verification. */
#include "app/command.h"
#include "db/db.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef QIBING_VERSION
#define QIBING_VERSION "0.1.0"
#endif

static const struct command commands[] = {
    { "serve", cmd_serve, "serve the web interface and the API" },
    { "demo", cmd_demo, "make a demo company from real orders and settle its last month" },
    { "org", cmd_org, "add a company" },
    { "playbook", cmd_playbook, "examine a playbook" },
    { "migrate", cmd_migrate, "bring the database up to this program" },
    { "check", cmd_check, "examine a data folder: integrity, books, proofs" },
    { "backup", cmd_backup, "write everything to one file" },
    { "restore", cmd_restore, "make a data folder from a backup" },
    { "openapi", cmd_openapi, "print the description of the API" },
    { "settle", cmd_settle, "work out a month from CSV files, without a server" },
    { "verify", cmd_verify, "check a statement offline" },
    { "log", cmd_log, "the proof log: key, status, resume after a restore" },
};

static void usage(FILE *out)
{
    fprintf(out, "usage: qibing COMMAND [options]\n\n");
    for (size_t i = 0; i < COUNT(commands); i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].about);
    fprintf(out, "\n`qibing COMMAND --help` tells more. `qibing --version` prints the version.\n"
                 "Exit codes: 0 done, 1 refused or failed, 2 wrong usage.\n");
}

int command_failed(const char *command, const struct fault *fault)
{
    progress_end();
    fprintf(stderr, "qibing %s: %s\n", command,
            fault->message[0] ? fault->message : err_info(fault->code)->english);
    return EXIT_FAILED;
}

void progress_show(const char *what, int per_mille)
{
    if (!isatty(STDERR_FILENO))
        return;
    char bar[41];
    int filled = per_mille * 40 / 1000;
    for (int i = 0; i < 40; i++)
        bar[i] = i < filled ? '=' : ' ';
    bar[40] = '\0';
    fprintf(stderr, "\r\033[K[%s] %3d.%d %% %s", bar, per_mille / 10, per_mille % 10, what);
}

void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

int main(int argc, char **argv)
{
    /* A core dump would hold keys and passwords. */
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    db_process_setup();
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("qibing %s\n", QIBING_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "qibing: there is no command \"%s\"\n\n", argv[1]);
    usage(stderr);
    return EXIT_USAGE;
}
