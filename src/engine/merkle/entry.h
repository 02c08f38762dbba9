/*
 * entry.h - what stands in the log: a commitment to a fact, never the fact.
 *
 * An entry is canonical JSON (RFC 8785) with the members
 *
 *     at       when it was written, RFC 3339 UTC
 *     kind     what sort of fact: "statement", "plan", "period", …
 *     org      the company, a decimal string
 *     period   "2026-10"; "" when it belongs to none
 *     seq      its number in the log, from 0: the index of its leaf
 *     sha256   SHA-256(32-byte salt ‖ canonical content), lower-case hex
 *     subject  HMAC-SHA256(company's key, person ‖ period), hex; "" when about nobody
 *     v        1
 *
 * The content of a period head (kind "period") is {count, kind, policy, root, subject}: root is
 * that of a Merkle tree over all earlier entries of that subject and period in the order of seq,
 * count their number, policy the text of the log's policy at that time. A person who holds those
 * entries knows that none of their logged facts is missing. A later head of the same subject and
 * period covers the earlier one as a leaf; two heads that do not extend one another prove fraud.
 *
 * The salt makes the commitment say nothing to who has only the log; when it is erased the entry
 * says nothing to anybody, and the tree stays whole.
 */
#pragma once

#include "base/buf.h"
#include "engine/merkle/tile.h"

#define TLOG_SALT_BYTES 32
#define TLOG_KIND_STATEMENT "statement"
#define TLOG_KIND_PERIOD "period"
#define TLOG_KIND_PLAN "plan"

struct tlog_entry {
    int64_t org;
    uint64_t seq;
    struct str kind, subject, period, at;
    struct merkle_hash sha256;
};

/* Words that an entry may hold need no escapes: letters, digits, "._:-", at most 64 bytes. */
bool tlog_word_valid(struct str word);
/* Appends the one form of the entry. Its words must be valid. */
void tlog_entry_write(struct buf *out, const struct tlog_entry *entry);
/* Strict: only what tlog_entry_write makes. ERR_PARSE. Views into `bytes` and the arena. */
NODISCARD enum err tlog_entry_parse(struct arena *arena, struct str bytes, struct fault *fault,
                                    struct tlog_entry *ret);

struct merkle_hash tlog_commit(const struct tlog_crypto *crypto, const uint8_t salt[32],
                               struct str content);

/* A fact as it is disclosed: what was logged of it, and what that commits to. */
struct tlog_fact {
    struct str content; /* canonical JSON */
    uint8_t salt[TLOG_SALT_BYTES];
    struct str entry;   /* canonical JSON */
};

/* What a period head says. */
struct tlog_head {
    uint64_t count;
    struct merkle_hash root;
    struct str subject, policy;
};
struct str tlog_head_write(struct arena *arena, const struct tlog_head *head);
/* Strict: only what tlog_head_write makes. ERR_PARSE. */
NODISCARD enum err tlog_head_parse(struct arena *arena, struct str content, struct fault *fault,
                                   struct tlog_head *ret);
