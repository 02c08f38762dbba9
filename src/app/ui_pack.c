#include "app/ui_pack.h"

#define HEAD_BYTES 16
#define ENTRY_BYTES 64
/* Places of an entry, as the head of ui/pack.mjs has them. */
enum { AT_PATH = 0, AT_TYPE = 8, AT_ETAG = 16, AT_RAW = 24, AT_GZIP = 32, AT_BROTLI = 40,
       AT_FLAGS = 48 };
#define FLAG_FOREVER 1u

/* ui_pack_embed.S */
extern const char ui_pack_begin[], ui_pack_end[];

static uint32_t u32_at(struct str pack, size_t at)
{
    const unsigned char *b = (const unsigned char *)pack.data + at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Number of entries; 0 for whatever is not a whole pack. */
static uint32_t entry_count(struct str pack)
{
    if (pack.len < HEAD_BYTES || memcmp(pack.data, "QBUIPAK1", 8) != 0)
        return 0;
    uint32_t count = u32_at(pack, 8);
    if (u32_at(pack, 12) != pack.len || count > (pack.len - HEAD_BYTES) / ENTRY_BYTES)
        return 0;
    return count;
}

/* A text or body of an entry. False when it leaves the pack. */
static bool part_at(struct str pack, size_t entry, size_t where, struct str *ret)
{
    size_t offset = u32_at(pack, entry + where), len = u32_at(pack, entry + where + 4);
    if (offset > pack.len || len > pack.len - offset)
        return false;
    *ret = (struct str){ pack.data + offset, len };
    return true;
}

static bool text_at(struct str pack, size_t entry, size_t where, struct str *ret)
{
    return part_at(pack, entry, where, ret) && ret->data + ret->len < pack.data + pack.len &&
           ret->data[ret->len] == '\0';
}

static bool file_at(struct str pack, uint32_t index, struct ui_file *ret)
{
    size_t entry = HEAD_BYTES + (size_t)index * ENTRY_BYTES;
    ret->forever = u32_at(pack, entry + AT_FLAGS) & FLAG_FOREVER;
    return text_at(pack, entry, AT_PATH, &ret->path) && text_at(pack, entry, AT_TYPE, &ret->type) &&
           text_at(pack, entry, AT_ETAG, &ret->etag) && part_at(pack, entry, AT_RAW, &ret->raw) &&
           part_at(pack, entry, AT_GZIP, &ret->gzip) &&
           part_at(pack, entry, AT_BROTLI, &ret->brotli);
}

bool ui_pack_valid(struct str pack)
{
    uint32_t count = entry_count(pack);
    if (count == 0)
        return pack.len == 0;
    struct ui_file before = { 0 }, file;
    for (uint32_t i = 0; i < count; i++) {
        if (!file_at(pack, i, &file) || (i > 0 && str_cmp(before.path, file.path) >= 0))
            return false;
        before = file;
    }
    return true;
}

bool ui_pack_find_in(struct str pack, struct str path, struct ui_file *ret)
{
    uint32_t low = 0, high = entry_count(pack);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct ui_file file;
        if (!file_at(pack, middle, &file))
            return false;
        int order = str_cmp(path, file.path);
        if (order == 0) {
            *ret = file;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* Files have an extension; addresses that the pages make up have none. */
static bool names_a_file(struct str path)
{
    for (size_t i = path.len; i > 0 && path.data[i - 1] != '/'; i--)
        if (path.data[i - 1] == '.')
            return true;
    return false;
}

bool ui_pack_route_in(struct str pack, struct str path, struct ui_file *ret)
{
    if (ui_pack_find_in(pack, path, ret))
        return true;
    if (names_a_file(path))
        return false;
    bool phone = str_eq(path, STR("/m")) || str_starts(path, STR("/m/"));
    return ui_pack_find_in(pack, phone ? STR("/m/index.html") : STR("/index.html"), ret);
}

struct str ui_pack_embedded(void)
{
    return (struct str){ ui_pack_begin, (size_t)(ui_pack_end - ui_pack_begin) };
}

bool ui_pack_route(struct str path, struct ui_file *ret)
{
    return ui_pack_route_in(ui_pack_embedded(), path, ret);
}
