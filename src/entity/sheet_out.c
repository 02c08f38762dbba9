/* sheet_out.c - see sheet_out.h. */
#include "entity/sheet_out.h"

#include "base/io.h"
#include "entity/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

const char *const sheet_types[] = {
    [SHEET_CSV] = "text/csv; charset=utf-8",
    [SHEET_XLSX] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/* ------------------------------------------------------------------ formulas */

bool sheet_is_risky(struct str text)
{
    static const char *const starts[] = { "=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠" };
    for (size_t i = 0; i < COUNT(starts); i++)
        if (str_starts(text, str_from(starts[i])))
            return true;
    return false;
}

static void put_quoted(struct buf *out, struct str text)
{
    bool plain = true;
    for (size_t i = 0; i < text.len && plain; i++)
        plain = !strchr(",;\t\"\r\n", text.data[i]) && text.data[i] != '\0';
    if (plain && str_trim(text).len == text.len) {
        buf_str(out, text);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            buf_char(out, '"');
        buf_char(out, text.data[i]);
    }
    buf_char(out, '"');
}

void csv_put(struct buf *out, struct str text)
{
    if (!sheet_is_risky(text)) {
        put_quoted(out, text);
        return;
    }
    struct buf defused = buf_in(out->arena);
    buf_char(&defused, '\'');
    buf_str(&defused, text);
    put_quoted(out, buf_view(&defused));
}

/* ------------------------------------------------------------------ files */

static const char *temp_folder(const struct cx *cx)
{
    return cx->services && cx->services->temp_folder ? cx->services->temp_folder : "/tmp";
}

static enum err make_file(struct sheet_out *o)
{
    snprintf(o->path, sizeof o->path, "%s/qibing-sheet-XXXXXX", temp_folder(o->cx));
    o->fd = mkostemp(o->path, O_CLOEXEC);
    if (o->fd >= 0)
        return OK;
    o->path[0] = '\0';
    return fail_errno(o->cx, "making a file for the sheet in %s", temp_folder(o->cx));
}

static enum err open_book(struct sheet_out *o)
{
    /* The library opens the path itself when the book is closed. */
    struct str folder = str_copy(o->cx->arena, str_from(temp_folder(o->cx)));
    lxw_workbook_options options = { .constant_memory = LXW_TRUE,
                                     .tmpdir = (char *)(uintptr_t)folder.data };
    close(o->fd);
    o->fd = -1;
    o->book = workbook_new_opt(o->path, &options);
    if (!o->book)
        return fail(o->cx, ERR_NO_MEMORY, "no memory for the workbook");
    o->page = workbook_add_worksheet(o->book, NULL);
    if (!o->page)
        return fail(o->cx, ERR_NO_MEMORY, "no memory for the worksheet");
    o->date_format = workbook_add_format(o->book);
    o->time_format = workbook_add_format(o->book);
    o->money_format = workbook_add_format(o->book);
    if (!o->date_format || !o->time_format || !o->money_format)
        return fail(o->cx, ERR_NO_MEMORY, "no memory for the workbook");
    format_set_num_format(o->date_format, "yyyy-mm-dd");
    format_set_num_format(o->time_format, "yyyy-mm-dd hh:mm:ss");
    format_set_num_format(o->money_format, "#,##0.00");
    return OK;
}

enum err sheet_out_open(struct sheet_out *o, struct cx *cx, enum sheet_kind kind, bool bom)
{
    *o = (struct sheet_out){ .cx = cx, .kind = kind, .fd = -1, .line = buf_in(cx->arena) };
    TRY(make_file(o));
    if (kind == SHEET_XLSX)
        return open_book(o);
    if (bom)
        buf_cstr(&o->line, "\xEF\xBB\xBF");
    return OK;
}

void sheet_out_drop(struct sheet_out *o)
{
    if (o->book)
        workbook_close(o->book);
    o->book = NULL;
    if (o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    if (o->path[0])
        unlink(o->path);
    o->path[0] = '\0';
}

/* ------------------------------------------------------------------ cells */

static void next_csv(struct sheet_out *o)
{
    if (o->column++ > 0)
        buf_char(&o->line, ',');
}

#define CELL_CHARACTERS 32767 /* of the format; what is longer is cut */

static struct str cut_cell(struct str text)
{
    size_t at = 0, units = 0;
    while (at < text.len) {
        size_t next = at;
        units += utf8_next(text, &next) > 0xFFFF ? 2 : 1; /* it counts UTF-16 units */
        if (units > CELL_CHARACTERS)
            break;
        at = next;
    }
    return str_cut(text, 0, at);
}

void sheet_out_text(struct sheet_out *o, struct str text)
{
    if (o->kind == SHEET_CSV) {
        next_csv(o);
        csv_put(&o->line, text);
        return;
    }
    if (text.len > 0)
        worksheet_write_string(o->page, o->row, o->column,
                               str_cstr(o->cx->arena, cut_cell(text)), NULL);
    o->column++;
}

/* A spreadsheet holds numbers as doubles: exact up to 15 digits, beyond that text is honest. */
static void put_number(struct sheet_out *o, struct str text, void *format)
{
    if (o->kind == SHEET_CSV) {
        next_csv(o);
        buf_str(&o->line, text);
        return;
    }
    if (text.len > 16) {
        sheet_out_text(o, text);
        return;
    }
    worksheet_write_number(o->page, o->row, o->column++,
                           strtod(str_cstr(o->cx->arena, text), NULL), format);
}

static void put_date(struct sheet_out *o, struct date day, int second, bool clock)
{
    int year, month, d;
    date_parts(day, &year, &month, &d);
    lxw_datetime t = { .year = year, .month = month, .day = d, .hour = second / 3600,
                       .min = second / 60 % 60, .sec = second % 60 };
    worksheet_write_datetime(o->page, o->row, o->column++, &t,
                             clock ? o->time_format : o->date_format);
}

static void put_moment(struct sheet_out *o, struct instant t)
{
    struct date day = instant_date(t, o->cx->zone_minutes);
    int64_t us = t.us - date_start(day, o->cx->zone_minutes).us;
    put_date(o, day, (int)(us / 1000000), true);
}

static bool is_number(const struct entity_field *f)
{
    return f->type == FIELD_INT || f->type == FIELD_MONEY || f->type == FIELD_RATE ||
           f->type == FIELD_DECIMAL;
}

void sheet_out_field(struct sheet_out *o, const struct entity_field *f, const void *row)
{
    bool absent = field_absent(f, row);
    if (!absent && is_number(f))
        put_number(o, field_text(o->cx, f, row), f->type == FIELD_MONEY ? o->money_format : NULL);
    else if (!absent && o->kind == SHEET_XLSX && f->type == FIELD_DATE)
        put_date(o, *(const struct date *)const_member_of(row, f->offset), 0, false);
    else if (!absent && o->kind == SHEET_XLSX && f->type == FIELD_INSTANT)
        put_moment(o, *(const struct instant *)const_member_of(row, f->offset));
    else
        sheet_out_text(o, field_text(o->cx, f, row));
}

/* ------------------------------------------------------------------ rows and the end */

#define FLUSH_AT (256u << 10)

static enum err flush(struct sheet_out *o)
{
    if (o->line.len > 0)
        TRY(io_write_all(o->fd, o->line.data, o->line.len, &o->cx->fault));
    o->line.len = 0;
    return OK;
}

enum err sheet_out_end_row(struct sheet_out *o)
{
    o->column = 0;
    if (o->row++ > SHEET_ROWS_MAX)
        return refuse(o->cx, ERR_TOO_LARGE, "more than %d rows do not fit into a sheet",
                      "一张表最多容纳 %d 行", SHEET_ROWS_MAX);
    if (o->kind == SHEET_XLSX)
        return OK;
    buf_cstr(&o->line, "\r\n");
    return o->line.len >= FLUSH_AT ? flush(o) : OK;
}

static enum err finish_book(struct sheet_out *o)
{
    errno = 0;
    lxw_error e = workbook_close(o->book);
    o->book = NULL;
    if (e == LXW_ERROR_MEMORY_MALLOC_FAILED)
        return fail(o->cx, ERR_NO_MEMORY, "no memory for the workbook");
    if (e != LXW_NO_ERROR)
        return errno ? fail_errno(o->cx, "writing the workbook: %s", lxw_strerror(e))
                     : fail(o->cx, ERR_IO, "writing the workbook: %s", lxw_strerror(e));
    o->fd = open(o->path, O_RDONLY | O_CLOEXEC);
    return o->fd >= 0 ? OK : fail_errno(o->cx, "opening %s", o->path);
}

enum err sheet_out_finish(struct sheet_out *o, int *fd, uint64_t *bytes)
{
    struct stat st;
    TRY(o->kind == SHEET_XLSX ? finish_book(o) : flush(o));
    if (fstat(o->fd, &st) != 0)
        return fail_errno(o->cx, "looking at %s", o->path);
    *fd = o->fd;
    *bytes = (uint64_t)st.st_size;
    o->fd = -1;
    unlink(o->path);
    o->path[0] = '\0';
    return OK;
}
