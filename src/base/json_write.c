/* Writing JSON, plain and canonical (RFC 8785): equal values give equal bytes, which are hashed. */
#include "base/json.h"

#include <stdlib.h>

struct json_writer json_writer_to(struct buf *out)
{
    return (struct json_writer){ .out = out };
}

static void separate(struct json_writer *w)
{
    if (w->comma)
        buf_char(w->out, ',');
    w->comma = true;
}

static void begin(struct json_writer *w, char c)
{
    separate(w);
    buf_char(w->out, c);
    w->comma = false;
}

static void end(struct json_writer *w, char c)
{
    buf_char(w->out, c);
    w->comma = true;
}

void json_begin_object(struct json_writer *w) { begin(w, '{'); }
void json_end_object(struct json_writer *w) { end(w, '}'); }
void json_begin_array(struct json_writer *w) { begin(w, '['); }
void json_end_array(struct json_writer *w) { end(w, ']'); }

/* The shortest escapes (RFC 8785 §3.2.2.2), so that canonical text needs no second writer. */
static void put_escaped(struct buf *out, struct str s)
{
    buf_char(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_str(out, str_cut(s, from, i));
        from = i + 1;
        static const char shorts[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
        const char *at = c ? strchr(shorts, c) : NULL;
        if (at) {
            buf_char(out, '\\');
            buf_char(out, names[at - shorts]);
        } else {
            buf_cstr(out, "\\u00");
            buf_char(out, (char)('0' + (c >> 4)));
            buf_char(out, "0123456789abcdef"[c & 15]);
        }
    }
    buf_str(out, str_cut(s, from, s.len));
    buf_char(out, '"');
}

void json_key_str(struct json_writer *w, struct str key)
{
    separate(w);
    put_escaped(w->out, key);
    buf_char(w->out, ':');
    w->comma = false;
}

void json_key(struct json_writer *w, const char *key)
{
    json_key_str(w, str_from(key));
}

void json_put_str(struct json_writer *w, struct str s)
{
    separate(w);
    put_escaped(w->out, s);
}

void json_put_cstr(struct json_writer *w, const char *s)
{
    if (s)
        json_put_str(w, str_from(s));
    else
        json_put_null(w);
}

void json_put_i64(struct json_writer *w, int64_t v)
{
    separate(w);
    buf_i64(w->out, v);
}

void json_put_id(struct json_writer *w, int64_t v)
{
    if (!v) {
        json_put_null(w);
        return;
    }
    separate(w);
    buf_char(w->out, '"');
    buf_i64(w->out, v);
    buf_char(w->out, '"');
}

void json_put_raw(struct json_writer *w, struct str json)
{
    separate(w);
    buf_str(w->out, json);
}

void json_put_bool(struct json_writer *w, bool v)
{
    json_put_raw(w, v ? STR("true") : STR("false"));
}

void json_put_null(struct json_writer *w)
{
    json_put_raw(w, STR("null"));
}

/* RFC 8785 §3.2.3 sorts by UTF-16 code units: a character beyond U+FFFF starts with a surrogate,
 * which sorts before U+E000 … U+FFFF. */
static int key_order(struct str a, struct str b)
{
    size_t i = 0, k = 0;
    while (i < a.len && k < b.len) {
        uint32_t x = utf8_next(a, &i), y = utf8_next(b, &k);
        if (x == y)
            continue;
        bool x_pair = x > 0xffff, y_pair = y > 0xffff;
        if (x_pair != y_pair) {
            uint32_t single = x_pair ? y : x;
            bool pair_first = single >= 0xe000;
            return x_pair == pair_first ? -1 : 1;
        }
        return x < y ? -1 : 1;
    }
    return (i < a.len) - (k < b.len);
}

static int by_key(const void *a, const void *b)
{
    return key_order((*(const struct json *const *)a)->key, (*(const struct json *const *)b)->key);
}

static void put_object(struct json_writer *w, const struct json *v)
{
    const struct json **sorted = arena_array(w->out->arena, const struct json *, v->count + 1);
    size_t count = 0;
    for (const struct json *c = v->first; c; c = c->next)
        sorted[count++] = c;
    qsort(sorted, count, sizeof(struct json *), by_key);
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        json_key_str(w, sorted[i]->key);
        json_put_tree(w, sorted[i]);
    }
    json_end_object(w);
}

void json_put_tree(struct json_writer *w, const struct json *v)
{
    switch (v->type) {
    case JSON_NULL: json_put_null(w); return;
    case JSON_FALSE: json_put_bool(w, false); return;
    case JSON_TRUE: json_put_bool(w, true); return;
    case JSON_NUMBER: json_put_raw(w, v->text); return;
    case JSON_STRING: json_put_str(w, v->text); return;
    case JSON_OBJECT: put_object(w, v); return;
    case JSON_ARRAY:
        json_begin_array(w);
        for (const struct json *c = v->first; c; c = c->next)
            json_put_tree(w, c);
        json_end_array(w);
        return;
    }
}

static const int64_t exact_max = INT64_C(1) << 53; /* beyond it a double would change the value */

static enum err check_numbers(const struct json *v, struct fault *fault)
{
    int64_t number;
    if (v->type == JSON_NUMBER &&
        (!json_i64(v, &number) || number >= exact_max || number <= -exact_max ||
         str_is(v->text, "-0")))
        return fault_set(fault, ERR_INVALID, "not a canonical integer: " STR_FMT, STR_ARG(v->text));
    for (const struct json *c = v->first; c; c = c->next)
        TRY(check_numbers(c, fault));
    return OK;
}

enum err json_canonical(struct arena *arena, const struct json *v, struct fault *fault,
                        struct str *ret)
{
    TRY(check_numbers(v, fault));
    struct buf out = buf_in(arena);
    struct json_writer w = json_writer_to(&out);
    json_put_tree(&w, v);
    *ret = buf_view(&out);
    return OK;
}
