/* POST /orders/import: a dry run answers at once, the rest is a job. */
#include "mod/sales/import.h"

#include "base/io.h"
#include "entity/put.h"
#include "may.gen.h"

#include <unistd.h>

static const struct sheet_limits limits = { .rows = 1000000, .cells = 16000000 };

struct options {
    bool dry_run;
    const struct json *mapping;
    struct str page, name;
};

static void read_mapping(struct cx *cx, struct str text, struct options *o)
{
    struct fault fault = { 0 };
    const struct json *mapping;
    if (json_read(cx->arena, text, (struct json_limits){ .bytes = 65536 }, &fault, &mapping) ==
            OK &&
        mapping->type == JSON_OBJECT)
        o->mapping = mapping;
    else
        problem(cx, "mapping", "type", "must be a JSON object {\"field\": \"column\"}",
                "应为 JSON 对象 {\"字段\": \"列名\"}");
}

static enum err read_options(struct cx *cx, const struct request *in, struct options *o)
{
    for (size_t i = 0; i < in->query_count; i++) {
        struct str name = in->query[i].name, value = in->query[i].value;
        if (str_is(name, "dry_run"))
            o->dry_run = str_is(value, "1") || str_is(value, "true");
        else if (str_is(name, "mapping"))
            read_mapping(cx, value, o);
        else if (str_is(name, "page"))
            o->page = value;
        else if (str_is(name, "name"))
            o->name = str_cut(value, 0, 100);
        else
            problem(cx, str_cstr(cx->arena, name), "unknown", "there is no such option",
                    "没有此选项");
    }
    return problems_end(cx);
}

static enum err read_and_judge(struct cx *cx, struct core *core, const struct call *call,
                               struct str bytes, const struct options *o,
                               struct sales_import **ret)
{
    struct sheet *sheet = arena_new(cx->arena, struct sheet);
    enum err e = sheet_read(cx->arena, sheet_guess(bytes), bytes, o->page, limits, &cx->fault,
                            sheet);
    if (e)
        return explain(cx, e, "%s", cx_say(cx, "reading the sheet", "读取表格"));
    TRY(sales_import_open(cx, sheet, o->mapping, call->zone_minutes, ret));
    return sales_import_judge(core, call, *ret, &cx->fault);
}

/* ---- starting the job ---- */

struct start {
    const struct request *in;
    const struct options *options;
    struct str sha256;
    int64_t job;
};

/* Written anew in each run: keeping the file moves it away. */
static enum err keep_file(struct cx *cx, const struct start *s, int64_t *ret)
{
    bool xlsx = sheet_guess(s->in->body) == SHEET_XLSX;
    const char *path = str_fmt(cx->arena, "%s/orders-%lld", cx->services->temp_folder,
                               (long long)cx_new_id(cx)).data;
    TRY(io_write_file(path, s->in->body, 0600, &cx->fault));
    struct str name = s->options->name.len ? s->options->name
                      : xlsx               ? STR("orders.xlsx")
                                           : STR("orders.csv");
    enum err e = cx->services->file_keep(
        cx, path, name,
        xlsx ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv",
        ret);
    if (e)
        unlink(path);
    return e;
}

static enum err start(struct cx *cx, void *arg)
{
    struct start *s = arg;
    int64_t file;
    TRY(keep_file(cx, s, &file));
    struct buf input = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&input);
    json_begin_object(&w);
    json_key(&w, "file");
    json_put_id(&w, file);
    json_key(&w, "english");
    json_put_bool(&w, cx->lang == LANG_EN);
    json_key(&w, "page");
    json_put_str(&w, s->options->page);
    json_key(&w, "mapping");
    if (s->options->mapping)
        json_put_tree(&w, s->options->mapping);
    else
        json_put_null(&w);
    json_end_object(&w);
    struct job_order order = {
        .name = "order.import", .input = buf_view(&input),
        .once_key = str_fmt(cx->arena, "order.import:" STR_FMT, STR_ARG(s->sha256)),
    };
    return cx->services->job_enqueue(cx, &order, &s->job);
}

