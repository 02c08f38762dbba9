#include "mod/settlement/present.h"

#include "core/org/org.gen.h"
#include "may.gen.h"

enum { CHILDREN_MAX = 200 };

void present_text(struct json_writer *w, const char *key, struct plan_text text)
{
    put_label(w, key, text.zh, text.en);
}

/* ---- periods ---- */

static void put_action(struct json_writer *w, const char *name, const char *why_zh,
                       const char *why_en)
{
    json_key(w, name);
    json_begin_object(w);
    json_key(w, "allowed");
    json_put_bool(w, !why_zh);
    if (why_zh)
        present_text(w, "reason", (struct plan_text){ str_from(why_zh), str_from(why_en) });
    json_end_object(w);
}

static void put_actions(struct cx *cx, struct json_writer *w, const struct period *p)
{
    bool open = p->status == PERIOD_OPEN || p->status == PERIOD_CALCULATED;
    bool own = p->calculated_by.v == cx->actor.login;
    static const char no_zh[] = "没有权限", no_en[] = "You do not have the permission";
    json_key(w, "actions");
    json_begin_object(w);
    if (!cx_may(cx, MAY_PERIOD_CALCULATE))
        put_action(w, "calculate", no_zh, no_en);
    else
        put_action(w, "calculate", open ? NULL : "已审批或锁定，请先解锁",
                   "It is approved or locked: unlock it first");
    if (!cx_may(cx, MAY_PERIOD_APPROVE))
        put_action(w, "approve", no_zh, no_en);
    else if (p->status != PERIOD_CALCULATED)
        put_action(w, "approve", "尚未计算", "It is not calculated");
    else
        put_action(w, "approve", own ? "须由另一位同事审批" : NULL, "A second person must approve");
    if (!cx_may(cx, MAY_PERIOD_LOCK))
        put_action(w, "lock", no_zh, no_en);
    else
        put_action(w, "lock", p->status == PERIOD_APPROVED ? NULL : "尚未审批",
                   "It is not approved");
    if (!cx_may(cx, MAY_PERIOD_UNLOCK))
        put_action(w, "unlock", no_zh, no_en);
    else
        put_action(w, "unlock", p->status == PERIOD_OPEN ? "未锁定" : NULL, "It is open");
    json_end_object(w);
}

/* Of the statements that the caller may read: what a whole company is paid is not for everybody who
 * may see how far the month is. */
static enum err sum_totals(struct cx *cx, const struct period *p, struct period_totals_row *t)
{
    const struct grant *grant = cx_grant(cx, MAY_STATEMENT_READ);
    struct pay_of_people_cursor cursor;
    const struct pay_of_people_row *row;
    *t = (struct period_totals_row){ 0 };
    if (!grant)
        return OK;
    if (grant->org)
        return period_totals(cx, (struct period_totals_in){ p->id, p->run }, t);
    TRY(pay_of_people(cx, (struct pay_of_people_in){ p->id }, &cursor));
    for (;;) {
        TRY(pay_of_people_next(cx, &cursor, &row));
        if (!row)
            return OK;
        if (!cx_reaches(cx, MAY_STATEMENT_READ, row->person.v, row->unit_path))
            continue;
        t->statements++;
        t->gross.fen += row->gross.fen;
        t->tax.fen += row->tax.fen;
        t->net.fen += row->net.fen;
    }
}

static enum err put_totals(struct cx *cx, struct json_writer *w, const struct period *p)
{
    struct period_totals_row t;
    TRY(sum_totals(cx, p, &t));
    json_key(w, "totals");
    json_begin_object(w);
    json_key(w, "statements");
    json_put_i64(w, t.statements);
    json_key(w, "gross_fen");
    json_put_i64(w, t.gross.fen);
    json_key(w, "tax_fen");
    json_put_i64(w, t.tax.fen);
    json_key(w, "net_fen");
    json_put_i64(w, t.net.fen);
    json_end_object(w);
    return OK;
}

static void put_plan(struct json_writer *w, const struct period_plan_row *row)
{
    json_key(w, "plan");
    if (!row->plan.v) {
        json_put_null(w);
        return;
    }
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, row->plan.v);
    present_text(w, "name", (struct plan_text){ row->plan_name, row->plan_name_en });
    json_key(w, "version");
    json_put_i64(w, row->plan_number);
    json_end_object(w);
}

static void put_text_or_null(struct json_writer *w, const char *key, struct str text)
{
    json_key(w, key);
    if (text.len)
        json_put_str(w, text);
    else
        json_put_null(w);
}

