/* What a promoter sees on the phone: today, this period so far, the last statement. */
#include "core/org/org.gen.h"
#include "base/map.h"
#include "may.gen.h"
#include "mod/settlement/explain.h"
#include "mod/settlement/month.h"
#include "mod/settlement/present.h"
#include "mod/settlement/settlement.h"
#include "mod/settlement/statement.h"

struct earnings {
    struct json_writer *w;
    const struct request *in;
    const struct period *period;
    struct person_id person;
};

/* ---- the open period as it stands ---- */

static int column_of_type(const struct month *m, int table, enum plan_type type, int refers_to)
{
    for (int i = 0; i < plan_table(m->plan, table).columns; i++) {
        struct plan_column_info c = plan_column(m->plan, table, i);
        if ((c.used || c.component >= 0) && c.type == type &&
            (refers_to < 0 || c.refers_to == refers_to))
            return i;
    }
    return -1;
}

/* One earning line of the person: a component of a row table, listed by an output "lines…". */
struct open_line {
    int table, column;
    size_t row;
    int64_t day, amount, key;
    struct str component;
};
typedef VEC(struct open_line) open_lines;

static void lines_of_column(struct cx *cx, const struct month *m, int table, int column,
                            struct str name, int sign, int64_t person_row, open_lines *ret)
{
    int person = column_of_type(m, table, PLAN_REF, m->about.person_table);
    int when = column_of_type(m, table, PLAN_TIME, -1);
    size_t rows = person < 0 ? 0 : plan_rows(m->data, table);
    for (size_t row = 0; row < rows; row++) {
        int64_t amount = plan_get(m->data, table, column, row);
        if (!amount || plan_get(m->data, table, person, row) != person_row)
            continue;
        struct open_line line = { table, column, row, 0, sign * amount, 0, name };
        if (when >= 0)
            line.day = plan_get(m->data, table, when, row) / 86400;
        str_to_i64(plan_key_text(m->data, cx->arena, table, row), &line.key);
        vec_add(cx->arena, ret, line);
    }
}

static void lines_of_person(struct cx *cx, const struct month *m, int64_t person_row,
                            open_lines *ret)
{
    for (int i = 0; i < m->about.outputs; i++) {
        struct plan_output_info output = plan_output(m->plan, i);
        if (!str_starts(output.file, STR("lines")))
            continue;
        struct str rest = plan_output_header(m->plan, cx->arena, i), name;
        while (str_split(&rest, ',', &name)) {
            name = str_trim(name);
            int column = plan_find_column(m->plan, output.table, str_cstr(cx->arena, name));
            int component = column < 0 ? -1 : plan_column(m->plan, output.table, column).component;
            int sign = component < 0 ? 0 : month_sign(plan_component(m->plan, component).purpose);
            if (sign)
                lines_of_column(cx, m, output.table, column, name, sign, person_row, ret);
        }
    }
}

static void put_today(struct cx *cx, struct json_writer *w, const open_lines *lines)
{
    int64_t amount = 0, count = 0;
    struct i64_map orders = i64_map_in(cx->arena);
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->items[i].day != cx->today.day)
            continue;
        amount += lines->items[i].amount;
        count++;
        i64_map_put(&orders, lines->items[i].key, NULL);
    }
    json_key(w, "today");
    json_begin_object(w);
    put_day(cx, w, "date", cx->today);
    json_key(w, "amount_fen");
    json_put_i64(w, amount);
    json_key(w, "orders");
    json_put_i64(w, (int64_t)orders.count);
    json_key(w, "lines");
    json_put_i64(w, count);
    json_end_object(w);
}

static void put_days(struct cx *cx, struct json_writer *w, const struct period *p,
                     const open_lines *lines)
{
    int days = p->last_on.day - p->first_on.day + 1;
    int64_t *amounts = arena_array(cx->arena, int64_t, (size_t)days);
    for (size_t i = 0; i < lines->count; i++) {
        int64_t at = lines->items[i].day - p->first_on.day;
        if (at >= 0 && at < days)
            amounts[at] += lines->items[i].amount;
    }
    json_key(w, "by_day");
    json_begin_array(w);
    for (int i = 0; i < days; i++) {
        json_begin_object(w);
        put_day(cx, w, "date", (struct date){ p->first_on.day + i });
        json_key(w, "amount_fen");
        json_put_i64(w, amounts[i]);
        json_end_object(w);
    }
    json_end_array(w);
}

