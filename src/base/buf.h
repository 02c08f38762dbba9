/* buf.h - bytes that grow, in an arena. */
#pragma once

#include "base/str.h"

struct buf {
    struct arena *arena;
    char *data;
    size_t len, room;
};

struct buf buf_in(struct arena *arena);
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_str(struct buf *buf, struct str s);
void buf_cstr(struct buf *buf, const char *s);
void buf_char(struct buf *buf, char c);
void buf_fmt(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_i64(struct buf *buf, int64_t v);
/* Makes room for `more` bytes and returns where they go; add to len what was written. */
char *buf_reserve(struct buf *buf, size_t more);
struct str buf_view(const struct buf *buf);
