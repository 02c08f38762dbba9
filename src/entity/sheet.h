/*
 * sheet.h - tables as people send them: CSV and XLSX, read whole into an arena.
 *
 * CSV: RFC 4180 and what spreadsheets make of it: UTF-8 with or without BOM, UTF-16 with BOM,
 * GB18030 (the default of a Chinese Excel); comma, semicolon or tab; LF, CRLF or CR; quotes
 * doubled. A quote that never ends and text behind a closing quote are errors with their line.
 *
 * XLSX (ECMA-376 part 1 §18): shared, inline and rich strings, numbers, booleans, dates by number
 * format in both date systems. A formula counts as its stored value. Numbers come as decimal text
 * rounded to the 15 digits a spreadsheet shows, by digits, never through floating point. Archives
 * that lie (bombs, thousands of parts, XML with a DOCTYPE) are refused while they are read.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

enum sheet_kind { SHEET_CSV, SHEET_XLSX };

struct sheet_row {
    uint32_t line;  /* as a person counts: 1 is the first row of the file */
    uint32_t count;
    const struct str *cells; /* trimmed of nothing; a missing cell is empty */
};

/* Rows without any text are left out. */
struct sheet {
    VEC(struct sheet_row) rows;
    size_t columns; /* of the widest row */
};

/* Zero means the default. */
struct sheet_limits {
    size_t bytes;      /* of the file: 64 MiB */
    size_t rows;       /* 200 000 */
    size_t cells;      /* 4 000 000 */
    size_t columns;    /* 1 000 */
    size_t cell_bytes; /* 128 KiB: a spreadsheet cell holds 32 767 characters */
    size_t entries;    /* files in the archive: 2 000 */
    size_t unpacked;   /* 512 MiB in all */
    unsigned ratio;    /* unpacked : packed, counted above 1 MiB: 100 */
};
struct sheet_limits sheet_limits_filled(struct sheet_limits limits);

enum sheet_kind sheet_guess(struct str bytes);

/* `page` picks a worksheet of an XLSX by name; empty: the first. ERR_PARSE names the line where
 * there is one, ERR_TOO_LARGE the limit, ERR_NOT_FOUND an unknown page. */
NODISCARD enum err sheet_read(struct arena *arena, enum sheet_kind kind, struct str bytes,
                              struct str page, struct sheet_limits limits, struct fault *fault,
                              struct sheet *ret);

/* ------------------------------------------------------------------ for the two readers */

struct sheet_builder {
    struct arena *arena;
    struct fault *fault;
    struct sheet_limits limits;
    struct sheet *sheet;
    size_t cell_count;
    VEC(struct str) row; /* the row under construction */
};
NODISCARD enum err sheet_cell(struct sheet_builder *b, size_t column, struct str text);
NODISCARD enum err sheet_end_row(struct sheet_builder *b, size_t line);
NODISCARD enum err csv_read(struct sheet_builder *b, struct str bytes);
NODISCARD enum err xlsx_read(struct sheet_builder *b, struct str bytes, struct str page);

/* The text of a CSV in UTF-8, whatever it came in. */
NODISCARD enum err csv_text(struct arena *arena, struct str bytes, struct fault *fault,
                            struct str *ret);
/* A number as a spreadsheet stores it ("19.989999999999998", "1E-3") as plain decimal text of at
 * most 15 significant digits. false: not a number, or its exponent is absurd. */
bool xlsx_number_text(struct arena *arena, struct str stored, struct str *ret);
/* A spreadsheet's day count as "2026-10-31" or "2026-10-31 09:30:00". */
bool xlsx_date_text(struct arena *arena, struct str stored, bool from_1904, struct str *ret);
/* Whether a number format shows a date or time ("yyyy\-mm\-dd", not "0.00"). */
bool xlsx_format_is_date(struct str format);
