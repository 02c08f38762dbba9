#include "engine/merkle/merkle.h"

bool merkle_same(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

struct merkle_hash merkle_sha256(const struct tlog_crypto *crypto, struct str data)
{
    struct merkle_hash hash;
    crypto->sha256(&data, 1, hash.b);
    return hash;
}

struct merkle_hash merkle_empty(const struct tlog_crypto *crypto)
{
    return merkle_sha256(crypto, STR(""));
}

struct merkle_hash merkle_leaf(const struct tlog_crypto *crypto, struct str entry)
{
    struct str parts[] = { STR("\0"), entry };
    struct merkle_hash hash;
    crypto->sha256(parts, COUNT(parts), hash.b);
    return hash;
}

struct merkle_hash merkle_node(const struct tlog_crypto *crypto, const struct merkle_hash *left,
                               const struct merkle_hash *right)
{
    uint8_t bytes[65] = { 1 };
    memcpy(bytes + 1, left->b, 32);
    memcpy(bytes + 33, right->b, 32);
    return merkle_sha256(crypto, (struct str){ (const char *)bytes, sizeof bytes });
}

void merkle_range_add(const struct tlog_crypto *crypto, struct merkle_range *range,
                      const struct merkle_hash *leaf)
{
    assert(range->size < (UINT64_C(1) << (MERKLE_LEVELS - 1)));
    /* Like adding one to a binary number: each carry joins two subtrees. */
    struct merkle_hash carry = *leaf;
    int level = 0;
    for (; range->size >> level & 1; level++)
        carry = merkle_node(crypto, &range->peak[level], &carry);
    range->peak[level] = carry;
    range->size++;
}

struct merkle_hash merkle_range_root(const struct tlog_crypto *crypto,
                                     const struct merkle_range *range)
{
    if (range->size == 0)
        return merkle_empty(crypto);
    struct merkle_hash root;
    bool begun = false;
    for (int level = 0; level < MERKLE_LEVELS; level++) {
        if (!(range->size >> level & 1))
            continue;
        root = begun ? merkle_node(crypto, &range->peak[level], &root) : range->peak[level];
        begun = true;
    }
    return root;
}

/* The largest power of two below `size`, as its exponent; size > 1. */
static int split_level(uint64_t size)
{
    return 63 - __builtin_clzll(size - 1);
}

/* Hash over the leaves [from, from + size). `from` is a multiple of the power of two at or above
 * `size`, as it is everywhere in a tree that was split at powers of two. */
static enum err range_hash(const struct tlog_crypto *crypto, const struct merkle_reader *reader,
                           uint64_t from, uint64_t size, struct fault *fault,
                           struct merkle_hash *ret)
{
    assert(size > 0);
    /* Right to left: the last, smallest subtree first, each larger one joins from the left. */
    struct merkle_hash hash;
    bool begun = false;
    for (int level = 0; level < MERKLE_LEVELS; level++) {
        if (!(size >> level & 1))
            continue;
        uint64_t higher = size >> level >> 1 << 1 << level; /* leaves of the larger subtrees */
        struct merkle_hash left;
        TRY(reader->read(reader->state, level, (from + higher) >> level, &left, fault));
        hash = begun ? merkle_node(crypto, &left, &hash) : left;
        begun = true;
    }
    *ret = hash;
    return OK;
}

enum err merkle_root(const struct tlog_crypto *crypto, const struct merkle_reader *reader,
                     uint64_t size, struct fault *fault, struct merkle_hash *ret)
{
    if (size == 0) {
        *ret = merkle_empty(crypto);
        return OK;
    }
    return range_hash(crypto, reader, 0, size, fault, ret);
}

static void reverse(struct merkle_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        struct merkle_hash other = proof->hash[i];
        proof->hash[i] = proof->hash[proof->count - 1 - i];
        proof->hash[proof->count - 1 - i] = other;
    }
}

