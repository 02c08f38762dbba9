/*
 * lookup.c - tables: rows found by their keys.
 *
 * Small integer keys index a dense array (one load per key and row); anything else goes through
 * open addressing with at most half of the slots in use. Texts become codes of the key column.
 */
#include "engine/formula/internal.h"

#define DENSE_MAX ((i128)1 << 26) /* cells, whatever the number of rows: 256 MB would be silly */

uint64_t lookup_hash(const struct formula_lookup *lookup, const int64_t *keys)
{
    uint64_t h = 0x9E3779B97F4A7C15u;
    for (int i = 0; i < lookup->key_count; i++) {
        h = (h ^ (uint64_t)keys[i]) * 0xBF58476D1CE4E5B9u;
        h ^= h >> 29;
    }
    return h;
}

static bool same_keys(const struct formula_lookup *lookup, int64_t row, const int64_t *keys)
{
    for (int i = 0; i < lookup->key_count; i++)
        if (lookup->keys[i].cells[row] != keys[i])
            return false;
    return true;
}

/* The cell of the dense array, or -1. */
static int64_t dense_at(const struct formula_lookup *lookup, const int64_t *keys)
{
    uint64_t at = 0;
    for (int i = 0; i < lookup->key_count; i++) {
        uint64_t offset = (uint64_t)keys[i] - (uint64_t)lookup->keys[i].low;
        if (offset >= (uint64_t)lookup->keys[i].span)
            return -1;
        at = at * (uint64_t)lookup->keys[i].span + offset;
    }
    return (int64_t)at;
}

int64_t lookup_row(const struct formula_lookup *lookup, const int64_t *keys)
{
    if (lookup->rows == 0)
        return -1;
    if (lookup->dense) {
        int64_t at = dense_at(lookup, keys);
        return at < 0 ? -1 : lookup->dense[at];
    }
    for (uint64_t at = lookup_hash(lookup, keys);; at++) {
        int32_t row = lookup->slots[at & lookup->mask];
        if (row < 0 || same_keys(lookup, row, keys))
            return row;
    }
}

int64_t lookup_text_code(const struct formula_lookup *lookup, int key, struct str text)
{
    void *code = str_map_get(lookup->keys[key].codes, text);
    return (int64_t)(uintptr_t)code - 1;
}


static void load_text_key(struct arena *arena, const struct formula_cells *cells, size_t rows,
                          struct lookup_key *key)
{
    key->codes = arena_new(arena, struct str_map);
    *key->codes = str_map_in(arena);
    uintptr_t count = 0;
    for (size_t i = 0; i < rows; i++) {
        struct str text = cells->texts[i];
        void *code = str_map_get(key->codes, text);
        if (!code) {
            code = (void *)++count;
            *str_map_at(key->codes, str_copy(arena, text), true) = code;
        }
        key->cells[i] = (int64_t)(uintptr_t)code - 1;
    }
}

static enum err check_cells(const struct formula_column_shape *shape,
                            const struct formula_cells *cells, size_t rows, struct fault *fault)
{
    struct range range;
    shape_range(shape, &range);
    for (size_t i = 0; shape->type != FORMULA_TEXT && i < rows; i++)
        if (cells->ints[i] < range.low || cells->ints[i] > range.high) {
            enum err e = fault_set(fault, ERR_UNPROCESSABLE,
                                   STR_FMT " is %lld, outside %lld..%lld", STR_ARG(shape->name),
                                   (long long)cells->ints[i], (long long)range.low,
                                   (long long)range.high);
            fault->line = (int)i + 1;
            return e;
        }
    return OK;
}

static enum err load_key(struct arena *arena, const struct formula_column_shape *shape,
                         const struct formula_cells *cells, size_t rows, struct lookup_key *key,
                         struct fault *fault)
{
    TRY(check_cells(shape, cells, rows, fault));
    key->cells = arena_array(arena, int64_t, rows);
    if (shape->type == FORMULA_TEXT)
        load_text_key(arena, cells, rows, key);
    else
        memcpy(key->cells, cells->ints, rows * sizeof *key->cells);
    int64_t low = key->cells[0], high = key->cells[0];
    for (size_t i = 1; i < rows; i++) {
        low = MIN(low, key->cells[i]);
        high = MAX(high, key->cells[i]);
    }
    key->low = low;
    i128 span = (i128)high - low + 1;
    key->span = span > INT64_MAX ? INT64_MAX : (int64_t)span;
    return OK;
}

