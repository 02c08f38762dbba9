/* csv_row.c - one row of CSV: the fast way, and the careful way with reasons. */
#include "engine/plan/csv.h"

#include <stdio.h>

/* ---- the fast way ---------------------------------------------------------------------------- */

/*
 * Eight characters as one little-endian word (after D. Lemire, "Quickly parsing eight digits",
 * 2018): a byte b is a digit when b ^ '0' is at most 9. Adding 0x76
 * carries into the top bit for 10 and more; carries only disturb bytes above the first non-digit.
 */
static inline uint64_t load8(const char *p)
{
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

static inline uint64_t non_digits(uint64_t t)
{
    return ((t + 0x7676767676767676u) | t) & 0x8080808080808080u;
}

static inline uint64_t eight_digits(uint64_t t)
{
    t = t * 10 + (t >> 8);
    return (((t & 0x000000FF000000FFu) * 0x000F424000000064u) +
            (((t >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >> 32;
}

static const uint64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };

/* Up to 16 digits; NULL: none or more. */
static inline __attribute__((always_inline)) const char *fast_number(const char *p, uint64_t *ret)
{
    uint64_t t = load8(p) ^ 0x3030303030303030u, stop = non_digits(t);
    if (stop) {
        unsigned bits = (unsigned)__builtin_ctzll(stop) - 7; /* 8 x digits */
        if (bits == 0)
            return NULL;
        *ret = eight_digits(t << (64 - bits));
        return p + bits / 8;
    }
    uint64_t high = eight_digits(t);
    p += 8;
    t = load8(p) ^ 0x3030303030303030u;
    stop = non_digits(t);
    if (!stop)
        return NULL;
    unsigned bits = (unsigned)__builtin_ctzll(stop) - 7;
    *ret = bits ? high * powers[bits / 8] + eight_digits(t << (64 - bits)) : high;
    return p + bits / 8;
}

static inline uint64_t has_byte(uint64_t x, uint64_t pattern)
{
    x ^= pattern;
    return (x - 0x0101010101010101u) & ~x & 0x8080808080808080u;
}

/* To the next comma or line end. */
static inline const char *fast_skip(const char *p, const char *end)
{
    for (; p < end; p += 8) {
        uint64_t x = load8(p);
        uint64_t stop = has_byte(x, 0x2C2C2C2C2C2C2C2Cu) | has_byte(x, 0x0A0A0A0A0A0A0A0Au);
        if (stop)
            return p + __builtin_ctzll(stop) / 8;
    }
    return end;
}

/* "YYYY-MM-DD": neighbours mostly share their day. */
static inline bool fast_day(struct csv_day *known, const char *p, int32_t *ret)
{
    uint64_t text = load8(p);
    uint16_t rest;
    memcpy(&rest, p + 8, 2);
    if (known->text != text || known->rest != rest) {
        struct date day;
        if (!date_parse((struct str){ p, 10 }, &day))
            return false;
        *known = (struct csv_day){ text, rest, day.day };
    }
    *ret = known->day;
    return true;
}

/* "HH:MM:SS" to seconds; false: not one. */
static inline bool fast_clock(const char *p, int64_t *ret)
{
    uint64_t t = load8(p) ^ 0x30303A30303A3030u; /* "00:00:00", first character lowest */
    if (non_digits(t) || (t & 0x0000FF0000FF0000u))
        return false;
    unsigned hour = (unsigned)((t & 0xFF) * 10 + (t >> 8 & 0xFF));
    unsigned minute = (unsigned)((t >> 24 & 0xFF) * 10 + (t >> 32 & 0xFF));
    unsigned second = (unsigned)((t >> 48 & 0xFF) * 10 + (t >> 56));
    *ret = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

static inline const char *fast_time(struct csv_day *known, const char *p, const char *end,
                                    int64_t *ret)
{
    int32_t day;
    int64_t clock;
    if (end - p < 19 || p[10] != 'T' || !fast_day(known, p, &day) || day < 0 || day > 49709 ||
        !fast_clock(p + 11, &clock))
        return NULL;
    *ret = day * INT64_C(86400) + clock;
    return p + 19;
}

#define INLINE static inline __attribute__((always_inline))

INLINE const char *fast_whole(const struct csv_field *f, const char *p, uint64_t *ret)
{
    p = fast_number(p, ret);
    return p && *ret - f->low <= f->span ? p : NULL;
}

INLINE const char *fast_reference(const struct csv_field *f, const char *p, size_t row)
{
    uint64_t key;
    int32_t found = NO_ROW;
    p = fast_number(p, &key);
    if (!p)
        return NULL;
    if (key != f->none) {
        if (key - f->low > f->span || (found = f->rows[key - f->low]) < 0)
            return NULL;
    }
    ((int32_t *)f->store.data)[row] = found;
    return p;
}

/* Reads one field and stores its value; NULL: look at it carefully. */
INLINE const char *fast_field(struct csv_worker *w, int i, const char *p, const char *end,
                              size_t row)
{
    const struct csv_field *f = &w->csv->fields[i];
    uint64_t v = 0;
    int64_t time = 0;
    int32_t day;
    switch (f->way) {
    case CSV_SKIP:
        return fast_skip(p, end);
    case CSV_INT1:
        p = fast_whole(f, p, &v);
        ((uint8_t *)f->store.data)[row] = (uint8_t)v;
        return p;
    case CSV_INT2:
        p = fast_whole(f, p, &v);
        ((uint16_t *)f->store.data)[row] = (uint16_t)v;
        return p;
    case CSV_INT4:
        p = fast_whole(f, p, &v);
        ((uint32_t *)f->store.data)[row] = (uint32_t)v;
        return p;
    case CSV_INT8:
        p = fast_whole(f, p, &v);
        ((uint64_t *)f->store.data)[row] = v;
        return p;
    case CSV_REF:
        return fast_reference(f, p, row);
    case CSV_TIME:
        p = fast_time(&w->days[i], p, end, &time);
        ((uint32_t *)f->store.data)[row] = (uint32_t)time;
        return p;
    case CSV_DATE:
        if (end - p < 10 || !fast_day(&w->days[i], p, &day))
            return NULL;
        ((int32_t *)f->store.data)[row] = day;
        return p + 10;
    case CSV_CAREFUL:
        break;
    }
    return NULL;
}

static const char *fast_row(struct csv_worker *w, const char *p, const char *end, size_t row)
{
    int last = w->csv->count - 1;
    for (int i = 0;; i++) {
        p = fast_field(w, i, p, end, row);
        if (!p)
            return NULL;
        if (i == last)
            break;
        if (*p++ != ',')
            return NULL;
    }
    if (*p == '\r')
        p++;
    return p < end && *p == '\n' ? p + 1 : NULL;
}

/* ---- the careful way ------------------------------------------------------------------------- */

static const char *quoted_field(const char *p, const char *end, char **to, struct str *ret,
                                const char **reason)
{
    char *start = *to;
    for (p++; p < end; p++) {
        if (*p == '"' && p[1] == '"') {
            *(*to)++ = *p++;
        } else if (*p == '"') {
            *ret = (struct str){ start, (size_t)(*to - start) };
            p++;
            if (p < end && *p != ',' && *p != '\n' && *p != '\r') {
                *reason = "text follows the closing quote";
                return NULL;
            }
            return p;
        } else {
            *(*to)++ = *p;
        }
    }
    *reason = "a quote is not closed";
    return NULL;
}

const char *csv_split(const char *p, const char *end, char *scratch, struct str *fields, int max,
                      int *count, const char **reason)
{
    *count = 0;
    char *to = scratch;
    for (;;) {
        struct str field = { p, 0 };
        if (p < end && *p == '"') {
            p = quoted_field(p, end, &to, &field, reason);
            if (!p)
                return NULL;
        } else {
            while (p < end && *p != ',' && *p != '\n')
                p++;
            field.len = (size_t)(p - field.data);
            if (p < end && *p == '\n' && field.len && p[-1] == '\r')
                field.len--;
            if (memchr(field.data, '"', field.len)) {
                *reason = "a quote inside a field that is not quoted";
                return NULL;
            }
        }
        if (*count < max)
            fields[*count] = field;
        (*count)++;
        if (p < end && *p == '\r' && p + 1 < end && p[1] == '\n')
            p++;
        if (p >= end || *p == '\n')
            return p < end ? p + 1 : end;
        if (*p != ',') {
            *reason = "a comma or the end of the line is expected";
            return NULL;
        }
        p++;
    }
}

static enum err cell_fault(const struct csv *csv, int column, size_t line, struct fault *fault,
                           const char *reason, struct str text)
{
    const struct table *t = &csv->data->plan->tables[csv->table];
    struct str field = column >= 0 ? t->columns[column].header : STR("row");
    char name[FAULT_FIELD_MAX];
    snprintf(name, sizeof name, STR_FMT, (int)MIN(field.len, sizeof name - 1), field.data);
    /* A long or unreadable value is not echoed: the message must stay one line. */
    bool plain = text.len > 0 && text.len <= 40 && utf8_valid(text);
    for (size_t i = 0; plain && i < text.len; i++)
        plain = (unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7f;
    if (plain)
        fault_set_field(fault, ERR_PARSE, name, "%s:%zu: %s: %s, not \"" STR_FMT "\"",
                        csv->source->name, line, name, reason, STR_ARG(text));
    else
        fault_set_field(fault, ERR_PARSE, name, "%s:%zu: %s: %s", csv->source->name, line, name,
                        reason);
    fault->line = (int)line;
    return ERR_PARSE;
}

/* A reference to a table that is loaded becomes a row; otherwise its key waits. */
static const char *reference(struct csv_worker *w, const struct csv_field *f, struct str text,
                             size_t row)
{
    const struct plan_data *data = w->csv->data;
    const struct column *c = &data->plan->tables[w->csv->table].columns[f->column];
    const struct table *to = &data->plan->tables[c->refers_to];
    const struct column *key = &to->columns[to->keys[0]];
    bool none = (c->has_none && str_eq(text, c->none)) || (c->optional && text.len == 0);
    if (f->texts) {
        f->texts[row] = none ? STR_NONE : text;
        return text.len == 0 && !none ? "is empty" : NULL;
    }
    int64_t value = MISSING;
    if (!none && key->type == PLAN_TEXT) {
        value = text_known(data, text);
    } else if (!none) {
        const char *reason = csv_cell(key, text, &value);
        if (reason)
            return reason;
    }
    if (data->rows[w->csv->table].raw[f->column]) {
        store_put(f->store, row, value);
        return NULL;
    }
    int64_t found = none ? NO_ROW : key->type == PLAN_TEXT && value < 0
                                        ? -1 : key_find(data, c->refers_to, value);
    if (found == -1)
        return "there is no such row in the table that it refers to";
    ((int32_t *)f->store.data)[row] = (int32_t)found;
    return NULL;
}

static const char *text_cell(struct csv_worker *w, const struct csv_field *f, struct str text,
                             size_t row)
{
    const struct column *c = &w->csv->data->plan->tables[w->csv->table].columns[f->column];
    if (text.len == 0 && !c->optional)
        return "is empty";
    if (!utf8_valid(text))
        return "is not UTF-8";
    f->texts[row] = text;
    return NULL;
}

/* Texts outlive the buffer: each goes to the place in `text_room` where its row stood. */
static void keep_texts(struct csv_worker *w, const char *p, size_t row)
{
    struct csv *csv = w->csv;
    char *to = csv->text_room ? csv->text_room + (w->at + (uint64_t)(p - w->buffer) - csv->body)
                              : NULL;
    for (int i = 0; i < csv->count; i++) {
        struct str *text = csv->fields[i].texts ? &csv->fields[i].texts[row] : NULL;
        if (!text || !text->data)
            continue;
        if (text->len)
            memcpy(to, text->data, text->len);
        text->data = to;
        to += text->len;
    }
}

static enum err careful_row(struct csv_worker *w, const struct str *fields, size_t row,
                            size_t line, struct fault *fault)
{
    const struct csv *csv = w->csv;
    const struct table *t = &csv->data->plan->tables[csv->table];
    for (int i = 0; i < csv->count; i++) {
        const struct csv_field *f = &csv->fields[i];
        if (f->column < 0)
            continue;
        const struct column *c = &t->columns[f->column];
        const char *reason;
        int64_t v = 0;
        if (c->type == PLAN_REF) {
            reason = reference(w, f, fields[i], row);
        } else if (c->type == PLAN_TEXT) {
            reason = text_cell(w, f, fields[i], row);
        } else {
            reason = csv_cell(c, fields[i], &v);
            if (!reason)
                store_put(f->store, row, v == MISSING ? missing_of(f->store.width) : v);
        }
        if (reason)
            return cell_fault(csv, f->column, line, fault, reason, fields[i]);
    }
    return OK;
}

/* By itself, so that the fast way does not carry its large frame. */
__attribute__((noinline)) static const char *careful(struct csv_worker *w, const char *p,
                                                     const char *end, size_t row, size_t line,
                                                     struct fault *fault)
{
    struct str fields[CSV_COLUMNS_MAX];
    int count = 0;
    const char *reason = NULL;
    const char *next = csv_split(p, end, w->scratch, fields, CSV_COLUMNS_MAX, &count, &reason);
    if (!next) {
        cell_fault(w->csv, -1, line, fault, reason, STR_NONE);
        return NULL;
    }
    if (count != w->csv->count) {
        char words[80];
        snprintf(words, sizeof words, "has %d columns, the header has %d", count, w->csv->count);
        cell_fault(w->csv, -1, line, fault, words, STR_NONE);
        return NULL;
    }
    if (careful_row(w, fields, row, line, fault))
        return NULL;
    keep_texts(w, p, row);
    return next;
}

const char *csv_row(struct csv_worker *w, const char *p, const char *end, size_t row, size_t line,
                    struct fault *fault)
{
    const char *next = w->csv->quoted ? NULL : fast_row(w, p, end, row);
    return next ? next : careful(w, p, end, row, line, fault);
}
