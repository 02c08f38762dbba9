/* The container. Layout: PKWARE APPNOTE 6.3 §4.3, one disk, method 0 (stored), no extra fields. */
#include "engine/merkle/packet.h"

#include "base/vec.h"

#define LOCAL_MAGIC 0x04034b50u
#define CENTRAL_MAGIC 0x02014b50u
#define END_MAGIC 0x06054b50u
#define LOCAL_BYTES 30
#define VERSION 10      /* stored files need 1.0 */
#define DATE 0x0021     /* 1980-01-01, the first day there is: the same file on every day */

/* CRC-32 of the zip format, four bits at a time: a table small enough to read. */
static uint32_t crc32_of(struct str data)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < data.len; i++) {
        crc ^= (uint8_t)data.data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static void put16(struct buf *out, uint32_t v)
{
    buf_char(out, (char)(v & 0xff));
    buf_char(out, (char)(v >> 8 & 0xff));
}

static void put32(struct buf *out, uint32_t v)
{
    put16(out, v & 0xffff);
    put16(out, v >> 16);
}

/* The fields that the local and the central header share, from "version needed" on. */
static void put_facts(struct buf *out, uint32_t crc, size_t size, size_t name_len)
{
    put16(out, VERSION);
    put16(out, 0); /* flags: sizes are in front, names are ASCII */
    put16(out, 0); /* stored */
    put16(out, 0); /* midnight */
    put16(out, DATE);
    put32(out, crc);
    put32(out, (uint32_t)size);
    put32(out, (uint32_t)size);
    put16(out, (uint32_t)name_len);
    put16(out, 0); /* no extra field */
}

static void put_central(struct buf *out, const struct tlog_file *file, uint32_t crc, size_t at)
{
    put32(out, CENTRAL_MAGIC);
    put16(out, VERSION);
    put_facts(out, crc, file->data.len, file->name.len);
    put16(out, 0); /* comment */
    put16(out, 0); /* disk */
    put16(out, 0); /* internal attributes */
    put32(out, 0); /* external attributes */
    put32(out, (uint32_t)at);
    buf_str(out, file->name);
}

struct str tlog_zip_write(struct arena *arena, const struct tlog_file *files, size_t count)
{
    struct buf out = buf_in(arena), central = buf_in(arena);
    assert(count <= UINT16_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct tlog_file *file = &files[i];
        assert(file->data.len <= TLOG_PACKET_MAX && out.len <= TLOG_PACKET_MAX);
        uint32_t crc = crc32_of(file->data);
        put_central(&central, file, crc, out.len);
        put32(&out, LOCAL_MAGIC);
        put_facts(&out, crc, file->data.len, file->name.len);
        buf_str(&out, file->name);
        buf_str(&out, file->data);
    }
    size_t central_at = out.len;
    buf_str(&out, buf_view(&central));
    put32(&out, END_MAGIC);
    put16(&out, 0); /* this disk */
    put16(&out, 0); /* disk of the central directory */
    put16(&out, (uint32_t)count);
    put16(&out, (uint32_t)count);
    put32(&out, (uint32_t)central.len);
    put32(&out, (uint32_t)central_at);
    put16(&out, 0); /* no comment */
    return buf_view(&out);
}

static uint32_t get(struct str s, size_t at, int bytes)
{
    uint32_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | (uint8_t)s.data[at + (size_t)i];
    return v;
}

/* The file at `*at`. False: its header or its data is cut short. */
static bool take_file(struct str bytes, size_t *at, struct tlog_file *ret)
{
    if (bytes.len - *at < LOCAL_BYTES)
        return false;
    size_t size = get(bytes, *at + 18, 4), name_len = get(bytes, *at + 26, 2);
    size_t data_at = *at + LOCAL_BYTES + name_len;
    if (data_at > bytes.len || bytes.len - data_at < size)
        return false;
    ret->name = str_cut(bytes, *at + LOCAL_BYTES, data_at);
    ret->data = str_cut(bytes, data_at, data_at + size);
    *at = data_at + size;
    return true;
}

/* Names and sizes come from the local headers; all else is decided by writing the file again. */
enum err tlog_zip_read(struct arena *arena, struct str bytes, struct fault *fault,
                       struct tlog_file **files, size_t *count)
{
    VEC(struct tlog_file) found = { 0 };
    if (bytes.len > TLOG_PACKET_MAX)
        return fault_set(fault, ERR_PARSE, "larger than %u bytes", TLOG_PACKET_MAX);
    for (size_t at = 0; bytes.len - at >= 4 && get(bytes, at, 4) == LOCAL_MAGIC;) {
        if (found.count == UINT16_MAX || !take_file(bytes, &at, vec_push(arena, &found)))
            return fault_set(fault, ERR_PARSE, "file %zu of the zip is cut short", found.count);
    }
    if (!str_eq(tlog_zip_write(arena, found.items, found.count), bytes))
        return fault_set(fault, ERR_PARSE, "the zip is not in its only form");
    *files = found.items;
    *count = found.count;
    return OK;
}
