#include "mod/settlement/explain.h"

#include <stdio.h>

#include "mod/settlement/present.h"
#include "mod/settlement/settlement.gen.h"

struct plan_text explain_label(const struct month *month, struct str component)
{
    for (int i = 0; i < month->about.components; i++) {
        struct plan_component_info info = plan_component(month->plan, i);
        if (str_eq(info.name, component))
            return info.title;
    }
    return (struct plan_text){ component, component };
}

enum err explain_read(struct cx *cx, const struct request *in, struct statement_id statement,
                      struct explain_ask *ret)
{
    struct str text;
    int64_t id;
    if (request_query(in, "component", &text))
        ret->component = text;
    if (!request_query(in, "line", &text))
        return OK;
    struct statement_line line;
    if (!str_to_i64(text, &id) || statement_line_get(cx, (struct statement_line_id){ id }, &line) ||
        line.statement.v != statement.v)
        return refuse(cx, ERR_NOT_FOUND, "this statement has no such line",
                      "该结算单没有这一行");
    ret->component = str_copy(cx->arena, line.component);
    ret->source = str_copy(cx->arena, line.source);
    ret->source_row = line.source_row == ABSENT ? 0 : line.source_row;
    return OK;
}

/* A table whose rows come from these facts. */
static int table_of_facts(const struct month *m, struct str facts)
{
    for (int i = 0; i < m->about.tables; i++)
        if (str_eq(plan_table(m->plan, i).facts, facts))
            return i;
    return -1;
}

static enum err find_place(struct cx *cx, const struct month *m, const struct explain_ask *ask,
                           int *table, int *column, size_t *row)
{
    int64_t found;
    if (ask->source_row) {
        char key[24];
        snprintf(key, sizeof key, "%lld", (long long)ask->source_row);
        *table = table_of_facts(m, ask->source);
        found = *table < 0 ? -1 : plan_find_row(m->data, *table, str_from(key));
    } else {
        *table = m->about.person_table;
        found = month_person_row(m, ask->person);
    }
    if (found < 0)
        return refuse(cx, ERR_NOT_FOUND, "it is not in this period", "不在本周期内");
    *row = (size_t)found;
    *column = ask->component.len ? plan_find_column(m->plan, *table,
                                                    str_cstr(cx->arena, ask->component))
                                 : m->about.result;
    if (*column < 0)
        return refuse(cx, ERR_NOT_FOUND, "the plan has no such component", "方案中没有该项目");
    return OK;
}

enum err explain_put(struct cx *cx, struct json_writer *w, const struct month *month,
                     const struct explain_ask *ask)
{
    int table = 0, column = 0;
    size_t row = 0;
    struct plan_node *node;
    TRY(find_place(cx, month, ask, &table, &column, &row));
    TRY(plan_explain(month->data, cx->arena, table, column, row, &cx->fault, &node));
    return present_node(cx, w, month, node);
}
