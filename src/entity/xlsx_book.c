/* xlsx_book.c - the package around a worksheet: workbook, relations, styles, shared strings. */
#include "entity/xlsx.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ XML parts */

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (strcmp(local_name(attributes[0]), name) == 0)
            return attributes[1];
    return NULL;
}

void xlsx_stop(struct xlsx *x, enum err e)
{
    if (x->xml.e == OK)
        x->xml.e = e;
    XML_StopParser(x->xml.parser, XML_FALSE);
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    struct xlsx *x = user;
    if (++x->xml.depth > XLSX_XML_DEPTH) {
        fault_set(x->xml.fault, ERR_PARSE, "the XML is nested too deeply");
        xlsx_stop(x, ERR_PARSE);
    } else if (x->xml.start) {
        x->xml.start(x->xml.state, local_name(name), attributes);
    }
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct xlsx *x = user;
    x->xml.depth--;
    if (x->xml.end && x->xml.e == OK)
        x->xml.end(x->xml.state, local_name(name));
}

static void XMLCALL on_text(void *user, const char *text, int len)
{
    struct xlsx *x = user;
    if (x->xml.text && x->xml.e == OK)
        x->xml.text(x->xml.state, (struct str){ text, (size_t)len });
}

/* Entities are how small XML becomes large; a spreadsheet needs none. */
static void XMLCALL on_doctype(void *user, const char *name, const char *system, const char *public,
                               int subset)
{
    (void)name, (void)system, (void)public, (void)subset;
    struct xlsx *x = user;
    fault_set(x->xml.fault, ERR_PARSE, "the XML has a DOCTYPE, which is not accepted");
    xlsx_stop(x, ERR_PARSE);
}

static enum err xml_failed(struct xlsx *x)
{
    if (x->xml.e)
        return x->xml.e;
    return fault_set(x->xml.fault, ERR_PARSE, "the XML is damaged: %s",
                     XML_ErrorString(XML_GetErrorCode(x->xml.parser)));
}

static enum err feed(void *state, struct str piece)
{
    struct xlsx *x = state;
    if (XML_Parse(x->xml.parser, piece.data, (int)piece.len, 0) != XML_STATUS_OK || x->xml.e)
        return xml_failed(x);
    return OK;
}

enum err xlsx_part(struct xlsx *x, const char *name, struct xlsx_xml handlers, bool *found)
{
    assert(!x->xml.parser);
    x->xml = handlers;
    x->xml.fault = x->b->fault;
    x->xml.parser = XML_ParserCreate(NULL);
    if (!x->xml.parser)
        return fault_set(x->b->fault, ERR_NO_MEMORY, "no memory for the XML parser");
    XML_SetUserData(x->xml.parser, x);
    XML_SetElementHandler(x->xml.parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->xml.parser, on_text);
    XML_SetStartDoctypeDeclHandler(x->xml.parser, on_doctype);

    enum err e = zip_part(&x->zip, name, feed, x, found);
    if (e == OK && *found && (XML_Parse(x->xml.parser, "", 0, 1) != XML_STATUS_OK || x->xml.e))
        e = xml_failed(x);
    XML_ParserFree(x->xml.parser);
    x->xml.parser = NULL;
    return e ? fault_explain(x->b->fault, e, "%s", name) : OK;
}

/* ------------------------------------------------------------------ workbook.xml and relations */

struct book {
    struct xlsx *x;
    struct str relation; /* id of the wanted worksheet; data NULL: not met yet */
    struct str target;
};

static void book_start(void *state, const char *name, const char **attributes)
{
    struct book *book = state;
    struct arena *arena = book->x->b->arena;
    if (strcmp(name, "workbookPr") == 0) {
        const char *from = xlsx_attribute(attributes, "date1904");
        book->x->from_1904 = from && (strcmp(from, "1") == 0 || strcmp(from, "true") == 0);
    }
    if (strcmp(name, "sheet") != 0 || book->relation.data)
        return;
    const char *title = xlsx_attribute(attributes, "name");
    const char *state_of = xlsx_attribute(attributes, "state");
    const char *id = xlsx_attribute(attributes, "id");
    bool wanted = book->x->page.len > 0 ? title && str_is(book->x->page, title)
                                        : !state_of || strcmp(state_of, "visible") == 0;
    if (wanted && id)
        book->relation = str_copy(arena, str_from(id));
}

static void relation_start(void *state, const char *name, const char **attributes)
{
    struct book *book = state;
    const char *id = xlsx_attribute(attributes, "Id");
    const char *target = xlsx_attribute(attributes, "Target");
    if (strcmp(name, "Relationship") == 0 && id && target && str_is(book->relation, id))
        book->target = str_copy(book->x->b->arena, str_from(target));
}

