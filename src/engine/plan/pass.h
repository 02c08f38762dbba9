/* pass.h - one walk over the rows of a table, block by block, inside engine/plan only. */
#pragma once

#include "engine/plan/model.h"

#define PASS_ROWS (8 * BLOCK_ROWS) /* what a worker takes at a time */

/* Days that occur, made dense: index[day - low], -1 none. */
struct days {
    int64_t low;
    size_t span, count;
    int32_t *index;
    bool sparse; /* otherwise index[i] = i */
};

/* A sum, count or daily component that the pass feeds. */
struct sink {
    const struct component *c;
    struct days days;
};

struct pass {
    struct plan_data *data;
    const struct step *step;
    struct sink *sinks;
    int *columns, column_count; /* that formulas read, as slots */
    _Atomic size_t next;
    _Atomic size_t bad; /* the first bad row so far; SIZE_MAX none */
    struct pass_worker *workers;
    int worker_count;
};

struct sink_state {
    struct formula_batch *value, *where, *counts[COUNTS_MAX];
    int64_t *sums;    /* by row of the other table */
    uint16_t *daily;  /* [row][day][count], never above at_most */
};

struct pass_worker {
    struct pass *pass;
    struct formula_batch **formulas;
    struct formula_column *columns; /* by slot */
    int64_t **scratch;              /* by column; BLOCK_ROWS values */
    int64_t *value, *mask, *also;
    int32_t *rows;
    struct sink_state *sinks;
    struct fault fault;
    size_t bad;
};

/* sinks.c */
NODISCARD enum err sink_prepare(struct pass *pass, struct sink *sink, struct fault *fault);
void sink_open(struct pass_worker *w, int i);
/* Feeds a block; false: w->fault tells, *bad is the row within the block. */
bool sink_feed(struct pass_worker *w, int i, size_t at, size_t n, size_t *bad);
NODISCARD enum err sink_finish(struct pass *pass, int i, struct fault *fault);
