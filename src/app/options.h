/* options.h - command lines read by a table: long options only, `--name VALUE` or
 * `--name=VALUE`. */
#pragma once

#include "app/command.h"
#include "base/str.h"

struct option_spec {
    const char *name;   /* without dashes; NULL ends the table */
    const char **value; /* where the value goes; NULL with `flag` */
    bool *flag;
};

/* Reads argv from 1. Options end at the first other word or at "--"; *rest is its index. Prints the
 * help on --help (EXIT_DONE) and what is wrong otherwise (EXIT_USAGE); -1: go on. */
int options_read(int argc, char **argv, const struct option_spec *specs, const char *help,
                 int *rest);
/* "127.0.0.1:8080", "[::1]:8080", ":8080", "8080". */
bool options_address(struct arena *arena, const char *text, const char **host, int *port);
/* A whole number within limits. */
bool options_number(const char *text, int64_t low, int64_t high, int64_t *ret);
