#include "core/identity/token.h"

#include "base/hex.h"

#include <sodium.h>

enum { ORG_BYTES = 8, TOKEN_BYTES = ORG_BYTES + TOKEN_RANDOM_BYTES };

/* A fast hash is right here: 256 random bits cannot be guessed, only passwords need a slow one. */
static struct str hash_of(struct arena *arena, const unsigned char bytes[TOKEN_BYTES])
{
    char *hash = arena_alloc(arena, 32);
    crypto_generichash((unsigned char *)hash, 32, bytes, TOKEN_BYTES, NULL, 0);
    return (struct str){ hash, 32 };
}

struct token token_make(struct cx *cx)
{
    unsigned char bytes[TOKEN_BYTES];
    for (int i = 0; i < ORG_BYTES; i++)
        bytes[i] = (unsigned char)((uint64_t)cx->org >> (56 - 8 * i));
    cx_random(cx, bytes + ORG_BYTES, TOKEN_RANDOM_BYTES);
    struct token token = { .text = base64url_encode(cx->arena, bytes, sizeof bytes),
                           .hash = hash_of(cx->arena, bytes) };
    sodium_memzero(bytes, sizeof bytes);
    return token;
}

bool token_read(struct arena *arena, struct str text, int64_t *org, struct str *hash)
{
    struct str bytes;
    if (!base64url_decode(arena, text, &bytes) || bytes.len != TOKEN_BYTES)
        return false;
    uint64_t id = 0;
    for (int i = 0; i < ORG_BYTES; i++)
        id = id << 8 | (unsigned char)bytes.data[i];
    *org = (int64_t)id;
    *hash = hash_of(arena, (const unsigned char *)bytes.data);
    return *org > 0;
}
