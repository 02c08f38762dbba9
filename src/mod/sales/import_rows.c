/* Rows of the sheet become lines and orders; every bad cell is told. */
#include "mod/sales/import.h"

#include <stdlib.h>

enum { ORDER_NO_MAX = 60, CODE_MAX = 40, TEXT_MAX = 200, NUMBER_MAX = 40, REGION_MAX = 80 };

/* One row under way. */
struct row_cells {
    struct sales_import *im;
    const struct sheet_row *row;
    bool bad;
};

void import_bad(struct sales_import *im, uint32_t row, enum sales_import_field field,
                struct str value, const char *code, const char *english, const char *chinese)
{
    im->errors_total++;
    if (im->errors.count == SALES_IMPORT_ERRORS_KEPT)
        return;
    vec_add(im->cx->arena, &im->errors, ((struct sales_import_error){
        .row = row, .field = field, .value = str_cut(value, 0, 200), .code = code,
        .message = str_from(cx_say(im->cx, english, chinese)),
    }));
}

static void bad(struct row_cells *r, enum sales_import_field field, struct str value,
                const char *code, const char *english, const char *chinese)
{
    r->bad = true;
    import_bad(r->im, r->row->line, field, value, code, english, chinese);
}

static struct str cell(const struct row_cells *r, enum sales_import_field field)
{
    int column = r->im->columns[field];
    return column >= 0 && (uint32_t)column < r->row->count
               ? str_trim(r->row->cells[column])
               : STR("");
}

/* A text that a spreadsheet would run, cut to nothing and refused. */
static struct str text_cell(struct row_cells *r, enum sales_import_field field, size_t max)
{
    struct str text = cell(r, field);
    if (str_starts(text, STR("=")))
        bad(r, field, text, "formula", "a formula: paste its value", "单元格是公式，请粘贴为数值");
    else if (text.len > max && utf8_count(text) > max)
        bad(r, field, text, "range", "too long", "内容过长");
    else if (text.len == 0 && sales_import_columns[field].required)
        bad(r, field, text, "required", "must not be empty", "不能为空");
    else
        return text;
    return STR("");
}

static void bad_number(struct row_cells *r, enum sales_import_field field, struct str text,
                       enum cell_fault fault)
{
    switch (fault) {
    case CELL_GOOD:
        return;
    case CELL_PARSE:
        if (field == IMPORT_ORDERED_AT)
            bad(r, field, text, "parse", "not a date: year first, such as 2026-10-31 09:30",
                "不是日期：请写成 2026-10-31 09:30");
        else
            bad(r, field, text, "parse", "not a number", "不是数字");
        return;
    case CELL_SCALE:
        if (field == IMPORT_QUANTITY)
            bad(r, field, text, "scale", "must be a whole number", "应为整数");
        else
            bad(r, field, text, "scale", "at most four decimals", "最多四位小数");
        return;
    case CELL_RANGE:
        bad(r, field, text, "range", "too large", "数值过大");
        return;
    }
}

static void read_numbers(struct row_cells *r, struct import_line *line, struct instant *at)
{
    struct str quantity = text_cell(r, IMPORT_QUANTITY, TEXT_MAX);
    struct str price = text_cell(r, IMPORT_UNIT_PRICE, TEXT_MAX);
    struct str when = text_cell(r, IMPORT_ORDERED_AT, TEXT_MAX);
    if (quantity.len)
        bad_number(r, IMPORT_QUANTITY, quantity, import_quantity(quantity, &line->quantity));
    if (price.len)
        bad_number(r, IMPORT_UNIT_PRICE, price, import_price(price, &line->unit_price));
    if (when.len)
        bad_number(r, IMPORT_ORDERED_AT, when, import_instant(when, r->im->zone_minutes, at));
    if (!r->bad && !sales_line_amount(line->quantity, line->unit_price, &line->amount))
        bad(r, IMPORT_UNIT_PRICE, price, "range", "quantity x price is too large",
            "数量 × 单价过大");
}

/* ---- who and what ---- */

static struct import_product *product_of(struct sales_import *im, struct str code, struct str name)
{
    void **at = str_map_at(&im->products, code, true);
    if (!*at) {
        struct import_product *product = arena_new(im->cx->arena, struct import_product);
        product->code = code;
        *at = product;
    }
    struct import_product *product = *at;
    if (!product->name.len)
        product->name = name;
    return product;
}

static struct import_person *person_of(struct sales_import *im, struct str number)
{
    if (!number.len)
        return NULL;
    void **at = str_map_at(&im->people, number, true);
    if (!*at) {
        struct import_person *person = arena_new(im->cx->arena, struct import_person);
        person->number = number;
        *at = person;
    }
    return *at;
}

static struct import_customer *customer_of(struct sales_import *im, struct str number,
                                           struct str region, struct import_person *promoter)
{
    if (!number.len)
        return NULL;
    void **at = str_map_at(&im->customers, number, true);
    if (!*at) {
        struct import_customer *customer = arena_new(im->cx->arena, struct import_customer);
        customer->number = number;
        *at = customer;
    }
    struct import_customer *customer = *at;
    if (!customer->region.len)
        customer->region = region;
    if (!customer->named)
        customer->named = promoter;
    return customer;
}

/* ---- orders ---- */

static uint32_t order_index(struct sales_import *im, struct str order_no, bool *fresh)
{
    void **at = str_map_at(&im->order_at, order_no, true);
    *fresh = *at == NULL;
    if (*fresh) {
        vec_add(im->cx->arena, &im->orders, ((struct import_order){ .order_no = order_no }));
        *at = (void *)(uintptr_t)im->orders.count; /* index + 1: NULL means none */
    }
    return (uint32_t)((uintptr_t)*at - 1);
}

