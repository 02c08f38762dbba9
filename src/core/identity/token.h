/*
 * token.h - the secret that a browser or program holds: company id and 32 random bytes, base64url.
 * The company stands in the token so that the look-up of its hash names the tenant.
 */
#pragma once

#include "entity/cx.h"

#define TOKEN_RANDOM_BYTES 32

struct token {
    struct str text; /* what the holder gets, once */
    struct str hash; /* what is stored */
};
struct token token_make(struct cx *cx);
/* False: not a token. */
bool token_read(struct arena *arena, struct str text, int64_t *org, struct str *hash);
