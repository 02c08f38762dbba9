/* hex.h - bytes as text: hexadecimal, base64 (RFC 4648 §4, padded) and base64url (unpadded). */
#pragma once

#include "base/str.h"

struct str hex_encode(struct arena *arena, const void *data, size_t len); /* lower case */
bool hex_decode(struct arena *arena, struct str text, struct str *ret);
struct str base64_encode(struct arena *arena, const void *data, size_t len);
/* Strict: right padding, no spaces, unused bits zero. */
bool base64_decode(struct arena *arena, struct str text, struct str *ret);
struct str base64url_encode(struct arena *arena, const void *data, size_t len);
bool base64url_decode(struct arena *arena, struct str text, struct str *ret);
