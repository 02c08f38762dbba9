/* keys.c - from keys to row numbers: dense where keys are nearly consecutive, else hashed. */
#include "engine/plan/model.h"

static enum err twice(struct plan_data *data, int table, size_t row, struct fault *fault)
{
    int column = data->plan->tables[table].keys[0];
    struct str key = plan_key_text(data, data->arena, table, row);
    return plan_bad_cell(data, fault, ERR_UNPROCESSABLE, table, column, row,
                         STR_FMT " appears twice", STR_ARG(key));
}

static enum err build_dense(struct plan_data *data, int table, struct store s, struct fault *fault)
{
    struct rows *rows = &data->rows[table];
    struct key_index *index = &rows->index;
    index->rows = arena_array(data->arena, int32_t, index->span);
    memset(index->rows, 0xff, index->span * sizeof(int32_t));
    for (size_t i = 0; i < rows->count; i++) {
        int32_t *at = &index->rows[store_get(s, i) - index->low];
        if (*at >= 0)
            return twice(data, table, i, fault);
        *at = (int32_t)i;
    }
    return OK;
}

static enum err build_hash(struct plan_data *data, int table, struct store s, struct fault *fault)
{
    struct rows *rows = &data->rows[table];
    struct key_index *index = &rows->index;
    size_t room = 16;
    while (room < rows->count * 2)
        room *= 2;
    index->mask = room - 1;
    index->slots = arena_array(data->arena, uint64_t, room);
    for (size_t i = 0; i < rows->count; i++) {
        int64_t key = store_get(s, i);
        size_t at = key_hash((uint64_t)key) & index->mask;
        while (index->slots[at]) {
            if (store_get(s, index->slots[at] - 1) == key)
                return twice(data, table, i, fault);
            at = (at + 1) & index->mask;
        }
        index->slots[at] = i + 1;
    }
    return OK;
}

/* Ascending keys are unique without an index; who looks for rows by key builds one then. */
static bool ascending(struct store s, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (store_get(s, i - 1) >= store_get(s, i))
            return false;
    return true;
}

enum err key_index_build(struct plan_data *data, int table, struct fault *fault)
{
    struct rows *rows = &data->rows[table];
    struct key_index *index = &rows->index;
    const struct table *t = &data->plan->tables[table];
    if (index->ready || t->key_count != 1)
        return OK;
    struct store s = rows->stores[t->keys[0]];
    index->text = t->columns[t->keys[0]].type == PLAN_TEXT;
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (size_t i = 0; i < rows->count; i++) {
        int64_t v = store_get(s, i);
        low = MIN(low, v);
        high = MAX(high, v);
    }
    index->low = low;
    index->ready = true;
    if (rows->count == 0)
        return OK;
    uint64_t span = (uint64_t)high - (uint64_t)low;
    if (span < rows->count * 4 + 1024) {
        index->span = (size_t)span + 1;
        return build_dense(data, table, s, fault);
    }
    return build_hash(data, table, s, fault);
}

enum err key_check(struct plan_data *data, int table, struct fault *fault)
{
    const struct table *t = &data->plan->tables[table];
    if (t->key_count != 1)
        return OK;
    struct rows *rows = &data->rows[table];
    if (!t->referred && ascending(rows->stores[t->keys[0]], rows->count))
        return OK;
    return key_index_build(data, table, fault);
}

int64_t key_find(const struct plan_data *data, int table, int64_t key)
{
    const struct rows *rows = &data->rows[table];
    const struct key_index *index = &rows->index;
    if (index->rows) {
        uint64_t at = (uint64_t)key - (uint64_t)index->low;
        return at < index->span ? index->rows[at] : -1;
    }
    struct store s = rows->stores[data->plan->tables[table].keys[0]];
    if (!index->slots) { /* ascending keys: search */
        size_t from = 0, to = rows->count;
        while (from < to && !index->ready) {
            size_t mid = from + (to - from) / 2;
            int64_t v = store_get(s, mid);
            if (v == key)
                return (int64_t)mid;
            if (v < key)
                from = mid + 1;
            else
                to = mid;
        }
        return -1;
    }
    size_t at = key_hash((uint64_t)key) & index->mask;
    for (; index->slots[at]; at = (at + 1) & index->mask)
        if (store_get(s, index->slots[at] - 1) == key)
            return (int64_t)index->slots[at] - 1;
    return -1;
}

