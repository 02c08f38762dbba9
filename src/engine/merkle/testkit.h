/*
 * testkit.h - a small log in memory for tests, fuzzers and the interoperability check: libsodium
 * as the crypto, keys from fixed seeds (never production keys), all hashes kept.
 */
#pragma once

#include "engine/merkle/packet.h"

extern const struct tlog_crypto testkit_crypto;

/* A signer whose seed is SHA-256(`seed`); `name` is not copied. */
struct tlog_signer testkit_signer(struct arena *arena, const char *name, enum tlog_key_type type,
                                  const char *seed);

struct testkit_log {
    struct arena *arena;
    struct str *entries;
    struct merkle_hash *leaves;
    size_t count, room;
    struct tlog_signer log, witness;
};
struct testkit_log testkit_log_open(struct arena *arena, const char *origin, size_t room);
void testkit_add(struct testkit_log *log, struct str entry);
/* Over the leaves, computed from the definition: slow and independent of tiles. */
struct merkle_reader testkit_reader(struct testkit_log *log);
struct merkle_hash testkit_root(struct testkit_log *log, uint64_t size);
/* Signed by the log; with the witness's cosignature when `cosigned`. */
struct str testkit_checkpoint(struct testkit_log *log, uint64_t size, bool cosigned);
struct str testkit_proof(struct testkit_log *log, uint64_t index, struct str checkpoint);
struct str testkit_extension(struct testkit_log *log, uint64_t old_size, struct str checkpoint);

/* A log that ends with a statement: plan, `facts` facts of the person and as many of others, the
 * statement, the period head, some more. `ret` gets the parts of its statement file. */
void testkit_statement(struct testkit_log *log, size_t facts, bool cosigned,
                       struct tlog_packet *ret);
