/* UTF-8 as RFC 3629 §3 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "base/str.h"

/* Decodes at `s.data[at]`; returns the length, 0 for a bad sequence. */
static size_t decode(struct str s, size_t at, uint32_t *ret)
{
    const unsigned char *p = (const unsigned char *)s.data + at;
    size_t left = s.len - at;
    if (p[0] < 0x80) {
        *ret = p[0];
        return 1;
    }
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < len)
        return 0;
    uint32_t c = p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret = c;
    return len;
}

bool utf8_valid(struct str s)
{
    for (size_t at = 0; at < s.len;) {
        uint32_t c;
        size_t len = decode(s, at, &c);
        if (!len)
            return false;
        at += len;
    }
    return true;
}

uint32_t utf8_next(struct str s, size_t *at)
{
    uint32_t c;
    size_t len = decode(s, *at, &c);
    *at += len ? len : 1;
    return len ? c : 0xfffd;
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.data[i] & 0xc0) != 0x80;
    return count;
}

size_t utf8_put(char out[4], uint32_t c)
{
    assert(c <= 0x10ffff);
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (char)(lead[len] | c);
    return len;
}
