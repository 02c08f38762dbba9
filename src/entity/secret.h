/*
 * secret.h - personal data at rest: sealed, masked, findable by its whole value.
 *
 * Sealed with XChaCha20-Poly1305-IETF (libsodium); the bytes are one format byte, a 24-byte nonce
 * and the ciphertext. The associated data is org, table, column and row id, so that a ciphertext
 * moved to another row, column or company does not open. The hash is BLAKE2b with the org's own
 * key, 16 bytes:
 * of a phone number it is only as safe as that key, which therefore never lies beside the database.
 */
#pragma once

#include "entity/cx.h"
#include "entity/model.h"

/* Seals, masks and hashes s->plain into s; `field` names the column. */
NODISCARD enum err secret_seal(struct cx *cx, const struct entity_model *model,
                               const struct entity_field *field, int64_t row, struct secret *s);
/* ERR_CORRUPT: not sealed for this place or not by this company's key. */
NODISCARD enum err secret_open(struct cx *cx, const struct entity_model *model,
                               const struct entity_field *field, int64_t row,
                               const struct secret *s, struct str *ret);
/* What secret_seal stores as hash. Blanks and the hyphens of phone numbers do not count, and case
 * does not: who searches types it otherwise than who wrote it. */
NODISCARD enum err secret_hash(struct cx *cx, struct str plain, struct str *ret);
/* For what is kept as a whole, such as an answer that may hold a token: sealed for `context`, a
 * text that says what it is and whose. */
NODISCARD enum err secret_wrap(struct cx *cx, struct str context, struct str plain,
                               struct str *ret);
NODISCARD enum err secret_unwrap(struct cx *cx, struct str context, struct str sealed,
                                 struct str *ret);
/* "138****0042", "110***********1234", "张*": enough to recognise, too little to use. */
struct str secret_mask(struct arena *arena, struct str plain);
