/* batch.c - runs linear code over columns, block by block; doubtful rows go to eval.c. */
#include "engine/formula/internal.h"

struct formula_batch {
    const struct formula *formula;
    const struct code *code;
    const struct kernels *kernels;
    const struct formula_lookup *const *tables;
    const struct formula_dictionary *dictionaries;
    struct machine machine;
    int64_t **own;        /* scratch of each load, for columns that are not int64 as they are */
    const int64_t **remap; /* text loads: dictionary code -> text code of this batch */
    struct str_map codes; /* text -> code + 1 of this batch */
    struct str *texts;    /* code -> text */
    size_t text_count, text_room;
    struct formula_value *slots; /* of the row that is computed again */
    uint64_t slow_rows;
    struct arena *arena;
};

/* ---- texts: one code per text and batch, whatever dictionary it came from ---- */

static int64_t text_code(struct formula_batch *b, struct str text)
{
    void **at = str_map_at(&b->codes, text, true);
    if (!*at) {
        if (b->text_count == b->text_room) {
            size_t room = b->text_room ? 2 * b->text_room : 64;
            b->texts = arena_grow(b->arena, b->texts, b->text_room * sizeof *b->texts,
                                  room * sizeof *b->texts);
            b->text_room = room;
        }
        b->texts[b->text_count++] = text;
        *at = (void *)(uintptr_t)b->text_count;
    }
    return (int64_t)(uintptr_t)*at - 1;
}

struct str formula_batch_text(const struct formula_batch *batch, int64_t code)
{
    if (code < 0 || (uint64_t)code >= batch->text_count)
        return STR_NONE;
    return batch->texts[code];
}

