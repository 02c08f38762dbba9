#include "mod/settlement/overview_data.h"

#include "may.gen.h"

/* ---- reading ---- */

static enum err read_people(struct overview *o)
{
    struct cx *cx = o->cx;
    VEC(struct head) heads = { 0 };
    struct people_of_units_cursor cursor;
    const struct people_of_units_row *row;
    const struct grant *grant = cx_grant(cx, MAY_OVERVIEW_READ);
    o->by_person = i64_map_in(cx->arena);
    TRY(people_of_units(cx, (struct people_of_units_in){ o->period.last_on }, &cursor));
    for (;;) {
        TRY(people_of_units_next(cx, &cursor, &row));
        if (!row)
            break;
        if (o->unit.id.v && !str_starts(row->unit_path, o->unit.path))
            continue;
        if (!grant->org && !cx_reaches(cx, MAY_OVERVIEW_READ, row->id.v, row->unit_path))
            continue;
        struct head head = { .person = row->id.v, .unit = row->unit,
                             .name = str_copy(cx->arena, row->name),
                             .unit_name = str_copy(cx->arena, row->unit_name),
                             .path = str_copy(cx->arena, row->unit_path) };
        head.now.people = head.before.people = 1;
        vec_add(cx->arena, &heads, head);
        *i64_map_put(&o->by_person, head.person, NULL) = (int64_t)heads.count;
    }
    o->heads = heads.items;
    o->count = heads.count;
    return OK;
}

struct head *overview_head(struct overview *o, int64_t person)
{
    const int64_t *at = i64_map_get(&o->by_person, person);
    return at ? &o->heads[*at - 1] : NULL;
}

static enum err read_sales(struct overview *o, const struct period *period, bool before)
{
    struct sales_of_units_cursor cursor;
    const struct sales_of_units_row *row;
    struct sales_of_units_in in = { period->first_on, period->last_on };
    TRY(sales_of_units(o->cx, in, &cursor));
    for (;;) {
        TRY(sales_of_units_next(o->cx, &cursor, &row));
        if (!row)
            return OK;
        struct head *head = overview_head(o, row->promoter.v);
        if (!head)
            continue;
        struct figures *f = before ? &head->before : &head->now;
        f->sales = row->sales.fen;
        f->collected = row->collected.fen;
        f->refunded = row->refunded.fen;
        f->orders = row->orders;
        f->customers = row->customers;
    }
}

static enum err read_pay(struct overview *o, const struct period *period, bool before)
{
    struct pay_of_people_cursor cursor;
    const struct pay_of_people_row *row;
    TRY(pay_of_people(o->cx, (struct pay_of_people_in){ period->id }, &cursor));
    for (;;) {
        TRY(pay_of_people_next(o->cx, &cursor, &row));
        if (!row)
            return OK;
        struct head *head = overview_head(o, row->person.v);
        if (!head)
            continue;
        struct figures *f = before ? &head->before : &head->now;
        f->gross = row->gross.fen;
        f->tax = row->tax.fen;
        f->net = row->net.fen;
        if (!before)
            head->statement = row->id.v;
    }
}

/* ---- summing ---- */

void figures_add(struct figures *sum, const struct figures *f)
{
    sum->sales += f->sales;
    sum->collected += f->collected;
    sum->refunded += f->refunded;
    sum->orders += f->orders;
    sum->customers += f->customers;
    sum->people += f->people;
    sum->gross += f->gross;
    sum->tax += f->tax;
    sum->net += f->net;
}

struct figures overview_sum(const struct overview *o, struct str path, bool before)
{
    struct figures sum = { 0 };
    for (size_t i = 0; i < o->count; i++)
        if (str_starts(o->heads[i].path, path))
            figures_add(&sum, before ? &o->heads[i].before : &o->heads[i].now);
    return sum;
}

enum err overview_read(struct overview *o)
{
    TRY(read_people(o));
    TRY(read_sales(o, &o->period, false));
    TRY(read_pay(o, &o->period, false));
    if (!o->previous.id.v)
        return OK;
    TRY(read_sales(o, &o->previous, true));
    return read_pay(o, &o->previous, true);
}
