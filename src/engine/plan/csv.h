/*
 * csv.h - reading CSV text into narrow columns, inside engine/plan only.
 *
 * The text is cut into chunks; a row belongs to the chunk that it starts in. A first look over all
 * chunks counts rows and quotes, so that memory is taken exactly and every chunk knows its first
 * row; then the chunks are parsed side by side. Most rows go the fast way (eight characters at a
 * time, no copies). A row that the fast way does not understand is read again the careful way,
 * which knows RFC 4180 quotes and has a reason for every refusal.
 */
#pragma once

#include "engine/plan/model.h"

#define CSV_CHUNK ((size_t)1 << 20)
#define CSV_COLUMNS_MAX 512
#define CSV_STREAM_CHUNKS 3 /* smaller files are counted first: nothing to win */
#define CSV_BEYOND 4096     /* read with a chunk, for the end of its last row */
#define CSV_PAD 64 /* readable bytes after the text */

/* Whole numbers by the bytes that they take: a value in range is stored by its low bytes. */
enum csv_way { CSV_SKIP, CSV_INT1, CSV_INT2, CSV_INT4, CSV_INT8, CSV_TIME, CSV_DATE, CSV_REF,
               CSV_CAREFUL };

/* One column of the file. */
struct csv_field {
    enum csv_way way;
    int column; /* of the table, -1: skipped */
    struct store store;
    uint64_t low, span;      /* CSV_INT…: value - low <= span */
    const int32_t *rows;     /* CSV_REF: dense index of the other table */
    uint64_t none;           /* CSV_REF: key that means none; UINT64_MAX: there is none */
    struct str *texts;       /* texts before they get codes */
};

struct csv {
    struct plan_data *data;
    int table;
    const struct plan_source *source;
    struct csv_field *fields;
    int count;
    bool quoted;
    uint64_t body; /* offset of the first row */
    struct csv_chunk *chunks;
    size_t chunk_count;
    char *text_room; /* a text goes where it stood in the file; NULL: no text columns */
    _Atomic size_t next;
    struct csv_worker *workers;
    /* Reading once: rows so far are handed from chunk to chunk by `published`. */
    _Atomic size_t published;
    size_t rows, room;
    _Atomic bool broken;
};

struct csv_chunk {
    uint64_t start, end;    /* rows that start in here */
    size_t first_row, rows; /* rows[0] below until parities are known */
    size_t by_parity[2];
    bool flips, quoted;
    bool inside; /* starts inside quotes */
    size_t first_line;
    size_t lines;
    struct fault fault;
};

struct csv_day {
    uint64_t text; /* the first eight characters of a date that was read before */
    uint16_t rest;
    int32_t day;
};

struct csv_worker {
    struct csv *csv;
    char *buffer, *scratch;
    struct csv_day days[CSV_COLUMNS_MAX];
    uint64_t at; /* file offset of buffer[0] */
};

/* Text of one cell to its value; NULL, or the reason why not. Not for texts and references. */
const char *csv_cell(const struct column *column, struct str text, int64_t *ret);

/* Splits the row at `p` into fields, unquoting into `scratch`. Returns where the next row starts,
 * NULL with *reason when it is broken or does not end before `end`. */
const char *csv_split(const char *p, const char *end, char *scratch, struct str *fields, int max,
                      int *count, const char **reason);

/* Parses the row at `p`; returns the next row, NULL: fault tells. */
const char *csv_row(struct csv_worker *w, const char *p, const char *end, size_t row, size_t line,
                    struct fault *fault);
