/*
 * chunked.c - the chunked coding (RFC 9112 §7.1) as a machine of single bytes, so that the result
 * cannot depend on where packets end. Data itself is passed on in whole slices without a copy.
 */
#include "http/head.h"

/*
 *   SIZE -> [EXT …] -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE …
 *   and after size 0: TRAILER lines -> END_LF
 */
enum {
    SIZE, EXT_NAME_FIRST, EXT_NAME, EXT_VALUE_FIRST, EXT_VALUE, EXT_QUOTED, EXT_AFTER_QUOTED,
    SIZE_LF, DATA, DATA_CR, DATA_LF,
    TRAILER_FIRST, TRAILER_NAME, TRAILER_VALUE, TRAILER_LF, END_LF, DONE, BAD
};

static bool token_char(char c)
{
    return http_is_token((struct str){ &c, 1 });
}

static bool value_char(char c)
{
    return http_is_value((struct str){ &c, 1 });
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char l = (char)(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static int after_size(char c)
{
    return c == '\r' ? SIZE_LF : c == ';' ? EXT_NAME_FIRST : BAD;
}

static int size_char(struct http_chunked *c, char ch)
{
    int digit = hex_digit(ch);
    if (digit < 0)
        return c->digits ? after_size(ch) : BAD;
    /* 15 digits: the sum of sizes cannot overflow 63 bits, and leading zeros cannot go on. */
    if (++c->digits > 15)
        return BAD;
    c->left = c->left * 16 + (uint64_t)digit;
    return SIZE;
}

static int quoted_char(struct http_chunked *c, char ch)
{
    if (!value_char(ch))
        return BAD;
    if (c->quoted_pair) {
        c->quoted_pair = false;
        return EXT_QUOTED;
    }
    c->quoted_pair = ch == '\\';
    return ch == '"' ? EXT_AFTER_QUOTED : EXT_QUOTED;
}

static int extension_char(struct http_chunked *c, char ch)
{
    switch (c->state) {
    case EXT_NAME_FIRST:
        return token_char(ch) ? EXT_NAME : BAD;
    case EXT_NAME:
        return token_char(ch) ? EXT_NAME : ch == '=' ? EXT_VALUE_FIRST : after_size(ch);
    case EXT_VALUE_FIRST:
        return ch == '"' ? EXT_QUOTED : token_char(ch) ? EXT_VALUE : BAD;
    case EXT_VALUE:
        return token_char(ch) ? EXT_VALUE : after_size(ch);
    case EXT_QUOTED:
        return quoted_char(c, ch);
    default:
        return after_size(ch); /* EXT_AFTER_QUOTED */
    }
}

static int size_end(struct http_chunked *c, char ch)
{
    if (ch != '\n')
        return BAD;
    c->digits = c->line = 0;
    return c->left ? DATA : TRAILER_FIRST;
}

static int trailer_char(struct http_chunked *c, char ch)
{
    switch (c->state) {
    case TRAILER_FIRST:
        return ch == '\r' ? END_LF : token_char(ch) ? TRAILER_NAME : BAD;
    case TRAILER_NAME:
        return token_char(ch) ? TRAILER_NAME : ch == ':' ? TRAILER_VALUE : BAD;
    case TRAILER_VALUE:
        return ch == '\r' ? TRAILER_LF : value_char(ch) ? TRAILER_VALUE : BAD;
    case TRAILER_LF:
        return ch == '\n' ? TRAILER_FIRST : BAD;
    default:
        return ch == '\n' ? DONE : BAD; /* END_LF */
    }
}

static int framing_char(struct http_chunked *c, char ch)
{
    if (c->state >= TRAILER_FIRST)
        return trailer_char(c, ch);
    switch (c->state) {
    case SIZE:
        return size_char(c, ch);
    case SIZE_LF:
        return size_end(c, ch);
    case DATA_CR:
        return ch == '\r' ? DATA_LF : BAD;
    case DATA_LF:
        return ch == '\n' ? SIZE : BAD;
    default:
        return extension_char(c, ch);
    }
}

/* Extensions and trailers carry nothing for us, so a client may not send them without end. */
static bool over_budget(struct http_chunked *c)
{
    bool size_line = c->state <= SIZE_LF;
    if (size_line && ++c->line > HTTP_CHUNK_LINE_MAX)
        return true;
    bool extra = (c->state >= EXT_NAME_FIRST && c->state < SIZE_LF) || c->state >= TRAILER_FIRST;
    return extra && ++c->overhead > HTTP_CHUNK_OVERHEAD_MAX;
}

int http_chunked_take(struct http_chunked *c, const char *in, size_t len, size_t *used,
                      struct str *data)
{
    *data = STR_NONE;
    size_t at = 0;
    while (at < len && c->state < DONE) {
        if (c->state == DATA) {
            size_t n = (size_t)MIN((uint64_t)(len - at), c->left);
            *data = (struct str){ in + at, n };
            at += n;
            c->left -= n;
            if (c->left == 0)
                c->state = DATA_CR;
            break;
        }
        c->state = over_budget(c) ? BAD : framing_char(c, in[at]);
        at++;
    }
    *used = at;
    return c->state == BAD ? 400 : c->state == DONE ? 0 : HTTP_MORE;
}
