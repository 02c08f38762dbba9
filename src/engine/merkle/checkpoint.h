/*
 * checkpoint.h - what a log signs: origin, size, root (C2SP tlog-checkpoint); and the body that
 * carries a consistency proof with a new checkpoint (C2SP tlog-witness, add-checkpoint).
 */
#pragma once

#include "engine/merkle/note.h"

struct tlog_checkpoint {
    struct str origin;
    uint64_t size;
    struct merkle_hash root;
    struct str extension; /* further lines with their newlines; not audited, so ours has none */
};

/* Decimal below 2^63 without leading zeros. */
bool tlog_size_parse(struct str text, uint64_t *ret);
/* One base64 line of 32 bytes. */
bool tlog_hash_parse(struct arena *arena, struct str text, struct merkle_hash *ret);

/* The text of a note. ERR_PARSE. */
NODISCARD enum err tlog_checkpoint_parse(struct arena *arena, struct str text, struct fault *fault,
                                         struct tlog_checkpoint *ret);
struct str tlog_checkpoint_text(struct arena *arena, const struct tlog_checkpoint *checkpoint);

/* "old <size>", consistency hashes, empty line, the new checkpoint. */
struct tlog_extension {
    uint64_t old_size;
    struct merkle_hash *hashes;
    size_t count;
    struct str checkpoint; /* a signed note */
};
#define TLOG_EXTENSION_HASHES_MAX 63
NODISCARD enum err tlog_extension_parse(struct arena *arena, struct str bytes, struct fault *fault,
                                        struct tlog_extension *ret);
struct str tlog_extension_text(struct arena *arena, const struct tlog_extension *extension);

/* The proof of one entry (C2SP tlog-proof): index, hashes from the leaf's sibling up, and the
 * checkpoint. */
struct tlog_proof {
    bool has_extra;
    struct str extra; /* decoded; nobody vouches for it */
    uint64_t index;
    struct merkle_hash *hashes;
    size_t count;
    struct str checkpoint; /* a signed note */
};
NODISCARD enum err tlog_proof_parse(struct arena *arena, struct str bytes, struct fault *fault,
                                    struct tlog_proof *ret);
struct str tlog_proof_text(struct arena *arena, const struct tlog_proof *proof);
