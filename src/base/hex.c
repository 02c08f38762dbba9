#include "base/hex.h"

struct str hex_encode(struct arena *arena, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    char *text = arena_alloc(arena, len * 2 + 1);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return (struct str){ text, len * 2 };
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct arena *arena, struct str text, struct str *ret)
{
    if (text.len % 2)
        return false;
    char *bytes = arena_alloc(arena, text.len / 2 + 1);
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (char)(high << 4 | low);
    }
    *ret = (struct str){ bytes, text.len / 2 };
    return true;
}

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str encode(struct arena *arena, const void *data, size_t len, const char *alphabet,
                         bool pad)
{
    const unsigned char *bytes = data;
    char *text = arena_alloc(arena, (len + 2) / 3 * 4 + 1);
    size_t out = 0;
    for (size_t i = 0; i < len; i += 3) {
        size_t have = MIN(len - i, (size_t)3);
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (have > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (have > 2)
            group |= bytes[i + 2];
        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                text[out++] = alphabet[group >> (18 - 6 * k) & 63];
            else if (pad)
                text[out++] = '=';
        }
    }
    return (struct str){ text, out };
}

static int digit_of(char c, const char *alphabet)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

static bool decode(struct arena *arena, struct str text, const char *alphabet, struct str *ret)
{
    if (text.len % 4 == 1)
        return false;
    char *bytes = arena_alloc(arena, text.len / 4 * 3 + 3);
    size_t out = 0;
    uint32_t group = 0;
    int bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.data[i], alphabet);
        if (digit < 0)
            return false;
        group = group << 6 | (uint32_t)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[out++] = (char)(group >> bits & 255);
        }
    }
    /* Left-over bits must be zero, else two texts would stand for the same bytes. */
    if (group & ((1u << bits) - 1))
        return false;
    *ret = (struct str){ bytes, out };
    return true;
}

struct str base64_encode(struct arena *arena, const void *data, size_t len)
{
    return encode(arena, data, len, standard, true);
}

bool base64_decode(struct arena *arena, struct str text, struct str *ret)
{
    if (text.len % 4)
        return false;
    for (int i = 0; i < 2 && text.len && text.data[text.len - 1] == '='; i++)
        text.len--;
    return decode(arena, text, standard, ret);
}

struct str base64url_encode(struct arena *arena, const void *data, size_t len)
{
    return encode(arena, data, len, for_urls, false);
}

bool base64url_decode(struct arena *arena, struct str text, struct str *ret)
{
    return decode(arena, text, for_urls, ret);
}
