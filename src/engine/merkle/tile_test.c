#include "engine/merkle/testkit.h"

#include "base/test.h"

TEST(tile_paths)
{
    static const struct {
        const char *path;
        struct tlog_tile tile;
    } good[] = {
        { "tile/0/000", { 0, 0, 256 } },
        { "tile/1/005.p/17", { 1, 5, 17 } },
        { "tile/0/x001/x234/067", { 0, 1234067, 256 } },
        { "tile/0/x001/000.p/255", { 0, 1000, 255 } },
        { "tile/entries/x999/999", { TLOG_TILE_ENTRIES, 999999, 256 } },
        { "tile/entries/000.p/1", { TLOG_TILE_ENTRIES, 0, 1 } },
        { "tile/7/000.p/1", { 7, 0, 1 } },
    };
    static const char *const bad[] = {
        "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000",
        "tile/00/000", "tile/8/000", "tile/-1/000", "tile/0/x000/001", "tile/0/001/000",
        "tile/0/x001", "tile/0/x001/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
        "tile/0/000.p/", "tile/0/000.p/1/", "tile/0/000/", "/tile/0/000", "tile/0/a00",
        "tile/entries/000.p/x", "tile/0/x001/x001/x001/x001/x001/x001/001",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct tlog_tile tile = { 0 };
        CHECK(tlog_tile_parse(str_from(good[i].path), &tile), "%s", good[i].path);
        CHECK(tile.level == good[i].tile.level && tile.n == good[i].tile.n &&
              tile.width == good[i].tile.width, "%s", good[i].path);
        CHECK_STR(tlog_tile_path(test_arena(), good[i].tile), str_from(good[i].path));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct tlog_tile tile;
        CHECK(!tlog_tile_parse(str_from(bad[i]), &tile), "%s", bad[i]);
    }
}

/* The example of the format's description: a tree of 70 000. */
TEST(tile_widths)
{
    CHECK_EQ(tlog_tile_width(0, 272, 70000), 256);
    CHECK_EQ(tlog_tile_width(0, 273, 70000), 112);
    CHECK_EQ(tlog_tile_width(0, 274, 70000), 0);
    CHECK_EQ(tlog_tile_width(1, 0, 70000), 256);
    CHECK_EQ(tlog_tile_width(1, 1, 70000), 17);
    CHECK_EQ(tlog_tile_width(2, 0, 70000), 1);
    CHECK_EQ(tlog_tile_width(3, 0, 70000), 0);
    CHECK_EQ(tlog_tile_width(0, 0, 256), 256);
    CHECK_EQ(tlog_tile_width(1, 0, 256), 1);
    CHECK_EQ(tlog_tile_width(0, 0, 0), 0);
}

TEST(tile_bundles)
{
    struct buf out = buf_in(test_arena());
    tlog_bundle_add(&out, STR("one"));
    tlog_bundle_add(&out, STR(""));
    tlog_bundle_add(&out, STR("three"));
    CHECK_EQ(out.len, 14);
    struct str rest = buf_view(&out), entry;
    bool bad;
    CHECK(tlog_bundle_next(&rest, &entry, &bad) && str_is(entry, "one"));
    CHECK(tlog_bundle_next(&rest, &entry, &bad) && entry.len == 0);
    CHECK(tlog_bundle_next(&rest, &entry, &bad) && str_is(entry, "three"));
    CHECK(!tlog_bundle_next(&rest, &entry, &bad) && !bad);
    rest = str_cut(buf_view(&out), 7, out.len - 1);
    CHECK(!tlog_bundle_next(&rest, &entry, &bad) && bad, "cut short");
    rest = STR("\0");
    CHECK(!tlog_bundle_next(&rest, &entry, &bad) && bad, "half a length");
}

/* ---- a store of tiles in memory ---- */

#define TILES_OF_LEVEL 300

struct store {
    struct merkle_hash hash[3][TILES_OF_LEVEL][TLOG_TILE_WIDTH];
    int width[3][TILES_OF_LEVEL];
    int puts;
};

static enum err put(void *state, int level, uint64_t n, const struct merkle_hash *hashes, int width,
                    struct fault *fault)
{
    (void)fault;
    struct store *store = state;
    memcpy(store->hash[level][n], hashes, (size_t)width * sizeof *hashes);
    store->width[level][n] = width;
    store->puts++;
    return OK;
}

static enum err get(void *state, int level, uint64_t n, int width, const struct merkle_hash **ret,
                    struct fault *fault)
{
    struct store *store = state;
    if (store->width[level][n] < width)
        return fault_set(fault, ERR_CORRUPT, "tile %d/%d is too short", level, (int)n);
    *ret = store->hash[level][n];
    return OK;
}

static struct merkle_hash leaf(uint64_t i)
{
    return merkle_leaf(&testkit_crypto, str_fmt(test_arena(), "%llu", (unsigned long long)i));
}

/* Grown in steps with the edge loaded anew each time, as the sequencer does after a restart. */
TEST(tiles_give_roots_and_proofs)
{
    static const uint64_t steps[] = { 1, 2, 255, 256, 257, 512, 1000, 65535, 65536, 65537, 70000 };
    struct store *store = arena_new(test_arena(), struct store);
    struct tlog_edge *edge = arena_new(test_arena(), struct tlog_edge);
    struct merkle_range range = { 0 };
    struct fault fault = { 0 };
    struct tlog_tiles tiles = { get, store, &testkit_crypto, 0 };
    struct tlog_tile_sink sink = { put, store };
    struct merkle_hash old_root = merkle_empty(&testkit_crypto);
    for (size_t s = 0; s < COUNT(steps); s++) {
        uint64_t old = tiles.size;
        CHECK_EQ(tlog_edge_load(edge, &tiles, &fault), OK);
        for (uint64_t i = old; i < steps[s]; i++) {
            struct merkle_hash hash = leaf(i);
            merkle_range_add(&testkit_crypto, &range, &hash);
            CHECK_EQ(tlog_edge_add(&testkit_crypto, edge, &hash, &sink, &fault), OK);
        }
        CHECK_EQ(tlog_edge_flush(edge, &sink, &fault), OK);
        tiles.size = steps[s];
        struct merkle_reader reader = tlog_tiles_reader(&tiles);
        struct merkle_hash want = merkle_range_root(&testkit_crypto, &range), root;
        CHECK_EQ(merkle_root(&testkit_crypto, &reader, tiles.size, &fault, &root), OK);
        CHECK(merkle_same(&root, &want), "root of %d", (int)steps[s]);
        root = tlog_edge_root(&testkit_crypto, edge);
        CHECK(merkle_same(&root, &want), "edge root of %d", (int)steps[s]);

        struct merkle_proof p;
        CHECK_EQ(merkle_consistency(&testkit_crypto, &reader, old, tiles.size, &fault, &p), OK);
        CHECK(merkle_check_consistency(&testkit_crypto, old, tiles.size, &old_root, &want, p.hash,
                                       p.count), "from %d", (int)old);
        uint64_t index = tiles.size * 2 / 3;
        struct merkle_hash hash = leaf(index);
        CHECK_EQ(merkle_inclusion(&testkit_crypto, &reader, index, tiles.size, &fault, &p), OK);
        CHECK(merkle_check_inclusion(&testkit_crypto, &hash, index, tiles.size, p.hash, p.count,
                                     &want), "entry %d", (int)index);
        old_root = want;
    }
    CHECK_EQ(store->width[2][0], 1);
    CHECK_EQ(store->width[1][1], 17);
    CHECK_EQ(store->width[0][273], 112);
}