static enum err find_sheet(struct xlsx *x)
{
    struct book book = { .x = x };
    bool found;
    struct xlsx_xml handlers = { .start = book_start, .state = &book };
    TRY(xlsx_part(x, "xl/workbook.xml", handlers, &found));
    if (!found)
        return fault_set(x->b->fault, ERR_PARSE, "this is not an XLSX workbook");
    if (!book.relation.data)
        return fault_set(x->b->fault, ERR_NOT_FOUND, "the workbook has no sheet “" STR_FMT "”",
                         STR_ARG(x->page));
    handlers.start = relation_start;
    TRY(xlsx_part(x, "xl/_rels/workbook.xml.rels", handlers, &found));
    if (!book.target.data)
        return fault_set(x->b->fault, ERR_PARSE, "the workbook does not say where its sheet is");
    bool absolute = book.target.len > 0 && book.target.data[0] == '/';
    x->sheet_part = absolute ? book.target.data + 1
                             : str_fmt(x->b->arena, "xl/" STR_FMT, STR_ARG(book.target)).data;
    return OK;
}

/* ------------------------------------------------------------------ styles.xml */

#define STYLES_MAX 65536

struct styles {
    struct xlsx *x;
    bool in_cells;           /* inside cellXfs */
    VEC(int) date_formats;   /* ids of custom formats that show dates */
};

/* Built-in formats (ECMA-376 part 1 §18.8.30), those of the Chinese locale included. */
static bool builtin_is_date(int id)
{
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
           (id >= 50 && id <= 58);
}

static bool format_is_date(const struct styles *s, int id)
{
    for (size_t i = 0; i < s->date_formats.count; i++)
        if (s->date_formats.items[i] == id)
            return true;
    return builtin_is_date(id);
}

static void styles_start(void *state, const char *name, const char **attributes)
{
    struct styles *s = state;
    const char *id = xlsx_attribute(attributes, "numFmtId");
    if (strcmp(name, "cellXfs") == 0) {
        s->in_cells = true;
    } else if (strcmp(name, "numFmt") == 0 && id) {
        const char *code = xlsx_attribute(attributes, "formatCode");
        if (code && xlsx_format_is_date(str_from(code)) && s->date_formats.count < STYLES_MAX)
            vec_add(s->x->b->arena, &s->date_formats, atoi(id));
    } else if (strcmp(name, "xf") == 0 && s->in_cells &&
               s->x->style_is_date.count < STYLES_MAX) {
        vec_add(s->x->b->arena, &s->x->style_is_date, id && format_is_date(s, atoi(id)));
    }
}

static void styles_end(void *state, const char *name)
{
    struct styles *s = state;
    if (strcmp(name, "cellXfs") == 0)
        s->in_cells = false;
}

/* ------------------------------------------------------------------ sharedStrings.xml */

struct strings {
    struct xlsx *x;
    struct buf text; /* of the item under way, from all its runs */
    bool in_text;
    int phonetic;    /* inside rPh: how it is read, not what it says */
};

static void strings_start(void *state, const char *name, const char **attributes)
{
    (void)attributes;
    struct strings *s = state;
    if (strcmp(name, "si") == 0)
        s->text.len = 0;
    else if (strcmp(name, "rPh") == 0)
        s->phonetic++;
    s->in_text = strcmp(name, "t") == 0 && s->phonetic == 0;
}

static void strings_text(void *state, struct str text)
{
    struct strings *s = state;
    if (!s->in_text)
        return;
    if (s->text.len + text.len > s->x->b->limits.cell_bytes) {
        fault_set(s->x->b->fault, ERR_TOO_LARGE, "a text of more than %zu bytes",
                  s->x->b->limits.cell_bytes);
        xlsx_stop(s->x, ERR_TOO_LARGE);
        return;
    }
    buf_str(&s->text, text);
}

static void strings_end(void *state, const char *name)
{
    struct strings *s = state;
    s->in_text = false;
    if (strcmp(name, "rPh") == 0)
        s->phonetic--;
    if (strcmp(name, "si") != 0)
        return;
    if (s->x->shared.count >= s->x->b->limits.cells) {
        fault_set(s->x->b->fault, ERR_TOO_LARGE, "more than %zu texts", s->x->b->limits.cells);
        xlsx_stop(s->x, ERR_TOO_LARGE);
        return;
    }
    struct arena *arena = s->x->b->arena;
    vec_add(arena, &s->x->shared, str_copy(arena, buf_view(&s->text)));
}

enum err xlsx_read_book(struct xlsx *x)
{
    bool found; /* both parts may be missing */
    TRY(find_sheet(x));
    struct styles styles = { .x = x };
    TRY(xlsx_part(x, "xl/styles.xml",
                  (struct xlsx_xml){ .start = styles_start, .end = styles_end, .state = &styles },
                  &found));
    struct strings strings = { .x = x, .text = buf_in(x->b->arena) };
    struct xlsx_xml handlers = { .start = strings_start, .end = strings_end, .text = strings_text,
                                 .state = &strings };
    return xlsx_part(x, "xl/sharedStrings.xml", handlers, &found);
}
