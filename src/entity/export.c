/* export.c - a list as a sheet, with the list's own filters, scope and order. */
#include "entity/guarded.h"
#include "entity/ops.h"
#include "entity/sheet_out.h"
#include "entity/value.h"

#include <string.h>
#include <unistd.h>

struct export {
    struct cx *cx;
    const struct entity_model *model;
    const struct list_params *params;
    struct row_view view;
    struct sheet_out sheet;
    enum sheet_kind kind;
    bool bom;
    struct reply *out;
};

static bool is_column(const struct export *x, const struct entity_field *f)
{
    bool system = (f->flags & FIELD_SYSTEM) && strcmp(f->name, "id") != 0;
    return row_view_shows(&x->view, f) && !system && f->type != FIELD_BYTES;
}

/* "预算 (元)": what the numbers of the column count. */
static struct str head_of(const struct export *x, const struct entity_field *f)
{
    struct cx *cx = x->cx;
    const char *unit = f->type == FIELD_MONEY  ? cx_say(cx, "yuan", "元")
                       : f->type == FIELD_RATE ? "%"
                                               : f->unit;
    return unit ? str_fmt(cx->arena, "%s (%s)", field_label(cx, f), unit)
                : str_from(field_label(cx, f));
}

static enum err put_head(struct export *x)
{
    for (uint16_t i = 0; i < x->model->field_count; i++)
        if (is_column(x, &x->model->fields[i]))
            sheet_out_text(&x->sheet, head_of(x, &x->model->fields[i]));
    return sheet_out_end_row(&x->sheet);
}

static enum err put_row(struct export *x, const struct row_seen *seen)
{
    const struct entity_field *refs[QUERY_LABELS_MAX];
    size_t count = query_labels(x->cx, x->model, refs, COUNT(refs)), ref = 0;
    for (uint16_t i = 0; i < x->model->field_count; i++) {
        const struct entity_field *f = &x->model->fields[i];
        bool labelled = ref < count && refs[ref] == f;
        if (is_column(x, f) && labelled && seen->labels[ref].data)
            sheet_out_text(&x->sheet, seen->labels[ref]);
        else if (is_column(x, f))
            sheet_out_field(&x->sheet, f, seen->row);
        ref += labelled;
    }
    return sheet_out_end_row(&x->sheet);
}

static enum err put_rows(struct export *x)
{
    struct cx *cx = x->cx;
    struct sql sql = sql_query(cx, &x->params->query);
    struct db_rows *rows;
    TRY(db_query_text_stream(cx->tx, buf_view(&sql.text), sql.values.items,
                             (int)sql.values.count, &cx->fault, &rows));
    buf_reserve(&x->sheet.line, 512u << 10); /* before the marks: rows come and go behind it */
    for (;;) {
        struct arena_mark row = arena_mark(cx->arena);
        struct row_seen seen;
        bool has;
        TRY(db_next(rows, &has, &cx->fault));
        if (!has)
            return OK;
        TRY(row_load(cx, x->model, rows, true, &seen));
        size_t room = x->sheet.line.room;
        TRY(put_row(x, &seen));
        if (x->sheet.line.room == room) /* else the line has moved behind the mark: keep it */
            arena_reset(cx->arena, row);
    }
}

static enum err write_all(void *state)
{
    struct export *x = state;
    TRY(sheet_out_open(&x->sheet, x->cx, x->kind, x->bom));
    TRY(put_head(x));
    TRY(put_rows(x));
    return sheet_out_finish(&x->sheet, &x->out->fd, &x->out->file_bytes);
}

static void give_back(void *state)
{
    struct export *x = state;
    sheet_out_drop(&x->sheet);
}

static enum err read_format(struct cx *cx, const struct request *in, struct export *x)
{
    struct str format = STR("csv"), bom = STR("true");
    request_query(in, "format", &format);
    request_query(in, "bom", &bom);
    x->kind = str_is(format, "xlsx") ? SHEET_XLSX : SHEET_CSV;
    x->bom = !str_is(bom, "false") && !str_is(bom, "0");
    if (!str_is(format, "csv") && !str_is(format, "xlsx"))
        problem(cx, "format", "choice", "must be csv or xlsx", "应为 csv 或 xlsx");
    return problems_end(cx);
}

enum err op_export(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct entity_model *model = ((const struct op_target *)in->state)->model;
    struct list_params params;
    struct export *x = arena_new(cx->arena, struct export);
    TRY(list_parse(cx, model, in, OP_EXPORT, &params));
    *x = (struct export){ .cx = cx, .model = model, .params = &params, .out = out,
                          .view = row_view_for(cx, model), .sheet = { .fd = -1 } };
    x->view.selected = params.selected;
    TRY(read_format(cx, in, x));
    TRY(arena_guarded(cx->arena, write_all, give_back, x));
    out->type = sheet_types[x->kind];
    out->download = str_fmt(cx->arena, "%s-" STR_FMT ".%s", cx_say(cx, model->en, model->zh),
                            STR_ARG(date_text(cx->arena, cx->today)),
                            x->kind == SHEET_XLSX ? "xlsx" : "csv");
    return OK;
}
