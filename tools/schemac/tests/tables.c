/* tables.c - the generated tables of the sample, linked with empty commands: do offsets, counts and
 * numbers say the same as the typed C? Engine and database are not there: stubs that fail. */
#include "base/base.gen.h"
#include "entity/cx.h"
#include "event.gen.h"
#include "may.gen.h"
#include "model.gen.h"
#include "setting.gen.h"
#include "visit/visit.gen.h"

#include <stdio.h>

/* ---- commands and hooks: that this links proves their prototypes ---- */
enum err visit_arrive(struct cx *cx, struct visit *row, const struct visit_arrive_in *in)
{
    (void)cx;
    row->place = in->position;
    return OK;
}
enum err visit_plan_week(struct cx *cx, const struct visit_plan_week_in *in,
                         struct visit_plan_week_out *out)
{
    (void)cx;
    out->planned = (int64_t)in->days_count;
    return in->days[0].on_day.day == 3 ? OK : ERR_INVALID;
}
enum err visit_recount(struct cx *cx, const struct visit_recount_in *in,
                       struct visit_recount_out *out)
{
    (void)cx, (void)in;
    out->job.v = 9;
    return OK;
}
enum err visit_cancel(struct cx *cx, struct visit *row, const struct visit_cancel_in *in)
{
    (void)in;
    return visit_move(cx, row, VISIT_CANCELLED);
}
enum err visit_check(struct cx *cx, const struct visit *old, const struct visit *row)
{
    (void)cx, (void)old;
    return row->urgent ? ERR_UNPROCESSABLE : OK;
}
enum err visit_fill(struct cx *cx, const struct visit *old, struct visit *row)
{
    (void)cx, (void)old;
    row->urgent = true;
    return OK;
}

/* ---- what is elsewhere ---- */
enum err entity_row_get(struct cx *cx, const struct entity_model *m, int64_t id, void *row)
{
    (void)cx, (void)m, (void)id, (void)row;
    return ERR_NOT_FOUND;
}
enum err entity_row_insert(struct cx *cx, const struct entity_model *m, void *row)
{
    (void)cx, (void)m, (void)row;
    return ERR_INTERNAL;
}
enum err entity_row_update(struct cx *cx, const struct entity_model *m, void *row)
{
    (void)cx, (void)m, (void)row;
    return ERR_INTERNAL;
}
enum err entity_row_move(struct cx *cx, const struct entity_model *m, void *row, int state)
{
    (void)cx;
    return m == &visit_model && row && state == VISIT_CANCELLED ? ERR_STATE : OK;
}

static int64_t bound[8]; /* what the last statement got */
static int bound_count;

enum err db_run(struct db_tx *tx, const struct db_statement *s, const struct db_value *values,
                int64_t *changed, struct fault *fault)
{
    (void)tx, (void)changed, (void)fault;
    bound_count = s->params;
    for (int i = 0; i < s->params && i < 8; i++)
        bound[i] = values[i].type == DB_I64 ? values[i].i64 : -(int64_t)values[i].type;
    return OK;
}
enum err db_query(struct db_tx *tx, const struct db_statement *s, const struct db_value *values,
                  struct fault *fault, struct db_rows **ret)
{
    *ret = NULL;
    return db_run(tx, s, values, NULL, fault);
}
static bool row_there = true;
enum err db_next(struct db_rows *rows, bool *has, struct fault *fault)
{
    (void)rows, (void)fault;
    *has = row_there;
    return OK;
}
void db_rows_close(struct db_rows *rows)
{
    (void)rows;
}
int64_t db_i64(const struct db_rows *rows, int column)
{
    (void)rows;
    return 40 + column;
}
struct str db_text(const struct db_rows *rows, int column)
{
    (void)rows, (void)column;
    return STR("b");
}
bool db_is_null(const struct db_rows *rows, int column)
{
    (void)rows;
    return column == 3;
}
struct str db_text_copy(struct arena *arena, const struct db_rows *rows, int column)
{
    (void)arena;
    return db_text(rows, column);
}
struct str db_blob_copy(struct arena *arena, const struct db_rows *rows, int column)
{
    (void)arena;
    return db_text(rows, column);
}
enum err fail(struct cx *cx, enum err e, const char *format, ...)
{
    (void)cx, (void)format;
    return e;
}
struct str str_from(const char *s)
{
    return (struct str){ s, strlen(s) };
}
bool str_is(struct str s, const char *c)
{
    return s.len == strlen(c) && memcmp(s.data, c, s.len) == 0;
}
void *arena_alloc(struct arena *arena, size_t size)
{
    static _Alignas(16) char room[4096];
    (void)arena;
    assert(size <= sizeof(room));
    return room;
}

/* ---- the checks ---- */

static void check_model(const struct entity_model *m)
{
    assert(sample_model.entities[m->number] == m);
    for (int i = 0; i < m->field_count; i++) {
        const struct entity_field *f = &m->fields[i];
        assert(f->offset < m->size);
        assert(((f->flags & FIELD_SYSTEM) != 0) == (i >= m->own_count));
        assert((f->type == FIELD_ENUM || f->type == FIELD_STATES) == (f->choices != NULL));
    }
    for (int i = 0; i < m->column_count; i++)
        assert(m->columns[i].offset < m->size);
    for (int op = 0; op < OP_COUNT; op++)
        for (int i = 0; i < m->ops[op].field_count; i++)
            assert(m->ops[op].fields[i] < m->field_count);
}