enum err present_period(struct cx *cx, struct json_writer *w, const struct period *p)
{
    struct period_plan_row row;
    TRY(period_plan(cx, (struct period_plan_in){ p->id }, &row));
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, p->id.v);
    json_key(w, "month");
    json_put_str(w, p->code);
    put_day(cx, w, "from", p->first_on);
    put_day(cx, w, "to", p->last_on);
    json_key(w, "state");
    json_put_cstr(w, period_status_code(p->status));
    json_key(w, "version");
    json_put_i64(w, p->version);
    json_key(w, "snapshot");
    if (p->run)
        json_put_i64(w, p->run);
    else
        json_put_null(w);
    put_instant(cx, w, "as_of", p->as_of);
    put_instant(cx, w, "calculated_at", p->calculated_at);
    put_ref(w, "calculated_by", p->calculated_by.v, row.calculated);
    put_instant(cx, w, "approved_at", p->approved_at);
    put_ref(w, "approved_by", p->approved_by.v, row.approved);
    put_instant(cx, w, "locked_at", p->locked_at);
    put_ref(w, "locked_by", p->locked_by.v, row.locked);
    put_text_or_null(w, "unlock_reason", p->unlock_reason);
    put_plan(w, &row);
    put_text_or_null(w, "root", p->root);
    TRY(put_totals(cx, w, p));
    put_actions(cx, w, p);
    json_end_object(w);
    return OK;
}

enum err present_changes(struct cx *cx, struct reply *out, const struct period *p)
{
    struct run_changes_cursor cursor;
    const struct run_changes_row *row;
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "from");
    if (p->run > 1)
        json_put_i64(&w, p->run - 1);
    else
        json_put_null(&w);
    json_key(&w, "to");
    json_put_i64(&w, p->run);
    put_text_or_null(&w, "reason", p->unlock_reason);
    json_key(&w, "items");
    json_begin_array(&w);
    TRY(run_changes(cx, (struct run_changes_in){ p->id, p->run - 1, p->run }, &cursor));
    for (;;) {
        TRY(run_changes_next(cx, &cursor, &row));
        if (!row)
            break;
        bool fresh = row->before.fen == ABSENT;
        json_begin_object(&w);
        json_key(&w, "statement");
        json_put_id(&w, row->id.v);
        put_ref(&w, "person", row->person.v, row->person_name);
        json_key(&w, "before_fen");
        if (fresh)
            json_put_null(&w);
        else
            json_put_i64(&w, row->before.fen);
        json_key(&w, "after_fen");
        json_put_i64(&w, row->after.fen);
        json_key(&w, "delta_fen");
        json_put_i64(&w, row->after.fen - (fresh ? 0 : row->before.fen));
        present_text(&w, "why", fresh ? (struct plan_text){ STR("新增结算单"), STR("New") }
                                      : (struct plan_text){ STR("事实有变化"),
                                                            STR("Facts have changed") });
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    return OK;
}

/* ---- explanations ---- */

/*
 * The engine tells a rounding as "half_up: 375000 / 10000 = 38" (tiers) or "half_up: 7962 (-4/10)"
 * (formulas: what was exact is 7962 - 4/10); of several the last made the value.
 */
static void put_rounding(struct json_writer *w, struct str all)
{
    struct str rest = all, one = all, mode;
    json_key(w, "rounding");
    if (!all.len) {
        json_put_null(w);
        return;
    }
    while (str_split(&rest, ';', &one))
        continue;
    if (!str_split(&one, ':', &mode))
        mode = STR("");
    one = str_trim(one);
    ptrdiff_t equals = str_find(one, STR(" = ")), space = str_find(one, STR(" ("));
    struct str from = one, to = one;
    if (equals > 0) {
        from = str_cut(one, 0, (size_t)equals);
        to = str_cut(one, (size_t)equals + 3, one.len);
    } else if (space > 0) {
        to = str_cut(one, 0, (size_t)space);
    }
    json_begin_object(w);
    json_key(w, "mode");
    json_put_str(w, str_trim(mode));
    json_key(w, "from");
    json_put_str(w, from);
    json_key(w, "to");
    json_put_str(w, to);
    json_end_object(w);
}

/* What a leaf is called: a column of facts (facts.h), or a step of the engine. Other names are the
 * plan's own and stand as they are. */
static struct plan_text name_in_words(struct arena *arena, struct str name)
{
    static const struct { const char *name, *zh, *en; } words[] = {
        { "amount_fen", "订单行金额", "Amount of the line" },
        { "paid_bp", "回款比例（万分之）", "Share collected, in 1/10000" },
        { "quantity", "数量", "Quantity" },
        { "order_time", "下单时间", "Ordered at" },
        { "refund_fen", "退款", "Refund" },
        { "refunded", "有退款", "Refunded" },
        { "refund_flag", "有退款", "Refunded" },
        { "spiff_fen", "单品奖励标准", "Spiff of the product" },
        { "product_spiff_fen", "单品奖励标准", "Spiff of the product" },
        { "rank", "职级", "Rank" },
        { "category", "品类", "Category" },
        { "orig_base_fen", "原计提基数", "Base at that time" },
        { "orig_commission_fen", "原提成", "Commission at that time" },
        { "before", "此前累计", "Sum before" },
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_is(name, words[i].name))
            return (struct plan_text){ str_from(words[i].zh), str_from(words[i].en) };
    if (str_starts(name, STR("tier "))) {
        struct str number = str_cut(name, 5, name.len);
        return (struct plan_text){ str_fmt(arena, "第 " STR_FMT " 档", STR_ARG(number)), name };
    }
    return (struct plan_text){ name, name };
}

