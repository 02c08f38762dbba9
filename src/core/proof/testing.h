/*
 * testing.h - for the tests of this folder: a database with one company, keys in a folder of their
 * own, and a small month of facts.
 */
#pragma once

#include "base/test.h"
#include "core/proof/proof.h"
#include "db/db_testing.h"

#define ORG 7
#define WANG 1001
#define LI 1002

struct world {
    struct db_fixture db;
    struct core core;
    struct services services;
    char folder[64];
    struct fault fault;
};
static const struct call as_server = { .org = ORG };

/* False: the engine is not available here. */
bool world_open(struct world *w, enum db_engine engine);
void world_close(struct world *w);

/* Facts, as call_run: the plan's publication; `*(int *)arg` orders of Wang and Li in turn; Wang's
 * statement of so many fen with the period head. */
enum err log_plan(struct cx *cx, void *arg);
enum err log_orders(struct cx *cx, void *arg);
enum err log_statement(struct cx *cx, void *arg);
/* In a transaction that must succeed. */
void write_must(struct world *w, call_run *run, void *arg);
void month(struct world *w, int orders, int net);
enum err sequence(struct world *w);

struct proof_status status_of(struct world *w);
/* Wang's statement file, as call_run; `arg` is a struct str. */
enum err get_zip(struct cx *cx, void *arg);
struct checked {
    int64_t bad;
    struct str last; /* finding */
};
struct checked check_of(struct world *w);
/* Checks a statement file with the log's key. */
struct tlog_verdict judge(struct world *w, struct str zip, struct str checkpoint,
                          struct str extension);
