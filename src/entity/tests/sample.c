/* sample.c - the commands and hooks of tests/sample.entity. */
#include "entity/cx.h"
#include "entity/tests/tests.gen.h"

#include <string.h>

enum err shop_win(struct cx *cx, struct shop *row, const struct shop_win_in *in)
{
    if (in->budget.fen == 13)
        return refuse(cx, ERR_UNPROCESSABLE, "thirteen is unlucky", "十三不吉利");
    row->budget = in->budget;
    row->seen_at = cx->now;
    return shop_move(cx, row, SHOP_ACTIVE);
}

enum err shop_plan_day(struct cx *cx, const struct shop_plan_day_in *in,
                       struct shop_plan_day_out *out)
{
    for (size_t i = 0; i < in->stops_count; i++) {
        struct visit visit = visit_blank;
        visit.shop = in->stops[i].shop;
        visit.note = in->stops[i].at;
        TRY(visit_insert(cx, &visit));
    }
    out->planned = (int64_t)in->stops_count;
    return OK;
}

enum err shop_check(struct cx *cx, const struct shop *old, const struct shop *row)
{
    (void)old;
    if (str_is(row->name, "forbidden"))
        problem(cx, "name", "word", "may not be called so", "不可使用此名称");
    return OK;
}

enum err shop_fill(struct cx *cx, const struct shop *old, struct shop *row)
{
    (void)cx;
    if (!old)
        row->inner_key = STR("made by fill");
    return OK;
}
