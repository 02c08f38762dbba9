/* secret.c - see secret.h. */
#include "entity/secret.h"

#include "base/buf.h"

#include <sodium.h>

#define FORMAT 1
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HASH_BYTES 16

static enum err key_for(struct cx *cx, enum key_use use, uint8_t key[32])
{
    if (!cx->services || !cx->services->org_key)
        return fail(cx, ERR_UNAVAILABLE, "no key is at hand for personal data");
    return cx->services->org_key(cx, use, key);
}

/* Unambiguous: numbers are 8 bytes, names end in NUL. */
static struct str place(struct cx *cx, const struct entity_model *model,
                        const struct entity_field *field, int64_t row)
{
    struct buf b = buf_in(cx->arena);
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_char(&b, (char)(cx->org >> shift));
    buf_add(&b, model->name, strlen(model->name) + 1);
    buf_add(&b, field->name, strlen(field->name) + 1);
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_char(&b, (char)(row >> shift));
    return buf_view(&b);
}

enum err secret_seal(struct cx *cx, const struct entity_model *model,
                     const struct entity_field *field, int64_t row, struct secret *s)
{
    uint8_t key[32];
    struct str where = place(cx, model, field, row);
    uint8_t *out = arena_alloc(cx->arena, 1 + NONCE + s->plain.len + TAG);
    TRY(secret_hash(cx, s->plain, &s->hash));
    TRY(key_for(cx, KEY_FIELD, key));
    out[0] = FORMAT;
    cx_random(cx, out + 1, NONCE);
    unsigned long long len = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + 1 + NONCE, &len, (const uint8_t *)s->plain.data, s->plain.len,
        (const uint8_t *)where.data, where.len, NULL, out + 1, key);
    sodium_memzero(key, sizeof key);
    s->sealed = (struct str){ (const char *)out, 1 + NONCE + (size_t)len };
    s->mask = secret_mask(cx->arena, s->plain);
    return OK;
}

enum err secret_wrap(struct cx *cx, struct str context, struct str plain, struct str *ret)
{
    uint8_t key[32];
    uint8_t *out = arena_alloc(cx->arena, NONCE + plain.len + TAG);
    TRY(key_for(cx, KEY_FIELD, key));
    cx_random(cx, out, NONCE);
    unsigned long long len = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, &len, (const uint8_t *)plain.data,
                                               plain.len, (const uint8_t *)context.data,
                                               context.len, NULL, out, key);
    sodium_memzero(key, sizeof key);
    *ret = (struct str){ (const char *)out, NONCE + (size_t)len };
    return OK;
}

enum err secret_unwrap(struct cx *cx, struct str context, struct str sealed, struct str *ret)
{
    const uint8_t *in = (const uint8_t *)sealed.data;
    if (sealed.len < NONCE + TAG)
        return fail(cx, ERR_CORRUPT, "a kept text is cut short");
    uint8_t key[32];
    uint8_t *out = arena_alloc(cx->arena, sealed.len);
    TRY(key_for(cx, KEY_FIELD, key));
    unsigned long long len = 0;
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, &len, NULL, in + NONCE, sealed.len - NONCE, (const uint8_t *)context.data,
        context.len, in, key);
    sodium_memzero(key, sizeof key);
    if (bad)
        return fail(cx, ERR_CORRUPT, "a kept text does not open: wrong key or wrong place");
    *ret = (struct str){ (const char *)out, (size_t)len };
    return OK;
}

enum err secret_open(struct cx *cx, const struct entity_model *model,
                     const struct entity_field *field, int64_t row, const struct secret *s,
                     struct str *ret)
{
    const uint8_t *in = (const uint8_t *)s->sealed.data;
    if (s->sealed.len < 1 + NONCE + TAG || in[0] != FORMAT)
        return fail(cx, ERR_CORRUPT, "%s of %s %lld is not in the sealed format", field->name,
                    model->name, (long long)row);
    uint8_t key[32];
    struct str where = place(cx, model, field, row);
    uint8_t *out = arena_alloc(cx->arena, s->sealed.len);
    TRY(key_for(cx, KEY_FIELD, key));
    unsigned long long len = 0;
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, &len, NULL, in + 1 + NONCE, s->sealed.len - 1 - NONCE,
        (const uint8_t *)where.data, where.len, in + 1, key);
    sodium_memzero(key, sizeof key);
    if (bad)
        return fail(cx, ERR_CORRUPT, "%s of %s %lld does not open: wrong key or wrong place",
                    field->name, model->name, (long long)row);
    *ret = (struct str){ (const char *)out, (size_t)len };
    return OK;
}

static struct str normal(struct arena *arena, struct str plain)
{
    struct buf b = buf_in(arena);
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.data[i];
        if (c >= 'A' && c <= 'Z')
            buf_char(&b, (char)(c + 32));
        else if (c != ' ' && c != '-' && c != '\t')
            buf_char(&b, c);
    }
    return buf_view(&b);
}

enum err secret_hash(struct cx *cx, struct str plain, struct str *ret)
{
    uint8_t key[32];
    struct str text = normal(cx->arena, plain);
    uint8_t *out = arena_alloc(cx->arena, HASH_BYTES);
    TRY(key_for(cx, KEY_HASH, key));
    crypto_generichash(out, HASH_BYTES, (const uint8_t *)text.data, text.len, key, sizeof key);
    sodium_memzero(key, sizeof key);
    *ret = (struct str){ (const char *)out, HASH_BYTES };
    return OK;
}

/* How many characters stay at both ends. A short value shows its first only. */
static void shown(size_t count, size_t *first, size_t *last)
{
    *first = count >= 7 ? 3 : count >= 2 ? 1 : 0;
    *last = count >= 11 ? 4 : count >= 7 ? 2 : 0;
}

struct str secret_mask(struct arena *arena, struct str plain)
{
    size_t count = utf8_count(plain), first, last, i = 0;
    shown(count, &first, &last);
    struct buf b = buf_in(arena);
    for (size_t at = 0; at < plain.len; i++) {
        size_t from = at;
        utf8_next(plain, &at);
        if (i < first || i >= count - last)
            buf_str(&b, str_cut(plain, from, at));
        else
            buf_char(&b, '*');
    }
    return buf_view(&b);
}
