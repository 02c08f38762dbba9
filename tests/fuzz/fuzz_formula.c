/*
 * fuzz_formula.c - any bytes as a formula: it must compile or be refused with a place, and what
 * compiles must end, and give the same answers row by row and over columns.
 */
#include "engine/formula/formula.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS 24
#define NAMED(text) { "" text, sizeof(text) - 1 }

static const struct formula_name names[] = {
    { .name = NAMED("a") },
    { .name = NAMED("fen"), .unit = "fen", .ranged = true, .low = 0, .high = INT32_MAX, .slot = 1 },
    { .name = NAMED("bp"), .unit = "bp", .ranged = true, .low = 0, .high = 10000, .slot = 2 },
    { .name = NAMED("名"), .type = FORMULA_TEXT, .slot = 3 },
    { .name = NAMED("on"), .type = FORMULA_DATE, .slot = 4 },
    { .name = NAMED("ok"), .type = FORMULA_BOOL, .slot = 5 },
    { .name = NAMED("m"), .unit = "m", .scale = 2, .optional = true, .slot = 6 },
    { .name = NAMED("at"), .type = FORMULA_INSTANT, .slot = 7 },
    { .name = NAMED("cap"), .unit = "fen", .constant = true, .value = 80000 },
};
static const struct formula_column_shape keys[] = { { .name = NAMED("k") } };
static const struct formula_column_shape columns[] = {
    { .name = NAMED("v"), .unit = "bp" }, { .name = NAMED("w"), .type = FORMULA_TEXT },
};
static const struct formula_table_shape tables[] = {
    { .name = NAMED("t"), .keys = keys, .key_count = 1, .columns = columns, .column_count = 2 },
};
static const struct str texts[] = { NAMED("x"), NAMED("华东"), NAMED("") };

static int64_t cell(int slot, size_t row)
{
    static const int64_t edges[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 7, 10000, INT32_MAX };
    switch (slot) {
    case 1: return (int64_t)(row * 89478485 % INT32_MAX) - (row == 7);
    case 2: return (int64_t)row * 434;
    case 3: return (int64_t)row % 3;
    case 4: return 20000 + (int64_t)row * 17;
    case 5: return row & 1;
    case 7: return (int64_t)row * 100000000000000;
    default: return edges[row % COUNT(edges)];
    }
}

static void run(struct arena *arena, const struct formula *f,
                const struct formula_lookup *const *lookups)
{
    static int64_t data[8][ROWS];
    struct formula_column in[8];
    struct formula_dictionary dictionaries[8] = { [3] = { texts, COUNT(texts) } };
    for (int s = 0; s < 8; s++) {
        for (size_t i = 0; i < ROWS; i++)
            data[s][i] = cell(s, i);
        in[s] = (struct formula_column){ data[s], FORMULA_I64 };
    }
    int64_t out[ROWS];
    size_t bad = ROWS;
    struct fault fault = { 0 }, exact = { 0 };
    struct formula_batch *b = formula_batch_open(arena, f, dictionaries, lookups);
    enum err e = formula_batch_run(b, in, ROWS, out, &bad, &fault);
    for (size_t i = 0; i < ROWS && i <= bad; i++) {
        struct formula_value slots[8] = { 0 }, value;
        const struct formula_trace *trace;
        for (int s = 0; s < 8; s++)
            slots[s].units = data[s][i];
        slots[3].text = texts[slots[3].units];
        struct formula_inputs inputs = { slots, lookups };
        enum err want = formula_eval(arena, f, &inputs, &value, &trace, &exact);
        struct buf print = buf_in(arena);
        if (i == 0)
            formula_trace_print(&print, trace, FORMULA_CHINESE);
        if (want != (i == bad ? e : OK))
            abort();
        const struct formula_info *info = formula_info(f);
        if (i == bad)
            break;
        if (info->type == FORMULA_TEXT ? !str_eq(formula_batch_text(b, out[i]), value.text)
                                       : out[i] != value.units)
            abort();
        if (info->ranged && (value.units < info->low || value.units > info->high))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t k[] = { 0, 1, 7, 10000 }, v[] = { 5, -5, INT64_MAX, 0 };
    static const struct str w[] = { NAMED("x"), NAMED("y"), NAMED(""), NAMED("华东") };
    static struct arena *arena; /* one for all runs: opening costs more than a formula */
    static struct arena_mark empty;
    const struct formula_env env = { names, COUNT(names), tables, COUNT(tables), 480 };
    const struct formula_cells key = { .ints = k }, values[] = { { .ints = v }, { .texts = w } };
    const struct formula_lookup *lookup;
    const struct formula *f;
    struct fault fault = { 0 };
    if (!arena) {
        arena = arena_open((size_t)256 << 20);
        if (!arena)
            abort();
        empty = arena_mark(arena);
    }
    arena_reset(arena, empty);
    if (formula_lookup_load(arena, tables, &key, values, COUNT(k), &lookup, &fault))
        abort();
    struct str text = { (const char *)data, size };
    enum err e = formula_compile(arena, &env, text, &f, &fault);
    if (e == OK)
        run(arena, f, &lookup);
    else if (e != ERR_PARSE || fault.line < 1 || fault.column < 1)
        abort();
    return 0;
}
