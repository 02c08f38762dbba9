#include "mod/settlement/result.h"

#include "base/json.h"

#include <stdio.h>

/* A column of a plan's output, found again by its header. */
struct shown {
    int table, column, sign;
    const char *name;
};
typedef VEC(struct shown) shown_list;

static void find_shown(const struct month *m, struct arena *arena, int output, shown_list *ret)
{
    struct plan_output_info info = plan_output(m->plan, output);
    struct str rest = plan_output_header(m->plan, arena, output), name;
    while (str_split(&rest, ',', &name)) {
        const char *text = str_cstr(arena, str_trim(name));
        int column = plan_find_column(m->plan, info.table, text);
        if (column < 0 || plan_column(m->plan, info.table, column).component < 0)
            continue;
        int component = plan_column(m->plan, info.table, column).component;
        int sign = month_sign(plan_component(m->plan, component).purpose);
        if (sign)
            vec_add(arena, ret, ((struct shown){ info.table, column, sign, text }));
    }
}

/* ---- parts ---- */

static enum err add_parts(const struct month *m, struct arena *arena, const shown_list *shown,
                          size_t row, struct result *r, struct fault *fault)
{
    int64_t sum = 0;
    for (size_t i = 0; i < shown->count; i++) {
        const struct shown *s = &shown->items[i];
        int64_t value = s->sign * plan_get(m->data, s->table, s->column, row);
        sum += value;
        vec_add(arena, &r->parts, ((struct result_part){ s->name, { value } }));
    }
    if (sum != r->net.fen)
        return fault_set(fault, ERR_UNBALANCED,
                         "person %lld: the parts of the statement add up to %lld fen, the plan "
                         "pays %lld; check the output \"statement\" of the plan",
                         (long long)r->person, (long long)sum, (long long)r->net.fen);
    return OK;
}

static void read_totals(const struct month *m, size_t row, struct result *r)
{
    r->net.fen = plan_get(m->data, m->about.person_table, m->about.result, row);
    r->gross.fen = month_person_value(m, "gross_fen", row);
    r->clawback.fen = month_person_value(m, "clawback_fen", row);
    r->carry.fen = month_person_value(m, "carry_fen", row);
    r->over_cap.fen = month_person_value(m, "over_cap_fen", row);
    r->payable.fen = month_person_value(m, "payable_fen", row);
    r->tax.fen = month_person_value(m, "tax_fen", row);
    r->base.fen = month_person_value(m, "base_sum_fen", row);
    r->orders = month_person_value(m, "orders", row);
    r->refunds = month_person_value(m, "refunds", row);
}

/* ---- lines ---- */

struct line_table {
    int table, person, base, when;
    enum plan_type when_type;
    const char *facts;
};

static struct line_table line_table_of(const struct month *m, struct arena *arena, int table)
{
    struct line_table t = { .table = table, .person = -1, .base = -1, .when = -1 };
    t.facts = str_cstr(arena, plan_table(m->plan, table).facts);
    for (int i = 0; i < plan_table(m->plan, table).columns; i++) {
        struct plan_column_info c = plan_column(m->plan, table, i);
        if (!c.used && c.component < 0)
            continue;
        if (c.type == PLAN_REF && c.refers_to == m->about.person_table && t.person < 0)
            t.person = i;
        if (str_is(c.name, "base_fen") || str_is(c.name, "orig_base_fen"))
            t.base = i;
        if ((c.type == PLAN_DATE || c.type == PLAN_TIME) && t.when < 0) {
            t.when = i;
            t.when_type = c.type;
        }
    }
    return t;
}

static struct date day_of(const struct month *m, const struct line_table *t, size_t row)
{
    if (t->when < 0)
        return (struct date){ DATE_ABSENT };
    int64_t value = plan_get(m->data, t->table, t->when, row);
    return (struct date){ (int32_t)(t->when_type == PLAN_DATE ? value : value / 86400) };
}

