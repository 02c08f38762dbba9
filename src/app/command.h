/*
 * command.h - the commands of the program. Each has a help text with examples; exit codes are 0
 * done, 1 refused or failed (one clear line on stderr), 2 wrong usage.
 */
#pragma once

#include "base/err.h"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the name of the command */
    const char *about;
};

int cmd_serve(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_org(int argc, char **argv);
int cmd_playbook(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_openapi(int argc, char **argv);
int cmd_settle(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_log(int argc, char **argv);

/* Prints "qibing COMMAND: message" and returns EXIT_FAILED. */
int command_failed(const char *command, const struct fault *fault);

/* Progress on a terminal: one line on stderr that is written over; silent elsewhere. */
void progress_show(const char *what, int per_mille);
void progress_end(void);

struct db_config;
/* The options that commands on a data folder share. */
struct data_options {
    const char *data;     /* folder; default ./qibing-data */
    const char *database; /* postgres://…; NULL: DIR/qibing.db */
    const char *host;     /* names new proof logs: host/log/company; default localhost */
    const struct db_config *tuning; /* of tests: all but url and watch; NULL: the defaults */
};
