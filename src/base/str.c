#include "base/str.h"

#include <stdio.h>

struct str str_from(const char *cstr)
{
    return cstr ? (struct str){ cstr, strlen(cstr) } : STR_NONE;
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool str_is(struct str a, const char *cstr)
{
    return str_eq(a, str_from(cstr));
}

int str_cmp(struct str a, struct str b)
{
    size_t common = MIN(a.len, b.len);
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq((struct str){ s.data, prefix.len }, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len &&
           str_eq((struct str){ s.data + (s.len - suffix.len), suffix.len }, suffix);
}

struct str str_cut(struct str s, size_t from, size_t to)
{
    to = MIN(to, s.len);
    from = MIN(from, to);
    return from ? (struct str){ s.data + from, to - from } : (struct str){ s.data, to };
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len && is_space(s.data[0])) {
        s.data++;
        s.len--;
    }
    while (s.len && is_space(s.data[s.len - 1]))
        s.len--;
    return s;
}

ptrdiff_t str_find(struct str s, struct str part)
{
    if (part.len == 0)
        return 0;
    const char *at = s.len ? memmem(s.data, s.len, part.data, part.len) : NULL;
    return at ? at - s.data : -1;
}

ptrdiff_t str_find_char(struct str s, char c)
{
    const char *at = s.len ? memchr(s.data, c, s.len) : NULL;
    return at ? at - s.data : -1;
}

bool str_split(struct str *rest, char separator, struct str *ret)
{
    if (!rest->data)
        return false;
    ptrdiff_t at = str_find_char(*rest, separator);
    if (at < 0) {
        *ret = *rest;
        *rest = STR_NONE;
        return true;
    }
    *ret = str_cut(*rest, 0, (size_t)at);
    *rest = str_cut(*rest, (size_t)at + 1, rest->len);
    return true;
}

bool str_to_i64(struct str s, int64_t *ret)
{
    size_t at = s.len && s.data[0] == '-';
    if (at == s.len)
        return false;
    int64_t value = 0;
    for (; at < s.len; at++) {
        int digit = s.data[at] - '0';
        if (digit < 0 || digit > 9)
            return false;
        /* Built downwards: the most negative number has no positive twin. */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (s.data[0] != '-' && __builtin_sub_overflow(0, value, &value))
        return false;
    *ret = value;
    return true;
}

/* FNV-1a with a final mix. */
uint64_t str_hash(struct str s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.data[i]) * UINT64_C(0x100000001b3);
    return hash ^ (hash >> 32);
}

struct str str_copy(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (s.len)
        memcpy(copy, s.data, s.len);
    return (struct str){ copy, s.len };
}

const char *str_cstr(struct arena *arena, struct str s)
{
    return str_copy(arena, s).data;
}

struct str str_vfmt(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    assert(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    return (struct str){ text, (size_t)len };
}

struct str str_fmt(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str s = str_vfmt(arena, format, args);
    va_end(args);
    return s;
}

bool str_eq_secret(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    volatile unsigned char differs = 0;
    for (size_t i = 0; i < a.len; i++)
        differs = (unsigned char)(differs | (a.data[i] ^ b.data[i]));
    return differs == 0;
}
