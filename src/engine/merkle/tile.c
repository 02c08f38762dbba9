#include "engine/merkle/tile.h"

/* ---- paths ---- */

static void add_index(struct buf *out, uint64_t n)
{
    uint64_t scale = 1;
    while (n / scale >= 1000)
        scale *= 1000;
    for (; scale > 1; scale /= 1000)
        buf_fmt(out, "x%03u/", (unsigned)(n / scale % 1000));
    buf_fmt(out, "%03u", (unsigned)(n % 1000));
}

struct str tlog_tile_path(struct arena *arena, struct tlog_tile tile)
{
    struct buf out = buf_in(arena);
    if (tile.level == TLOG_TILE_ENTRIES)
        buf_cstr(&out, "tile/entries/");
    else
        buf_fmt(&out, "tile/%d/", tile.level);
    add_index(&out, tile.n);
    if (tile.width < TLOG_TILE_WIDTH)
        buf_fmt(&out, ".p/%d", tile.width);
    return buf_view(&out);
}

static bool take(struct str *rest, const char *text)
{
    struct str part = str_from(text);
    if (!str_starts(*rest, part))
        return false;
    *rest = str_cut(*rest, part.len, rest->len);
    return true;
}

/* A decimal number without leading zeros. */
static bool take_number(struct str *rest, int64_t max, int64_t *ret)
{
    size_t len = 0;
    while (len < rest->len && rest->data[len] >= '0' && rest->data[len] <= '9')
        len++;
    if (len == 0 || len > 18 || (len > 1 && rest->data[0] == '0'))
        return false;
    int64_t value;
    if (!str_to_i64(str_cut(*rest, 0, len), &value) || value > max)
        return false;
    *rest = str_cut(*rest, len, rest->len);
    *ret = value;
    return true;
}

static bool take_group(struct str *rest, uint64_t *n)
{
    if (rest->len < 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9')
            return false;
        *n = *n * 10 + (uint64_t)(rest->data[i] - '0');
    }
    *rest = str_cut(*rest, 3, rest->len);
    return true;
}

/* 1234067 is x001/x234/067: all groups but the last begin with x, and the first is not x000. */
static bool take_index(struct str *rest, uint64_t *ret)
{
    uint64_t n = 0;
    for (int group = 0; group < 6; group++) {
        bool more = take(rest, "x");
        if (!take_group(rest, &n) || (more && n == 0) || (more && !take(rest, "/")))
            return false;
        if (!more) {
            *ret = n;
            return true;
        }
    }
    return false;
}

bool tlog_tile_parse(struct str path, struct tlog_tile *ret)
{
    struct str rest = path;
    struct tlog_tile tile = { .level = TLOG_TILE_ENTRIES, .width = TLOG_TILE_WIDTH };
    int64_t number;
    if (!take(&rest, "tile/"))
        return false;
    if (!take(&rest, "entries/")) {
        if (!take_number(&rest, TLOG_TILE_LEVELS - 1, &number) || !take(&rest, "/"))
            return false;
        tile.level = (int)number;
    }
    if (!take_index(&rest, &tile.n))
        return false;
    if (take(&rest, ".p/")) {
        if (!take_number(&rest, TLOG_TILE_WIDTH - 1, &number) || number == 0)
            return false;
        tile.width = (int)number;
    }
    if (rest.len != 0)
        return false;
    *ret = tile;
    return true;
}

int tlog_tile_width(int level, uint64_t n, uint64_t size)
{
    uint64_t hashes = size >> (8 * level);
    uint64_t before = n * TLOG_TILE_WIDTH;
    if (n > hashes / TLOG_TILE_WIDTH || hashes <= before)
        return 0;
    return (int)MIN(hashes - before, (uint64_t)TLOG_TILE_WIDTH);
}

/* ---- entry bundles ---- */

void tlog_bundle_add(struct buf *out, struct str entry)
{
    assert(entry.len <= TLOG_ENTRY_MAX);
    buf_char(out, (char)(entry.len >> 8));
    buf_char(out, (char)(entry.len & 0xff));
    buf_str(out, entry);
}

bool tlog_bundle_next(struct str *rest, struct str *entry, bool *bad)
{
    *bad = false;
    if (rest->len == 0)
        return false;
    *bad = true;
    if (rest->len < 2)
        return false;
    const uint8_t *bytes = (const uint8_t *)rest->data;
    size_t len = (size_t)bytes[0] << 8 | bytes[1];
    if (rest->len - 2 < len)
        return false;
    *entry = str_cut(*rest, 2, 2 + len);
    *rest = str_cut(*rest, 2 + len, rest->len);
    *bad = false;
    return true;
}

