/* The outcome of an import as JSON. */
#include "entity/put.h"
#include "mod/sales/import.h"

static void put_error(struct json_writer *w, const struct sales_import *im,
                      const struct sales_import_error *e)
{
    int column = im->columns[e->field];
    const struct sheet_row *header = &im->sheet->rows.items[0];
    json_begin_object(w);
    put_number(w, "row", e->row);
    put_text(w, "column", column >= 0 ? header->cells[column] : STR(""));
    put_text(w, "field", str_from(sales_import_columns[e->field].name));
    put_text(w, "value", e->value);
    put_text(w, "code", str_from(e->code));
    put_text(w, "message", e->message);
    json_end_object(w);
}

static void put_total(struct json_writer *w, const struct sales_import *im, const char *code,
                      const char *zh, const char *en, int64_t file, int64_t stored)
{
    json_begin_object(w);
    put_text(w, "code", str_from(code));
    json_key(w, "label");
    json_begin_object(w);
    put_text(w, "zh", str_from(zh));
    put_text(w, "en", str_from(en));
    json_end_object(w);
    put_text(w, "unit", str_is(str_from(code), "net") ? STR("fen") : STR("count"));
    put_number(w, "file", file);
    json_key(w, "stored");
    if (im->committed)
        json_put_i64(w, stored);
    else
        json_put_null(w);
    json_end_object(w);
}

static void put_totals(struct json_writer *w, const struct sales_import *im)
{
    const struct sales_import_totals *f = &im->file, *s = &im->stored;
    json_key(w, "totals");
    json_begin_array(w);
    put_total(w, im, "lines", "行数", "Lines", f->lines, s->lines);
    put_total(w, im, "net", "净额", "Net value", f->net_fen, s->net_fen);
    put_total(w, im, "orders", "单据数", "Orders", f->orders, s->orders);
    put_total(w, im, "cancellations", "取消单数", "Cancellations", f->cancellations,
              s->cancellations);
    put_total(w, im, "no_customer", "无客户的行", "Lines without customer", f->no_customer,
              s->no_customer);
    put_total(w, im, "zero_price", "单价为零的行", "Lines at price 0", f->zero_price,
              s->zero_price);
    put_total(w, im, "unmatched", "未匹配的退款", "Unmatched refunds", f->unmatched,
              s->unmatched);
    json_end_array(w);
}

/* Rows of orders that exist already. */
static int64_t rows_to_skip(const struct sales_import *im)
{
    int64_t rows = 0;
    for (size_t i = 0; i < im->orders.count; i++)
        if (im->orders.items[i].id.v)
            rows += (int64_t)im->orders.items[i].count;
    return rows;
}

struct str sales_import_result(struct sales_import *im)
{
    struct buf out = buf_in(im->cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "dry_run");
    json_put_bool(&w, !im->committed);
    put_number(&w, "rows", im->rows);
    put_number(&w, "good", im->rows - im->bad);
    put_number(&w, "bad", im->bad);
    put_number(&w, "created", im->created);
    put_number(&w, "updated", 0);
    put_number(&w, "skipped", im->committed ? im->skipped : rows_to_skip(im));
    json_key(&w, "errors");
    json_begin_array(&w);
    for (size_t i = 0; i < im->errors.count; i++)
        put_error(&w, im, &im->errors.items[i]);
    json_end_array(&w);
    put_number(&w, "errors_total", im->errors_total);
    json_key(&w, "error_sheet");
    json_put_null(&w); /* the page makes it from the errors */
    put_totals(&w, im);
    json_end_object(&w);
    return buf_view(&out);
}
