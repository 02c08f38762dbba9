/*
 * merkle.h - the Merkle tree of RFC 9162 §2.1 (the same tree as RFC 6962 §2.1).
 *
 *     leaf   SHA-256(0x00 ‖ entry)
 *     node   SHA-256(0x01 ‖ left ‖ right), split at the largest power of two below the size
 *     empty  SHA-256("")
 *
 * Pure: the hash function and the signature check are passed in, so the same code runs in the
 * server (libsodium) and as WebAssembly. Stored hashes are read through a callback; nothing here
 * knows where they are kept. Sizes and indexes are below 2^63.
 *
 * A *complete subtree* (level, index) covers the leaves [index << level, (index + 1) << level).
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define MERKLE_LEVELS 63      /* sizes below 2^63 */
#define MERKLE_PROOF_MAX 63   /* hashes of an inclusion proof */
#define MERKLE_CONSISTENCY_MAX 64

struct merkle_hash {
    uint8_t b[32];
};

/* What the engine cannot do itself. */
struct tlog_crypto {
    /* Hash of the concatenation of `parts`. */
    void (*sha256)(const struct str *parts, size_t count, uint8_t ret[32]);
    /* RFC 8032, and S < L: a second signature must not be made from a first. */
    bool (*ed25519_verify)(const uint8_t key[32], struct str message, const uint8_t signature[64]);
};

bool merkle_same(const struct merkle_hash *a, const struct merkle_hash *b);
struct merkle_hash merkle_sha256(const struct tlog_crypto *crypto, struct str data);
struct merkle_hash merkle_empty(const struct tlog_crypto *crypto);
struct merkle_hash merkle_leaf(const struct tlog_crypto *crypto, struct str entry);
struct merkle_hash merkle_node(const struct tlog_crypto *crypto, const struct merkle_hash *left,
                               const struct merkle_hash *right);

/* ---- appending: the roots of the complete subtrees on the right edge (a compact range) ---- */

struct merkle_range {
    uint64_t size;
    struct merkle_hash peak[MERKLE_LEVELS]; /* [level], where that bit of size is set */
};
void merkle_range_add(const struct tlog_crypto *crypto, struct merkle_range *range,
                      const struct merkle_hash *leaf);
struct merkle_hash merkle_range_root(const struct tlog_crypto *crypto,
                                     const struct merkle_range *range);

/* ---- reading a stored tree ---- */

/* Gives the hash of a complete subtree. */
struct merkle_reader {
    enum err (*read)(void *state, int level, uint64_t index, struct merkle_hash *ret,
                     struct fault *fault);
    void *state;
};

NODISCARD enum err merkle_root(const struct tlog_crypto *crypto, const struct merkle_reader *reader,
                               uint64_t size, struct fault *fault, struct merkle_hash *ret);

struct merkle_proof {
    size_t count;
    struct merkle_hash hash[MERKLE_CONSISTENCY_MAX];
};
/* From the leaf's sibling up. ERR_INVALID: index not below size. */
NODISCARD enum err merkle_inclusion(const struct tlog_crypto *crypto,
                                    const struct merkle_reader *reader, uint64_t index,
                                    uint64_t size, struct fault *fault, struct merkle_proof *ret);
/* That the tree of `new_size` extends the tree of `old_size`. Empty when they are equal or the
 * old tree is empty. ERR_INVALID: old_size above new_size. */
NODISCARD enum err merkle_consistency(const struct tlog_crypto *crypto,
                                      const struct merkle_reader *reader, uint64_t old_size,
                                      uint64_t new_size, struct fault *fault,
                                      struct merkle_proof *ret);

/* ---- checking (RFC 9162 §2.1.3.2, §2.1.4.2) ---- */

bool merkle_check_inclusion(const struct tlog_crypto *crypto, const struct merkle_hash *leaf,
                            uint64_t index, uint64_t size, const struct merkle_hash *proof,
                            size_t count, const struct merkle_hash *root);
/* Every tree extends the empty one, whose root must still be the empty root. */
bool merkle_check_consistency(const struct tlog_crypto *crypto, uint64_t old_size,
                              uint64_t new_size, const struct merkle_hash *old_root,
                              const struct merkle_hash *new_root, const struct merkle_hash *proof,
                              size_t count);
