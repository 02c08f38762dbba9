/*
 * fault_run.h - runs a workload again and again with a fault at its 1st, 2nd, 3rd … I/O operation,
 * each time in a process of its own, and then asks whether what is left is right.
 *
 * A program is a table of workloads and a main that calls fault_main:
 *
 *   PROGRAM crash|eio|full [--workload NAME] [--sync full|normal|off] [--seeds N] [--stay]
 *           [--step N] [--from N] [--max N] [--must-fail]
 *
 * --step N looks at every N-th operation only (smoke runs). With --must-fail the program succeeds
 * only if at least one run ended wrong: the control that shows the method sees what it should.
 * Exit codes: 0 as wanted, 1 not, 2 wrong use.
 */
#pragma once

#include "db/db.h"

#define FAULT_ACKS_MAX 65536

struct fault_run {
    const char *folder; /* holds the database; its files carry the names prepare() gave them */
    const char *side;   /* for ordinary files of the workload; as it left them, through all runs */
    const char *vfs;    /* for db_config; NULL in prepare() and verify() */
    enum db_sync sync;
    int acks;           /* pipe for fault_ack; -1 in prepare() and verify() */
    bool crashed, stay; /* verify(): the power was lost; the fault did not go away */
    const int64_t *acked;
    int acked_count;
    char why[512];      /* verify() and run(): what is wrong */
};

struct fault_workload {
    const char *name;
    /* Makes the starting state, once. Returns false and tells why in `why`. */
    bool (*prepare)(struct fault_run *run);
    /* Does the work, calling fault_ack for each thing it would call done. An error of the database
     * is no failure; a wrong kind of error, or not recovering from a passing fault, is. */
    bool (*run)(struct fault_run *run);
    /* After the fault, with an ordinary disk: is all consistent, and everything acknowledged
     * there? */
    bool (*verify)(struct fault_run *run);
};

void fault_ack(const struct fault_run *run, int64_t number);
int fault_main(int argc, char **argv, const struct fault_workload *workloads, int count);
