/* column.c - values in the narrowest integers that hold them: less memory is less waiting. */
#include "engine/plan/model.h"

#include <stdio.h>

size_t width_size(enum formula_width width)
{
    switch (width) {
    case FORMULA_I64: return 8;
    case FORMULA_I32:
    case FORMULA_U32: return 4;
    case FORMULA_I16:
    case FORMULA_U16: return 2;
    case FORMULA_I8:
    case FORMULA_U8: return 1;
    }
    return 8;
}

int64_t missing_of(enum formula_width width)
{
    switch (width) {
    case FORMULA_I64: return INT64_MIN;
    case FORMULA_I32: return INT32_MIN;
    case FORMULA_I16: return INT16_MIN;
    case FORMULA_I8: return INT8_MIN;
    case FORMULA_U32: return UINT32_MAX;
    case FORMULA_U16: return UINT16_MAX;
    case FORMULA_U8: return UINT8_MAX;
    }
    return INT64_MIN;
}

/* One value of each width is set aside for "missing", whether the column may miss values or not. */
enum formula_width width_for(bool ranged, int64_t low, int64_t high)
{
    if (!ranged)
        return FORMULA_I64;
    if (low >= 0)
        return high < UINT8_MAX ? FORMULA_U8
             : high < UINT16_MAX ? FORMULA_U16
             : high < UINT32_MAX ? FORMULA_U32 : FORMULA_I64;
    if (low > INT8_MIN && high <= INT8_MAX)
        return FORMULA_I8;
    if (low > INT16_MIN && high <= INT16_MAX)
        return FORMULA_I16;
    return low > INT32_MIN && high <= INT32_MAX ? FORMULA_I32 : FORMULA_I64;
}

enum formula_width plan_store_width(const struct column *column)
{
    if (column->type == PLAN_REF || column->type == PLAN_TEXT)
        return FORMULA_I32;
    return width_for(column->ranged, column->low, column->high);
}

struct store store_new(struct arena *arena, enum formula_width width, size_t rows)
{
    size_t size = arena_array_size(rows + 8, width_size(width));
    return (struct store){ arena_alloc(arena, size), width };
}

#define COPY(type)                                                        \
    do {                                                                  \
        const type *from_ = (const type *)s.data + at;                    \
        type none_ = (type)missing_of(s.width);                           \
        for (size_t i = 0; i < n; i++)                                    \
            to[i] = from_[i] == none_ ? MISSING : (int64_t)from_[i];      \
    } while (0)

void store_copy(struct store s, size_t at, size_t n, int64_t *to)
{
    switch (s.width) {
    case FORMULA_I64: memcpy(to, (const int64_t *)s.data + at, n * sizeof *to); break;
    case FORMULA_I32: COPY(int32_t); break;
    case FORMULA_I16: COPY(int16_t); break;
    case FORMULA_I8: COPY(int8_t); break;
    case FORMULA_U32: COPY(uint32_t); break;
    case FORMULA_U16: COPY(uint16_t); break;
    case FORMULA_U8: COPY(uint8_t); break;
    }
}

#define FILL(type)                                                        \
    do {                                                                  \
        type *to_ = (type *)s.data + at;                                  \
        type none_ = (type)missing_of(s.width);                           \
        for (size_t i = 0; i < n; i++)                                    \
            to_[i] = from[i] == MISSING ? none_ : (type)from[i];          \
    } while (0)

void store_fill(struct store s, size_t at, size_t n, const int64_t *from)
{
    switch (s.width) {
    case FORMULA_I64: memcpy((int64_t *)s.data + at, from, n * sizeof *from); break;
    case FORMULA_I32: FILL(int32_t); break;
    case FORMULA_I16: FILL(int16_t); break;
    case FORMULA_I8: FILL(int8_t); break;
    case FORMULA_U32: FILL(uint32_t); break;
    case FORMULA_U16: FILL(uint16_t); break;
    case FORMULA_U8: FILL(uint8_t); break;
    }
}

/* ---- texts ----------------------------------------------------------------------------------- */

int64_t text_code(struct plan_data *data, struct str text)
{
    void *known = str_map_get(&data->text_codes, text);
    if (known)
        return (int64_t)(intptr_t)known - 1;
    if (data->text_count == data->text_room) {
        size_t room = data->text_room ? data->text_room * 2 : 256;
        data->texts = arena_grow(data->arena, data->texts, data->text_room * sizeof(struct str),
                                 room * sizeof(struct str));
        data->text_room = room;
    }
    struct str copy = str_copy(data->arena, text);
    data->texts[data->text_count++] = copy;
    *str_map_at(&data->text_codes, copy, true) = (void *)(intptr_t)data->text_count;
    return (int64_t)data->text_count - 1;
}

int64_t text_known(const struct plan_data *data, struct str text)
{
    return (int64_t)(intptr_t)str_map_get(&data->text_codes, text) - 1;
}

struct str plan_text_of(const struct plan_data *data, int64_t code)
{
    bool known = code >= 0 && (size_t)code < data->text_count;
    return known ? data->texts[code] : STR_NONE;
}

/* ---- errors ---------------------------------------------------------------------------------- */

enum err plan_bad_cell(const struct plan_data *data, struct fault *fault, enum err code, int table,
                       int column, size_t row, const char *format, ...)
{
    char words[FAULT_MESSAGE_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    const struct table *t = &data->plan->tables[table];
    const struct rows *rows = &data->rows[table];
    struct str field = column >= 0 ? t->columns[column].header : STR_NONE;
    if (column >= 0 && field.len == 0)
        field = t->columns[column].name;
    char name[FAULT_FIELD_MAX];
    snprintf(name, sizeof name, STR_FMT, (int)MIN(field.len, sizeof name - 1), field.data);
    size_t line = rows->lines ? rows->lines[row] : row + 2;
    if (rows->file) {
        fault_set_field(fault, code, name, "%s:%zu: %s: %s", rows->file, line, name, words);
        fault->line = (int)line;
    } else if (t->rows) {
        fault_set_field(fault, code, name, "table " STR_FMT ", row %zu: %s: %s", STR_ARG(t->name),
                        row + 1, name, words);
        const struct json *v = t->rows->first;
        for (size_t i = 0; v && i < row; i++)
            v = v->next;
        json_position(data->plan->text, v ? v->at : 0, &fault->line, &fault->column);
    } else {
        fault_set_field(fault, code, name, STR_FMT ", row %zu: %s: %s", STR_ARG(t->name), row + 1,
                        name, words);
        fault->line = (int)(row + 1);
    }
    return code;
}

/* ---- tasks ----------------------------------------------------------------------------------- */

int plan_threads(const struct plan_data *data)
{
    return data->tasks.run ? MAX(1, MIN(data->tasks.threads, 64)) : 1;
}

void plan_spread(const struct plan_data *data, int count, void (*task)(void *, int), void *arg)
{
    if (data->tasks.run && count > 1) {
        data->tasks.run(data->tasks.ctx, count, task, arg);
        return;
    }
    for (int i = 0; i < count; i++)
        task(arg, i);
}

void plan_progress(const struct plan_data *data, const char *step, uint64_t done, uint64_t total)
{
    if (data->tasks.progress)
        data->tasks.progress(data->tasks.ctx, step, done, total);
}
