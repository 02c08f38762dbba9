/* import.c - judging all rows, then writing them in chunks. */
#include "entity/import.h"

#include "db/db.h"
#include "entity/store.h"

#include <setjmp.h>
#include <stdio.h>

#define CHUNK 500
#define SCRATCH_MAX ((size_t)64 << 20)

struct chunk {
    struct importing *im;
    size_t from, to; /* rows of the sheet, the header is 0 */
    bool write;
    int64_t created, updated, skipped;
};

/* ------------------------------------------------------------------ memory */

/* The boundary on the thread that runs it: the database may run a chunk on one of its own. */
static enum err guarded(struct chunk *c, enum err (*step)(struct chunk *c))
{
    struct arena *keep = c->im->keep, *scratch = c->im->cx->arena;
    jmp_buf out;
    jmp_buf *volatile outer = arena_guard(keep, NULL);
    enum err e;
    if (setjmp(out)) {
        e = fail(c->im->cx, ERR_NO_MEMORY, "the sheet needs more memory than it may");
    } else {
        arena_guard(keep, &out);
        arena_guard(scratch, &out);
        e = step(c);
    }
    arena_guard(keep, outer);
    arena_guard(scratch, NULL);
    return e;
}

/* ------------------------------------------------------------------ marks of chunks */

static struct str chunk_key(struct chunk *c)
{
    return str_fmt(c->im->cx->arena, STR_FMT "#%zu", STR_ARG(c->im->options->key), c->from);
}

/* Written in a run that was cut off: its counts stand in its mark. */
static enum err was_written(struct chunk *c, bool *ret)
{
    struct kept_answer kept;
    long long created, updated, skipped;
    TRY(store_answer_get(c->im->cx, chunk_key(c), ret, &kept));
    if (!*ret)
        return OK;
    if (!str_eq(kept.request, c->im->options->request))
        return refuse(c->im->cx, ERR_UNPROCESSABLE,
                      "this Idempotency-Key was used for another file", "该幂等键已用于另一文件");
    const char *text = str_cstr(c->im->cx->arena, kept.body);
    if (sscanf(text, "%lld %lld %lld", &created, &updated, &skipped) != 3)
        return fail(c->im->cx, ERR_CORRUPT, "the mark of an import is damaged");
    c->created = created;
    c->updated = updated;
    c->skipped = skipped;
    return OK;
}

/* ------------------------------------------------------------------ judging */

static struct str value_of(const struct importing *im, const struct sheet_row *row,
                           struct str wire, struct str *header)
{
    for (size_t i = 0; i < im->column_count; i++)
        if (im->columns[i].field && str_is(wire, im->columns[i].field->wire)) {
            *header = im->columns[i].header;
            return i < row->count ? row->cells[i] : STR("");
        }
    *header = STR("");
    return STR("");
}

static void keep_problems(struct importing *im, const struct sheet_row *row)
{
    struct import_result *result = im->result;
    for (size_t i = 0; i < im->cx->problems.count; i++) {
        const struct problem *p = &im->cx->problems.items[i];
        result->errors_total++;
        if (result->errors.count >= IMPORT_ERRORS_KEPT)
            continue;
        struct import_error e = { .row = row->line, .code = p->code,
                                  .field = str_copy(im->keep, p->field),
                                  .message = str_copy(im->keep, p->message) };
        e.value = value_of(im, row, p->field, &e.column);
        vec_add(im->keep, &result->errors, e);
    }
}

static void count_outcome(struct chunk *c, enum import_outcome outcome)
{
    c->created += outcome == IMPORT_CREATED;
    c->updated += outcome == IMPORT_UPDATED;
    c->skipped += outcome == IMPORT_SKIPPED;
}

static enum err judge_row(struct chunk *c, const struct sheet_row *row)
{
    struct importing *im = c->im;
    enum import_outcome outcome;
    TRY(import_row(im, row, false, &outcome));
    im->result->rows++;
    im->result->good += outcome != IMPORT_BAD;
    im->result->bad += outcome == IMPORT_BAD;
    count_outcome(c, outcome);
    keep_problems(im, row);
    return OK;
}

/* Problems live in the row's memory: none may be left over when it is reset. */
static void forget_row(struct cx *cx, struct arena_mark mark)
{
    cx->problems.items = NULL;
    cx->problems.count = cx->problems.room = 0;
    arena_reset(cx->arena, mark);
}

static enum err each_row(struct chunk *c)
{
    struct importing *im = c->im;
    for (size_t i = c->from; i < c->to; i++) {
        const struct sheet_row *row = &im->sheet->rows.items[i];
        struct arena_mark mark = arena_mark(im->cx->arena);
        enum import_outcome outcome;
        enum err e = c->write ? import_row(im, row, true, &outcome) : judge_row(c, row);
        if (!e && c->write && im->cx->problems.count > 0)
            e = problems_end(im->cx);
        if (e)
            return explain(im->cx, e, "row %u", row->line);
        if (c->write)
            count_outcome(c, outcome);
        forget_row(im->cx, mark);
        if (!c->write && im->options->progress && i % CHUNK == 0)
            im->options->progress(im->options->progress_arg, (int64_t)i / 2,
                                  (int64_t)im->sheet->rows.count);
    }
    return OK;
}

