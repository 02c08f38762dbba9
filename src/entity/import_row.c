/* import_row.c - the columns of a sheet, and one row of it. */
#include "db/db.h"
#include "entity/import.h"
#include "entity/ops.h"
#include "entity/sheet_out.h"
#include "entity/value.h"

#include <string.h>

/* ------------------------------------------------------------------ columns */

static bool is_accepted(const struct importing *im, const struct entity_field *f)
{
    for (uint16_t i = 0; i < im->op->field_count; i++)
        if (&im->model->fields[im->op->fields[i]] == f)
            return true;
    return false;
}

/* "预算 (元)" → "预算". */
static struct str without_unit(struct str header)
{
    if (!str_ends(header, STR(")")))
        return header;
    for (size_t i = header.len; i > 0; i--)
        if (header.data[i - 1] == '(')
            return str_trim(str_cut(header, 0, i - 1));
    return header;
}

static const struct entity_field *field_for_header(const struct importing *im, struct str header)
{
    struct str plain = without_unit(header);
    for (uint16_t i = 0; i < im->op->field_count; i++) {
        const struct entity_field *f = &im->model->fields[im->op->fields[i]];
        bool named = str_is(header, f->name) || str_is(header, f->wire) ||
                     str_is(header, f->zh) || str_is(header, f->en) || str_is(plain, f->zh) ||
                     str_is(plain, f->en);
        if (named)
            return f;
    }
    return NULL;
}

static void apply_mapping(struct importing *im)
{
    struct cx *cx = im->cx;
    const struct json *m = im->options->mapping ? im->options->mapping->first : NULL;
    for (; m; m = m->next) {
        const struct entity_field *f = field_named(im->model->fields, im->model->own_count, m->key,
                                                   false);
        if (!f || !is_accepted(im, f)) {
            problem(cx, str_cstr(cx->arena, m->key), "unknown", "cannot be imported",
                    "不是可导入的字段");
            continue;
        }
        bool found = false;
        for (size_t i = 0; i < im->column_count; i++) {
            if (im->columns[i].field == f)
                im->columns[i].field = NULL; /* the mapping goes before the label */
            if (!found && m->type == JSON_STRING && str_eq(im->columns[i].header, m->text)) {
                im->columns[i].field = f;
                found = true;
            }
        }
        if (!found && !(m->type == JSON_STRING && m->text.len == 0) && m->type != JSON_NULL)
            problem(cx, str_cstr(cx->arena, m->key), "column", "the sheet has no column “" STR_FMT
                    "”", "表中没有列“" STR_FMT "”", STR_ARG(m->text));
    }
}

static bool is_needed(const struct entity_field *f)
{
    return (f->flags & FIELD_REQUIRED) && !(f->flags & (FIELD_DEFAULT | FIELD_READONLY));
}

static void check_columns(struct importing *im)
{
    struct cx *cx = im->cx;
    for (uint16_t i = 0; i < im->op->field_count; i++) {
        const struct entity_field *f = &im->model->fields[im->op->fields[i]];
        int times = 0;
        for (size_t c = 0; c < im->column_count; c++)
            times += im->columns[c].field == f;
        if (times > 1)
            problem(cx, f->wire, "column", "two columns are called “%s”", "有两列都是“%s”",
                    field_label(cx, f));
        if (times == 0 && is_needed(f))
            problem(cx, f->wire, "required", "the sheet lacks the column “%s”", "表中缺少列“%s”",
                    field_label(cx, f));
    }
}

enum err import_columns(struct importing *im)
{
    struct cx *cx = im->cx;
    if (im->sheet->rows.count == 0)
        return refuse(cx, ERR_INVALID, "the sheet is empty", "表格是空的");
    const struct sheet_row *head = &im->sheet->rows.items[0];
    im->column_count = head->count;
    im->columns = arena_array(im->keep, struct import_column, head->count);
    for (uint32_t i = 0; i < head->count; i++) {
        im->columns[i].header = str_trim(head->cells[i]);
        im->columns[i].field = field_for_header(im, im->columns[i].header);
    }
    apply_mapping(im);
    check_columns(im);
    for (size_t i = 0; i < im->column_count; i++)
        if (!im->columns[i].field && im->columns[i].header.len > 0)
            vec_add(im->keep, &im->result->ignored, im->columns[i].header);
    return problems_end(cx);
}

/* ------------------------------------------------------------------ refs */

/* The id behind one value of a field; 0 none, -1 several. */
static enum err find_one(struct importing *im, const struct entity_model *target, uint16_t field,
                         struct str text, int64_t *ret)
{
    struct cx *cx = im->cx;
    struct db_value value = db_str(text);
    struct sql sql = sql_find(cx, target, &field, 1, &value, 0);
    struct db_rows *rows;
    bool has;
    *ret = 0;
    TRY(db_query_text(cx->tx, buf_view(&sql.text), sql.values.items, (int)sql.values.count,
                      &cx->fault, &rows));
    for (;;) {
        TRY(db_next(rows, &has, &cx->fault));
        if (!has)
            return OK;
        *ret = *ret ? -1 : db_i64(rows, 0);
    }
}

