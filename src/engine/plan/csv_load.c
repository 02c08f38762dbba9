/* csv_load.c - a whole CSV text into a table: header, counting, parsing side by side. */
#include "engine/plan/csv.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

/* ---- header ---------------------------------------------------------------------------------- */

static enum err head_fault(const struct plan_source *source, struct fault *fault,
                           struct str column, const char *words)
{
    char name[FAULT_FIELD_MAX];
    snprintf(name, sizeof name, STR_FMT, (int)MIN(column.len, 64), column.data);
    fault_set_field(fault, ERR_PARSE, name, "%s:1: %s%s%s", source->name, name,
                    name[0] ? ": " : "", words);
    fault->line = 1;
    return ERR_PARSE;
}

static bool echo_safe(struct str s)
{
    return utf8_valid(s) && str_find_char(s, '\n') < 0;
}

static enum err match_header(struct csv *csv, const struct str *names, struct fault *fault)
{
    const struct table *t = &csv->data->plan->tables[csv->table];
    for (int i = 0; i < csv->count; i++) {
        if (str_find_char(names[i], '\r') >= 0)
            return head_fault(csv->source, fault, STR_NONE, "a line ends with LF or CRLF");
        csv->fields[i] = (struct csv_field){ .way = CSV_SKIP, .column = -1, .none = UINT64_MAX };
        for (int j = 0; j < i; j++)
            if (str_eq(names[i], names[j]) && echo_safe(names[i]))
                return head_fault(csv->source, fault, names[i], "this column appears twice");
    }
    for (int c = 0; c < t->count; c++) {
        const struct column *column = &t->columns[c];
        if (column->origin != FROM_TABLE)
            continue;
        int found = -1;
        for (int i = 0; i < csv->count; i++)
            if (str_eq(names[i], column->header))
                found = i;
        if (found < 0 && (column->used || !column->optional))
            return head_fault(csv->source, fault, column->header, "this column is missing");
        if (found >= 0)
            csv->fields[found].column = c;
    }
    return OK;
}

static enum err read_header(struct csv *csv, struct fault *fault)
{
    const struct plan_source *source = csv->source;
    struct arena *arena = csv->data->arena;
    size_t len = (size_t)MIN(source->size, (uint64_t)PLAN_LINE_MAX);
    char *text = arena_alloc(arena, len + CSV_PAD);
    if (len)
        TRY(source->read(source->ctx, 0, text, len, fault));
    size_t from = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (len == from)
        return head_fault(source, fault, STR_NONE, "the file is empty");
    if (!memchr(text, '\n', len) && len == PLAN_LINE_MAX)
        return head_fault(source, fault, STR_NONE, "the line is longer than 65536 bytes");
    struct str *names = arena_array(arena, struct str, CSV_COLUMNS_MAX);
    const char *reason = NULL, *next;
    next = csv_split(text + from, text + len, arena_alloc(arena, len + 1), names, CSV_COLUMNS_MAX,
                     &csv->count, &reason);
    if (!next)
        return head_fault(source, fault, STR_NONE, reason);
    if (csv->count > CSV_COLUMNS_MAX)
        return head_fault(source, fault, STR_NONE, "there are more than 512 columns");
    csv->body = (uint64_t)(next - text);
    csv->fields = arena_array(arena, struct csv_field, (size_t)csv->count);
    return match_header(csv, names, fault);
}

/* ---- counting -------------------------------------------------------------------------------- */

/* Line ends of one chunk, four times unrolled by the compiler's vectoriser. */
static size_t count_byte(const char *p, size_t n, char c)
{
    size_t total = 0;
    while (n > 0) {
        size_t part = MIN(n, (size_t)255 * 32);
        uint8_t sums[32] = { 0 };
        size_t i = 0;
        for (; i + 32 <= part; i += 32)
            for (size_t k = 0; k < 32; k++)
                sums[k] = (uint8_t)(sums[k] + (p[i + k] == c));
        for (size_t k = 0; k < 32; k++)
            total += sums[k];
        for (; i < part; i++)
            total += p[i] == c;
        p += part;
        n -= part;
    }
    return total;
}