/* ---- reading ---- */

/* Root of the 2^levels hashes at `hashes`. */
static struct merkle_hash fold(const struct tlog_crypto *crypto, const struct merkle_hash *hashes,
                               int levels)
{
    struct merkle_hash row[TLOG_TILE_WIDTH];
    size_t count = (size_t)1 << levels;
    memcpy(row, hashes, count * sizeof *row);
    for (; count > 1; count /= 2)
        for (size_t i = 0; i < count / 2; i++)
            row[i] = merkle_node(crypto, &row[2 * i], &row[2 * i + 1]);
    return row[0];
}

static enum err read_subtree(void *state, int level, uint64_t index, struct merkle_hash *ret,
                             struct fault *fault)
{
    struct tlog_tiles *tiles = state;
    int tile_level = level / 8, inner = level % 8;
    uint64_t first = index << inner; /* among the hashes of that tile level */
    uint64_t n = first / TLOG_TILE_WIDTH;
    size_t at = (size_t)(first % TLOG_TILE_WIDTH);
    int width = tlog_tile_width(tile_level, n, tiles->size);
    if ((int)at + (1 << inner) > width)
        return fault_set(fault, ERR_CORRUPT, "tile %d/%llu is too short for the tree", tile_level,
                         (unsigned long long)n);
    const struct merkle_hash *hashes;
    TRY(tiles->read(tiles->state, tile_level, n, width, &hashes, fault));
    *ret = fold(tiles->crypto, hashes + at, inner);
    return OK;
}

struct merkle_reader tlog_tiles_reader(struct tlog_tiles *tiles)
{
    return (struct merkle_reader){ .read = read_subtree, .state = tiles };
}

/* ---- writing ---- */

enum err tlog_edge_load(struct tlog_edge *edge, struct tlog_tiles *tiles, struct fault *fault)
{
    memset(edge, 0, sizeof *edge);
    edge->size = tiles->size;
    for (int level = 0; level < TLOG_TILE_LEVELS; level++) {
        uint64_t hashes = tiles->size >> (8 * level);
        int width = (int)(hashes % TLOG_TILE_WIDTH);
        if (width == 0)
            continue;
        const struct merkle_hash *stored;
        TRY(tiles->read(tiles->state, level, hashes / TLOG_TILE_WIDTH, width, &stored, fault));
        memcpy(edge->level[level].hash, stored, (size_t)width * sizeof *stored);
        edge->level[level].width = width;
    }
    return OK;
}

enum err tlog_edge_add(const struct tlog_crypto *crypto, struct tlog_edge *edge,
                       const struct merkle_hash *leaf, const struct tlog_tile_sink *sink,
                       struct fault *fault)
{
    struct merkle_hash hash = *leaf;
    for (int level = 0; level < TLOG_TILE_LEVELS; level++) {
        struct merkle_hash *row = edge->level[level].hash;
        int *width = &edge->level[level].width;
        row[(*width)++] = hash;
        edge->level[level].changed = true;
        if (*width < TLOG_TILE_WIDTH)
            break;
        TRY(sink->put(sink->state, level, edge->size >> (8 * level) >> 8, row, *width, fault));
        hash = fold(crypto, row, 8);
        *width = 0;
        edge->level[level].changed = false;
    }
    edge->size++;
    return OK;
}

enum err tlog_edge_flush(struct tlog_edge *edge, const struct tlog_tile_sink *sink,
                         struct fault *fault)
{
    for (int level = 0; level < TLOG_TILE_LEVELS; level++) {
        if (!edge->level[level].changed)
            continue;
        TRY(sink->put(sink->state, level, edge->size >> (8 * level) >> 8, edge->level[level].hash,
                      edge->level[level].width, fault));
        edge->level[level].changed = false;
    }
    return OK;
}

struct merkle_hash tlog_edge_root(const struct tlog_crypto *crypto, const struct tlog_edge *edge)
{
    if (edge->size == 0)
        return merkle_empty(crypto);
    struct merkle_hash root;
    bool begun = false;
    for (int bit = 0; bit < MERKLE_LEVELS; bit++) {
        if (!(edge->size >> bit & 1))
            continue;
        /* Within its tile the subtree of this bit stands after those of the higher bits. */
        int level = bit / 8, inner = bit % 8;
        int before = edge->level[level].width >> inner >> 1 << 1 << inner;
        struct merkle_hash peak = fold(crypto, edge->level[level].hash + before, inner);
        root = begun ? merkle_node(crypto, &peak, &root) : peak;
        begun = true;
    }
    return root;
}