int64_t plan_find_row(const struct plan_data *data, int table, struct str key)
{
    const struct table *t = &data->plan->tables[table];
    if (t->key_count != 1 || !data->rows[table].loaded)
        return -1;
    int64_t value;
    if (t->columns[t->keys[0]].type == PLAN_TEXT) {
        value = text_known(data, key);
        return value < 0 ? -1 : key_find(data, table, value);
    }
    struct date day;
    if (t->columns[t->keys[0]].type == PLAN_DATE && date_parse(key, &day))
        return key_find(data, table, day.day);
    return str_to_i64(key, &value) ? key_find(data, table, value) : -1;
}

struct str plan_key_text(const struct plan_data *data, struct arena *arena, int table, size_t row)
{
    const struct table *t = &data->plan->tables[table];
    struct buf out = buf_in(arena);
    for (int i = 0; i < t->key_count; i++) {
        int64_t v = store_get(data->rows[table].stores[t->keys[i]], row);
        if (i)
            buf_char(&out, '/');
        if (t->columns[t->keys[i]].type == PLAN_TEXT)
            buf_str(&out, plan_text_of(data, v));
        else if (t->columns[t->keys[i]].type == PLAN_DATE)
            buf_str(&out, date_text(arena, (struct date){ (int32_t)v }));
        else
            buf_i64(&out, v);
    }
    if (t->key_count == 0)
        buf_fmt(&out, "#%zu", row + 1);
    return str_copy(arena, buf_view(&out));
}

/* ---- references that were loaded before the table that they refer to ------------------------ */

static enum err resolve_column(struct plan_data *data, int table, int column, struct fault *fault)
{
    struct rows *rows = &data->rows[table];
    const struct column *c = &data->plan->tables[table].columns[column];
    struct store raw = rows->stores[column];
    struct store done = store_new(data->arena, FORMULA_I32, rows->count);
    bool text = data->plan->tables[c->refers_to].columns[data->plan->tables[c->refers_to].keys[0]]
                    .type == PLAN_TEXT;
    TRY(key_index_build(data, c->refers_to, fault));
    for (size_t i = 0; i < rows->count; i++) {
        int64_t key = store_value(raw, i), row = NO_ROW;
        if (key != MISSING)
            row = key_find(data, c->refers_to, key);
        if (row == -1) {
            struct str shown = text ? plan_text_of(data, key)
                                    : str_fmt(data->arena, "%lld", (long long)key);
            return plan_bad_cell(data, fault, ERR_UNPROCESSABLE, table, column, i,
                                 "there is no " STR_FMT " " STR_FMT,
                                 STR_ARG(data->plan->tables[c->refers_to].name), STR_ARG(shown));
        }
        ((int32_t *)done.data)[i] = (int32_t)row;
    }
    rows->stores[column] = done;
    rows->raw[column] = false;
    return OK;
}

enum err keys_resolve(struct plan_data *data, struct fault *fault)
{
    for (int t = 0; t < data->plan->about.tables; t++)
        for (int c = 0; c < data->plan->tables[t].count; c++)
            if (data->rows[t].raw[c])
                TRY(resolve_column(data, t, c, fault));
    return OK;
}

/* A tree of people has no loops. Walks up from each person over people not yet cleared. */
enum err tree_check(struct plan_data *data, int table, int column, struct fault *fault)
{
    const int32_t *parent = data->rows[table].stores[column].data;
    size_t count = data->rows[table].count;
    uint32_t *seen = arena_array(data->arena, uint32_t, count); /* walk number; 0 never */
    for (size_t i = 0; i < count; i++) {
        int32_t at = (int32_t)i;
        while (at != NO_ROW && !seen[at]) {
            seen[at] = (uint32_t)i + 1;
            at = parent[at];
        }
        if (at != NO_ROW && seen[at] == i + 1)
            return plan_bad_cell(data, fault, ERR_UNPROCESSABLE, table, column, (size_t)at,
                                 "this tree has a loop");
    }
    return OK;
}