/* With quotes a line end counts only outside of them, and whether we begin outside is known only
 * when all chunks before have been seen: count for both. */
static void count_careful(struct csv_chunk *chunk, const char *p, size_t n)
{
    bool odd = false;
    for (size_t i = 0; i < n; i++) {
        odd ^= p[i] == '"';
        if (p[i] == '\n')
            chunk->by_parity[odd]++;
    }
    chunk->flips = odd;
    chunk->quoted = true;
}

/* Rows that start in [start, end) follow a line end in [start-1, end-1). */
static void count_chunk(struct csv_worker *w, struct csv_chunk *chunk)
{
    const struct plan_source *source = w->csv->source;
    size_t n = (size_t)(chunk->end - chunk->start);
    if (source->read(source->ctx, chunk->start - 1, w->buffer, n, &chunk->fault))
        return;
    chunk->lines = count_byte(w->buffer, n, '\n');
    chunk->by_parity[0] = chunk->lines;
    if (memchr(w->buffer, '"', n)) {
        chunk->by_parity[0] = 0;
        count_careful(chunk, w->buffer, n);
    }
}

static void count_task(void *arg, int index)
{
    struct csv *csv = arg;
    struct csv_worker *w = &csv->workers[index];
    for (;;) {
        size_t i = atomic_fetch_add(&csv->next, 1);
        if (i >= csv->chunk_count)
            return;
        count_chunk(w, &csv->chunks[i]);
    }
}

static enum err add_up(struct csv *csv, size_t *rows, struct fault *fault)
{
    bool inside = false;
    size_t line = 1;
    *rows = 0;
    for (size_t i = 0; i < csv->chunk_count; i++) {
        struct csv_chunk *chunk = &csv->chunks[i];
        if (chunk->fault.code) {
            *fault = chunk->fault;
            return fault->code;
        }
        csv->quoted |= chunk->quoted;
        chunk->inside = inside;
        chunk->first_row = *rows;
        chunk->first_line = line;
        chunk->rows = chunk->quoted ? chunk->by_parity[inside] : inside ? 0 : chunk->by_parity[0];
        *rows += chunk->rows;
        line += chunk->lines;
        inside ^= chunk->flips;
    }
    if (*rows > PLAN_ROWS_MAX)
        return fault_set(fault, ERR_TOO_LARGE, "%s: more than %d rows", csv->source->name,
                         PLAN_ROWS_MAX);
    return OK;
}

/* ---- parsing --------------------------------------------------------------------------------- */

/* Reads the chunk and as much after it as its last row needs. Returns the text's end. */
static enum err fetch(struct csv_worker *w, const struct csv_chunk *chunk, size_t extra,
                      size_t *len)
{
    const struct plan_source *source = w->csv->source;
    uint64_t to = MIN(source->size, chunk->end + extra);
    w->at = chunk->start - 1;
    *len = (size_t)(to - w->at);
    struct fault *fault = &((struct csv_chunk *)chunk)->fault;
    TRY(source->read(source->ctx, w->at, w->buffer, *len, fault));
    if (to == source->size && w->buffer[*len - 1] != '\n')
        w->buffer[(*len)++] = '\n'; /* the last line may lack its end */
    memset(w->buffer + *len, 0, CSV_PAD);
    return OK;
}

/* The first row of the chunk: after the first line end outside quotes. */
static const char *first_row(const struct csv_chunk *chunk, const char *p, const char *end)
{
    bool inside = chunk->inside;
    for (; p < end; p++) {
        if (chunk->quoted)
            inside ^= *p == '"';
        if (*p == '\n' && !inside)
            return p + 1;
    }
    return NULL;
}

static void too_long(const struct csv *csv, struct csv_chunk *chunk, size_t line)
{
    fault_set_field(&chunk->fault, ERR_PARSE, "row", "%s:%zu: row: longer than %d bytes",
                    csv->source->name, line, PLAN_LINE_MAX);
    chunk->fault.line = (int)line;
}

