/*
 * Publishing: a draft is dated before it takes effect, so that people can read what will apply to
 * them. On that day the job below puts it into force and retires the version before.
 */
#include "core/playbook/internal.h"

#include "core/job/job.h"
#include "core/playbook/playbook.gen.h"
#include "entity/cx.h"

/* The version this one follows; NULL: it is the first of its code. */
static enum err version_before(struct cx *cx, const struct playbook *row,
                               const struct playbook_source **ret)
{
    struct playbook_before_row before;
    enum err e = playbook_before(cx, (struct playbook_before_in){ row->code, row->number },
                                 &before);
    *ret = NULL;
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        return OK;
    }
    return e ? e : playbook_stored(cx, before.id.v, ret);
}

static enum err check_date(struct cx *cx, const struct playbook *row, struct date from, bool first)
{
    struct date last;
    TRY(playbook_last_date(cx, (struct playbook_last_date_in){ row->code }, &last));
    if (from.day < cx->today.day)
        problem(cx, "effective_from", "past", "the date lies in the past", "生效日不能早于今天");
    else if (!first && from.day == cx->today.day)
        problem(cx, "effective_from", "today",
                "a new version takes effect tomorrow or later, so that people can read it before",
                "新版本最早次日生效，以便大家提前看到");
    else if (!first && last.day != DATE_ABSENT && from.day <= last.day)
        problem(cx, "effective_from", "order",
                "a version that is published already takes effect later or on the same day",
                "已有版本在该日或之后生效");
    return problems_end(cx);
}

enum err playbook_publish(struct cx *cx, struct playbook *row, const struct playbook_publish_in *in)
{
    const struct playbook_source *before, *source;
    TRY(version_before(cx, row, &before));
    TRY(check_date(cx, row, in->effective_from, before == NULL));
    TRY(playbook_stored(cx, row->id.v, &source));
    TRY(playbook_require_rights(cx, before, source));
    TRY(playbook_check_permissions(cx, source));
    row->effective_from = in->effective_from;
    row->published_at = cx->now;
    row->published_by.v = cx->actor.login;
    TRY(playbook_move(cx, row, PLAYBOOK_PUBLISHED));
    /* Plans are dated themselves: published now, they count from their day on. */
    TRY(playbook_apply_plans(cx, before, source, in->effective_from));
    return in->effective_from.day > cx->today.day
               ? OK
               : playbook_apply(cx, before, source, in->effective_from);
}

enum err playbook_drop(struct cx *cx, struct playbook *row, const struct playbook_drop_in *in)
{
    (void)in;
    return playbook_move(cx, row, PLAYBOOK_DROPPED);
}

/* ---- the day comes ---- */

typedef VEC(struct playbook_due_row) due_list;

static enum err due_of(struct cx *cx, due_list *ret)
{
    struct playbook_due_cursor cursor;
    const struct playbook_due_row *row;
    TRY(playbook_due(cx, (struct playbook_due_in){ cx->today }, &cursor));
    for (;;) {
        TRY(playbook_due_next(cx, &cursor, &row));
        if (!row)
            return OK;
        struct playbook_due_row *kept = vec_push(cx->arena, ret);
        *kept = *row;
        kept->code = str_copy(cx->arena, row->code);
    }
}

static enum err succeed(struct cx *cx, const struct playbook_due_row *old,
                        const struct playbook_due_row *new)
{
    const struct playbook_source *before, *after;
    struct playbook row;
    TRY(playbook_stored(cx, old->id.v, &before));
    TRY(playbook_stored(cx, new->id.v, &after));
    TRY(playbook_apply(cx, before, after, cx->today));
    TRY(playbook_get(cx, old->id, &row));
    return playbook_move(cx, &row, PLAYBOOK_RETIRED);
}

/* Two published versions in force at once mean that the younger one's day has come: the older one
 * is still there because nobody has retired it. So a second run finds nothing to do. */
enum err playbook_take_effect(struct cx *cx, void *arg)
{
    (void)arg;
    due_list due = { 0 };
    TRY(due_of(cx, &due));
    for (size_t i = 0; i + 1 < due.count; i++)
        if (str_eq(due.items[i].code, due.items[i + 1].code))
            TRY(succeed(cx, &due.items[i], &due.items[i + 1]));
    return OK;
}

static enum err take_effect(struct job_run *run)
{
    return job_write(run, playbook_take_effect, NULL);
}

const struct job_kind playbook_jobs[] = {
    { .name = "playbook.take_effect", .run = take_effect, .every_s = 900,
      .about = "Puts a published playbook into force on its day and retires the one before.",
      .about_zh = "到生效日启用新版策略包并停用旧版" },
    { 0 },
};