static bool is_code(const struct entity_model *target, uint16_t i)
{
    const struct entity_unique *key = &target->uniques[i];
    return key->count == 1 && target->fields[key->fields[0]].type == FIELD_TEXT;
}

static enum err look_up(struct importing *im, const struct entity_model *target, struct str text,
                        int64_t *ret)
{
    *ret = 0;
    for (uint16_t i = 0; i < target->unique_count && *ret == 0; i++)
        if (is_code(target, i))
            TRY(find_one(im, target, target->uniques[i].fields[0], text, ret));
    if (*ret == 0 && target->title_field != NO_FIELD &&
        target->fields[target->title_field].type == FIELD_TEXT)
        TRY(find_one(im, target, target->title_field, text, ret));
    if (*ret == 0 && text.len > 0 && text.data[0] >= '1' && text.data[0] <= '9' &&
        !str_to_i64(text, ret))
        *ret = 0;
    return OK;
}

static enum err resolve(struct importing *im, const struct entity_field *f, struct str text,
                        int64_t *ret)
{
    struct cx *cx = im->cx;
    struct str key = str_fmt(cx->arena, "%s\n" STR_FMT, f->name, STR_ARG(text));
    const int64_t *known = str_map_get(&im->refs, key);
    if (!known) {
        TRY(look_up(im, model_target(cx, f), text, ret));
        *str_map_at(&im->refs, str_copy(im->keep, key), true) = arena_copy(im->keep, ret,
                                                                           sizeof *ret);
        return OK;
    }
    *ret = *known;
    return OK;
}

static enum err read_ref(struct importing *im, const struct entity_field *f, struct str text,
                         void *row)
{
    struct cx *cx = im->cx;
    int64_t id;
    if (text.len == 0)
        return OK;
    TRY(resolve(im, f, text, &id));
    const struct entity_model *target = model_target(cx, f);
    if (id == 0)
        problem(cx, f->wire, "not_found", "there is no %s “" STR_FMT "”", "没有找到%s“" STR_FMT "”",
                cx_say(cx, target->en, target->zh), STR_ARG(text));
    else if (id < 0)
        problem(cx, f->wire, "ambiguous", "several are called “" STR_FMT "”: name the code or id",
                "有多个“" STR_FMT "”，请填写编号", STR_ARG(text));
    else
        field_set_i64(f, row, id);
    return OK;
}

/* ------------------------------------------------------------------ one row */

static struct str cell_text(const struct sheet_row *row, size_t column)
{
    struct str text = column < row->count ? str_trim(row->cells[column]) : STR("");
    struct str rest = str_cut(text, 1, text.len);
    /* What an export has defused comes back as it was. */
    return text.len > 1 && text.data[0] == '\'' && sheet_is_risky(rest) ? rest : text;
}

static enum err read_cells(struct importing *im, const struct sheet_row *from, void *row,
                           bool *given)
{
    for (size_t i = 0; i < im->column_count; i++) {
        const struct entity_field *f = im->columns[i].field;
        struct str text = cell_text(from, i);
        if (!f || text.len == 0)
            continue;
        given[f - im->model->fields] = true;
        if (f->type == FIELD_REF || f->type == FIELD_FILE)
            TRY(read_ref(im, f, text, row));
        else
            field_from_text(im->cx, f, f->wire, text, row);
    }
    return OK;
}

static void check_needed(struct importing *im, const void *row, const bool *given)
{
    for (uint16_t i = 0; i < im->op->field_count; i++) {
        const struct entity_field *f = &im->model->fields[im->op->fields[i]];
        if (is_needed(f) && !given[im->op->fields[i]] && field_absent(f, row))
            problem(im->cx, f->wire, "required", "is required", "必填");
    }
}

/* The row that has the same unique key, if all fields of one are there. */
static enum err find_existing(struct importing *im, const void *row, int64_t *ret)
{
    *ret = 0;
    for (uint16_t i = 0; i < im->model->unique_count && *ret == 0; i++)
        TRY(row_by_key(im->cx, im->model, &im->model->uniques[i], row, ret));
    return OK;
}

