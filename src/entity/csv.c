/* csv.c - reading comma separated text of any of the dialects that spreadsheets write. */
#include "entity/sheet.h"

#include <iconv.h>

/* ------------------------------------------------------------------ character sets */

static enum err convert(struct arena *arena, const char *from, struct str bytes,
                        struct fault *fault, struct str *ret)
{
    /* Two bytes become at most three in UTF-8, four become four. All memory is taken before the
     * converter is opened: nothing may be held while an arena can run out. */
    size_t room = bytes.len / 2 * 3 + 8, left = room, in_left = bytes.len;
    char *out = arena_alloc(arena, room), *to = out;
    char *in = arena_copy(arena, bytes.data, bytes.len);

    iconv_t converter = iconv_open("UTF-8", from);
    if (converter == (iconv_t)-1)
        return fault_errno(fault, "converting from %s", from);
    size_t done = iconv(converter, &in, &in_left, &to, &left);
    iconv_close(converter);
    if (done == (size_t)-1)
        return fault_set(fault, ERR_PARSE,
                         "the text is neither UTF-8 nor GB18030 (byte %zu): save it as UTF-8",
                         bytes.len - in_left + 1);
    *ret = (struct str){ out, room - left };
    return OK;
}

enum err csv_text(struct arena *arena, struct str bytes, struct fault *fault, struct str *ret)
{
    if (str_starts(bytes, STR("\xEF\xBB\xBF")))
        bytes = str_cut(bytes, 3, bytes.len);
    else if (str_starts(bytes, STR("\xFF\xFE")))
        TRY(convert(arena, "UTF-16LE", str_cut(bytes, 2, bytes.len), fault, &bytes));
    else if (str_starts(bytes, STR("\xFE\xFF")))
        TRY(convert(arena, "UTF-16BE", str_cut(bytes, 2, bytes.len), fault, &bytes));
    if (!utf8_valid(bytes))
        TRY(convert(arena, "GB18030", bytes, fault, &bytes));
    if (str_find_char(bytes, '\0') >= 0)
        return fault_set(fault, ERR_PARSE, "the text contains a NUL byte: is it really CSV?");
    *ret = bytes;
    return OK;
}

/* ------------------------------------------------------------------ records */

struct csv {
    struct sheet_builder *b;
    struct str text;
    size_t at;
    size_t line;   /* of the text, for the parse errors */
    size_t record; /* as a spreadsheet numbers its rows: a line feed in quotes begins none */
    char separator;
};

/* The one of , ; and tab that the first line has most of. */
static char guess_separator(struct str text)
{
    static const char candidates[] = { ',', ';', '\t' };
    size_t counts[COUNT(candidates)] = { 0 };
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '\n' || c == '\r'))
            break;
        for (size_t k = 0; k < COUNT(candidates) && !quoted; k++)
            counts[k] += c == candidates[k];
    }
    size_t best = 0;
    for (size_t k = 1; k < COUNT(candidates); k++)
        if (counts[k] > counts[best])
            best = k;
    return candidates[best];
}

static bool at_line_end(const struct csv *csv)
{
    return csv->at >= csv->text.len || csv->text.data[csv->at] == '\n' ||
           csv->text.data[csv->at] == '\r';
}

static void skip_line_end(struct csv *csv)
{
    if (csv->at < csv->text.len && csv->text.data[csv->at] == '\r')
        csv->at++;
    else if (csv->at < csv->text.len) {
        csv->at++;
        return;
    }
    if (csv->at < csv->text.len && csv->text.data[csv->at] == '\n')
        csv->at++;
}

/* Drops every second quote of a pair. */
static struct str undouble(struct arena *arena, struct str s)
{
    char *out = arena_alloc(arena, s.len);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        out[len++] = s.data[i];
        if (s.data[i] == '"')
            i++;
    }
    return (struct str){ out, len };
}

static enum err csv_error(struct csv *csv, size_t line, const char *what)
{
    fault_set(csv->b->fault, ERR_PARSE, "line %zu: %s", line, what);
    csv->b->fault->line = (int)line;
    return ERR_PARSE;
}

static enum err read_quoted(struct csv *csv, struct str *ret)
{
    size_t start = ++csv->at, first_line = csv->line;
    bool doubled = false;
    for (;; csv->at++) {
        if (csv->at >= csv->text.len)
            return csv_error(csv, first_line, "a quote begins here and never ends");
        char c = csv->text.data[csv->at];
        csv->line += c == '\n';
        if (c != '"')
            continue;
        if (csv->at + 1 >= csv->text.len || csv->text.data[csv->at + 1] != '"')
            break;
        doubled = true;
        csv->at++;
    }
    struct str raw = str_cut(csv->text, start, csv->at++);
    if (!at_line_end(csv) && csv->text.data[csv->at] != csv->separator)
        return csv_error(csv, csv->line, "text behind the closing quote");
    *ret = doubled ? undouble(csv->b->arena, raw) : raw;
    return OK;
}

static enum err read_field(struct csv *csv, struct str *ret)
{
    if (csv->at < csv->text.len && csv->text.data[csv->at] == '"')
        return read_quoted(csv, ret);
    size_t start = csv->at;
    while (!at_line_end(csv) && csv->text.data[csv->at] != csv->separator)
        csv->at++;
    *ret = str_cut(csv->text, start, csv->at);
    return OK;
}

static enum err read_record(struct csv *csv)
{
    size_t first_line = csv->line;
    for (size_t column = 0;; column++) {
        struct str field;
        TRY(read_field(csv, &field));
        enum err e = sheet_cell(csv->b, column, field);
        if (e)
            return fault_explain(csv->b->fault, e, "line %zu", first_line);
        if (at_line_end(csv))
            break;
        csv->at++; /* the separator */
    }
    skip_line_end(csv);
    csv->line++;
    return sheet_end_row(csv->b, ++csv->record);
}

enum err csv_read(struct sheet_builder *b, struct str bytes)
{
    struct csv csv = { .b = b, .line = 1 };
    TRY(csv_text(b->arena, bytes, b->fault, &csv.text));
    csv.separator = guess_separator(csv.text);
    while (csv.at < csv.text.len)
        TRY(read_record(&csv));
    return OK;
}
