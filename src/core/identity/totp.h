/*
 * totp.h - one-time passwords (RFC 6238: HMAC-SHA-1, 30 s, 6 digits), as authenticator apps make
 * them.
 */
#pragma once

#include "base/date.h"

#define TOTP_SECRET_BYTES 20

/* Does `code` fit the time, or 30 s before or after it? `step` (may be NULL) gets the time step, so
 * that a code can be refused the second time. */
bool totp_verify(struct str secret, struct str code, struct instant now, int64_t *step);
/* Six digits for one time step. */
void totp_code(struct str secret, int64_t step, char ret[7]);
/* RFC 4648 base32 without padding, as apps take secrets. */
struct str totp_base32(struct arena *arena, struct str secret);
