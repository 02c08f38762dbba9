/* sheet.c - limits and row building, common to both readers. */
#include "entity/sheet.h"

static size_t or_default(size_t value, size_t otherwise)
{
    return value ? value : otherwise;
}

struct sheet_limits sheet_limits_filled(struct sheet_limits limits)
{
    return (struct sheet_limits){
        .bytes = or_default(limits.bytes, 64u << 20),
        .rows = or_default(limits.rows, 200000),
        .cells = or_default(limits.cells, 4000000),
        .columns = or_default(limits.columns, 1000),
        .cell_bytes = or_default(limits.cell_bytes, 128u << 10),
        .entries = or_default(limits.entries, 2000),
        .unpacked = or_default(limits.unpacked, (size_t)512 << 20),
        .ratio = limits.ratio ? limits.ratio : 100,
    };
}

enum sheet_kind sheet_guess(struct str bytes)
{
    return str_starts(bytes, STR("PK\003\004")) ? SHEET_XLSX : SHEET_CSV;
}

enum err sheet_cell(struct sheet_builder *b, size_t column, struct str text)
{
    if (column >= b->limits.columns)
        return fault_set(b->fault, ERR_TOO_LARGE, "more than %zu columns", b->limits.columns);
    if (text.len > b->limits.cell_bytes)
        return fault_set(b->fault, ERR_TOO_LARGE, "a cell of more than %zu bytes",
                         b->limits.cell_bytes);
    /* Sheets may leave cells out; a file may also claim column 999 in each row, so what is filled
     * in counts as cells too. */
    while (b->row.count <= column) {
        if (++b->cell_count > b->limits.cells)
            return fault_set(b->fault, ERR_TOO_LARGE, "more than %zu cells", b->limits.cells);
        vec_add(b->arena, &b->row, STR(""));
    }
    b->row.items[column] = text;
    return OK;
}

static bool row_has_text(const struct sheet_builder *b)
{
    for (size_t i = 0; i < b->row.count; i++)
        if (str_trim(b->row.items[i]).len > 0)
            return true;
    return false;
}

enum err sheet_end_row(struct sheet_builder *b, size_t line)
{
    if (row_has_text(b)) {
        if (b->sheet->rows.count >= b->limits.rows)
            return fault_set(b->fault, ERR_TOO_LARGE, "more than %zu rows", b->limits.rows);
        size_t bytes = b->row.count * sizeof(struct str);
        vec_add(b->arena, &b->sheet->rows, ((struct sheet_row){
            .line = (uint32_t)line,
            .count = (uint32_t)b->row.count,
            .cells = arena_copy(b->arena, b->row.items, bytes),
        }));
        b->sheet->columns = MAX(b->sheet->columns, b->row.count);
    }
    b->row.count = 0;
    return OK;
}

enum err sheet_read(struct arena *arena, enum sheet_kind kind, struct str bytes, struct str page,
                    struct sheet_limits limits, struct fault *fault, struct sheet *ret)
{
    struct sheet sheet = { 0 };
    struct sheet_builder b = {
        .arena = arena,
        .fault = fault,
        .limits = sheet_limits_filled(limits),
        .sheet = &sheet,
    };
    if (bytes.len > b.limits.bytes)
        return fault_set(fault, ERR_TOO_LARGE, "the file has more than %zu bytes", b.limits.bytes);
    TRY(kind == SHEET_XLSX ? xlsx_read(&b, bytes, page) : csv_read(&b, bytes));
    *ret = sheet;
    return OK;
}
