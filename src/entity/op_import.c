/* op_import.c - POST …/import: the answer as JSON, or as the sheet with its errors. */
#include "entity/guarded.h"
#include "entity/import.h"
#include "entity/ops.h"
#include "entity/put.h"
#include "entity/sheet_out.h"

#include <sodium.h>
#include <string.h>

struct import_call {
    struct cx *cx;
    const struct entity_model *model;
    const struct request *in;
    struct reply *out;
    struct sheet sheet;
    struct import_options options;
    struct import_result result;
    struct sheet_out errors;
    bool want_errors; /* the answer is the sheet of errors */
    enum sheet_kind errors_kind;
};

/* ------------------------------------------------------------------ options */

static void read_existing(struct import_call *c, struct str word)
{
    static const char *const words[] = { "error", "skip", "update" };
    for (int i = 0; i < (int)COUNT(words); i++)
        if (str_is(word, words[i])) {
            c->options.existing = (enum import_existing)i;
            return;
        }
    problem(c->cx, "existing", "choice", "must be error, skip or update",
            "应为 error、skip 或 update");
}

static void read_mapping(struct import_call *c, struct str text)
{
    struct fault fault = { 0 };
    const struct json *mapping;
    if (json_read(c->cx->arena, text, (struct json_limits){ .bytes = 65536 }, &fault, &mapping) ==
            OK &&
        mapping->type == JSON_OBJECT)
        c->options.mapping = mapping;
    else
        problem(c->cx, "mapping", "type", "must be a JSON object {\"field\": \"column\"}",
                "应为 JSON 对象 {\"字段\": \"列名\"}");
}

static enum err read_options(struct import_call *c, struct str *page)
{
    for (size_t i = 0; i < c->in->query_count; i++) {
        struct str name = c->in->query[i].name, value = c->in->query[i].value;
        if (str_is(name, "dry_run"))
            c->options.dry_run = str_is(value, "1") || str_is(value, "true");
        else if (str_is(name, "existing"))
            read_existing(c, value);
        else if (str_is(name, "mapping"))
            read_mapping(c, value);
        else if (str_is(name, "page"))
            *page = value;
        else if (str_is(name, "errors")) {
            c->want_errors = true;
            c->errors_kind = str_is(value, "xlsx") ? SHEET_XLSX : SHEET_CSV;
        } else
            problem(c->cx, str_cstr(c->cx->arena, name), "unknown", "there is no such option",
                    "没有此选项");
    }
    return problems_end(c->cx);
}

/* The same key for another file or other options is a mistake of the client. */
static void read_key(struct import_call *c)
{
    struct str key = request_header(c->in, "idempotency-key");
    if (key.len < 8 || key.len > 180)
        return;
    char *hash = arena_alloc(c->cx->arena, 32);
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 32);
    crypto_generichash_update(&state, (const unsigned char *)c->in->path.data, c->in->path.len);
    unsigned char existing = (unsigned char)c->options.existing;
    crypto_generichash_update(&state, &existing, 1);
    crypto_generichash_update(&state, (const unsigned char *)c->in->body.data, c->in->body.len);
    crypto_generichash_final(&state, (unsigned char *)hash, 32);
    c->options.key = key;
    c->options.request = (struct str){ hash, 32 };
}

/* ------------------------------------------------------------------ the answer as JSON */

static void put_error(struct json_writer *w, const struct import_error *e)
{
    json_begin_object(w);
    put_number(w, "row", e->row);
    put_text(w, "column", e->column);
    put_text(w, "field", e->field);
    put_text(w, "value", e->value);
    put_text(w, "code", str_from(e->code));
    put_text(w, "message", e->message);
    json_end_object(w);
}