static void load_column(struct arena *arena, const struct formula_column_shape *shape,
                        const struct formula_cells *from, size_t rows, struct formula_cells *to)
{
    if (shape->type != FORMULA_TEXT) {
        to->ints = arena_copy(arena, from->ints, rows * sizeof *from->ints);
        return;
    }
    struct str *texts = arena_array(arena, struct str, rows);
    for (size_t i = 0; i < rows; i++)
        texts[i] = str_copy(arena, from->texts[i]);
    to->texts = texts;
}

/* The cell of a row's keys, made when it is not there yet. */
static int32_t *index_cell(struct formula_lookup *lookup, int32_t *cells, const int64_t *keys)
{
    if (lookup->dense)
        return &cells[dense_at(lookup, keys)];
    uint64_t at = lookup_hash(lookup, keys);
    while (cells[at & lookup->mask] >= 0 && !same_keys(lookup, cells[at & lookup->mask], keys))
        at++;
    return &cells[at & lookup->mask];
}

static enum err build_index(struct arena *arena, struct formula_lookup *lookup,
                            struct fault *fault)
{
    i128 cells = 1, limit = MIN(MAX((i128)65536, (i128)lookup->rows * 16), DENSE_MAX);
    for (int i = 0; i < lookup->key_count && cells <= limit; i++)
        cells *= lookup->keys[i].span;
    bool dense = cells <= limit;
    size_t room = (size_t)cells;
    if (!dense)
        for (room = 16; room < 2 * lookup->rows;)
            room *= 2;
    int32_t *index = arena_array(arena, int32_t, room);
    memset(index, 0xFF, room * sizeof *index);
    lookup->mask = room - 1;
    *(dense ? &lookup->dense : &lookup->slots) = index;
    for (size_t row = 0; row < lookup->rows; row++) {
        int64_t keys[FORMULA_KEYS_MAX] = { 0 };
        for (int i = 0; i < lookup->key_count; i++)
            keys[i] = lookup->keys[i].cells[row];
        int32_t *cell = index_cell(lookup, index, keys);
        if (*cell >= 0) {
            enum err e = fault_set(fault, ERR_UNPROCESSABLE,
                                   "the table " STR_FMT " has rows %d and %zu with the same key",
                                   STR_ARG(lookup->shape->name), *cell + 1, row + 1);
            fault->line = (int)row + 1;
            return e;
        }
        *cell = (int32_t)row;
    }
    return OK;
}

enum err formula_lookup_load(struct arena *arena, const struct formula_table_shape *shape,
                             const struct formula_cells *keys, const struct formula_cells *columns,
                             size_t rows, const struct formula_lookup **ret, struct fault *fault)
{
    struct formula_lookup *lookup = arena_new(arena, struct formula_lookup);
    lookup->shape = shape;
    lookup->rows = rows;
    lookup->key_count = shape->key_count;
    if (rows >= INT32_MAX)
        return fault_set(fault, ERR_TOO_LARGE, "the table " STR_FMT " has too many rows",
                         STR_ARG(shape->name));
    struct formula_cells *copies =
        arena_array(arena, struct formula_cells, (size_t)shape->column_count);
    for (int i = 0; i < shape->key_count; i++) {
        if (rows > 0)
            TRY(load_key(arena, &shape->keys[i], &keys[i], rows, &lookup->keys[i], fault));
        if (rows == 0 && shape->keys[i].type == FORMULA_TEXT) {
            lookup->keys[i].codes = arena_new(arena, struct str_map);
            *lookup->keys[i].codes = str_map_in(arena);
        }
    }
    for (int i = 0; i < shape->column_count && rows > 0; i++) {
        TRY(check_cells(&shape->columns[i], &columns[i], rows, fault));
        load_column(arena, &shape->columns[i], &columns[i], rows, &copies[i]);
    }
    lookup->columns = copies;
    if (rows > 0)
        TRY(build_index(arena, lookup, fault));
    *ret = lookup;
    return OK;
}