static enum err put_period(struct cx *cx, struct month *m, const struct earnings *e, size_t row,
                           const open_lines *lines)
{
    struct json_writer *w = e->w;
    json_key(w, "period");
    json_begin_object(w);
    json_key(w, "month");
    json_put_str(w, e->period->code);
    put_day(cx, w, "from", e->period->first_on);
    put_day(cx, w, "to", e->period->last_on);
    json_key(w, "state");
    json_put_cstr(w, period_status_code(e->period->status));
    json_key(w, "gross_fen");
    json_put_i64(w, month_person_value(m, "gross_fen", row));
    json_key(w, "tax_fen");
    json_put_i64(w, month_person_value(m, "tax_fen", row));
    json_key(w, "net_fen");
    json_put_i64(w, plan_get(m->data, m->about.person_table, m->about.result, row));
    json_key(w, "orders");
    json_put_i64(w, month_person_value(m, "orders", row));
    json_key(w, "estimate");
    json_put_bool(w, true);
    TRY(present_components(cx, w, m, row));
    put_days(cx, w, e->period, lines);
    json_end_object(w);
    return OK;
}

static enum err put_open(struct cx *cx, struct month *m, void *arg)
{
    const struct earnings *e = arg;
    open_lines lines = { 0 };
    int64_t row = month_person_row(m, e->person.v);
    if (row >= 0)
        lines_of_person(cx, m, row, &lines);
    put_today(cx, e->w, &lines);
    if (row >= 0)
        return put_period(cx, m, e, (size_t)row, &lines);
    json_key(e->w, "period");
    json_put_null(e->w);
    return OK;
}

static enum err put_last(struct cx *cx, struct json_writer *w, struct person_id person)
{
    struct last_statement_cursor cursor;
    const struct last_statement_row *row;
    struct statement_id id = { 0 };
    TRY(last_statement(cx, (struct last_statement_in){ person }, &cursor));
    for (;;) {
        TRY(last_statement_next(cx, &cursor, &row));
        if (!row)
            break;
        id = row->id;
    }
    json_key(w, "last");
    if (id.v)
        return statement_put(cx, w, id);
    json_put_null(w);
    return OK;
}

static enum err own_person(struct cx *cx, struct person *ret)
{
    if (!cx->actor.person)
        return refuse(cx, ERR_NOT_FOUND, "this login stands for no person",
                      "该账号未关联人员");
    return person_get(cx, (struct person_id){ cx->actor.person }, ret);
}

static enum err get(struct cx *cx, const struct request *in, struct reply *out)
{
    struct person person;
    struct period period;
    TRY(own_person(cx, &person));
    TRY(settlement_period_find(cx, cx->today, &period));
    struct json_writer w = reply_json(out);
    struct earnings e = { &w, in, &period, person.id };
    json_begin_object(&w);
    put_ref(&w, "person", person.id.v, person.name);
    put_instant(cx, &w, "as_of", cx->now);
    TRY(month_now(cx, &period, put_open, &e));
    TRY(put_last(cx, &w, person.id));
    json_end_object(&w);
    return OK;
}

/* ---- lines and why ---- */

static void put_line(struct cx *cx, struct json_writer *w, const struct month *m,
                     const struct open_line *line, struct str name, struct str detail)
{
    struct plan_table_info table = plan_table(m->plan, line->table);
    json_begin_object(w);
    json_key(w, "id");
    json_put_str(w, str_fmt(cx->arena, STR_FMT ":" STR_FMT ":%lld", STR_ARG(line->component),
                            STR_ARG(table.facts), (long long)line->key));
    json_key(w, "component");
    json_put_str(w, line->component);
    present_text(w, "label", explain_label(m, line->component));
    put_day(cx, w, "at", (struct date){ (int32_t)line->day });
    json_key(w, "source");
    json_begin_object(w);
    json_key(w, "resource");
    json_put_str(w, table.facts);
    json_key(w, "id");
    json_put_id(w, line->key);
    json_key(w, "name");
    json_put_str(w, name);
    json_end_object(w);
    json_key(w, "detail");
    json_put_str(w, detail);
    json_key(w, "base_fen");
    int base = plan_find_column(m->plan, line->table, "base_fen");
    if (base >= 0)
        json_put_i64(w, plan_get(m->data, line->table, base, line->row));
    else
        json_put_null(w);
    json_key(w, "amount_fen");
    json_put_i64(w, line->amount);
    json_end_object(w);
}

