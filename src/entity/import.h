/*
 * import.h - a sheet becomes rows: first every cell is judged, then the rows are written in chunks.
 *
 * The first row names the columns: by label (either language, with or without a unit in brackets),
 * by field name, or by a mapping. Refs are found by a unique field of what they refer to (a code, a
 * number), else by its title, else by id. A row whose unique key exists is an error, skipped, or
 * updated, as asked; an empty cell of an update leaves the field alone.
 *
 * As long as one cell is bad nothing is written. Chunks are transactions of their own so that other
 * commands get their turn; with an Idempotency-Key each chunk is marked, and a repeated import goes
 * on where the first one stopped.
 */
#pragma once

#include "base/map.h"
#include "entity/cx.h"
#include "entity/model.h"
#include "entity/sheet.h"

enum import_existing { EXISTING_ERROR, EXISTING_SKIP, EXISTING_UPDATE };

struct import_options {
    bool dry_run;
    enum import_existing existing;
    const struct json *mapping; /* {"field": "column header"}; NULL: none */
    struct str key;             /* of idempotency; STR_NONE: none */
    struct str request;         /* hash of what is imported; with `key` */
    void (*progress)(void *arg, int64_t done, int64_t total); /* NULL: nobody watches */
    void *progress_arg;
};

struct import_error {
    uint32_t row;       /* as the spreadsheet numbers it */
    struct str column;  /* header; "" when it is about the row */
    struct str field;   /* wire name */
    struct str value;
    const char *code;
    struct str message;
};
#define IMPORT_ERRORS_TOLD 200      /* in the JSON answer; the error sheet has all that are kept */
#define IMPORT_ERRORS_KEPT 20000

struct import_result {
    int64_t rows, good, bad, created, updated, skipped;
    VEC(struct import_error) errors;
    int64_t errors_total;
    VEC(struct str) ignored; /* headers that stand for no field */
};

/* Outside of a transaction (cx->tx NULL); reads and writes on cx->db. ERR_INVALID with problems:
 * the columns are wrong. Bad cells are no failure: they stand in the result. */
NODISCARD enum err import_sheet(struct cx *cx, const struct entity_model *model,
                                const struct sheet *sheet, const struct import_options *options,
                                struct import_result *ret);

/* ------------------------------------------------------------------ inside */

struct import_column {
    const struct entity_field *field; /* NULL: ignored */
    struct str header;
};

struct importing {
    struct cx *cx;        /* its arena is for one row only */
    struct arena *keep;   /* what outlives a row */
    const struct entity_model *model;
    const struct entity_operation *op;
    const struct sheet *sheet;
    const struct import_options *options;
    struct import_result *result;
    struct import_column *columns;
    size_t column_count;
    struct str_map refs; /* "field\nvalue" → id found in this pass */
    struct str_map keys; /* unique keys met in this pass → row number */
};

enum import_outcome { IMPORT_BAD, IMPORT_CREATED, IMPORT_UPDATED, IMPORT_SKIPPED };

NODISCARD enum err import_columns(struct importing *im);
/* Judges one row; with `write` also writes it. Bad cells are left in cx->problems. */
NODISCARD enum err import_row(struct importing *im, const struct sheet_row *row, bool write,
                              enum import_outcome *ret);
