/* info.c - what a compiled plan says about itself. */
#include "engine/plan/model.h"

static const char *const kind_names[] = { "formula", "tiers", "sum", "count", "daily", "override" };

struct plan_about plan_about(const struct plan *plan)
{
    return plan->about;
}

struct plan_table_info plan_table(const struct plan *plan, int table)
{
    const struct table *t = &plan->tables[table];
    return (struct plan_table_info){ t->name, t->file, t->facts, t->rows != NULL, t->count };
}

int plan_find_table(const struct plan *plan, const char *name)
{
    for (int i = 0; i < plan->about.tables; i++)
        if (str_is(plan->tables[i].name, name))
            return i;
    return -1;
}

struct plan_column_info plan_column(const struct plan *plan, int table, int column)
{
    const struct column *c = &plan->tables[table].columns[column];
    return (struct plan_column_info){
        c->name,
        c->origin == FROM_TABLE ? c->header : STR_NONE,
        c->type,
        c->scale,
        c->refers_to,
        c->component,
        c->used,
        c->title,
    };
}

int plan_find_column(const struct plan *plan, int table, const char *name)
{
    for (int i = 0; i < plan->tables[table].count; i++)
        if (str_is(plan->tables[table].columns[i].name, name))
            return i;
    return -1;
}

struct plan_component_info plan_component(const struct plan *plan, int component)
{
    const struct component *c = &plan->components[component];
    return (struct plan_component_info){
        c->name,  str_from(kind_names[c->kind]), c->formula_text, c->purpose, c->title, c->text,
        c->rounding_name, c->table, c->column,
    };
}

struct plan_output_info plan_output(const struct plan *plan, int output)
{
    const struct output *o = &plan->outputs[output];
    return (struct plan_output_info){ o->file, o->table, o->count };
}

struct str plan_output_header(const struct plan *plan, struct arena *arena, int output)
{
    const struct output *o = &plan->outputs[output];
    struct buf out = buf_in(arena);
    for (int i = 0; i < o->count; i++) {
        if (i)
            buf_char(&out, ',');
        buf_str(&out, o->headers[i]);
    }
    buf_char(&out, '\n');
    return buf_view(&out);
}