static enum err line_names(struct cx *cx, const struct month *m, const struct open_line *line,
                           struct str *name, struct str *detail)
{
    struct order_line_names_row row;
    *name = plan_table(m->plan, line->table).facts;
    *detail = STR_NONE;
    if (!str_is(*name, "order_line"))
        return OK;
    TRY(order_line_names(cx, (struct order_line_names_in){ { line->key } }, &row));
    *name = str_fmt(cx->arena, STR_FMT " / " STR_FMT, STR_ARG(row.order_no),
                    STR_ARG(row.product_code));
    *detail = str_copy(cx->arena, row.product_name);
    return OK;
}

static bool wanted(const struct request *in, const struct open_line *line)
{
    struct str text;
    struct date day;
    if (request_query(in, "component", &text) && text.len && !str_eq(text, line->component))
        return false;
    return !request_query(in, "day", &text) || !date_parse(text, &day) || day.day == line->day;
}

static enum err put_lines(struct cx *cx, struct month *m, void *arg)
{
    const struct earnings *e = arg;
    struct page page;
    open_lines lines = { 0 };
    int64_t at = 0, person_row = month_person_row(m, e->person.v);
    TRY(page_of(cx, e->in, &page));
    if (person_row >= 0)
        lines_of_person(cx, m, person_row, &lines);
    json_begin_object(e->w);
    json_key(e->w, "items");
    json_begin_array(e->w);
    for (size_t i = lines.count; i-- > 0;) { /* newest first */
        const struct open_line *line = &lines.items[i];
        struct str name, detail;
        if (!wanted(e->in, line))
            continue;
        if (at >= page.from && at < page.from + page.limit) {
            TRY(line_names(cx, m, line, &name, &detail));
            put_line(cx, e->w, m, line, name, detail);
        }
        at++;
    }
    page_end(e->w, at > page.from + page.limit, page.from + page.limit);
    return OK;
}

static enum err with_month(struct cx *cx, const struct request *in, struct reply *out,
                           month_work *work)
{
    struct person person;
    struct period period;
    TRY(own_person(cx, &person));
    TRY(settlement_period_find(cx, cx->today, &period));
    struct json_writer w = reply_json(out);
    struct earnings e = { &w, in, &period, person.id };
    return month_now(cx, &period, work, &e);
}

static enum err lines(struct cx *cx, const struct request *in, struct reply *out)
{
    return with_month(cx, in, out, put_lines);
}

/* ?line=component:facts:id, as the list gave it, or ?component=. Only lines of the caller. */
static enum err read_ask(struct cx *cx, const struct earnings *e, const struct month *m,
                         struct explain_ask *ask)
{
    struct str text;
    if (request_query(e->in, "component", &text))
        ask->component = text;
    if (!request_query(e->in, "line", &text))
        return OK;
    open_lines own = { 0 };
    int64_t person_row = month_person_row(m, e->person.v), key = 0;
    bool good = str_split(&text, ':', &ask->component) && str_split(&text, ':', &ask->source) &&
                str_to_i64(text, &key);
    if (good && person_row >= 0)
        lines_of_person(cx, m, person_row, &own);
    for (size_t i = 0; i < own.count; i++)
        if (own.items[i].key == key && str_eq(own.items[i].component, ask->component))
            ask->source_row = key;
    return ask->source_row ? OK : refuse(cx, ERR_NOT_FOUND, "there is no such line",
                                         "没有这一行");
}

static enum err put_why(struct cx *cx, struct month *m, void *arg)
{
    const struct earnings *e = arg;
    struct explain_ask ask = { .person = e->person.v };
    TRY(read_ask(cx, e, m, &ask));
    return explain_put(cx, e->w, m, &ask);
}

static enum err why(struct cx *cx, const struct request *in, struct reply *out)
{
    return with_month(cx, in, out, put_why);
}

const struct route earnings_routes[] = {
    { GET, "/me/earnings", get, .may = MAY_EARNINGS_READ,
      .about = "What I earned today, this period, last time", .about_zh = "我的收入" },
    { GET, "/me/earnings/lines", lines, .may = MAY_EARNINGS_READ,
      .about = "My lines of the open period", .about_zh = "本期收入明细" },
    { GET, "/me/earnings/explain", why, .may = MAY_EARNINGS_READ, .about = "Why, to the fen",
      .about_zh = "收入计算说明" },
    { 0 },
};
