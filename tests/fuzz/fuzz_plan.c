/*
 * fuzz_plan.c - any text as a plan. One that compiles is also run over a few made-up rows and
 * explained: sums must add up, and nothing may crash, hang or overflow unseen.
 */
#include "engine/plan/plan.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 4 };

static struct str made_up(struct arena *arena, const struct plan *plan, int table, int column,
                          int row)
{
    struct plan_column_info c = plan_column(plan, table, column);
    switch (c.type) {
    case PLAN_DATE: return str_fmt(arena, "2026-01-%02d", row + 1);
    case PLAN_TIME: return str_fmt(arena, "2026-01-%02dT10:00:0%d", row + 1, row);
    case PLAN_BOOL: return row & 1 ? STR("1") : STR("0");
    case PLAN_DECIMAL: return str_fmt(arena, "%d.5", row);
    case PLAN_INT:
    case PLAN_MONEY:
    case PLAN_TEXT:
    case PLAN_REF: break;
    }
    return str_fmt(arena, "%d", row + 1);
}

static enum err fill(struct arena *arena, const struct plan *plan, struct plan_data *data,
                     struct fault *fault)
{
    for (int t = 0; t < plan_about(plan).tables; t++) {
        struct plan_table_info info = plan_table(plan, t);
        if (info.given)
            continue;
        struct plan_input inputs[PLAN_COLUMNS_MAX];
        int count = 0;
        for (int c = 0; c < info.columns; c++) {
            struct plan_column_info column = plan_column(plan, t, c);
            if (column.component >= 0 || column.header.len == 0)
                continue;
            struct str *texts = arena_array(arena, struct str, ROWS);
            for (int row = 0; row < ROWS; row++)
                texts[row] = made_up(arena, plan, t, c, row);
            inputs[count++] = (struct plan_input){ .column = c, .text = texts };
        }
        TRY(plan_put_rows(data, t, ROWS, inputs, count, fault));
    }
    return OK;
}

static void check_sums(const struct plan_node *node)
{
    int64_t sum = 0;
    for (const struct plan_node *child = node->first; child; child = child->next) {
        sum = (int64_t)((uint64_t)sum + (uint64_t)child->value);
        check_sums(child);
    }
    if (node->adds && !node->repeated && sum != node->value)
        abort();
}

static void try_plan(struct arena *arena, struct str text)
{
    struct fault fault = { .code = OK };
    const struct plan *plan;
    if (plan_compile(arena, text, &fault, &plan)) {
        if (fault.message[0] == 0)
            abort(); /* a refusal without a reason */
        return;
    }
    struct plan_data *data = plan_open(arena, plan, NULL);
    if (fill(arena, plan, data, &fault) || plan_run(data, &fault))
        return;
    struct plan_about about = plan_about(plan);
    for (int o = 0; o < about.outputs; o++) {
        size_t rows = plan_rows(data, plan_output(plan, o).table);
        char *room = arena_alloc(arena, rows * plan_output_width(data, o) + 1);
        if (plan_print_rows(data, o, 0, rows, room) > rows * plan_output_width(data, o))
            abort();
    }
    for (size_t row = 0; row < plan_rows(data, about.person_table); row++) {
        struct plan_node *node;
        if (plan_explain(data, arena, about.person_table, about.result, row, &fault, &node) == OK)
            check_sums(node);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* One arena for all runs: opening one costs more than a run. */
    static struct arena *arena;
    if (!arena)
        arena = arena_open((size_t)256 << 20);
    struct arena_mark mark = { 0 };
    jmp_buf out;
    if (setjmp(out) == 0) {
        arena_guard(arena, &out);
        try_plan(arena, (struct str){ (const char *)data, size });
        arena_guard(arena, NULL);
    }
    arena_reset(arena, mark);
    return 0;
}
