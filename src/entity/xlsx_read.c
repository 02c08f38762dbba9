/* xlsx_read.c - one worksheet, cell by cell. */
#include "entity/guarded.h"
#include "entity/xlsx.h"

#include <stdlib.h>
#include <string.h>

#define ROW_MAX 1048576 /* of the format */

struct cells {
    struct xlsx *x;
    size_t row, column;  /* 1-based row under way, 0-based column of the next cell */
    char type;           /* of the cell: n number, s shared, i inline, t text, b bool, e error */
    bool is_date;
    bool in_value;
    int phonetic;
    struct buf text;
};

static void refuse_sheet(struct cells *c, enum err e, const char *what)
{
    fault_set(c->x->b->fault, e, "row %zu: %s", c->row, what);
    c->x->b->fault->line = (int)c->row;
    xlsx_stop(c->x, e);
}

static void start_row(struct cells *c, const char **attributes)
{
    const char *r = xlsx_attribute(attributes, "r");
    int64_t row = (int64_t)c->row + 1;
    if (r && !str_to_i64(str_from(r), &row))
        row = 0;
    if (row <= (int64_t)c->row || row > ROW_MAX) {
        refuse_sheet(c, ERR_PARSE, "the row numbers of the sheet are out of order");
        return;
    }
    c->row = (size_t)row;
    c->column = 0;
}

/* "BC12": the column of letters, 0-based; the row number is the row's business. */
static bool column_of(const char *reference, size_t *ret)
{
    size_t column = 0, letters = 0;
    for (; reference[letters] >= 'A' && reference[letters] <= 'Z' && letters < 3; letters++)
        column = column * 26 + (size_t)(reference[letters] - 'A' + 1);
    *ret = column - 1;
    return letters > 0 && reference[letters] >= '1' && reference[letters] <= '9';
}

static char cell_type(const char *t)
{
    if (!t || strcmp(t, "n") == 0)
        return 'n';
    if (strcmp(t, "inlineStr") == 0)
        return 'i';
    if (strcmp(t, "str") == 0 || strcmp(t, "d") == 0)
        return 't';
    return *t; /* s, b, e */
}

static void start_cell(struct cells *c, const char **attributes)
{
    const char *reference = xlsx_attribute(attributes, "r");
    const char *style = xlsx_attribute(attributes, "s");
    size_t column;
    if (reference && column_of(reference, &column)) {
        if (column < c->column) {
            refuse_sheet(c, ERR_PARSE, "the cells of the row are out of order");
            return;
        }
        c->column = column;
    }
    c->type = cell_type(xlsx_attribute(attributes, "t"));
    int64_t index = -1;
    c->is_date = style && str_to_i64(str_from(style), &index) && index >= 0 &&
                 (size_t)index < c->x->style_is_date.count && c->x->style_is_date.items[index];
    c->text.len = 0;
}

static void cells_start(void *state, const char *name, const char **attributes)
{
    struct cells *c = state;
    if (strcmp(name, "row") == 0)
        start_row(c, attributes);
    else if (strcmp(name, "c") == 0)
        start_cell(c, attributes);
    else if (strcmp(name, "rPh") == 0)
        c->phonetic++;
    c->in_value = (strcmp(name, "v") == 0 && c->type != 'i') ||
                  (strcmp(name, "t") == 0 && c->type == 'i' && c->phonetic == 0);
}

static void cells_text(void *state, struct str text)
{
    struct cells *c = state;
    if (!c->in_value)
        return;
    if (c->text.len + text.len > c->x->b->limits.cell_bytes)
        refuse_sheet(c, ERR_TOO_LARGE, "a cell is too large");
    else
        buf_str(&c->text, text);
}

/* An error cell ("#N/A") stays readable: whoever reads the field says what is wrong with it. */
static bool cell_text(struct cells *c, struct str *ret)
{
    struct arena *arena = c->x->b->arena;
    struct str raw = buf_view(&c->text);
    int64_t index;
    switch (c->type) {
    case 's':
        if (!str_to_i64(str_trim(raw), &index) || index < 0 ||
            (size_t)index >= c->x->shared.count)
            return false;
        *ret = c->x->shared.items[index];
        return true;
    case 'n':
        if (c->is_date && xlsx_date_text(arena, raw, c->x->from_1904, ret))
            return true;
        if (xlsx_number_text(arena, raw, ret))
            return true;
        break;
    case 'b':
        *ret = str_is(raw, "1") ? STR("TRUE") : STR("FALSE");
        return true;
    default:
        break;
    }
    *ret = str_copy(arena, raw);
    return true;
}

static void end_cell(struct cells *c)
{
    struct str text = STR("");
    if (c->text.len > 0 && !cell_text(c, &text)) {
        refuse_sheet(c, ERR_PARSE, "a cell refers to a text that does not exist");
        return;
    }
    enum err e = text.len > 0 ? sheet_cell(c->x->b, c->column, text) : OK;
    if (e) {
        fault_explain(c->x->b->fault, e, "row %zu", c->row);
        xlsx_stop(c->x, e);
    }
    c->column++;
}

static void cells_end(void *state, const char *name)
{
    struct cells *c = state;
    c->in_value = false;
    if (strcmp(name, "rPh") == 0)
        c->phonetic--;
    else if (strcmp(name, "c") == 0)
        end_cell(c);
    else if (strcmp(name, "row") == 0) {
        enum err e = sheet_end_row(c->x->b, c->row);
        if (e)
            xlsx_stop(c->x, e);
    }
}

enum err xlsx_read_sheet(struct xlsx *x)
{
    struct cells cells = { .x = x, .type = 'n', .text = buf_in(x->b->arena) };
    struct xlsx_xml handlers = { .start = cells_start, .end = cells_end, .text = cells_text,
                                 .state = &cells };
    bool found;
    TRY(xlsx_part(x, x->sheet_part, handlers, &found));
    if (!found)
        return fault_set(x->b->fault, ERR_PARSE, "the workbook lacks its sheet %s",
                         x->sheet_part);
    return OK;
}

/* ------------------------------------------------------------------ the whole */

static enum err read_all(void *state)
{
    struct xlsx *x = state;
    struct zip_limits limits = { x->b->limits.entries, x->b->limits.unpacked,
                                 x->b->limits.ratio };
    TRY(zip_open(&x->zip, x->bytes, limits, x->b->fault));
    TRY(xlsx_read_book(x));
    return xlsx_read_sheet(x);
}

static void give_back(void *state)
{
    struct xlsx *x = state;
    if (x->xml.parser)
        XML_ParserFree(x->xml.parser);
    x->xml.parser = NULL;
    zip_close(&x->zip);
}

enum err xlsx_read(struct sheet_builder *b, struct str bytes, struct str page)
{
    struct xlsx *x = arena_new(b->arena, struct xlsx);
    x->b = b;
    x->bytes = bytes;
    x->page = page;
    return arena_guarded(b->arena, read_all, give_back, x);
}