/* Names the fact a node speaks of ("orders 17") as people know it: its order and product. */
static enum err put_source(struct cx *cx, struct json_writer *w, const struct month *m,
                           struct str row)
{
    struct str table = STR_NONE, key = row;
    int64_t id = 0;
    json_key(w, "source");
    int number = str_split(&key, ' ', &table)
                     ? plan_find_table(m->plan, str_cstr(cx->arena, table)) : -1;
    if (number < 0 || number == m->about.person_table || !str_to_i64(key, &id)) {
        json_put_null(w);
        return OK;
    }
    struct str facts = plan_table(m->plan, number).facts, name = row;
    if (str_is(facts, "order_line")) {
        struct order_line_names_row names;
        TRY(order_line_names(cx, (struct order_line_names_in){ { id } }, &names));
        name = str_fmt(cx->arena, STR_FMT " / " STR_FMT, STR_ARG(names.order_no),
                       STR_ARG(names.product_code));
    }
    json_begin_object(w);
    json_key(w, "resource");
    json_put_str(w, facts.len ? facts : table);
    json_key(w, "id");
    json_put_id(w, id);
    json_key(w, "name");
    json_put_str(w, name);
    json_end_object(w);
    return OK;
}

static enum err put_children(struct cx *cx, struct json_writer *w, const struct month *m,
                             const struct plan_node *node)
{
    size_t shown = 0, left = 0;
    int64_t rest = 0;
    json_key(w, "children");
    json_begin_array(w);
    for (const struct plan_node *c = node->first; c; c = c->next) {
        if (shown < CHILDREN_MAX) {
            TRY(present_node(cx, w, m, c));
            shown++;
        } else {
            left++;
            rest += c->value;
        }
    }
    json_end_array(w);
    if (left) {
        json_key(w, "more");
        json_begin_object(w);
        json_key(w, "count");
        json_put_i64(w, (int64_t)left);
        json_key(w, "amount_fen");
        json_put_i64(w, rest);
        json_end_object(w);
    }
    return OK;
}

enum err present_node(struct cx *cx, struct json_writer *w, const struct month *m,
                      const struct plan_node *node)
{
    json_begin_object(w);
    present_text(w, "label", node->title.zh.len ? node->title
                                                : name_in_words(cx->arena, node->name));
    json_key(w, "row");
    json_put_str(w, node->row);
    json_key(w, "amount_fen");
    if (node->money)
        json_put_i64(w, node->value);
    else
        json_put_null(w);
    put_text_or_null(w, "value", node->money ? STR_NONE : node->value_text);
    if (node->rule.zh.len) {
        present_text(w, "rule", node->rule);
    } else {
        json_key(w, "rule");
        json_put_null(w);
    }
    put_text_or_null(w, "formula", node->formula);
    put_text_or_null(w, "steps", node->arithmetic);
    put_rounding(w, node->rounding);
    json_key(w, "sum");
    json_put_bool(w, node->adds);
    TRY(put_source(cx, w, m, node->row));
    TRY(put_children(cx, w, m, node));
    json_end_object(w);
    return OK;
}

/* ---- components ---- */

static const char *kind_of(struct str purpose)
{
    if (str_is(purpose, "tax"))
        return "tax";
    int sign = month_sign(purpose);
    return sign > 0 ? "earning" : sign < 0 ? "deduction" : "total";
}

static void put_component(struct json_writer *w, const struct month *m, int column, size_t row,
                          int sign, const char *kind)
{
    int number = plan_column(m->plan, m->about.person_table, column).component;
    struct plan_component_info info = plan_component(m->plan, number);
    json_begin_object(w);
    json_key(w, "code");
    json_put_str(w, info.name);
    present_text(w, "label", info.title);
    present_text(w, "text", info.text);
    json_key(w, "amount_fen");
    json_put_i64(w, sign * plan_get(m->data, m->about.person_table, column, row));
    json_key(w, "lines");
    json_put_i64(w, 0);
    json_key(w, "kind");
    json_put_cstr(w, kind);
    json_end_object(w);
}

enum err present_components(struct cx *cx, struct json_writer *w, const struct month *m,
                            size_t row)
{
    json_key(w, "components");
    json_begin_array(w);
    struct str rest = plan_output_header(m->plan, cx->arena, m->statement), name;
    while (str_split(&rest, ',', &name)) {
        int column = plan_find_column(m->plan, m->about.person_table,
                                      str_cstr(cx->arena, str_trim(name)));
        int number = column < 0 ? -1
                                : plan_column(m->plan, m->about.person_table, column).component;
        if (number < 0)
            continue;
        struct str purpose = plan_component(m->plan, number).purpose;
        if (month_sign(purpose))
            put_component(w, m, column, row, month_sign(purpose), kind_of(purpose));
    }
    put_component(w, m, m->about.result, row, 1, "total");
    json_end_array(w);
    return OK;
}