static void check_twice(struct importing *im, const struct sheet_row *from, const void *row)
{
    struct cx *cx = im->cx;
    for (uint16_t i = 0; i < im->model->unique_count; i++) {
        const struct entity_unique *key = &im->model->uniques[i];
        struct buf text = buf_in(cx->arena);
        buf_fmt(&text, "%u", i);
        bool whole = true;
        for (uint16_t k = 0; k < key->count && whole; k++) {
            const struct entity_field *f = &im->model->fields[key->fields[k]];
            struct str part = f->type == FIELD_SECRET
                                  ? ((const struct secret *)const_member_of(row, f->offset))->plain
                                  : field_text(cx, f, row);
            whole = !field_absent(f, row);
            buf_fmt(&text, "\n" STR_FMT, STR_ARG(part));
        }
        if (!whole)
            continue;
        const uint32_t *first = str_map_get(&im->keys, buf_view(&text));
        if (first)
            problem(cx, im->model->fields[key->fields[0]].wire, "duplicate",
                    "the same as in row %u", "与第 %u 行重复", *first);
        else
            *str_map_at(&im->keys, str_copy(im->keep, buf_view(&text)), true) =
                arena_copy(im->keep, &from->line, sizeof from->line);
    }
}

/* Hooks are pure: a dry run may ask them about a row that will not be written. */
static enum err ask_hooks(struct importing *im, const void *old, const void *row)
{
    void *trial = row_copy(im->cx, im->model, row);
    if (im->model->fill)
        TRY(im->model->fill(im->cx, old, trial));
    enum err e = im->model->check ? im->model->check(im->cx, old, trial) : OK;
    if (e == ERR_INVALID || e == ERR_UNPROCESSABLE) {
        problem(im->cx, im->cx->fault.field, "check", "%s", "%s", im->cx->fault.message);
        return OK;
    }
    return e;
}

static enum err check_reach(struct importing *im, const void *row)
{
    bool reached;
    TRY(op_would_reach(im->cx, im->model, im->op->may, row, &reached));
    if (!reached)
        problem(im->cx, im->model->fields[im->model->scope_field].wire, "scope",
                "is outside your reach", "超出您的权限范围");
    return OK;
}

static enum err create(struct importing *im, void *row, bool write)
{
    TRY(row_check_refs(im->cx, im->model, row, NULL, ""));
    TRY(check_reach(im, row));
    if (!write)
        return ask_hooks(im, NULL, row);
    TRY(problems_end(im->cx));
    TRY(entity_row_insert(im->cx, im->model, row));
    return op_still_reached(im->cx, im->model, im->op->may, row_id(im->model, row));
}

static bool may_update(const struct entity_model *model, uint16_t field)
{
    const struct entity_operation *op = &model->ops[OP_UPDATE];
    for (uint16_t i = 0; i < op->field_count; i++)
        if (op->fields[i] == field)
            return true;
    return false;
}

static enum err update(struct importing *im, int64_t id, const void *row, const bool *given,
                       bool write)
{
    struct cx *cx = im->cx;
    const struct entity_operation *op = &im->model->ops[OP_UPDATE];
    struct row_seen old;
    TRY(cx_require(cx, op->may));
    enum err e = row_find(cx, im->model, cx_grant(cx, op->may), id, false, &old);
    if (!e)
        e = row_when(cx, im->model, old.row, op->when);
    if (e == ERR_NOT_FOUND || e == ERR_STATE) {
        problem(cx, "", err_info(e)->code, "%s", "%s", cx->fault.message);
        return OK;
    }
    TRY(e);
    void *now = row_copy(cx, im->model, old.row);
    for (uint16_t i = 0; i < im->model->own_count; i++)
        if (given[i] && may_update(im->model, i))
            field_copy(&im->model->fields[i], now, row);
    TRY(row_check_refs(cx, im->model, now, given, ""));
    if (!write)
        return ask_hooks(im, old.row, now);
    TRY(problems_end(cx));
    TRY(entity_row_update(cx, im->model, now));
    return op_still_reached(cx, im->model, op->may, id);
}

enum err import_row(struct importing *im, const struct sheet_row *from, bool write,
                    enum import_outcome *ret)
{
    struct cx *cx = im->cx;
    int64_t existing = 0;
    void *row = row_blank(cx, im->model);
    bool *given = arena_array(cx->arena, bool, im->model->field_count);
    cx->problems.count = 0;
    *ret = IMPORT_BAD;
    TRY(read_cells(im, from, row, given));
    check_needed(im, row, given);
    check_twice(im, from, row);
    if (cx->problems.count > 0)
        return OK;
    TRY(find_existing(im, row, &existing));
    if (existing && im->options->existing == EXISTING_ERROR)
        TRY(row_check_uniques(cx, im->model, row, ""));
    else if (existing && im->options->existing == EXISTING_UPDATE)
        TRY(update(im, existing, row, given, write));
    else if (!existing)
        TRY(create(im, row, write));
    if (cx->problems.count == 0)
        *ret = !existing                                          ? IMPORT_CREATED
               : im->options->existing == EXISTING_UPDATE ? IMPORT_UPDATED
                                                                  : IMPORT_SKIPPED;
    return OK;
}
