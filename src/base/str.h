/*
 * str.h - text as a pointer and a length. A `struct str` is a view: it owns nothing.
 * Bytes are UTF-8 unless a function says otherwise; they need not end in NUL.
 */
#pragma once

#include "base/arena.h"

#include <stdarg.h>
#include <string.h>

struct str {
    const char *data;
    size_t len;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })
/* For printf: STR_FMT in the format, STR_ARG(s) among the arguments. */
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).data ? (s).data : ""

struct str str_from(const char *cstr); /* NULL gives the empty text */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *cstr);
int str_cmp(struct str a, struct str b); /* by bytes; total order */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_cut(struct str s, size_t from, size_t to); /* clamped */
struct str str_trim(struct str s);                       /* ASCII white space */
ptrdiff_t str_find(struct str s, struct str part);       /* -1 if absent */
ptrdiff_t str_find_char(struct str s, char c);
/* Takes the part before `separator` off `*rest`; false when nothing is left. */
bool str_split(struct str *rest, char separator, struct str *ret);
bool str_to_i64(struct str s, int64_t *ret); /* whole text, optional '-', no overflow */
uint64_t str_hash(struct str s);             /* not for hostile keys across processes */

struct str str_copy(struct arena *arena, struct str s); /* NUL follows the copy */
const char *str_cstr(struct arena *arena, struct str s);
struct str str_fmt(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
struct str str_vfmt(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* Compares secrets in time that depends on the lengths only. */
bool str_eq_secret(struct str a, struct str b);

/* UTF-8 */
bool utf8_valid(struct str s);
/* Decodes one character and moves on; 0xFFFD for a bad byte. `*at` < s.len. */
uint32_t utf8_next(struct str s, size_t *at);
size_t utf8_count(struct str s); /* characters */
size_t utf8_put(char out[4], uint32_t character);
