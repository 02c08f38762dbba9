#include "engine/merkle/testkit.h"

#include "base/test.h"

#define SIZE_MAX_TESTED 70

static struct testkit_log numbers(size_t count)
{
    struct testkit_log log = testkit_log_open(test_arena(), "qibing.example/log/7", count + 1);
    for (size_t i = 0; i < count; i++)
        testkit_add(&log, str_fmt(test_arena(), "%zu", i));
    return log;
}

/* Every proof of every size verifies, and none with a changed hash, index, size or length. */
TEST(merkle_inclusion_of_all_sizes)
{
    struct testkit_log log = numbers(SIZE_MAX_TESTED);
    struct merkle_reader reader = testkit_reader(&log);
    struct fault fault = { 0 };
    for (uint64_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        struct merkle_hash root = testkit_root(&log, size), other;
        CHECK_EQ(merkle_root(&testkit_crypto, &reader, size, &fault, &other), OK);
        CHECK(merkle_same(&root, &other), "size %d", (int)size);
        for (uint64_t i = 0; i < size; i++) {
            struct merkle_proof p;
            CHECK_EQ(merkle_inclusion(&testkit_crypto, &reader, i, size, &fault, &p), OK);
            CHECK(merkle_check_inclusion(&testkit_crypto, &log.leaves[i], i, size, p.hash, p.count,
                                         &root), "%d of %d", (int)i, (int)size);
            CHECK(!merkle_check_inclusion(&testkit_crypto, &log.leaves[i], i ^ 1, size, p.hash,
                                          p.count, &root));
            CHECK(!merkle_check_inclusion(&testkit_crypto, &log.leaves[i], i, size, p.hash,
                                          p.count + 1, &root));
            if (p.count == 0)
                continue;
            CHECK(!merkle_check_inclusion(&testkit_crypto, &log.leaves[i], i, size, p.hash,
                                          p.count - 1, &root));
            p.hash[p.count / 2].b[7] ^= 4;
            CHECK(!merkle_check_inclusion(&testkit_crypto, &log.leaves[i], i, size, p.hash, p.count,
                                          &root));
        }
        struct merkle_proof p;
        CHECK_EQ(merkle_inclusion(&testkit_crypto, &reader, size, size, &fault, &p), ERR_INVALID);
    }
}

TEST(merkle_consistency_of_all_sizes)
{
    struct testkit_log log = numbers(SIZE_MAX_TESTED);
    struct merkle_reader reader = testkit_reader(&log);
    struct fault fault = { 0 };
    for (uint64_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        struct merkle_hash root = testkit_root(&log, size);
        for (uint64_t old = 0; old <= size; old++) {
            struct merkle_proof p;
            struct merkle_hash old_root = testkit_root(&log, old);
            CHECK_EQ(merkle_consistency(&testkit_crypto, &reader, old, size, &fault, &p), OK);
            CHECK(merkle_check_consistency(&testkit_crypto, old, size, &old_root, &root, p.hash,
                                           p.count), "%d to %d", (int)old, (int)size);
            old_root.b[0] ^= 1;
            CHECK(!merkle_check_consistency(&testkit_crypto, old, size, &old_root, &root, p.hash,
                                            p.count), "%d to %d", (int)old, (int)size);
            old_root.b[0] ^= 1;
            if (p.count == 0)
                continue;
            p.hash[p.count - 1].b[31] ^= 0x80;
            CHECK(!merkle_check_consistency(&testkit_crypto, old, size, &old_root, &root, p.hash,
                                            p.count));
        }
        struct merkle_proof p;
        CHECK_EQ(merkle_consistency(&testkit_crypto, &reader, size + 1, size, &fault, &p),
                 ERR_INVALID);
    }
}