static void add_lines(const struct month *m, const struct line_table *t, const struct shown *s,
                      struct results *results)
{
    size_t rows = plan_rows(m->data, t->table);
    for (size_t row = 0; row < rows; row++) {
        int64_t amount = plan_get(m->data, s->table, s->column, row);
        int64_t person = plan_get(m->data, t->table, t->person, row);
        if (!amount || person < 0)
            continue;
        struct arena_mark mark = arena_mark(results->arena);
        int64_t id = 0;
        bool keyed = str_to_i64(plan_key_text(m->data, results->arena, t->table, row), &id);
        arena_reset(results->arena, mark);
        struct result_line line = { .component = s->name, .source = t->facts,
                                    .row = keyed ? id : 0, .day = day_of(m, t, row),
                                    .base = { ABSENT }, .amount = { s->sign * amount } };
        if (t->base >= 0)
            line.base.fen = plan_get(m->data, t->table, t->base, row);
        vec_add(results->arena, &results->items[person].lines, line);
    }
}

static void add_all_lines(const struct month *m, struct results *results)
{
    for (int i = 0; i < m->about.outputs; i++) {
        if (!str_starts(plan_output(m->plan, i).file, STR("lines")))
            continue;
        shown_list shown = { 0 };
        find_shown(m, results->arena, i, &shown);
        for (size_t k = 0; k < shown.count; k++) {
            struct line_table t = line_table_of(m, results->arena, shown.items[k].table);
            if (t.person >= 0)
                add_lines(m, &t, &shown.items[k], results);
        }
    }
}

enum err results_make(const struct month *m, struct arena *arena, struct fault *fault,
                      struct results *ret)
{
    shown_list shown = { 0 };
    if (m->statement < 0)
        return fault_set(fault, ERR_UNPROCESSABLE,
                         "the plan has no output \"statement\": it lists the components that add "
                         "up to what is paid");
    find_shown(m, arena, m->statement, &shown);
    size_t rows = plan_rows(m->data, m->about.person_table);
    *ret = (struct results){ .arena = arena, .count = rows,
                             .items = arena_array(arena, struct result, rows) };
    for (size_t row = 0; row < rows; row++) {
        struct result *r = &ret->items[row];
        struct str key = plan_key_text(m->data, arena, m->about.person_table, row);
        if (!str_to_i64(key, &r->person))
            return fault_set(fault, ERR_UNPROCESSABLE,
                             "the plan's people must be keyed by promoter_id");
        read_totals(m, row, r);
        TRY(add_parts(m, arena, &shown, row, r, fault));
        ret->gross.fen += r->gross.fen;
        ret->tax.fen += r->tax.fen;
        ret->net.fen += r->net.fen;
    }
    add_all_lines(m, ret);
    return OK;
}

/* ---- the canonical text ---- */

static void put_line(struct json_writer *w, const struct result_line *line)
{
    json_begin_object(w);
    json_key(w, "amount_fen");
    json_put_i64(w, line->amount.fen);
    json_key(w, "code");
    json_put_cstr(w, line->component);
    json_key(w, "id");
    json_put_id(w, line->row);
    json_key(w, "source");
    json_put_cstr(w, line->source);
    json_end_object(w);
}

struct str result_content(struct arena *arena, const struct result *r, const struct month *m,
                          struct str number, struct str period, int64_t run)
{
    struct buf out = buf_in(arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "components");
    json_begin_array(&w);
    for (size_t i = 0; i < r->parts.count; i++) {
        json_begin_object(&w);
        json_key(&w, "amount_fen");
        json_put_i64(&w, r->parts.items[i].amount.fen);
        json_key(&w, "code");
        json_put_cstr(&w, r->parts.items[i].component);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_key(&w, "kind");
    json_put_cstr(&w, "statement");
    json_key(&w, "lines");
    json_begin_array(&w);
    for (size_t i = 0; i < r->lines.count; i++)
        put_line(&w, &r->lines.items[i]);
    json_end_array(&w);
    json_key(&w, "net_fen");
    json_put_i64(&w, r->net.fen);
    json_key(&w, "number");
    json_put_str(&w, number);
    json_key(&w, "period");
    json_put_str(&w, period);
    json_key(&w, "person");
    json_put_id(&w, r->person);
    json_key(&w, "plan_sha256");
    json_put_str(&w, m->plan_sha256);
    json_key(&w, "run");
    json_put_i64(&w, run);
    json_end_object(&w);
    return buf_view(&out);
}
