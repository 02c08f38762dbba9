/* The published order file, its days shifted by whole weeks. */
#include "app/demo_parts.h"

#include "base/io.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { FILES_MAX = 24, UNPACKED_MAX = 64 << 20, DATE_LEN = 10 };

static const char *const headers[DEMO_COLUMNS] = {
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
    "Country", "promoter_no",
};

static enum err unpack(struct arena *arena, const char *path, struct fault *fault, struct str *ret)
{
    gzFile file = gzopen(path, "rb");
    if (!file)
        return fault_errno(fault, "open %s", path);
    struct buf out = buf_in(arena);
    int got;
    do {
        char *to = buf_reserve(&out, 1 << 20);
        got = gzread(file, to, 1 << 20);
        out.len += got > 0 ? (size_t)got : 0;
    } while (got > 0 && out.len < UNPACKED_MAX);
    bool whole = gzclose(file) == Z_OK; /* Z_BUF_ERROR: it ended too early */
    *ret = buf_view(&out);
    return got == 0 && whole
               ? OK
               : fault_set(fault, ERR_CORRUPT, "%s is damaged or too large", path);
}

/* "2011-05-31 15:00:00" becomes "2026-10-27 15:00:00". */
static bool shift(struct arena *arena, struct str *text)
{
    struct date day;
    if (!date_parse(str_cut(*text, 0, DATE_LEN), &day))
        return false;
    day.day += DEMO_SHIFT_DAYS;
    *text = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(date_text(arena, day)),
                    STR_ARG(str_cut(*text, DATE_LEN, text->len)));
    return true;
}

static enum err take_rows(struct demo_orders *orders, const char *path, const struct sheet *sheet,
                          struct fault *fault)
{
    const struct sheet_row *header = &sheet->rows.items[0];
    for (uint32_t i = 0; i < DEMO_PROMOTER; i++)
        if (i >= header->count || !str_is(header->cells[i], headers[i]))
            return fault_set(fault, ERR_INVALID, "%s: column %u is not %s", path, i + 1,
                             headers[i]);
    for (size_t i = 1; i < sheet->rows.count; i++) {
        const struct sheet_row *row = &sheet->rows.items[i];
        struct str *cells = arena_array(orders->arena, struct str, DEMO_COLUMNS);
        memcpy(cells, row->cells, MIN(row->count, (uint32_t)DEMO_PROMOTER) * sizeof *cells);
        if (!shift(orders->arena, &cells[DEMO_DATE]))
            return fault_set(fault, ERR_INVALID, "%s:%u: InvoiceDate: not a date", path,
                             row->line);
        vec_add(orders->arena, &orders->rows,
                ((struct sheet_row){ row->line, DEMO_COLUMNS, cells }));
    }
    return OK;
}

static enum err read_file(struct demo_orders *orders, const char *path, struct fault *fault)
{
    struct str text;
    struct sheet sheet;
    struct sheet_limits limits = { .rows = 1000000, .cells = 16000000 };
    TRY(unpack(orders->arena, path, fault, &text));
    enum err e = sheet_read(orders->arena, SHEET_CSV, text, STR_NONE, limits, fault, &sheet);
    if (e)
        return fault_explain(fault, e, "%s", path);
    if (sheet.rows.count == 0)
        return fault_set(fault, ERR_INVALID, "%s is empty", path);
    return take_rows(orders, path, &sheet, fault);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err list_files(struct arena *arena, const char *folder, const char **names,
                           size_t *count, struct fault *fault)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return fault_errno(fault, "open the folder %s", folder);
    for (struct dirent *entry; (entry = readdir(dir)) && *count < FILES_MAX;)
        if (str_ends(str_from(entry->d_name), STR(".csv.gz")))
            names[(*count)++] = str_cstr(arena, str_from(entry->d_name));
    closedir(dir);
    qsort(names, *count, sizeof *names, by_name);
    return *count ? OK : fault_set(fault, ERR_NOT_FOUND, "%s holds no .csv.gz", folder);
}

static void add_header(struct arena *arena, struct sheet *sheet)
{
    struct str *cells = arena_array(arena, struct str, DEMO_COLUMNS);
    for (int i = 0; i < DEMO_COLUMNS; i++)
        cells[i] = str_from(headers[i]);
    vec_add(arena, &sheet->rows, ((struct sheet_row){ 1, DEMO_COLUMNS, cells }));
    sheet->columns = DEMO_COLUMNS;
}

/* An order belongs to the month of its own day: no order of the file runs past midnight. */
static void cut_into_months(struct demo_orders *orders)
{
    struct date last = date_of(2026, 10, 1);
    for (int i = 0; i < DEMO_MONTHS_MAX; i++) {
        orders->months[i].first = date_add_months(last, i - (DEMO_MONTHS_MAX - 1));
        add_header(orders->arena, &orders->months[i].sheet);
    }
    for (size_t i = 0; i < orders->rows.count; i++) {
        const struct sheet_row *row = &orders->rows.items[i];
        struct date day;
        int year, month, of_month;
        if (!date_parse(str_cut(row->cells[DEMO_DATE], 0, DATE_LEN), &day))
            continue; /* was one a moment ago */
        date_parts(day, &year, &month, &of_month);
        int at = (year - 2026) * 12 + month - 10 + DEMO_MONTHS_MAX - 1;
        if (0 <= at && at < DEMO_MONTHS_MAX)
            vec_add(orders->arena, &orders->months[at].sheet.rows, *row);
    }
}

enum err demo_read_orders(struct demo_orders *orders, const char *folder, struct fault *fault)
{
    const char *names[FILES_MAX];
    size_t count = 0;
    TRY(list_files(orders->arena, folder, names, &count, fault));
    for (size_t i = 0; i < count; i++) {
        TRY(read_file(orders, str_fmt(orders->arena, "%s/%s", folder, names[i]).data, fault));
        progress_show("reading the order file", (int)(i * 50 / count));
    }
    cut_into_months(orders);
    return OK;
}

const char *demo_orders_folder(struct arena *arena)
{
    static const char *const places[] = { "../demo/orders", "../share/qibing/demo/orders",
                                          "demo/orders" };
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    struct str folder = { self, len > 0 ? (size_t)len : 0 };
    while (folder.len && folder.data[folder.len - 1] != '/')
        folder.len--;
    for (size_t i = 0; i < COUNT(places); i++) {
        const char *path = str_fmt(arena, STR_FMT "%s", STR_ARG(folder), places[i]).data;
        if (io_exists(path))
            return path;
    }
    return io_exists("demo/orders") ? "demo/orders" : NULL;
}
