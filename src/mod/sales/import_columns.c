/* Which column of a sheet is which field. */
#include "mod/sales/import.h"

#include <string.h>

#define HEADER_MAX 120

const struct sales_import_column sales_import_columns[IMPORT_FIELDS] = {
    [IMPORT_ORDER_NO] = { "order_no", "Order number", "单号", true,
        { "orderno", "ordernumber", "order", "orderid", "invoiceno", "invoice", "invoicenumber",
          "订单号", "订单编号", "单据号", "发票号" } },
    [IMPORT_PRODUCT_CODE] = { "product_code", "Product code", "货号", true,
        { "productcode", "product", "sku", "stockcode", "itemcode", "item", "productid",
          "商品编码", "商品代码", "商品货号", "产品编码" } },
    [IMPORT_PRODUCT_NAME] = { "product_name", "Product name", "商品名称", false,
        { "productname", "description", "itemname", "name", "商品", "品名", "产品名称", "描述" } },
    [IMPORT_QUANTITY] = { "quantity", "Quantity", "数量", true,
        { "quantity", "qty", "units", "pieces", "件数", "销售数量" } },
    [IMPORT_UNIT_PRICE] = { "unit_price", "Unit price", "单价", true,
        { "unitprice", "price", "价格", "销售单价", "成交单价", "单价(元)", "单价（元）" } },
    [IMPORT_ORDERED_AT] = { "ordered_at", "Ordered at", "下单时间", true,
        { "orderedat", "orderdate", "ordertime", "invoicedate", "date", "time", "日期", "时间",
          "订单日期", "下单日期", "开票日期" } },
    [IMPORT_CUSTOMER_NO] = { "customer_no", "Customer number", "客户号", false,
        { "customerno", "customernumber", "customer", "customerid", "client", "客户", "客户编号",
          "会员号" } },
    [IMPORT_REGION] = { "region", "Region", "地区", false,
        { "country", "area", "province", "city", "区域", "国家", "省份", "城市" } },
    [IMPORT_PROMOTER_NO] = { "promoter_no", "Promoter number", "推广员工号", false,
        { "promoterno", "promoternumber", "promoter", "seller", "sellerno", "salesperson",
          "推广员", "工号", "业务员" } },
};

/* Lower case, without what people put between the words. */
static struct str plain_header(struct str text, char into[HEADER_MAX])
{
    size_t len = 0;
    text = str_trim(text);
    for (size_t i = 0; i < text.len && len < HEADER_MAX; i++) {
        char c = text.data[i];
        if (c == ' ' || c == '_' || c == '-')
            continue;
        into[len++] = (char)('A' <= c && c <= 'Z' ? c + 32 : c);
    }
    return (struct str){ into, len };
}

static bool means(const struct sales_import_column *column, struct str header)
{
    char plain[HEADER_MAX], label[HEADER_MAX];
    struct str h = plain_header(header, plain);
    if (str_is(h, column->zh) || str_eq(h, plain_header(str_from(column->en), label)))
        return true;
    for (size_t i = 0; i < COUNT(column->also) && column->also[i]; i++)
        if (str_is(h, column->also[i]))
            return true;
    return false;
}

static int column_of(const struct sheet_row *header, struct str name)
{
    for (uint32_t i = 0; i < header->count; i++)
        if (str_eq(str_trim(header->cells[i]), str_trim(name)))
            return (int)i;
    return -1;
}

static int field_named(struct str name)
{
    for (int i = 0; i < IMPORT_FIELDS; i++)
        if (str_is(name, sales_import_columns[i].name))
            return i;
    return -1;
}

/* {"quantity": "件数"}: what it names is meant, whatever the headers look like. */
static void read_mapping(struct cx *cx, struct sales_import *im, const struct sheet_row *header,
                         const struct json *mapping)
{
    for (const struct json *v = mapping ? mapping->first : NULL; v; v = v->next) {
        int field = field_named(v->key);
        if (json_is_null(v) || (v->type == JSON_STRING && v->text.len == 0))
            continue;
        if (field < 0 || v->type != JSON_STRING) {
            problem(cx, "mapping", "unknown", "there is no field \"" STR_FMT "\"",
                    "没有名为“" STR_FMT "”的字段", STR_ARG(v->key));
            continue;
        }
        im->columns[field] = column_of(header, v->text);
        if (im->columns[field] < 0)
            problem(cx, sales_import_columns[field].name, "unknown",
                    "the sheet has no column \"" STR_FMT "\"", "表中没有“" STR_FMT "”列",
                    STR_ARG(v->text));
    }
}

static bool taken(const struct sales_import *im, uint32_t column)
{
    for (int i = 0; i < IMPORT_FIELDS; i++)
        if (im->columns[i] == (int)column)
            return true;
    return false;
}

static void find_columns(struct cx *cx, struct sales_import *im, const struct sheet_row *header)
{
    for (int f = 0; f < IMPORT_FIELDS; f++) {
        const struct sales_import_column *column = &sales_import_columns[f];
        for (uint32_t i = 0; i < header->count && im->columns[f] < 0; i++)
            if (!taken(im, i) && means(column, header->cells[i]))
                im->columns[f] = (int)i;
        if (im->columns[f] < 0 && column->required && !cx->problems.count)
            problem(cx, column->name, "required", "the sheet has no column “%s” (%s)",
                    "表中缺少“%2$s”列（%1$s）", column->en, column->zh);
    }
}

enum err sales_import_open(struct cx *cx, const struct sheet *sheet, const struct json *mapping,
                           int zone_minutes, struct sales_import **ret)
{
    struct sales_import *im = arena_new(cx->arena, struct sales_import);
    *im = (struct sales_import){
        .cx = cx, .sheet = sheet, .zone_minutes = zone_minutes,
        .order_at = str_map_in(cx->arena), .products = str_map_in(cx->arena),
        .customers = str_map_in(cx->arena), .people = str_map_in(cx->arena),
    };
    for (int i = 0; i < IMPORT_FIELDS; i++)
        im->columns[i] = -1;
    if (sheet->rows.count == 0) {
        problem(cx, "", "required", "the sheet is empty", "表格为空");
        return problems_end(cx);
    }
    read_mapping(cx, im, &sheet->rows.items[0], mapping);
    find_columns(cx, im, &sheet->rows.items[0]);
    *ret = im;
    return problems_end(cx);
}