static enum err start_job(struct cx *cx, const struct call *call, const struct request *in,
                          const struct options *o, struct reply *out)
{
    struct start s = { in, o, sha256_hex(cx->arena, in->body), 0 };
    TRY(core_write(cx_core(cx), call, start, &s, &cx->fault));
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "job");
    json_put_id(&w, s.job);
    json_end_object(&w);
    out->status = 202;
    return OK;
}

static enum err import_orders(struct cx *cx, const struct request *in, struct reply *out)
{
    struct options o = { 0 };
    struct sales_import *im;
    struct call call = { .org = cx->org, .zone_minutes = cx->zone_minutes,
                         .login = cx->actor.login };
    TRY(read_options(cx, in, &o));
    if (in->body.len == 0)
        return refuse(cx, ERR_INVALID, "the file is empty", "文件为空");
    TRY(read_and_judge(cx, cx_core(cx), &call, in->body, &o, &im));
    if (!o.dry_run && im->errors_total == 0)
        return start_job(cx, &call, in, &o, out);
    buf_str(&out->body, sales_import_result(im));
    return OK;
}

const struct route sales_import_routes[] = {
    { POST, "/orders/import", import_orders, .may = MAY_ORDER_IMPORT,
      .body = BODY_CSV | BODY_XLSX, .no_tx = true, .about = "Import orders from a sheet",
      .about_zh = "从表格导入订单" },
    { 0 },
};

/* ---- the job ---- */

struct kept {
    int64_t file;
    int fd;
    uint64_t bytes;
};

static enum err open_kept(struct cx *cx, void *arg)
{
    struct kept *k = arg;
    struct str name, type;
    return cx->services->file_open(cx, k->file, &k->fd, &k->bytes, &name, &type);
}

static enum err read_kept(struct job_run *run, int64_t file, struct str *ret)
{
    struct kept k = { .file = file, .fd = -1 };
    TRY(job_read(run, open_kept, &k));
    CLOSE_ON_EXIT int fd = k.fd;
    if (k.bytes > BODY_SHEET_MAX)
        return fault_set(job_fault(run), ERR_TOO_LARGE, "file %lld is too large",
                         (long long)file);
    char *to = arena_alloc(job_arena(run), k.bytes + 1);
    for (size_t at = 0; at < k.bytes;) {
        ssize_t got = read(fd, to + at, k.bytes - at);
        if (got <= 0)
            return fault_errno(job_fault(run), "read file %lld", (long long)file);
        at += (size_t)got;
    }
    *ret = (struct str){ to, k.bytes };
    return OK;
}

static enum err tell(void *arg, int per_mille)
{
    return job_progress(arg, per_mille, "importing");
}

static enum err read_input(struct job_run *run, struct cx *cx, struct options *o, int64_t *file)
{
    const struct json *input = job_input(run), *id = json_get(input, "file");
    if (!id || !str_to_i64(id->text, file))
        return fault_set(job_fault(run), ERR_INVALID, "the job names no file");
    const struct json *mapping = json_get(input, "mapping");
    const struct json *english = json_get(input, "english"), *page = json_get(input, "page");
    cx->lang = english && english->type == JSON_TRUE ? LANG_EN : LANG_ZH;
    o->mapping = json_is_null(mapping) ? NULL : mapping;
    o->page = page ? page->text : STR_NONE;
    return OK;
}

static enum err run_import(struct job_run *run)
{
    /* Only to carry arena and language: no transaction, no actor. */
    struct cx *cx = arena_new(job_arena(run), struct cx);
    struct str bytes;
    int64_t file;
    struct options o = { 0 };
    struct sales_import *im;
    cx->arena = job_arena(run);
    TRY(read_input(run, cx, &o, &file));
    TRY(read_kept(run, file, &bytes));
    enum err e = read_and_judge(cx, job_core(run), job_call(run), bytes, &o, &im);
    if (e) {
        *job_fault(run) = cx->fault;
        return e;
    }
    if (im->errors_total == 0) {
        struct sales_import_commit how = { .progress = tell, .arg = run };
        TRY(sales_import_write(job_core(run), job_call(run), im, &how, job_fault(run)));
    }
    job_result(run, sales_import_result(im));
    return OK;
}

const struct job_kind sales_import_jobs[] = {
    { "order.import", run_import, .about = "Import orders from a sheet",
      .about_zh = "从表格导入订单" },
    { 0 },
};
