/*
 * import.h - orders from a sheet (CSV, XLSX): one row is one line, rows of the same order number
 * form one order.
 *
 * The first row names the columns, by the names of `sales_import_columns` in either language or by
 * a mapping. The rules:
 *
 *   - The unit price has at most four decimals; a line is quantity x price, rounded once to fen.
 *   - Numbers that begin with C and whose quantities are negative are cancellations: each line is
 *     money given back for the latest earlier sale of the same customer and product that has
 *     quantity left, for several sales when one is not enough; what finds none is *unmatched*.
 *   - Other orders with a negative quantity or price are adjustments. They and lines at price 0 are
 *     kept, and never earn.
 *   - Customers and products that are not known are made. A new product gets its first price.
 *   - An order is the promoter's who is named, else of its customer's promoter.
 *   - An order number that exists is skipped: importing a file twice changes nothing.
 *
 * As long as one cell is bad nothing is written, and every bad cell is told. Writing goes in chunks
 * of whole orders, each a transaction; a run that was cut goes on where it stopped.
 */
#pragma once

#include "base/map.h"
#include "core/job/job.h"
#include "entity/sheet.h"
#include "mod/sales/sales.h"

enum sales_import_field {
    IMPORT_ORDER_NO,
    IMPORT_PRODUCT_CODE,
    IMPORT_PRODUCT_NAME,
    IMPORT_QUANTITY,
    IMPORT_UNIT_PRICE,
    IMPORT_ORDERED_AT,
    IMPORT_CUSTOMER_NO,
    IMPORT_REGION,
    IMPORT_PROMOTER_NO,
    IMPORT_FIELDS
};

struct sales_import_column {
    const char *name; /* as in the mapping */
    const char *en, *zh;
    bool required;
    const char *also[12]; /* other headers: lower case, without spaces, '_' and '-' */
};
extern const struct sales_import_column sales_import_columns[IMPORT_FIELDS];

struct sales_import_error {
    uint32_t row; /* as the spreadsheet numbers it */
    enum sales_import_field field;
    struct str value;
    const char *code; /* required, parse, scale, range, formula, conflict, unknown */
    struct str message;
};
#define SALES_IMPORT_ERRORS_KEPT 200

struct import_person {
    struct str number;
    struct person_id id;
    bool known; /* exists, and the importer reaches them */
};

struct import_product {
    struct str code, name;
    struct product_id id; /* v 0: to be made */
    struct import_product *made; /* in the chunk under way */
};

struct import_customer {
    struct str number, region;
    struct customer_id id;
    struct person_id promoter;
    struct import_person *named; /* by the first row that names one */
    bool reached; /* the importer reaches the promoter */
    struct import_customer *made;
};

struct import_line {
    uint32_t row, order;
    struct import_product *product;
    struct str description;
    int64_t quantity, unit_price;
    struct money amount;
};

struct import_order {
    struct str order_no;
    uint32_t row; /* its first */
    enum order_kind kind;
    struct instant ordered_at;
    struct import_customer *customer; /* NULL: none */
    struct import_person *promoter;   /* NULL: not named */
    size_t first, count;              /* its lines, after they were gathered */
    bool positive, negative;          /* has such lines */
    struct sales_order_id id;         /* exists; v 0: to be written */
};

struct sales_import_totals {
    int64_t orders, lines, net_fen, cancellations, no_customer, zero_price, unmatched;
};

struct sales_import {
    struct cx *cx; /* only its arena and language are used; outlives the import */
    const struct sheet *sheet;
    int zone_minutes;
    int columns[IMPORT_FIELDS]; /* -1: there is none */
    VEC(struct import_line) lines;
    VEC(struct import_order) orders;
    const uint32_t *by_time; /* orders, by time and then by row */
    struct str_map order_at, products, customers, people;
    int64_t rows, bad, errors_total;
    VEC(struct sales_import_error) errors;
    struct sales_import_totals file, stored;
    int64_t created, skipped; /* rows */
    bool committed;
};

/* Finds the columns. ERR_INVALID with problems: one is missing, or the mapping is wrong. */
NODISCARD enum err sales_import_open(struct cx *cx, const struct sheet *sheet,
                                     const struct json *mapping, int zone_minutes,
                                     struct sales_import **ret);
/* Reads and judges every cell, then asks the database what is known already. Outside of a
 * transaction. Bad cells are no failure: see import->errors_total. */
NODISCARD enum err sales_import_judge(struct core *core, const struct call *call,
                                      struct sales_import *import, struct fault *fault);

/* `arg` is told how far the import has come; an error stops it between two chunks. */
typedef enum err sales_import_progress(void *arg, int per_mille);

struct sales_import_commit {
    size_t chunk_lines; /* 0: 2 000 */
    sales_import_progress *progress; /* may be NULL */
    void *arg;
};
/* Writes what was judged to be good and counts what is stored. `import->errors_total` is 0. */
NODISCARD enum err sales_import_write(struct core *core, const struct call *call,
                                      struct sales_import *import,
                                      const struct sales_import_commit *how, struct fault *fault);
/* As JSON: ImportResult of ui/API.md §3. */
struct str sales_import_result(struct sales_import *import);

extern const struct route sales_import_routes[];
extern const struct job_kind sales_import_jobs[];

/* ------------------------------------------------------------------ inside */

/* import_cells.c */
enum cell_fault { CELL_GOOD, CELL_PARSE, CELL_SCALE, CELL_RANGE };
enum cell_fault import_quantity(struct str text, int64_t *ret);
enum cell_fault import_price(struct str text, int64_t *ret); /* yuan x 10^4 */
/* Year first, with - / . or 年月日; time and zone may be left out. */
enum cell_fault import_instant(struct str text, int zone_minutes, struct instant *ret);
/* "17850.0" is how a table of numbers with gaps writes 17850. */
struct str import_number(struct str text);

/* import_rows.c */
void import_read_rows(struct sales_import *import);
void import_bad(struct sales_import *import, uint32_t row, enum sales_import_field field,
                struct str value, const char *code, const char *english, const char *chinese);

/* import_match.c: how many refund lines find no sale. In a read transaction. */
NODISCARD enum err import_match(struct cx *cx, const struct sales_import *import,
                                int64_t *unmatched);
