/*
 * fuzz_csv_import.c - any bytes as a CSV file whose cells are read into fields of every type. What
 * a field prints for a sheet must be read back as the same value, and a written sheet as the same
 * cells.
 */
#include "fuzz_fields.h"

#include "entity/sheet.h"
#include "entity/sheet_out.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_sheet(struct arena *arena, struct str text, struct sheet *sheet)
{
    struct fault fault = { 0 };
    struct sheet_limits limits = { .bytes = 1 << 20, .rows = 500, .cells = 5000, .columns = 64,
                                   .cell_bytes = 4096 };
    enum err e = sheet_read(arena, SHEET_CSV, text, STR_NONE, limits, &fault, sheet);
    if (e && fault.message[0] == 0)
        abort();
    return e == OK;
}

static void check_cell(struct cx *cx, const struct entity_field *f, struct str cell)
{
    struct fuzz_row row = fuzz_blank, again = fuzz_blank;
    if (!field_from_text(cx, f, f->name, cell, &row) || f->type == FIELD_SECRET)
        return;
    struct str text = field_text(cx, f, &row);
    if (!field_from_text(cx, f, f->name, text, &again) || !field_equal(f, &row, &again))
        abort();
}

static void check_written(struct arena *arena, const struct sheet *sheet)
{
    struct buf out = buf_in(arena);
    struct sheet again;
    buf_cstr(&out, "\xEF\xBB\xBF"); /* else a cell that begins with one would lose it */
    for (size_t i = 0; i < sheet->rows.count; i++) {
        for (uint32_t k = 0; k < sheet->rows.items[i].count; k++) {
            buf_cstr(&out, k ? "," : "");
            csv_put(&out, sheet->rows.items[i].cells[k]);
        }
        buf_cstr(&out, "\r\n");
    }
    if (!read_sheet(arena, buf_view(&out), &again))
        return; /* the quotes may have made it longer than a limit */
    if (again.rows.count != sheet->rows.count)
        abort();
    for (size_t i = 0; i < sheet->rows.count; i++)
        for (uint32_t k = 0; k < sheet->rows.items[i].count && k < again.rows.items[i].count; k++) {
            struct str was = sheet->rows.items[i].cells[k], is = again.rows.items[i].cells[k];
            if (sheet_is_risky(was) && is.len > 0 && is.data[0] == '\'')
                is = str_cut(is, 1, is.len);
            if (!str_eq(was, is) || sheet_is_risky(again.rows.items[i].cells[k]))
                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena; /* opening one costs more than a run */
    if (!arena)
        arena = arena_open((size_t)512 << 20);
    struct arena_mark start = arena_mark(arena);
    struct cx cx = { .arena = arena, .zone_minutes = 480, .lang = LANG_EN };
    struct sheet sheet;
    if (read_sheet(arena, (struct str){ (const char *)data, size }, &sheet)) {
        for (size_t i = 0; i < sheet.rows.count; i++)
            for (uint32_t k = 0; k < sheet.rows.items[i].count; k++)
                if (k + 1 < COUNT(fuzz_fields))
                    check_cell(&cx, &fuzz_fields[k], sheet.rows.items[i].cells[k]);
        /* One separator for all: a first line without any would let another one win. */
        if (sheet.columns > 1 && sheet.rows.items[0].count > 1)
            check_written(arena, &sheet);
    }
    arena_reset(arena, start);
    return 0;
}
