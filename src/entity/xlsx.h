/* xlsx.h - inside of the XLSX reader: the package (xlsx_book.c) and one worksheet (xlsx_read.c). */
#pragma once

#include "entity/sheet.h"
#include "base/buf.h"
#include "entity/zip.h"

#include <expat.h>

#define XLSX_XML_DEPTH 64

/* One XML part under way. The handlers get local names: "row", not "x:row". */
struct xlsx_xml {
    XML_Parser parser; /* NULL: none */
    enum err e;
    int depth;
    struct fault *fault;
    void (*start)(void *state, const char *name, const char **attributes);
    void (*end)(void *state, const char *name);
    void (*text)(void *state, struct str text);
    void *state;
};

struct xlsx {
    struct sheet_builder *b;
    struct str bytes, page;
    struct zip zip;
    struct xlsx_xml xml;
    const char *sheet_part;      /* "xl/worksheets/sheet1.xml" */
    bool from_1904;
    VEC(bool) style_is_date;     /* by cell style */
    VEC(struct str) shared;      /* shared strings */
};

/* Parses one part; `*found` false: not there. */
NODISCARD enum err xlsx_part(struct xlsx *x, const char *name, struct xlsx_xml handlers,
                             bool *found);
/* The value of an attribute, or NULL. */
const char *xlsx_attribute(const char **attributes, const char *name);
/* Stops the parser with an error already told. */
void xlsx_stop(struct xlsx *x, enum err e);

/* Which worksheet, its styles and strings. */
NODISCARD enum err xlsx_read_book(struct xlsx *x);
NODISCARD enum err xlsx_read_sheet(struct xlsx *x);