static void parse_rows(struct csv_worker *w, struct csv_chunk *chunk, const char *p,
                       const char *end)
{
    struct csv *csv = w->csv;
    uint32_t *lines = csv->data->rows[csv->table].lines;
    size_t line = chunk->first_line + count_byte(w->buffer, (size_t)(p - w->buffer), '\n');
    for (size_t i = 0; i < chunk->rows; i++) {
        const char *next = csv_row(w, p, end, chunk->first_row + i, line, &chunk->fault);
        if (!next)
            return;
        if (next - p > PLAN_LINE_MAX) {
            too_long(csv, chunk, line);
            return;
        }
        if (lines)
            lines[chunk->first_row + i] = (uint32_t)line;
        line += csv->quoted ? count_byte(p, (size_t)(next - p), '\n') : 1;
        p = next;
    }
}

/* Parses a chunk whose first `len` bytes are in the buffer. */
static void parse_fetched(struct csv_worker *w, struct csv_chunk *chunk, size_t len)
{
    /* Most rows end soon after the chunk; if not, read on to the limit of a row. */
    size_t own = (size_t)(chunk->end - chunk->start) + 1;
    bool ends = !w->csv->quoted && own < len && memchr(w->buffer + own - 1, '\n', len - own + 1);
    bool whole = own >= len || ends;
    if (!whole && fetch(w, chunk, PLAN_LINE_MAX + 1, &len))
        return;
    const char *p = first_row(chunk, w->buffer, w->buffer + len);
    if (p)
        parse_rows(w, chunk, p, w->buffer + len);
}

static void parse_chunk(struct csv_worker *w, struct csv_chunk *chunk)
{
    size_t len;
    if (chunk->rows > 0 && fetch(w, chunk, CSV_BEYOND, &len) == OK)
        parse_fetched(w, chunk, len);
}

static void parse_task(void *arg, int index)
{
    struct csv *csv = arg;
    struct csv_worker *w = &csv->workers[index];
    for (;;) {
        size_t i = atomic_fetch_add(&csv->next, 1);
        if (i >= csv->chunk_count)
            return;
        parse_chunk(w, &csv->chunks[i]);
        /* The first worker runs on the calling thread in a plain loop, and shows progress there. */
        if (plan_threads(csv->data) == 1)
            plan_progress(csv->data, csv->source->name, i + 1, csv->chunk_count);
    }
}

/* ---- reading once ---------------------------------------------------------------------------- */

/*
 * A large file without quotes is read only once. Memory is taken for somewhat more rows than its
 * first chunk promises; a worker counts the rows of its chunk, waits for the count of the chunks
 * before (each a fraction of a millisecond away), and parses. When a promise breaks - more rows, a
 * quote, a failed read - nothing has been lost: the careful two passes follow.
 */
static bool take_rows(struct csv *csv, struct csv_chunk *chunk, size_t i)
{
    while (atomic_load_explicit(&csv->published, memory_order_acquire) != i) {
        if (atomic_load(&csv->broken))
            return false;
        sched_yield();
    }
    chunk->first_row = csv->rows;
    chunk->first_line = csv->rows + 1;
    if (chunk->rows > csv->room - csv->rows)
        return false;
    csv->rows += chunk->rows;
    atomic_store_explicit(&csv->published, i + 1, memory_order_release);
    return true;
}

static bool stream_chunk(struct csv_worker *w, size_t i)
{
    struct csv *csv = w->csv;
    struct csv_chunk *chunk = &csv->chunks[i];
    size_t len, own = (size_t)(chunk->end - chunk->start);
    if (fetch(w, chunk, CSV_BEYOND, &len) || memchr(w->buffer, '"', len))
        return false;
    chunk->rows = count_byte(w->buffer, own, '\n');
    if (!take_rows(csv, chunk, i))
        return false;
    if (chunk->rows > 0)
        parse_fetched(w, chunk, len);
    return true;
}

static void stream_task(void *arg, int index)
{
    struct csv *csv = arg;
    while (!atomic_load(&csv->broken)) {
        size_t i = atomic_fetch_add(&csv->next, 1);
        if (i >= csv->chunk_count)
            return;
        if (!stream_chunk(&csv->workers[index], i))
            atomic_store(&csv->broken, true);
        if (plan_threads(csv->data) == 1)
            plan_progress(csv->data, csv->source->name, i + 1, csv->chunk_count);
    }
}

