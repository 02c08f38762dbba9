/* tree.c - overrides: a share of what a person earned to the people above, level by level. */
#include "engine/plan/model.h"

enum err run_override(struct plan_data *data, const struct component *c, struct fault *fault)
{
    size_t people = data->rows[c->table].count;
    TRY(tree_check(data, c->table, c->tree, fault));
    const int32_t *parent = data->rows[c->table].stores[c->tree].data;
    struct store amounts = data->rows[c->table].stores[c->amount];
    struct store s = store_new(data->arena, FORMULA_I64, people);
    int64_t *to = s.data;
    for (size_t i = 0; i < people; i++) {
        int32_t above = parent[i];
        for (int level = 0; level < c->level_count && above != NO_ROW; level++) {
            const struct level *l = &c->levels[level];
            /* Rounded for each source person, so that each share can be shown by itself. */
            __int128 share = div_round((__int128)store_get(amounts, i) * l->rate, l->per,
                                       c->rounding);
            if (__builtin_add_overflow(to[above], share, &to[above]))
                return plan_bad_cell(data, fault, ERR_OVERFLOW, c->table, c->column, i,
                                     "the override does not fit in 63 bits");
            above = parent[above];
        }
    }
    data->rows[c->table].stores[c->column] = s;
    return OK;
}
