/* The container. Layout: PKWARE APPNOTE 6.3 §4.3, one disk, method 0 (stored), no extra fields. */
#include "engine/merkle/packet.h"

#define LOCAL_MAGIC 0x04034b50u
#define CENTRAL_MAGIC 0x02014b50u
#define END_MAGIC 0x06054b50u
#define LOCAL_BYTES 30
#define VERSION 10      /* stored files need 1.0 */
#define DATE 0x0021     /* 1980-01-01, the first day there is: the same file on every day */

static const char *const names[TLOG_PARTS] = {
    [TLOG_PART_STATEMENT] = "statement.json",
    [TLOG_PART_STATEMENT_ENTRY] = "statement.entry.json",
    [TLOG_PART_STATEMENT_PROOF] = "statement.tlog-proof",
    [TLOG_PART_PERIOD_ENTRY] = "period.entry.json",
    [TLOG_PART_PERIOD_PROOF] = "period.tlog-proof",
    [TLOG_PART_ENTRIES] = "entries.jsonl",
    [TLOG_PART_PLAN] = "plan.json",
    [TLOG_PART_PLAN_ENTRY] = "plan.entry.json",
    [TLOG_PART_PLAN_PROOF] = "plan.tlog-proof",
    [TLOG_PART_POLICY] = "policy",
};

const char *tlog_part_name(enum tlog_part part)
{
    assert(part < TLOG_PARTS);
    return names[part];
}

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

static void put_central(struct buf *out, const char *name, uint32_t crc, size_t size, size_t at)
{
    put32(out, CENTRAL_MAGIC);
    put16(out, VERSION);
    put_facts(out, crc, size, strlen(name));
    put16(out, 0); /* comment */
    put16(out, 0); /* disk */
    put16(out, 0); /* internal attributes */
    put32(out, 0); /* external attributes */
    put32(out, (uint32_t)at);
    buf_cstr(out, name);
}

struct str tlog_packet_write(struct arena *arena, const struct tlog_packet *packet)
{
    struct buf out = buf_in(arena), central = buf_in(arena);
    for (int i = 0; i < TLOG_PARTS; i++) {
        struct str part = packet->part[i];
        assert(part.len <= TLOG_PACKET_MAX);
        uint32_t crc = crc32_of(part);
        put_central(&central, names[i], crc, part.len, out.len);
        put32(&out, LOCAL_MAGIC);
        put_facts(&out, crc, part.len, strlen(names[i]));
        buf_cstr(&out, names[i]);
        buf_str(&out, part);
    }
    size_t central_at = out.len;
    buf_str(&out, buf_view(&central));
    put32(&out, END_MAGIC);
    put16(&out, 0); /* this disk */
    put16(&out, 0); /* disk of the central directory */
    put16(&out, TLOG_PARTS);
    put16(&out, TLOG_PARTS);
    put32(&out, (uint32_t)central.len);
    put32(&out, (uint32_t)central_at);
    put16(&out, 0); /* no comment */
    return buf_view(&out);
}

static uint32_t get32(struct str s, size_t at)
{
    const uint8_t *b = (const uint8_t *)s.data + at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Sizes come from the local headers; all else is decided by writing the file again. */
enum err tlog_packet_read(struct arena *arena, struct str bytes, struct fault *fault,
                          struct tlog_packet *ret)
{
    size_t at = 0;
    if (bytes.len > TLOG_PACKET_MAX)
        return fault_set(fault, ERR_PARSE, "larger than %u bytes", TLOG_PACKET_MAX);
    for (int i = 0; i < TLOG_PARTS; i++) {
        size_t name_len = strlen(names[i]);
        if (bytes.len - at < LOCAL_BYTES + name_len || get32(bytes, at) != LOCAL_MAGIC ||
            memcmp(bytes.data + at + LOCAL_BYTES, names[i], name_len) != 0)
            return fault_set(fault, ERR_PARSE, "%s is not where it must be", names[i]);
        size_t size = get32(bytes, at + 18);
        at += LOCAL_BYTES + name_len;
        if (bytes.len - at < size)
            return fault_set(fault, ERR_PARSE, "%s is cut short", names[i]);
        ret->part[i] = str_cut(bytes, at, at + size);
        at += size;
    }
    if (!str_eq(tlog_packet_write(arena, ret), bytes))
        return fault_set(fault, ERR_PARSE, "the zip is not in its only form");
    return OK;
}