/* ---- columns --------------------------------------------------------------------------------- */

static void prepare_reference(struct csv *csv, struct csv_field *f, const struct column *c)
{
    struct plan_data *data = csv->data;
    const struct table *to = &data->plan->tables[c->refers_to];
    const struct rows *there = &data->rows[c->refers_to];
    bool loaded = there->loaded && c->refers_to != csv->table;
    bool text = to->columns[to->keys[0]].type == PLAN_TEXT;
    f->way = CSV_CAREFUL;
    data->rows[csv->table].raw[f->column] = !loaded;
    if (loaded && there->index.rows && !text && there->index.low >= 0) {
        int64_t none;
        bool small = !c->has_none || (str_to_i64(c->none, &none) && none >= 0);
        f->way = small && !c->optional ? CSV_REF : small && c->has_none ? CSV_REF : CSV_CAREFUL;
        f->none = c->has_none && small ? (uint64_t)none : UINT64_MAX;
        f->rows = there->index.rows;
        f->low = (uint64_t)there->index.low;
        f->span = there->index.span - 1;
    }
    (void)to;
}

static enum csv_way whole_way(enum formula_width width)
{
    size_t bytes = width_size(width);
    return bytes == 1 ? CSV_INT1 : bytes == 2 ? CSV_INT2 : bytes == 4 ? CSV_INT4 : CSV_INT8;
}

static void prepare_field(struct csv *csv, struct csv_field *f, size_t rows)
{
    struct plan_data *data = csv->data;
    const struct column *c = &data->plan->tables[csv->table].columns[f->column];
    struct arena *arena = data->arena;
    bool text = c->type == PLAN_TEXT;
    f->texts = NULL;
    if (c->type == PLAN_REF) {
        prepare_reference(csv, f, c);
        const struct table *to = &data->plan->tables[c->refers_to];
        bool raw = data->rows[csv->table].raw[f->column];
        text = raw && to->columns[to->keys[0]].type == PLAN_TEXT;
        if (!text)
            f->store = store_new(arena, raw ? FORMULA_I64 : FORMULA_I32, rows);
    } else if (!text) {
        f->store = store_new(arena, plan_store_width(c), rows);
        bool plain = c->type == PLAN_INT || (c->type == PLAN_MONEY && !c->yuan) ||
                     c->type == PLAN_BOOL;
        f->way = plain ? whole_way(f->store.width) : c->type == PLAN_TIME ? CSV_TIME
               : c->type == PLAN_DATE ? CSV_DATE : CSV_CAREFUL;
        f->low = (uint64_t)MAX(c->low, 0);
        f->span = c->high < (int64_t)f->low ? 0 : (uint64_t)c->high - f->low;
        if (plain && c->high < 0)
            f->way = CSV_CAREFUL;
    }
    if (text) {
        f->way = CSV_CAREFUL;
        f->texts = arena_array(arena, struct str, rows + 1);
        if (!csv->text_room)
            csv->text_room = arena_alloc(arena, (size_t)(csv->source->size - csv->body) + 1);
    }
}

static void encode_texts(struct csv *csv, struct csv_field *f, size_t rows)
{
    struct store s = store_new(csv->data->arena, FORMULA_I32, rows);
    for (size_t i = 0; i < rows; i++)
        ((int32_t *)s.data)[i] =
            f->texts[i].data ? (int32_t)text_code(csv->data, f->texts[i]) : INT32_MIN;
    f->store = s;
}

static void prepare_columns(struct csv *csv, size_t rows)
{
    const struct table *t = &csv->data->plan->tables[csv->table];
    for (int i = 0; i < csv->count; i++) {
        struct csv_field *f = &csv->fields[i];
        if (f->column >= 0 && !t->columns[f->column].used)
            f->column = -1;
        if (f->column >= 0)
            prepare_field(csv, f, rows);
    }
}