static void check_visit(void)
{
    const struct entity_model *m = &visit_model;
    assert(m->fields[VISIT_FIELD_FEE].offset == offsetof(struct visit, fee));
    assert(strcmp(m->fields[VISIT_FIELD_FEE].wire, "fee_fen") == 0);
    assert(m->fields[VISIT_FIELD_CUSTOMER].target == ENTITY_CUSTOMER);
    assert(m->state_field == VISIT_FIELD_STATUS && m->scope_field == VISIT_FIELD_PROMOTER);
    assert(m->ops[OP_UPDATE].when == (1u << VISIT_PLANNED | 1u << VISIT_ARRIVED));
    assert(m->ops[OP_LIST].may == MAY_VISIT_READ && m->ops[OP_LIST].sorts[0].down);
    assert(m->state_events[VISIT_CANCELLED] == EVENT_VISIT_CANCELLED);
    assert(sample_model.events[EVENT_VISIT_ARRIVE].proof);
    assert(visit_status_choices.items[VISIT_PLANNED].next ==
           (1u << VISIT_ARRIVED | 1u << VISIT_CANCELLED));
    assert(strcmp(visit_grade_code(VISIT_GRADE_B), "b") == 0 && !visit_grade_code(NO_VISIT_GRADE));
    assert(visit_blank.distance == ABSENT && visit_blank.fee.fen == 0 && visit_blank.length == 5);
    assert(visit_blank.tip.fen == ABSENT && visit_blank.share.ppm == ABSENT);
    assert(visit_blank.planned_on.day == DATE_ABSENT && visit_blank.since.day == 18292);
    assert(visit_blank.place.lat == ABSENT && visit_blank.paid && !visit_blank.urgent);
    assert(visit_blank.status == VISIT_PLANNED && visit_blank.grade == NO_VISIT_GRADE);
    assert(str_is(customer_blank.mood, "好") && customer_blank.name.data == NULL);
    const struct setting *radius = &sample_model.settings[SETTING_VISIT_RADIUS];
    assert(radius->number == 300 && radius->high == 5000 && strcmp(radius->unit, "m") == 0);
    assert(sample_model.settings[SETTING_VISIT_GRADE].number == VISIT_GRADE_B);
}

static void check_commands(struct cx *cx)
{
    const struct entity_command *plan = &visit_model.commands[1];
    const struct entity_field *days = &plan->in.fields[1];
    assert(plan->flags == COMMAND_COLLECTION && strcmp(plan->route, "plan-week") == 0);
    assert(days->type == FIELD_ROWS && days->rows->field_count == 2);
    assert(days->count_offset == offsetof(struct visit_plan_week_in, days_count));
    struct visit_plan_week_in_days day = { .on_day = { 3 } };
    struct visit_plan_week_in in = { .days = &day, .days_count = 1 };
    struct visit_plan_week_out out;
    assert(plan->run(cx, NULL, &in, &out) == OK && out.planned == 1);
    struct visit row = visit_blank;
    assert(visit_model.commands[3].run(cx, &row, NULL, NULL) == ERR_STATE);
    assert(visit_model.fill(cx, NULL, &row) == OK && visit_model.check(cx, NULL, &row) != OK);
}

static void check_statements(struct cx *cx)
{
    struct visit_open_in in = { .person = { 5 }, .upto = { 7 } };
    struct visit_open_cursor cursor;
    const struct visit_open_row *row;
    assert(visit_open(cx, in, &cursor) == OK && bound_count == 4);
    assert(bound[0] == cx->org && bound[1] == 5 && bound[2] == 7 && bound[3] == 0); /* NULL */
    assert(visit_open_next(cx, &cursor, &row) == OK && row->id.v == 40 && row->fee.fen == 42);
    assert(row->grade == VISIT_GRADE_B && str_is(row->summary, "b") && row->at.us == 45);
    row_there = false;
    assert(visit_open_next(cx, &cursor, &row) == OK && row == NULL);
    struct visit_with_customer_row one;
    assert(visit_with_customer(cx, (struct visit_with_customer_in){ { 1 } }, &one) ==
           ERR_NOT_FOUND);
    row_there = true;
    assert(visit_with_customer(cx, (struct visit_with_customer_in){ { 1 } }, &one) == OK);
    assert(one.share.ppm == ABSENT && one.weight == 44 && one.paid);
    struct money fee;
    assert(visit_fee(cx, (struct visit_fee_in){ { 6 } }, &fee) == OK && fee.fen == 40);
    assert(visit_all_companies_statement.params == 0 && !visit_all_companies_statement.writes);
    assert(visit_forget_statement.writes && sample_statement_count == 10);
}

int main(void)
{
    struct cx cx = { .org = 77 };
    for (int i = 1; i < sample_model.entity_count; i++)
        check_model(sample_model.entities[i]);
    check_visit();
    check_commands(&cx);
    check_statements(&cx);
    puts("ok");
    return 0;
}