enum err merkle_inclusion(const struct tlog_crypto *crypto, const struct merkle_reader *reader,
                          uint64_t index, uint64_t size, struct fault *fault,
                          struct merkle_proof *ret)
{
    if (index >= size)
        return fault_set(fault, ERR_INVALID, "entry %llu is not in a tree of %llu",
                         (unsigned long long)index, (unsigned long long)size);
    *ret = (struct merkle_proof){ 0 };
    uint64_t from = 0;
    while (size > 1) { /* from the root down, so the hashes come in reverse */
        uint64_t left = UINT64_C(1) << split_level(size);
        struct merkle_hash *sibling = &ret->hash[ret->count++];
        if (index - from < left) {
            TRY(range_hash(crypto, reader, from + left, size - left, fault, sibling));
            size = left;
        } else {
            TRY(range_hash(crypto, reader, from, left, fault, sibling));
            from += left;
            size -= left;
        }
    }
    reverse(ret);
    return OK;
}

enum err merkle_consistency(const struct tlog_crypto *crypto, const struct merkle_reader *reader,
                            uint64_t old_size, uint64_t new_size, struct fault *fault,
                            struct merkle_proof *ret)
{
    if (old_size > new_size)
        return fault_set(fault, ERR_INVALID, "a tree of %llu cannot extend one of %llu",
                         (unsigned long long)new_size, (unsigned long long)old_size);
    *ret = (struct merkle_proof){ 0 };
    if (old_size == 0 || old_size == new_size)
        return OK;
    /* RFC 9162 §2.1.4.1, SUBPROOF, from the root down. `whole`: what is left of the old tree is
     * the old tree itself, whose root the verifier has. */
    uint64_t from = 0, size = new_size;
    bool whole = true;
    while (old_size - from != size) {
        uint64_t left = UINT64_C(1) << split_level(size);
        struct merkle_hash *hash = &ret->hash[ret->count++];
        if (old_size - from <= left) {
            TRY(range_hash(crypto, reader, from + left, size - left, fault, hash));
            size = left;
        } else {
            TRY(range_hash(crypto, reader, from, left, fault, hash));
            from += left;
            size -= left;
            whole = false;
        }
    }
    if (!whole)
        TRY(range_hash(crypto, reader, from, size, fault, &ret->hash[ret->count++]));
    reverse(ret);
    return OK;
}

bool merkle_check_inclusion(const struct tlog_crypto *crypto, const struct merkle_hash *leaf,
                            uint64_t index, uint64_t size, const struct merkle_hash *proof,
                            size_t count, const struct merkle_hash *root)
{
    if (index >= size)
        return false;
    uint64_t fn = index, sn = size - 1;
    struct merkle_hash hash = *leaf;
    for (size_t i = 0; i < count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            hash = merkle_node(crypto, &proof[i], &hash);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            hash = merkle_node(crypto, &hash, &proof[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && merkle_same(&hash, root);
}

/* Walks both trees up at once; see RFC 9162 §2.1.4.2. */
static bool walk_consistency(const struct tlog_crypto *crypto, uint64_t fn, uint64_t sn,
                             const struct merkle_hash *path, size_t count,
                             const struct merkle_hash *old_root, const struct merkle_hash *new_root)
{
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    struct merkle_hash old_hash = path[0], new_hash = path[0];
    for (size_t i = 1; i < count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            old_hash = merkle_node(crypto, &path[i], &old_hash);
            new_hash = merkle_node(crypto, &path[i], &new_hash);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            new_hash = merkle_node(crypto, &new_hash, &path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && merkle_same(&old_hash, old_root) && merkle_same(&new_hash, new_root);
}

bool merkle_check_consistency(const struct tlog_crypto *crypto, uint64_t old_size,
                              uint64_t new_size, const struct merkle_hash *old_root,
                              const struct merkle_hash *new_root, const struct merkle_hash *proof,
                              size_t count)
{
    if (old_size > new_size)
        return false;
    if (old_size == new_size)
        return count == 0 && merkle_same(old_root, new_root);
    if (old_size == 0) {
        struct merkle_hash empty = merkle_empty(crypto);
        return count == 0 && merkle_same(old_root, &empty);
    }
    if (count == 0 || count > MERKLE_CONSISTENCY_MAX)
        return false;
    /* A complete old tree is itself the first hash of the path. */
    struct merkle_hash path[MERKLE_CONSISTENCY_MAX + 1];
    size_t length = 0;
    if ((old_size & (old_size - 1)) == 0)
        path[length++] = *old_root;
    memcpy(path + length, proof, count * sizeof *proof);
    length += count;
    return walk_consistency(crypto, old_size - 1, new_size - 1, path, length, old_root, new_root);
}