static void finish_columns(struct csv *csv, size_t rows)
{
    struct rows *r = &csv->data->rows[csv->table];
    for (int i = 0; i < csv->count; i++) {
        struct csv_field *f = &csv->fields[i];
        if (f->column < 0)
            continue;
        if (f->texts)
            encode_texts(csv, f, rows);
        r->stores[f->column] = f->store;
    }
    r->count = rows;
    r->loaded = true;
    r->file = str_cstr(csv->data->arena, str_from(csv->source->name));
}

static void make_chunks(struct csv *csv)
{
    uint64_t bytes = csv->source->size - csv->body;
    csv->chunk_count = (size_t)((bytes + CSV_CHUNK - 1) / CSV_CHUNK);
    csv->chunks = arena_array(csv->data->arena, struct csv_chunk, csv->chunk_count);
    for (size_t i = 0; i < csv->chunk_count; i++) {
        csv->chunks[i].start = csv->body + i * CSV_CHUNK;
        csv->chunks[i].end = MIN(csv->source->size, csv->chunks[i].start + CSV_CHUNK);
    }
    int threads = plan_threads(csv->data);
    csv->workers = arena_array(csv->data->arena, struct csv_worker, (size_t)threads);
    for (int i = 0; i < threads; i++) {
        size_t room = (size_t)MIN(bytes, CSV_CHUNK + PLAN_LINE_MAX) + 3 + CSV_PAD;
        csv->workers[i].csv = csv;
        csv->workers[i].buffer = arena_alloc(csv->data->arena, room);
        csv->workers[i].scratch = arena_alloc(csv->data->arena, room);
    }
}

/* One eighth more than the first chunk promises; 0: it promises nothing. */
static size_t promised_rows(struct csv *csv)
{
    struct csv_chunk first = csv->chunks[0];
    count_chunk(&csv->workers[0], &first);
    if (first.fault.code || first.quoted || first.lines == 0)
        return 0;
    uint64_t bytes = csv->source->size - csv->body;
    uint64_t rows = (bytes / CSV_CHUNK + 1) * first.lines;
    return (size_t)MIN(rows + rows / 8 + 1024, (uint64_t)PLAN_ROWS_MAX);
}

/* False: broken off, and the memory is given back. */
static bool read_once(struct csv *csv, size_t *rows)
{
    if (csv->chunk_count < CSV_STREAM_CHUNKS || (csv->room = promised_rows(csv)) == 0)
        return false;
    struct arena_mark mark = arena_mark(csv->data->arena);
    prepare_columns(csv, csv->room);
    plan_spread(csv->data, plan_threads(csv->data), stream_task, csv);
    *rows = csv->rows;
    if (!atomic_load(&csv->broken))
        return true;
    arena_reset(csv->data->arena, mark);
    csv->text_room = NULL;
    for (size_t i = 0; i < csv->chunk_count; i++) {
        uint64_t start = csv->chunks[i].start, end = csv->chunks[i].end;
        csv->chunks[i] = (struct csv_chunk){ .start = start, .end = end };
    }
    atomic_store(&csv->next, 0);
    return false;
}

static enum err read_twice(struct csv *csv, size_t *rows, struct fault *fault)
{
    int threads = plan_threads(csv->data);
    plan_spread(csv->data, threads, count_task, csv);
    TRY(add_up(csv, rows, fault));
    if (csv->quoted)
        csv->data->rows[csv->table].lines = arena_array(csv->data->arena, uint32_t, *rows + 1);
    prepare_columns(csv, *rows);
    atomic_store(&csv->next, 0);
    plan_spread(csv->data, threads, parse_task, csv);
    return OK;
}

enum err plan_read_csv(struct plan_data *data, int table, const struct plan_source *source,
                       struct fault *fault)
{
    struct csv csv = { .data = data, .table = table, .source = source };
    assert(!data->rows[table].loaded);
    TRY(read_header(&csv, fault));
    make_chunks(&csv);
    plan_progress(data, source->name, 0, 1);
    size_t rows;
    if (!read_once(&csv, &rows))
        TRY(read_twice(&csv, &rows, fault));
    for (size_t i = 0; i < csv.chunk_count; i++) {
        if (csv.chunks[i].fault.code) {
            *fault = csv.chunks[i].fault;
            return fault->code;
        }
    }
    finish_columns(&csv, rows);
    return key_check(data, table, fault);
}