/* Chunks that an interrupted run has written are not judged again: their rows exist by now. */
static enum err judge_chunks(struct chunk *all)
{
    struct importing *im = all->im;
    im->refs = str_map_in(im->keep);
    im->keys = str_map_in(im->keep);
    for (size_t from = all->from; from < all->to; from += CHUNK) {
        struct chunk c = { .im = im, .from = from, .to = MIN(from + CHUNK, all->to) };
        bool written = false;
        if (im->options->key.data)
            TRY(was_written(&c, &written));
        if (written) {
            im->result->rows += (int64_t)(c.to - from);
            im->result->good += (int64_t)(c.to - from);
        } else {
            TRY(each_row(&c));
        }
        all->created += c.created;
        all->updated += c.updated;
        all->skipped += c.skipped;
    }
    return OK;
}

static enum err judge_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct chunk *c = arg;
    c->im->cx->tx = tx;
    enum err e = guarded(c, judge_chunks);
    c->im->cx->tx = NULL;
    if (e)
        *fault = c->im->cx->fault;
    return e;
}

/* ------------------------------------------------------------------ writing */

static enum err mark_written(struct chunk *c)
{
    struct str counts = str_fmt(c->im->cx->arena, "%lld %lld %lld", (long long)c->created,
                                (long long)c->updated, (long long)c->skipped);
    struct kept_answer mark = { .request = c->im->options->request, .status = 200,
                                .body = counts };
    return store_answer_put(c->im->cx, chunk_key(c), &mark);
}

static enum err write_chunk(struct chunk *c)
{
    bool written = false;
    if (c->im->options->key.data) {
        TRY(was_written(c, &written));
        if (written)
            return OK;
    }
    c->im->refs = str_map_in(c->im->keep);
    c->im->keys = str_map_in(c->im->keep);
    TRY(each_row(c));
    return c->im->options->key.data ? mark_written(c) : OK;
}

static enum err write_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct chunk *c = arg;
    struct cx *cx = c->im->cx;
    cx->tx = tx;
    cx->writes = true;
    cx->problems.items = NULL;
    cx->problems.count = cx->problems.room = 0;
    c->created = c->updated = c->skipped = 0;
    fault_clear(&cx->fault);
    struct arena_mark keep = arena_mark(c->im->keep), row = arena_mark(cx->arena);
    enum err e = guarded(c, write_chunk);
    forget_row(cx, row);
    arena_reset(c->im->keep, keep);
    cx->tx = NULL;
    cx->writes = false;
    if (e)
        *fault = cx->fault;
    return e;
}

static enum err write_all(struct importing *im)
{
    size_t count = im->sheet->rows.count;
    im->result->created = im->result->updated = im->result->skipped = 0;
    for (size_t from = 1; from < count; from += CHUNK) {
        struct chunk c = { .im = im, .from = from, .to = MIN(from + CHUNK, count), .write = true };
        struct fault fault = { 0 };
        enum err e = db_write(im->cx->db, write_work, &c, &fault);
        if (e) {
            im->cx->fault = fault;
            return explain(im->cx, e, "after %lld rows were written",
                           (long long)(im->result->created + im->result->updated));
        }
        im->result->created += c.created;
        im->result->updated += c.updated;
        im->result->skipped += c.skipped;
        if (im->options->progress)
            im->options->progress(im->options->progress_arg, (int64_t)(count + c.to) / 2,
                                  (int64_t)count);
    }
    return OK;
}

/* ------------------------------------------------------------------ the whole */

static enum err judge_and_write(struct importing *im)
{
    struct chunk all = { .im = im, .from = 1, .to = im->sheet->rows.count };
    enum err e = db_read(im->cx->db, judge_work, &all, &im->cx->fault);
    if (e)
        return e;
    im->result->created = all.created;
    im->result->updated = all.updated;
    im->result->skipped = all.skipped;
    if (im->options->dry_run || im->result->bad > 0) {
        if (!im->options->dry_run)
            im->result->created = im->result->updated = im->result->skipped = 0;
        return OK;
    }
    return write_all(im);
}

enum err import_sheet(struct cx *cx, const struct entity_model *model, const struct sheet *sheet,
                      const struct import_options *options, struct import_result *ret)
{
    struct importing im = { .cx = cx, .keep = cx->arena, .model = model,
                            .op = &model->ops[OP_IMPORT], .sheet = sheet, .options = options,
                            .result = ret };
    *ret = (struct import_result){ 0 };
    assert(!cx->tx);
    TRY(import_columns(&im));
    struct cx of_row = *cx;
    of_row.arena = arena_open(SCRATCH_MAX);
    if (!of_row.arena)
        return fail(cx, ERR_NO_MEMORY, "no memory to import");
    of_row.operation = "import";
    im.cx = &of_row;
    enum err e = judge_and_write(&im);
    cx->fault = of_row.fault;
    arena_close(of_row.arena);
    return e;
}
