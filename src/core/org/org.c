/* People come, pause, leave. What they leave behind goes to a successor (ORG-38). */
#include "core/org/org.gen.h"

#include "entity/cx.h"

enum err person_check(struct cx *cx, const struct person *old, const struct person *row)
{
    (void)old;
    if (row->leader.v && row->leader.v == row->id.v)
        problem(cx, "leader", "self", "a person cannot be their own leader",
                "团队上级不能是本人");
    if (row->left_on.day != DATE_ABSENT && row->left_on.day < row->joined_on.day)
        problem(cx, "left_on", "before", "it is before the day they joined", "早于入职日期");
    return problems_end(cx);
}

enum err person_pause(struct cx *cx, struct person *row, const struct person_pause_in *in)
{
    (void)in; /* the reason stands in the event */
    return person_move(cx, row, PERSON_PAUSED);
}

enum err person_resume(struct cx *cx, struct person *row, const struct person_resume_in *in)
{
    (void)in;
    row->left_on.day = DATE_ABSENT;
    return person_move(cx, row, PERSON_ACTIVE);
}

enum err person_leave(struct cx *cx, struct person *row, const struct person_leave_in *in)
{
    if (in->left_on.day < row->joined_on.day) {
        problem(cx, "left_on", "before", "it is before the day they joined", "早于入职日期");
        return problems_end(cx);
    }
    if (in->successor.v) {
        struct person successor;
        TRY(person_get(cx, in->successor, &successor));
        TRY(team_hand_over(cx, (struct team_hand_over_in){ .leader = row->id,
                                                            .successor = successor.id }, NULL));
    }
    row->left_on = in->left_on;
    return person_move(cx, row, PERSON_LEFT);
}