static void answer_json(struct import_call *c)
{
    const struct import_result *r = &c->result;
    struct json_writer w = reply_json(c->out);
    json_begin_object(&w);
    json_key(&w, "dry_run");
    json_put_bool(&w, c->options.dry_run);
    put_number(&w, "rows", r->rows);
    put_number(&w, "good", r->good);
    put_number(&w, "bad", r->bad);
    put_number(&w, "created", r->created);
    put_number(&w, "updated", r->updated);
    put_number(&w, "skipped", r->skipped);
    json_key(&w, "ignored");
    json_begin_array(&w);
    for (size_t i = 0; i < r->ignored.count; i++)
        json_put_str(&w, r->ignored.items[i]);
    json_end_array(&w);
    json_key(&w, "errors");
    json_begin_array(&w);
    for (size_t i = 0; i < r->errors.count && i < IMPORT_ERRORS_TOLD; i++)
        put_error(&w, &r->errors.items[i]);
    json_end_array(&w);
    put_number(&w, "errors_total", r->errors_total);
    json_key(&w, "error_sheet");
    json_put_null(&w); /* asked for with ?errors=xlsx */
    json_end_object(&w);
}

/* ------------------------------------------------------------------ the answer as a sheet */

static struct str errors_of_row(struct import_call *c, uint32_t line, size_t *at)
{
    struct buf text = buf_in(c->cx->arena);
    const struct import_result *r = &c->result;
    for (; *at < r->errors.count && r->errors.items[*at].row == line; ++*at) {
        const struct import_error *e = &r->errors.items[*at];
        if (text.len > 0)
            buf_cstr(&text, cx_say(c->cx, "; ", "；"));
        if (e->column.len > 0)
            buf_fmt(&text, STR_FMT "%s", STR_ARG(e->column), cx_say(c->cx, ": ", "："));
        buf_str(&text, e->message);
    }
    return buf_view(&text);
}

static enum err put_bad_row(struct import_call *c, const struct sheet_row *row, struct str why)
{
    size_t columns = c->sheet.rows.items[0].count;
    for (size_t i = 0; i < columns; i++)
        sheet_out_text(&c->errors, i < row->count ? row->cells[i] : STR(""));
    sheet_out_text(&c->errors, why);
    return sheet_out_end_row(&c->errors);
}

/* Only the bad rows: repaired, the sheet can be imported by itself. */
static enum err write_errors(void *state)
{
    struct import_call *c = state;
    size_t at = 0;
    TRY(sheet_out_open(&c->errors, c->cx, c->errors_kind, true));
    TRY(put_bad_row(c, &c->sheet.rows.items[0], str_from(cx_say(c->cx, "error", "错误"))));
    for (size_t i = 1; i < c->sheet.rows.count; i++) {
        const struct sheet_row *row = &c->sheet.rows.items[i];
        struct str why = errors_of_row(c, row->line, &at);
        if (why.len > 0)
            TRY(put_bad_row(c, row, why));
    }
    return sheet_out_finish(&c->errors, &c->out->fd, &c->out->file_bytes);
}

static void give_back(void *state)
{
    struct import_call *c = state;
    sheet_out_drop(&c->errors);
}

static enum err answer_sheet(struct import_call *c)
{
    c->errors.fd = -1;
    TRY(arena_guarded(c->cx->arena, write_errors, give_back, c));
    c->out->type = sheet_types[c->errors_kind];
    c->out->download = str_fmt(c->cx->arena, "%s.%s", cx_say(c->cx, "errors", "错误行"),
                               c->errors_kind == SHEET_XLSX ? "xlsx" : "csv");
    return OK;
}

enum err op_import(struct cx *cx, const struct request *in, struct reply *out)
{
    struct import_call *c = arena_new(cx->arena, struct import_call);
    struct str page = STR_NONE;
    c->cx = cx;
    c->model = ((const struct op_target *)in->state)->model;
    c->in = in;
    c->out = out;
    TRY(read_options(c, &page));
    if (in->body.len == 0)
        return refuse(cx, ERR_INVALID, "the body is missing", "缺少请求内容");
    if (c->want_errors)
        c->options.dry_run = true;
    if (!c->options.dry_run)
        read_key(c);
    enum err e = sheet_read(cx->arena, sheet_guess(in->body), in->body, page,
                            (struct sheet_limits){ 0 }, &cx->fault, &c->sheet);
    if (e)
        return explain(cx, e, "%s", cx_say(cx, "reading the sheet", "读取表格"));
    TRY(import_sheet(cx, c->model, &c->sheet, &c->options, &c->result));
    if (c->want_errors)
        return answer_sheet(c);
    answer_json(c);
    return OK;
}