static const int64_t *text_codes(struct formula_batch *b, const struct str *texts, size_t count)
{
    int64_t *codes = arena_array(b->arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        codes[i] = text_code(b, texts[i]);
    return codes;
}

static void gather_texts(struct formula_batch *b, struct aux_data *aux)
{
    const struct code *code = b->code;
    b->remap = arena_array(b->arena, const int64_t *, (size_t)code->load_count);
    for (int i = 0; i < code->load_count; i++)
        if (code->loads[i].type == FORMULA_TEXT) {
            const struct formula_dictionary *d = &b->dictionaries[code->loads[i].slot];
            b->remap[i] = text_codes(b, d->texts, d->count);
        }
    for (int i = 0; i < code->constant_count; i++)
        if (code->constants[i].is_text)
            text_code(b, code->constants[i].text);
    for (int i = 0; i < code->aux_count; i++) {
        const struct aux *a = &code->aux[i];
        if (a->kind != AUX_COLUMN)
            continue;
        const struct formula_lookup *lookup = b->tables[a->table];
        const struct formula_cells *cells = &lookup->columns[a->part];
        aux[i].count = lookup->rows;
        aux[i].remap = a->text_column ? text_codes(b, cells->texts, lookup->rows) : cells->ints;
    }
}

/* When all texts of the batch have their codes. */
static void prepare_aux(struct formula_batch *b, struct aux_data *data)
{
    for (int i = 0; i < b->code->aux_count; i++) {
        const struct aux *a = &b->code->aux[i];
        if (a->kind == AUX_TABLE)
            data[i].lookup = b->tables[a->table];
        if (a->kind != AUX_KEY && a->kind != AUX_STARTS)
            continue;
        int64_t *keys = arena_array(b->arena, int64_t, a->kind == AUX_KEY ? b->text_count : 0);
        uint8_t *flags = arena_array(b->arena, uint8_t, a->kind == AUX_KEY ? 0 : b->text_count);
        for (size_t t = 0; t < b->text_count; t++) {
            if (a->kind == AUX_KEY)
                keys[t] = lookup_text_code(b->tables[a->table], a->part, b->texts[t]);
            else
                flags[t] = str_starts(b->texts[t], a->text);
        }
        data[i].remap = keys;
        data[i].flags = flags;
        data[i].count = b->text_count;
    }
}

/* Best first. */
const struct kernels *kernels_set(int i)
{
#if defined(__x86_64__)
    if (i == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512ifma"))
        return &kernels_avx512;
    if (i == 1 && __builtin_cpu_supports("avx2"))
        return &kernels_avx2;
#endif
    return i == 2 ? &kernels_plain : NULL;
}

void batch_use(struct formula_batch *batch, const struct kernels *kernels)
{
    batch->kernels = kernels;
}

static const struct kernels *best_kernels(void)
{
    for (int i = 0; i < KERNEL_SETS; i++)
        if (kernels_set(i))
            return kernels_set(i);
    return NULL; /* not reached: the last set is always there */
}

static int64_t *block(struct arena *arena)
{
    return arena_array(arena, int64_t, BLOCK);
}

static void make_registers(struct formula_batch *b)
{
    const struct code *code = b->code;
    b->machine.v = arena_array(b->arena, int64_t *, (size_t)code->register_count);
    b->own = arena_array(b->arena, int64_t *, (size_t)code->load_count);
    for (int i = 0; i < code->register_count; i++)
        b->machine.v[i] = block(b->arena);
    for (int i = 0; i < code->load_count; i++)
        b->own[i] = b->machine.v[i];
    for (int i = 0; i < code->constant_count; i++) {
        const struct constant *c = &code->constants[i];
        int64_t value = c->is_text ? text_code(b, c->text) : c->value;
        for (size_t k = 0; k < BLOCK; k++)
            b->machine.v[code->load_count + i][k] = value;
    }
    b->machine.fault = arena_array(b->arena, int64_t *, (size_t)code->fault_count + 1);
    for (int i = 0; i <= code->fault_count; i++)
        b->machine.fault[i] = block(b->arena);
}

struct formula_batch *formula_batch_open(struct arena *arena, const struct formula *formula,
                                         const struct formula_dictionary *dictionaries,
                                         const struct formula_lookup *const *tables)
{
    struct formula_batch *b = arena_new(arena, struct formula_batch);
    b->formula = formula;
    b->code = formula->code;
    b->kernels = best_kernels();
    b->tables = tables;
    b->dictionaries = dictionaries;
    b->arena = arena;
    b->codes = str_map_in(arena);
    b->slots = arena_array(arena, struct formula_value, (size_t)formula->info.slot_count);
    struct aux_data *aux = arena_array(arena, struct aux_data, (size_t)b->code->aux_count);
    b->machine.aux = aux;
    gather_texts(b, aux);
    prepare_aux(b, aux);
    make_registers(b);
    return b;
}

/* ---- running ---- */

static const size_t width_bytes[] = {
    [FORMULA_I64] = 8, [FORMULA_I32] = 4, [FORMULA_I16] = 2, [FORMULA_I8] = 1,
    [FORMULA_U32] = 4, [FORMULA_U16] = 2, [FORMULA_U8] = 1,
};

static const void *at_row(const struct formula_column *column, size_t row)
{
    return (const char *)column->data + row * width_bytes[column->width];
}

/* No value of the column's own type can be outside the promised range. */
static bool width_suffices(const struct load *load, enum formula_width width)
{
    static const struct {
        int64_t low, high;
    } bounds[] = {
        [FORMULA_I64] = { INT64_MIN, INT64_MAX }, [FORMULA_I32] = { INT32_MIN, INT32_MAX },
        [FORMULA_I16] = { INT16_MIN, INT16_MAX }, [FORMULA_I8] = { INT8_MIN, INT8_MAX },
        [FORMULA_U32] = { 0, UINT32_MAX },        [FORMULA_U16] = { 0, UINT16_MAX },
        [FORMULA_U8] = { 0, UINT8_MAX },
    };
    return load->low <= bounds[width].low && bounds[width].high <= load->high;
}

static void load_block(struct formula_batch *b, int i, const struct formula_column *column,
                       size_t from, size_t n)
{
    const struct load *load = &b->code->loads[i];
    const struct kernels *k = b->kernels;
    const void *data = at_row(column, from);
    int64_t *fault = b->machine.fault[0];
    bool text = load->type == FORMULA_TEXT;
    if (column->width == FORMULA_I64 && !text) {
        b->machine.v[i] = (int64_t *)(uintptr_t)data; /* read in place; loads are never written */
    } else {
        (load->optional ? k->load_optional : k->load)[column->width](data, b->own[i], n);
        b->machine.v[i] = b->own[i];
    }
    if (text)
        k->text(b->own[i], fault, n, b->remap[i], b->dictionaries[load->slot].count,
                load->optional);
    else if (load->check && !width_suffices(load, column->width))
        k->range(b->machine.v[i], fault, n, load->low, load->high, load->optional);
}

/* One doubtful row again, from its columns, the exact way. */
static enum err slow_row(struct formula_batch *b, const struct formula_column *columns, size_t row,
                         int64_t *out, struct fault *fault)
{
    b->slow_rows++;
    for (int i = 0; i < b->code->load_count; i++) {
        const struct load *load = &b->code->loads[i];
        const struct formula_column *column = &columns[load->slot];
        struct formula_value *value = &b->slots[load->slot];
        *value = (struct formula_value){ 0 };
        (load->optional ? b->kernels->load_optional : b->kernels->load)[column->width](
            at_row(column, row), &value->units, 1);
        value->missing = load->optional && value->units == INT64_MIN;
        if (load->type != FORMULA_TEXT || value->missing)
            continue;
        const struct formula_dictionary *d = &b->dictionaries[load->slot];
        if ((uint64_t)value->units >= d->count)
            return fault_set(fault, ERR_UNPROCESSABLE, "the text code %lld is not in its "
                             "dictionary", (long long)value->units);
        value->text = d->texts[value->units];
    }
    struct formula_inputs inputs = { b->slots, b->tables };
    struct formula_value value;
    TRY(formula_eval(NULL, b->formula, &inputs, &value, NULL, fault));
    *out = b->formula->info.type == FORMULA_TEXT ? text_code(b, value.text) : value.units;
    return OK;
}

static bool overlaps(const struct formula_batch *b, const struct formula_column *columns,
                     const int64_t *out, size_t n)
{
    uintptr_t from = (uintptr_t)out, to = (uintptr_t)(out + n);
    for (int i = 0; i < b->code->load_count; i++) {
        const struct formula_column *column = &columns[b->code->loads[i].slot];
        uintptr_t start = (uintptr_t)column->data;
        if (start < to && from < start + n * width_bytes[column->width])
            return true;
    }
    return false;
}

static enum err run_block(struct formula_batch *b, const struct formula_column *columns,
                          size_t from, size_t n, int64_t *result, size_t *bad,
                          struct fault *fault)
{
    const struct code *code = b->code;
    int64_t *doubt = b->machine.fault[0];
    memset(doubt, 0, n * sizeof *doubt);
    b->machine.v[code->result] = result;
    for (int i = 0; i < code->load_count; i++)
        load_block(b, i, &columns[code->loads[i].slot], from, n);
    for (int i = 0; i < code->instr_count; i++)
        b->kernels->run[code->instrs[i].kernel](&b->machine, &code->instrs[i], n);
    if (!b->kernels->any(doubt, n))
        return OK;
    for (size_t i = 0; i < n; i++) {
        if (doubt[i] >= 0)
            continue;
        enum err e = slow_row(b, columns, from + i, &result[i], fault);
        if (e) {
            *bad = i;
            return e;
        }
    }
    return OK;
}

enum err formula_batch_run(struct formula_batch *b, const struct formula_column *columns, size_t n,
                           int64_t *out, size_t *bad, struct fault *fault)
{
    /* The result register is the output itself, unless a column that is still to be read is. */
    int64_t *own = b->machine.v[b->code->result];
    bool copy = overlaps(b, columns, out, n);
    enum err e = OK;
    for (size_t from = 0; from < n && e == OK; from += BLOCK) {
        size_t count = MIN(n - from, BLOCK), done = count;
        e = run_block(b, columns, from, count, copy ? own : out + from, &done, fault);
        if (copy)
            memcpy(out + from, own, done * sizeof *out);
        if (e && bad)
            *bad = from + done;
    }
    b->machine.v[b->code->result] = own;
    return e;
}

uint64_t formula_batch_slow_rows(const struct formula_batch *batch)
{
    return batch->slow_rows;
}
