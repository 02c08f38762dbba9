/* Reading JSON strictly: what two readers could understand differently is refused. */
#include "base/json.h"

#include "base/map.h"

enum { BYTES_DEFAULT = 16 << 20, DEPTH_DEFAULT = 32, KEYS_BY_SCAN = 16 };

struct reader {
    struct arena *arena;
    struct str text;
    size_t at;
    int depth;
    struct fault *fault;
};

void json_position(struct str text, size_t at, int *line, int *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at && i < text.len; i++) {
        if (text.data[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text.data[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

static enum err refuse(struct reader *r, size_t at, const char *why)
{
    int line, column;
    json_position(r->text, at, &line, &column);
    fault_set(r->fault, ERR_PARSE, "line %d, column %d: %s", line, column, why);
    r->fault->line = line;
    r->fault->column = column;
    return ERR_PARSE;
}

static int peek(const struct reader *r)
{
    return r->at < r->text.len ? (unsigned char)r->text.data[r->at] : -1;
}

static void skip_space(struct reader *r)
{
    for (int c = peek(r); c == ' ' || c == '\n' || c == '\r' || c == '\t'; c = peek(r))
        r->at++;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool skip_digits(struct reader *r)
{
    size_t from = r->at;
    while (is_digit(peek(r)))
        r->at++;
    return r->at > from;
}

static enum err read_number(struct reader *r, struct json *v)
{
    size_t from = r->at;
    if (peek(r) == '-')
        r->at++;
    if (peek(r) == '0')
        r->at++;
    else if (!skip_digits(r))
        return refuse(r, from, "a number has no digits");
    if (is_digit(peek(r)))
        return refuse(r, from, "a number begins with 0");
    if (peek(r) == '.') {
        r->at++;
        if (!skip_digits(r))
            return refuse(r, from, "no digit after the point");
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-')
            r->at++;
        if (!skip_digits(r))
            return refuse(r, from, "no digit in the exponent");
    }
    v->type = JSON_NUMBER;
    v->text = str_cut(r->text, from, r->at);
    return OK;
}

static bool read_hex4(struct reader *r, uint32_t *ret)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(r);
        int digit = is_digit(c)              ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
        r->at++;
    }
    *ret = value;
    return true;
}

static enum err read_unicode(struct reader *r, size_t from, struct buf *out)
{
    uint32_t c, low;
    if (!read_hex4(r, &c))
        return refuse(r, from, "\\u needs four hexadecimal digits");
    if (c >= 0xdc00 && c <= 0xdfff)
        return refuse(r, from, "half of a surrogate pair");
    if (c >= 0xd800 && c <= 0xdbff) {
        if (peek(r) != '\\' || (r->at++, peek(r)) != 'u' || (r->at++, !read_hex4(r, &low)) ||
            low < 0xdc00 || low > 0xdfff)
            return refuse(r, from, "half of a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    if (c == 0)
        return refuse(r, from, "the character NUL is not accepted");
    char bytes[4];
    buf_add(out, bytes, utf8_put(bytes, c));
    return OK;
}

static enum err read_escape(struct reader *r, struct buf *out)
{
    size_t from = r->at++;
    int c = peek(r);
    r->at++;
    switch (c) {
    case '"': case '\\': case '/': buf_char(out, (char)c); return OK;
    case 'b': buf_char(out, '\b'); return OK;
    case 'f': buf_char(out, '\f'); return OK;
    case 'n': buf_char(out, '\n'); return OK;
    case 'r': buf_char(out, '\r'); return OK;
    case 't': buf_char(out, '\t'); return OK;
    case 'u': return read_unicode(r, from, out);
    default: return refuse(r, from, "unknown escape in a text");
    }
}

/* A text without escapes is a view into the input; others are decoded into the arena. */
static enum err read_string(struct reader *r, struct str *ret)
{
    size_t open = r->at++, from = r->at;
    while (peek(r) >= ' ' && peek(r) != '"' && peek(r) != '\\')
        r->at++;
    struct buf out = buf_in(r->arena);
    bool escaped = peek(r) == '\\';
    while (peek(r) != '"') {
        if (escaped)
            buf_str(&out, str_cut(r->text, from, r->at));
        if (peek(r) < 0)
            return refuse(r, open, "a text is not closed");
        if (peek(r) != '\\')
            return refuse(r, r->at, "a control character in a text");
        TRY(read_escape(r, &out));
        from = r->at;
        while (peek(r) >= ' ' && peek(r) != '"' && peek(r) != '\\')
            r->at++;
    }
    if (escaped)
        buf_str(&out, str_cut(r->text, from, r->at));
    *ret = escaped ? buf_view(&out) : str_cut(r->text, from, r->at);
    if (!ret->data)
        ret->data = "";
    r->at++;
    return utf8_valid(*ret) ? OK : refuse(r, open, "a text is not valid UTF-8");
}

static enum err read_value(struct reader *r, struct json *v);

static enum err read_word(struct reader *r, struct json *v, const char *word, enum json_type type)
{
    struct str w = str_from(word);
    if (!str_eq(str_cut(r->text, r->at, r->at + w.len), w))
        return refuse(r, r->at, "not a JSON value");
    r->at += w.len;
    v->type = type;
    return OK;
}

static enum err read_key(struct reader *r, struct json *child)
{
    if (peek(r) != '"')
        return refuse(r, r->at, "a key in quotes is expected");
    TRY(read_string(r, &child->key));
    skip_space(r);
    if (peek(r) != ':')
        return refuse(r, r->at, "':' is expected after a key");
    r->at++;
    skip_space(r);
    return OK;
}

/* Few keys are compared one by one; many go through a map, else hostile input costs n squared. */
static bool duplicate(const struct json *object, const struct json *child, struct str_map *keys)
{
    if (object->count < KEYS_BY_SCAN) {
        for (const struct json *c = object->first; c && c != child; c = c->next)
            if (str_eq(c->key, child->key))
                return true;
        return false;
    }
    if (!keys->count)
        for (const struct json *c = object->first; c && c != child; c = c->next)
            *str_map_at(keys, c->key, true) = (void *)(uintptr_t)c;
    void **at = str_map_at(keys, child->key, true);
    if (*at)
        return true;
    *at = (void *)(uintptr_t)child;
    return false;
}

static enum err read_children(struct reader *r, struct json *v, char close)
{
    struct str_map keys = str_map_in(r->arena);
    struct json **link = &v->first;
    for (;;) {
        struct json *child = arena_new(r->arena, struct json);
        size_t key_at = r->at;
        if (close == '}')
            TRY(read_key(r, child));
        *link = child;
        if (close == '}' && duplicate(v, child, &keys))
            return refuse(r, key_at, "this key stands twice");
        TRY(read_value(r, child));
        link = &child->next;
        v->count++;
        skip_space(r);
        int c = peek(r);
        if (c != ',' && c != close)
            return refuse(r, r->at,
                          close == '}' ? "',' or '}' is expected" : "',' or ']' is expected");
        r->at++;
        if (c == close)
            return OK;
        skip_space(r);
    }
}

static enum err read_container(struct reader *r, struct json *v, enum json_type type, char close)
{
    v->type = type;
    if (--r->depth < 0)
        return refuse(r, r->at, "nested too deeply");
    r->at++;
    skip_space(r);
    if (peek(r) == close)
        r->at++;
    else
        TRY(read_children(r, v, close));
    r->depth++;
    return OK;
}

static enum err read_value(struct reader *r, struct json *v)
{
    v->at = (uint32_t)r->at;
    switch (peek(r)) {
    case '{': return read_container(r, v, JSON_OBJECT, '}');
    case '[': return read_container(r, v, JSON_ARRAY, ']');
    case '"': v->type = JSON_STRING; return read_string(r, &v->text);
    case 't': return read_word(r, v, "true", JSON_TRUE);
    case 'f': return read_word(r, v, "false", JSON_FALSE);
    case 'n': return read_word(r, v, "null", JSON_NULL);
    case -1: return refuse(r, r->at, "the text ends where a value is expected");
    default:
        if (peek(r) == '-' || is_digit(peek(r)))
            return read_number(r, v);
        return refuse(r, r->at, "not a JSON value");
    }
}

enum err json_read(struct arena *arena, struct str text, struct json_limits limits,
                   struct fault *fault, const struct json **ret)
{
    size_t bytes = limits.bytes ? limits.bytes : BYTES_DEFAULT;
    if (text.len > MIN(bytes, (size_t)UINT32_MAX))
        return fault_set(fault, ERR_TOO_LARGE, "the JSON text is larger than %zu bytes", bytes);
    struct reader r = { .arena = arena, .text = text, .fault = fault,
                        .depth = limits.depth ? limits.depth : DEPTH_DEFAULT };
    struct json *v = arena_new(arena, struct json);
    skip_space(&r);
    TRY(read_value(&r, v));
    skip_space(&r);
    if (r.at != text.len)
        return refuse(&r, r.at, "text after the end of the value");
    *ret = v;
    return OK;
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (const struct json *c = object->first; c; c = c->next)
        if (str_is(c->key, key))
            return c;
    return NULL;
}

bool json_is_null(const struct json *v)
{
    return !v || v->type == JSON_NULL;
}

bool json_i64(const struct json *v, int64_t *ret)
{
    return v && v->type == JSON_NUMBER && str_to_i64(v->text, ret);
}

static bool children_equal(const struct json *a, const struct json *b)
{
    const struct json *y = b->first;
    for (const struct json *x = a->first; x; x = x->next) {
        if (a->type == JSON_OBJECT) {
            for (y = b->first; y && !str_eq(x->key, y->key); y = y->next) {}
            if (!y)
                return false;
        }
        if (!json_equal(x, y))
            return false;
        y = y->next;
    }
    return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
    if (a->type != b->type || a->count != b->count)
        return false;
    switch (a->type) {
    case JSON_NULL: case JSON_FALSE: case JSON_TRUE: return true;
    case JSON_NUMBER: case JSON_STRING: return str_eq(a->text, b->text);
    case JSON_ARRAY: case JSON_OBJECT: return children_equal(a, b);
    }
    return false;
}
