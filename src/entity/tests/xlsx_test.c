/* xlsx_test.c - workbooks of other programs, and archives that mean harm. */
#include "base/buf.h"
#include "base/io.h"
#include "base/test.h"
#include "entity/sheet.h"

#include <minizip/zip.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct part {
    const char *name, *text;
    size_t times; /* the text is repeated so often; 0: once */
};

static struct str make_zip(const struct part *parts, size_t count)
{
    char path[] = "/tmp/qibing-xlsx-XXXXXX";
    CLOSE_ON_EXIT int fd = mkstemp(path);
    CHECK(fd >= 0);
    zipFile zip = zipOpen(path, APPEND_STATUS_CREATE);
    for (size_t i = 0; i < count; i++) {
        zip_fileinfo info = { 0 };
        CHECK_EQ(zipOpenNewFileInZip(zip, parts[i].name, &info, NULL, 0, NULL, 0, NULL, Z_DEFLATED,
                                     6), ZIP_OK);
        for (size_t k = 0; k < MAX(parts[i].times, 1u); k++)
            zipWriteInFileInZip(zip, parts[i].text, (unsigned)strlen(parts[i].text));
        zipCloseFileInZip(zip);
    }
    zipClose(zip, NULL);
    struct str bytes = STR("");
    struct fault fault = { 0 };
    CHECK_EQ(io_read_file(test_arena(), path, 64 << 20, &fault, &bytes), OK);
    unlink(path);
    return bytes;
}

#define BOOK "xl/workbook.xml", \
    "<x:workbook xmlns:x='m'><x:workbookPr/><x:sheets>" \
    "<x:sheet name='secret' state='hidden' r:id='r1' xmlns:r='r'/>" \
    "<x:sheet name='one' r:id='r2' xmlns:r='r'/><x:sheet name='二' r:id='r3' xmlns:r='r'/>" \
    "</x:sheets></x:workbook>", 0
#define RELATIONS "xl/_rels/workbook.xml.rels", \
    "<Relationships><Relationship Id='r1' Target='worksheets/a.xml'/>" \
    "<Relationship Id='r2' Target='worksheets/b.xml'/>" \
    "<Relationship Id='r3' Target='/xl/worksheets/c.xml'/></Relationships>", 0

static enum err read_book(struct str bytes, const char *page, struct str *flat,
                          struct fault *fault)
{
    struct sheet sheet = { 0 };
    struct buf out = buf_in(test_arena());
    fault_clear(fault);
    TRY(sheet_read(test_arena(), SHEET_XLSX, bytes, str_from(page), (struct sheet_limits){ 0 },
                   fault, &sheet));
    for (size_t i = 0; i < sheet.rows.count; i++) {
        buf_fmt(&out, "%s%u:", i ? "/" : "", sheet.rows.items[i].line);
        for (uint32_t k = 0; k < sheet.rows.items[i].count; k++)
            buf_fmt(&out, "%s" STR_FMT, k ? "|" : "", STR_ARG(sheet.rows.items[i].cells[k]));
    }
    *flat = out.len ? buf_view(&out) : STR("");
    return OK;
}

TEST(xlsx_cells_of_every_kind)
{
    const struct part parts[] = {
        { BOOK }, { RELATIONS },
        { "xl/styles.xml",
          "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='yyyy&quot;年&quot;m'/></numFmts>"
          "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
          "<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='170'/></cellXfs>"
          "</styleSheet>", 0 },
        { "xl/sharedStrings.xml",
          "<sst><si><t>plain</t></si><si><r><t>ri</t></r><r><t>ch</t></r>"
          "<rPh sb='0'><t>no</t></rPh></si><si><t>&lt;a&amp;b&gt; 张</t></si></sst>", 0 },
        { "xl/worksheets/b.xml",
          "<worksheet><sheetData><row r='2'><c r='A2' t='s'><v>0</v></c>"
          "<c r='C2' t='s'><v>1</v></c>"
          "<c t='s'><v>2</v></c></row><row><c t='inlineStr'><is><r><t>in</t></r><r><t>line</t></r>"
          "</is></c><c t='b'><v>1</v></c><c s='1'><v>46326</v></c><c s='2'><v>46326.5</v></c>"
          "<c><v>19.989999999999998</v></c><c><f>1+1</f><v>2</v></c><c t='str'><f>x</f><v>t</v></c>"
          "<c t='e'><v>#N/A</v></c></row><row r='9'><c r='B9'/></row></sheetData></worksheet>", 0 },
        { "xl/worksheets/c.xml", "<worksheet><sheetData><row><c><v>7</v></c></row></sheetData>"
                                 "</worksheet>", 0 },
    };
    struct str bytes = make_zip(parts, COUNT(parts)), flat = STR("");
    struct fault fault = { 0 };
    CHECK_EQ(read_book(bytes, "", &flat, &fault), OK, "%s", fault.message);
    CHECK_STR(flat, STR("2:plain||rich|<a&b> 张/3:inline|TRUE|2026-10-31|2026-10-31 12:00:00|"
                        "19.99|2|t|#N/A"));
    CHECK_EQ(read_book(bytes, "二", &flat, &fault), OK, "%s", fault.message);
    CHECK_STR(flat, STR("1:7"));
    CHECK_EQ(read_book(bytes, "three", &flat, &fault), ERR_NOT_FOUND);
    CHECK_EQ(read_book(str_cut(bytes, 0, bytes.len / 2), "", &flat, &fault), ERR_PARSE);
}

TEST(xlsx_refusals)
{
    static const char big[] = "                                                              \n";
    static const struct {
        const char *name, *sheet;
        size_t times;
        enum err e;
    } cases[] = {
        { "a bomb: 25 MB of blanks", big, 400000, ERR_TOO_LARGE },
        { "a DOCTYPE", "<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet/>", 0, ERR_PARSE },
        { "no XML", "hello", 0, ERR_PARSE },
        { "rows backwards", "<worksheet><row r='5'/><row r='4'/></worksheet>", 0, ERR_PARSE },
        { "a row beyond the end", "<worksheet><row r='1048577'/></worksheet>", 0, ERR_PARSE },
        { "a column beyond the end",
          "<worksheet><row r='1'><c r='ZZZ1'><v>1</v></c></row></worksheet>", 0, ERR_TOO_LARGE },
        { "a text that is not there",
          "<worksheet><row r='1'><c t='s'><v>3</v></c></row></worksheet>", 0, ERR_PARSE },
        { "deeper than any sheet", "<a>", 100, ERR_PARSE },
        { "cut short", "<worksheet><row r='1'>", 0, ERR_PARSE },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct part parts[] = { { BOOK }, { RELATIONS },
                                      { "xl/worksheets/b.xml", cases[i].sheet, cases[i].times } };
        struct str flat;
        struct fault fault = { 0 };
        CHECK_EQ(read_book(make_zip(parts, 3), "", &flat, &fault), cases[i].e, "%s: %s",
                 cases[i].name, fault.message);
        CHECK(fault.message[0] != '\0', "%s", cases[i].name);
    }
    struct part many[2100];
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct part){ "x", "", 0 };
    struct str flat;
    struct fault fault = { 0 };
    CHECK_EQ(read_book(make_zip(many, COUNT(many)), "", &flat, &fault), ERR_TOO_LARGE);
    CHECK_EQ(read_book(make_zip(many, 1), "", &flat, &fault), ERR_PARSE, "%s", fault.message);
}
