/*
 * tile.h - a log as files: hash tiles of 256 hashes and bundles of 256 entries (C2SP tlog-tiles).
 *
 * The tile (level, n) holds the hashes of the complete subtrees (8 · level, n · 256 + i). A tile
 * grows until it has 256 hashes; a shorter one is a prefix of a longer one, so a store keeps one
 * row for each (level, n) and cuts it to the width that is asked for.
 */
#pragma once

#include "base/buf.h"
#include "engine/merkle/merkle.h"

#define TLOG_TILE_WIDTH 256
#define TLOG_TILE_LEVELS 8          /* 256^8 = 2^64 leaves */
#define TLOG_ENTRY_MAX 65535        /* bytes: a bundle has 16-bit lengths */

struct tlog_tile {
    int level;      /* TLOG_TILE_ENTRIES: an entry bundle */
    uint64_t n;
    int width;      /* 1 .. 256; 256: a full tile */
};
#define TLOG_TILE_ENTRIES (-1)

/* "tile/0/x001/x234/067", "tile/entries/000.p/7". */
struct str tlog_tile_path(struct arena *arena, struct tlog_tile tile);
/* Strict: exactly what tlog_tile_path writes. */
bool tlog_tile_parse(struct str path, struct tlog_tile *ret);
/* How many hashes tile (level, n) has in a tree of `size`: 0 .. 256. */
int tlog_tile_width(int level, uint64_t n, uint64_t size);

/* One entry of a bundle: 16-bit big-endian length and the bytes. */
void tlog_bundle_add(struct buf *out, struct str entry);
/* Takes the next entry off `*rest`. False: nothing left, or (`*bad`) cut short. */
bool tlog_bundle_next(struct str *rest, struct str *entry, bool *bad);

/* ---- reading hashes from tiles ---- */

/* Gives the first `width` hashes of a tile. */
struct tlog_tiles {
    enum err (*read)(void *state, int level, uint64_t n, int width, const struct merkle_hash **ret,
                     struct fault *fault);
    void *state;
    const struct tlog_crypto *crypto;
    uint64_t size; /* of the tree that the tiles hold */
};
/* A reader for merkle_root(), merkle_inclusion(), merkle_consistency(). `tiles` must outlive it. */
struct merkle_reader tlog_tiles_reader(struct tlog_tiles *tiles);

/* ---- writing tiles ---- */

/* The right edge of a tree: the last, growing tile of each level. 64 KiB: keep it in an arena. */
struct tlog_edge {
    uint64_t size;
    struct {
        struct merkle_hash hash[TLOG_TILE_WIDTH];
        int width;       /* hashes that are in; a full tile is stored and leaves the edge */
        bool changed;    /* since the last flush */
    } level[TLOG_TILE_LEVELS];
};
struct tlog_tile_sink {
    enum err (*put)(void *state, int level, uint64_t n, const struct merkle_hash *hashes,
                    int width, struct fault *fault);
    void *state;
};
/* Fills the edge of a stored tree of tiles->size. */
NODISCARD enum err tlog_edge_load(struct tlog_edge *edge, struct tlog_tiles *tiles,
                                  struct fault *fault);
/* Full tiles go to the sink at once, partial ones with tlog_edge_flush(). */
NODISCARD enum err tlog_edge_add(const struct tlog_crypto *crypto, struct tlog_edge *edge,
                                 const struct merkle_hash *leaf, const struct tlog_tile_sink *sink,
                                 struct fault *fault);
NODISCARD enum err tlog_edge_flush(struct tlog_edge *edge, const struct tlog_tile_sink *sink,
                                   struct fault *fault);
struct merkle_hash tlog_edge_root(const struct tlog_crypto *crypto, const struct tlog_edge *edge);
