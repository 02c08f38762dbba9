/*
 * sheet_out.h - writing CSV and XLSX row by row to a file of its own, in constant memory.
 *
 * Spreadsheets take text that begins like a formula for one. In CSV such text gets a ' in front; in
 * XLSX it is written as text, which never runs. Formulas are never written.
 */
#pragma once

#include "entity/cx.h"
#include "entity/model.h"
#include "base/buf.h"
#include "entity/sheet.h"

struct sheet_out {
    struct cx *cx;
    enum sheet_kind kind;
    char path[256]; /* "" when there is no file any more */
    int fd;         /* CSV */
    struct buf line;
    void *book, *page, *date_format, *time_format, *money_format; /* XLSX */
    uint32_t row;
    uint16_t column;
};

/* Opens a file in services->temp_folder. `bom`: CSV begins with a byte order mark, without which
 * Excel takes UTF-8 for the local code page. sheet_out_drop() must follow in any case. */
NODISCARD enum err sheet_out_open(struct sheet_out *o, struct cx *cx, enum sheet_kind kind,
                                  bool bom);
void sheet_out_text(struct sheet_out *o, struct str text);
/* The field as the spreadsheet's own type: numbers, yuan, dates. */
void sheet_out_field(struct sheet_out *o, const struct entity_field *f, const void *row);
NODISCARD enum err sheet_out_end_row(struct sheet_out *o);
/* Completes the file and gives its descriptor to the caller; the name is gone. */
NODISCARD enum err sheet_out_finish(struct sheet_out *o, int *fd, uint64_t *bytes);
void sheet_out_drop(struct sheet_out *o);

#define SHEET_ROWS_MAX 1048575 /* of a worksheet, below the header */

/* Would a spreadsheet take this text for a formula? */
bool sheet_is_risky(struct str text);
/* One CSV cell: quoted where needed, defused when `text` is risky. */
void csv_put(struct buf *out, struct str text);
extern const char *const sheet_types[]; /* media type by enum sheet_kind */
