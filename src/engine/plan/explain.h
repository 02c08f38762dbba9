/* explain.h - building the tree of reasons, inside engine/plan only. */
#pragma once

#include "engine/plan/model.h"

struct explain {
    struct plan_data *data;
    struct arena *arena;
    struct fault *fault;
    struct i64_map seen;     /* table, column, row -> explained already */
    struct i64_map *before;  /* by component: row -> index into sums */
    int64_t *sums;
    size_t sum_count, sum_room;
};

struct plan_node *explain_add(struct explain *x, struct plan_node *parent, const char *kind);
struct str explain_row(struct explain *x, int table, size_t row);
struct str explain_value(struct explain *x, const struct column *c, int64_t v);
void explain_attach(struct plan_node *parent, struct plan_node *child);

NODISCARD enum err explain_column(struct explain *x, int table, int column, size_t row,
                                  struct plan_node **ret);
/* Fills `node` from a formula over `row`: arithmetic, rounding, children. */
NODISCARD enum err explain_formula(struct explain *x, int table, const struct formula *formula,
                                   size_t row, struct plan_node *node);
NODISCARD enum err explain_tiers(struct explain *x, const struct component *c, size_t row,
                                 struct plan_node *node);
NODISCARD enum err explain_sum(struct explain *x, const struct component *c, size_t row,
                               struct plan_node *node);
NODISCARD enum err explain_daily(struct explain *x, const struct component *c, size_t row,
                                 struct plan_node *node);
NODISCARD enum err explain_override(struct explain *x, const struct component *c, size_t row,
                                    struct plan_node *node);
