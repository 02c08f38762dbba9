/*
 * fuzz_xlsx.c - any bytes as a workbook: as the archive itself, or (first byte odd) as the XML
 * parts of an archive that is put together here, separated by 0xFF, so that the XML is reached at
 * all.
 */
#include "entity/sheet.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct archive {
    struct buf body, directory;
    int count;
};

static void put_number(struct buf *b, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_char(b, i < 4 ? (char)(v >> (8 * i)) : '\0');
}

/* What local header and directory entry share (APPNOTE 4.3.7, 4.3.12), stored without
 * compression. */
static void put_common(struct buf *b, struct str name, struct str part)
{
    put_number(b, 20, 2);
    put_number(b, 0, 8);
    put_number(b, (uint32_t)crc32(0, (const Bytef *)part.data, (uInt)part.len), 4);
    put_number(b, (uint32_t)part.len, 4);
    put_number(b, (uint32_t)part.len, 4);
    put_number(b, (uint32_t)name.len, 2);
    put_number(b, 0, 2);
}

static void add_part(struct archive *a, struct str name, struct str part)
{
    uint32_t at = (uint32_t)a->body.len;
    buf_str(&a->body, STR("PK\003\004"));
    put_common(&a->body, name, part);
    buf_str(&a->body, name);
    buf_str(&a->body, part);
    buf_str(&a->directory, STR("PK\001\002"));
    put_number(&a->directory, 20, 2);
    put_common(&a->directory, name, part);
    put_number(&a->directory, 0, 10);
    put_number(&a->directory, at, 4);
    buf_str(&a->directory, name);
    a->count++;
}

static struct str finish(struct archive *a)
{
    uint32_t at = (uint32_t)a->body.len;
    buf_str(&a->body, buf_view(&a->directory));
    buf_str(&a->body, STR("PK\005\006"));
    put_number(&a->body, 0, 4);
    put_number(&a->body, (uint32_t)a->count, 2);
    put_number(&a->body, (uint32_t)a->count, 2);
    put_number(&a->body, (uint32_t)a->directory.len, 4);
    put_number(&a->body, at, 4);
    put_number(&a->body, 0, 2);
    return buf_view(&a->body);
}

static struct str pack(struct arena *arena, struct str rest)
{
    static const char book[] = "<workbook><workbookPr date1904=\"0\"/><sheets>"
                               "<sheet name=\"s\" id=\"r1\"/></sheets></workbook>";
    static const char relations[] = "<Relationships><Relationship Id=\"r1\" Target=\"s.xml\"/>"
                                    "</Relationships>";
    static const char *const parts[] = { "xl/s.xml", "xl/sharedStrings.xml", "xl/styles.xml" };
    struct archive a = { .body = buf_in(arena), .directory = buf_in(arena) };
    add_part(&a, STR("xl/workbook.xml"), str_from(book));
    add_part(&a, STR("xl/_rels/workbook.xml.rels"), str_from(relations));
    struct str part;
    for (size_t i = 0; i < COUNT(parts) && str_split(&rest, '\xFF', &part); i++)
        add_part(&a, str_from(parts[i]), part);
    return finish(&a);
}

static void check(const struct sheet *sheet, const struct sheet_limits *limits)
{
    size_t cells = 0;
    uint32_t line = 0;
    for (size_t i = 0; i < sheet->rows.count; i++) {
        const struct sheet_row *row = &sheet->rows.items[i];
        if (row->line <= line)
            abort(); /* rows come in order, each with its own number */
        line = row->line;
        cells += row->count;
        for (uint32_t k = 0; k < row->count; k++)
            if (!utf8_valid(row->cells[k]))
                abort();
    }
    if (cells > limits->cells || sheet->rows.count > limits->rows)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena; /* opening one costs more than a run */
    if (!arena)
        arena = arena_open((size_t)512 << 20);
    struct arena_mark start = arena_mark(arena);
    struct sheet_limits limits = { .bytes = 1 << 20, .rows = 500, .cells = 5000, .columns = 64,
                                   .cell_bytes = 4096, .unpacked = 8 << 20, .entries = 100 };
    struct str bytes = { (const char *)data, size };
    struct fault fault = { 0 };
    struct sheet sheet;
    if (size > 0 && (data[0] & 1))
        bytes = pack(arena, str_cut(bytes, 1, size));
    if (sheet_read(arena, SHEET_XLSX, bytes, STR_NONE, limits, &fault, &sheet) == OK)
        check(&sheet, &limits);
    else if (fault.message[0] == 0)
        abort();
    arena_reset(arena, start);
    return 0;
}
