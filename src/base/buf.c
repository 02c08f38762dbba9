#include "base/buf.h"

#include <stdio.h>

struct buf buf_in(struct arena *arena)
{
    return (struct buf){ .arena = arena };
}

char *buf_reserve(struct buf *buf, size_t more)
{
    if (buf->room - buf->len < more) {
        size_t room = MAX(buf->room * 2, buf->len + more);
        room = MAX(room, (size_t)64);
        buf->data = arena_grow(buf->arena, buf->data, buf->room, room);
        buf->room = room;
    }
    return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
    if (!len)
        return;
    memcpy(buf_reserve(buf, len), data, len);
    buf->len += len;
}

void buf_str(struct buf *buf, struct str s)
{
    buf_add(buf, s.data, s.len);
}

void buf_cstr(struct buf *buf, const char *s)
{
    buf_add(buf, s, strlen(s));
}

void buf_char(struct buf *buf, char c)
{
    *buf_reserve(buf, 1) = c;
    buf->len++;
}

void buf_fmt(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str s = str_vfmt(buf->arena, format, args);
    va_end(args);
    buf_str(buf, s);
}

void buf_i64(struct buf *buf, int64_t v)
{
    char digits[21];
    size_t at = sizeof digits;
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        digits[--at] = '-';
    buf_add(buf, digits + at, sizeof digits - at);
}

struct str buf_view(const struct buf *buf)
{
    return (struct str){ buf->data, buf->len };
}