static void join_order(struct row_cells *r, struct import_line *line, struct str order_no,
                       struct instant at, struct import_customer *customer,
                       struct import_person *promoter)
{
    bool fresh;
    line->order = order_index(r->im, order_no, &fresh);
    struct import_order *order = &r->im->orders.items[line->order];
    if (fresh) {
        order->row = r->row->line;
        order->ordered_at = at;
        order->customer = customer;
        order->promoter = promoter;
    }
    if (order->customer != customer)
        bad(r, IMPORT_CUSTOMER_NO, customer ? customer->number : STR(""), "conflict",
            "another customer than in the other rows of the order", "与同一订单其他行的客户不同");
    if (order->promoter != promoter)
        bad(r, IMPORT_PROMOTER_NO, promoter ? promoter->number : STR(""), "conflict",
            "another promoter than in the other rows of the order", "与同一订单其他行的推广员不同");
    if (at.us < order->ordered_at.us)
        order->ordered_at = at; /* long orders were keyed in over a minute or two */
    order->positive |= line->quantity > 0;
    order->negative |= line->quantity < 0 || line->unit_price < 0;
    order->count++;
}

static void read_row(struct sales_import *im, const struct sheet_row *row)
{
    struct row_cells r = { im, row, false };
    struct import_line line = { .row = row->line };
    struct instant at = { 0 };
    struct str order_no = text_cell(&r, IMPORT_ORDER_NO, ORDER_NO_MAX);
    struct str code = text_cell(&r, IMPORT_PRODUCT_CODE, CODE_MAX);
    line.description = text_cell(&r, IMPORT_PRODUCT_NAME, TEXT_MAX);
    struct str customer_no = import_number(text_cell(&r, IMPORT_CUSTOMER_NO, NUMBER_MAX));
    struct str region = text_cell(&r, IMPORT_REGION, REGION_MAX);
    struct str promoter_no = import_number(text_cell(&r, IMPORT_PROMOTER_NO, NUMBER_MAX));
    read_numbers(&r, &line, &at);
    im->rows++;
    if (!r.bad) {
        struct import_person *promoter = person_of(im, promoter_no);
        struct import_customer *customer = customer_of(im, customer_no, region, promoter);
        line.product = product_of(im, code, line.description);
        join_order(&r, &line, order_no, at, customer, promoter);
        vec_add(im->cx->arena, &im->lines, line);
    }
    im->bad += r.bad;
}

/* ---- after all rows ---- */

static bool begins_with_c(struct str order_no)
{
    return order_no.len > 1 && order_no.data[0] == 'C';
}

static void set_kind(struct sales_import *im, struct import_order *order)
{
    bool cancels = begins_with_c(order->order_no) && order->negative;
    if (cancels && order->positive) {
        import_bad(im, order->row, IMPORT_QUANTITY, order->order_no, "conflict",
                   "a cancellation has negative quantities only", "取消单的数量应全部为负");
        im->bad++;
    }
    order->kind = cancels           ? ORDER_KIND_CANCELLATION
                  : order->negative ? ORDER_KIND_ADJUSTMENT
                                    : ORDER_KIND_SALE;
}

/* Lines of an order side by side, in the order of the rows (a counting sort). */
static void gather_lines(struct sales_import *im)
{
    size_t at = 0;
    for (size_t i = 0; i < im->orders.count; i++) {
        im->orders.items[i].first = at;
        at += im->orders.items[i].count;
        im->orders.items[i].count = 0;
    }
    struct import_line *sorted = arena_array(im->cx->arena, struct import_line, im->lines.count);
    for (size_t i = 0; i < im->lines.count; i++) {
        struct import_order *order = &im->orders.items[im->lines.items[i].order];
        sorted[order->first + order->count++] = im->lines.items[i];
    }
    im->lines.items = sorted;
}

struct moment {
    int64_t us;
    uint32_t order;
};

static int by_moment(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->us != y->us)
        return x->us < y->us ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* A cancellation looks for earlier sales: they are written before it. */
static void sort_by_time(struct sales_import *im)
{
    size_t count = im->orders.count;
    struct moment *moments = arena_array(im->cx->arena, struct moment, count);
    uint32_t *order = arena_array(im->cx->arena, uint32_t, count);
    for (size_t i = 0; i < count; i++)
        moments[i] = (struct moment){ im->orders.items[i].ordered_at.us, (uint32_t)i };
    qsort(moments, count, sizeof *moments, by_moment);
    for (size_t i = 0; i < count; i++)
        order[i] = moments[i].order;
    im->by_time = order;
}

static void count_line(struct sales_import_totals *t, const struct import_order *order,
                       const struct import_line *line)
{
    t->lines++;
    t->net_fen += line->amount.fen;
    t->no_customer += order->customer == NULL;
    t->zero_price += line->unit_price == 0;
}

void import_read_rows(struct sales_import *im)
{
    for (size_t i = 1; i < im->sheet->rows.count; i++)
        read_row(im, &im->sheet->rows.items[i]);
    gather_lines(im);
    sort_by_time(im);
    for (size_t i = 0; i < im->orders.count; i++) {
        struct import_order *order = &im->orders.items[i];
        set_kind(im, order);
        im->file.orders++;
        im->file.cancellations += order->kind == ORDER_KIND_CANCELLATION;
        for (size_t k = 0; k < order->count; k++)
            count_line(&im->file, order, &im->lines.items[order->first + k]);
    }
}
