/* print.c - results as CSV text, any range of rows by any thread. */
#include "engine/plan/model.h"

#define PRINT_ROWS 128

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* Digits of v: from its bit length (Hacker's Delight, section 11-4). */
static inline unsigned digits_of(uint64_t v)
{
    static const uint64_t tens[] = {
        0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
        10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
        1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
        10000000000000000000u,
    };
    unsigned guess = (64 - (unsigned)__builtin_clzll(v | 1)) * 1233 >> 12;
    return guess + (v >= tens[guess]);
}

static inline char *put_u64(char *to, uint64_t v)
{
    unsigned n = v == 0 ? 1 : digits_of(v);
    char *p = to + n;
    while (v >= 100) {
        p -= 2;
        memcpy(p, pairs + v % 100 * 2, 2);
        v /= 100;
    }
    if (p - to == 2)
        memcpy(to, pairs + v * 2, 2);
    else
        *to = (char)('0' + v);
    return to + n;
}

static char *put_i64(char *to, int64_t v)
{
    if (v < 0)
        *to++ = '-';
    return put_u64(to, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

static char *put_two(char *to, int v)
{
    memcpy(to, pairs + v * 2, 2);
    return to + 2;
}

static char *put_date(char *to, int64_t day)
{
    int year, month, date;
    date_parts((struct date){ (int32_t)day }, &year, &month, &date);
    to = put_two(to, year / 100);
    to = put_two(to, year % 100);
    *to++ = '-';
    to = put_two(to, month);
    *to++ = '-';
    return put_two(to, date);
}

static char *put_time(char *to, int64_t seconds)
{
    int clock = (int)(seconds % 86400);
    to = put_date(to, seconds / 86400);
    *to++ = 'T';
    to = put_two(to, clock / 3600);
    *to++ = ':';
    to = put_two(to, clock / 60 % 60);
    *to++ = ':';
    return put_two(to, clock % 60);
}

static char *put_decimal(char *to, int64_t v, int scale)
{
    uint64_t whole = v < 0 ? -(uint64_t)v : (uint64_t)v, unit = (uint64_t)pow10_i128(scale);
    if (v < 0)
        *to++ = '-';
    to = put_u64(to, whole / unit);
    *to++ = '.';
    uint64_t rest = whole % unit;
    for (int i = scale; i-- > 0; rest /= 10)
        to[i] = (char)('0' + rest % 10);
    return to + scale;
}

/* Quoted where a comma, a quote or a line end would break the line. A text that a spreadsheet would
 * run as a formula gets an apostrophe in front. */
static char *put_text(char *to, struct str s)
{
    bool formula = s.len && strchr("=+-@\t\r", s.data[0]);
    bool quote = false;
    for (size_t i = 0; i < s.len; i++)
        quote |= s.data[i] == ',' || s.data[i] == '"' || s.data[i] == '\n' || s.data[i] == '\r';
    if (quote)
        *to++ = '"';
    if (formula)
        *to++ = '\'';
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '"')
            *to++ = '"';
        *to++ = s.data[i];
    }
    if (quote)
        *to++ = '"';
    return to;
}

static char *put_value(const struct plan_data *data, const struct column *c, int64_t v, char *to)
{
    if (v == MISSING)
        return to;
    switch (c->type) {
    case PLAN_INT:
    case PLAN_MONEY:
    case PLAN_BOOL: return put_i64(to, v);
    case PLAN_DECIMAL: return put_decimal(to, v, c->scale);
    case PLAN_DATE: return put_date(to, v);
    case PLAN_TIME: return put_time(to, v);
    case PLAN_TEXT: return put_text(to, plan_text_of(data, v));
    case PLAN_REF: break;
    }
    const struct table *there = &data->plan->tables[c->refers_to];
    int64_t key = store_get(data->rows[c->refers_to].stores[there->keys[0]], (size_t)v);
    return put_value(data, &there->columns[there->keys[0]], key, to);
}

size_t plan_output_width(const struct plan_data *data, int output)
{
    size_t longest = 0;
    for (size_t i = 0; i < data->text_count; i++)
        longest = MAX(longest, data->texts[i].len);
    const struct output *o = &data->plan->outputs[output];
    return (size_t)o->count * MAX((size_t)32, longest * 2 + 4);
}

static char *print_row(const struct plan_data *data, const struct output *o, const int64_t *values,
                       char *to)
{
    const struct column *columns = data->plan->tables[o->table].columns;
    for (int i = 0; i < o->count; i++) {
        to = put_value(data, &columns[o->columns[i]], values[i * PRINT_ROWS], to);
        *to++ = i + 1 < o->count ? ',' : '\n';
    }
    return to;
}

size_t plan_print_rows(const struct plan_data *data, int output, size_t from, size_t count,
                       char *to)
{
    const struct output *o = &data->plan->outputs[output];
    const int32_t *sorted = o->by_key ? data->rows[o->table].sorted : NULL;
    char *start = to;
    int64_t values[PLAN_COLUMNS_MAX * PRINT_ROWS];
    for (size_t at = from; at < from + count; at += PRINT_ROWS) {
        size_t n = MIN((size_t)PRINT_ROWS, from + count - at);
        for (int i = 0; i < o->count; i++) {
            int64_t *column = values + i * PRINT_ROWS;
            if (!sorted)
                column_block(data, o->table, o->columns[i], at, n, column);
            for (size_t k = 0; sorted && k < n; k++)
                column[k] = plan_column_value(data, o->table, o->columns[i],
                                              (size_t)sorted[at + k]);
        }
        for (size_t k = 0; k < n; k++)
            to = print_row(data, o, values + k, to);
    }
    return (size_t)(to - start);
}
