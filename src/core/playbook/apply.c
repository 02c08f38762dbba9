/*
 * A version takes effect: what differs from the version before goes into roles, posts and plans.
 * Only what differs, because a company may have edited a role or post by hand, and a new version
 * that does not speak of it must not undo that. What a version no longer has stays until somebody
 * puts it away: people may hold it.
 */
#include "core/playbook/internal.h"

#include "core/identity/identity.gen.h"
#include "core/org/org.gen.h"
#include "core/playbook/playbook.gen.h"
#include "entity/cx.h"
#include "entity/model.h"
#include "may.gen.h"

static struct str member(struct cx *cx, const struct playbook_entry *e, const char *key)
{
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_put_tree(&w, json_get(e->json, key));
    return buf_view(&out);
}

static enum err apply_role(struct cx *cx, const struct playbook_entry *e)
{
    struct role_any_by_code_row found;
    struct role role = role_blank;
    enum err err = role_any_by_code(cx, (struct role_any_by_code_in){ e->code }, &found);
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (!err)
        TRY(role_get(cx, found.id, &role));
    fault_clear(&cx->fault);
    role.code = e->code;
    role.name = e->name;
    role.name_en = e->name_en;
    role.permissions = member(cx, e, "permissions");
    return err ? role_insert(cx, &role) : role_update(cx, &role);
}

/* "区域经理、数据分析师" */
static struct str superiors(struct cx *cx, const struct playbook_source *source,
                            const struct playbook_entry *post)
{
    struct buf out = buf_in(cx->arena);
    for (const struct json *to = json_get(post->json, "to")->first; to; to = to->next) {
        const struct playbook_entry *above = playbook_entry_of(source, "post", to->text);
        buf_cstr(&out, out.len ? "、" : "");
        buf_str(&out, above ? above->name : to->text);
    }
    return buf_view(&out);
}

static enum unit_level level_of(struct str word)
{
    return str_is(word, "core")     ? UNIT_LEVEL_CORE
           : str_is(word, "middle") ? UNIT_LEVEL_MIDDLE
                                    : UNIT_LEVEL_EXECUTION;
}

static enum err fill_post(struct cx *cx, const struct playbook_source *source,
                          const struct playbook_entry *e, struct post *post)
{
    struct str role = playbook_word(e->json, "role");
    struct role_any_by_code_row found = { 0 };
    if (role.len)
        TRY(role_any_by_code(cx, (struct role_any_by_code_in){ role }, &found));
    post->code = e->code;
    post->name = e->name;
    post->name_en = e->name_en;
    post->level = level_of(playbook_word(e->json, "level"));
    post->unit_kind = playbook_word(e->json, "kind");
    post->what = playbook_zh(e->json, "what");
    post->how = playbook_zh(e->json, "how");
    post->responsible_to = superiors(cx, source, e);
    post->role = found.id;
    post->heads = playbook_bound(e->json, "heads", "max", 1);
    return OK;
}

static enum err apply_post(struct cx *cx, const struct playbook_source *source,
                           const struct playbook_entry *e)
{
    struct post_by_code_row found;
    struct post post = post_blank;
    enum err err = post_by_code(cx, (struct post_by_code_in){ e->code }, &found);
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (!err)
        TRY(post_get(cx, found.id, &post));
    fault_clear(&cx->fault);
    TRY(fill_post(cx, source, e, &post));
    return err ? post_insert(cx, &post) : post_update(cx, &post);
}

static enum err apply_plan(struct cx *cx, const struct playbook_entry *e, struct date from)
{
    const struct playbook_hooks *hooks = cx_core(cx)->playbooks;
    if (!hooks || !hooks->publish_plan)
        return OK; /* nobody settles here; the plan stays an entry of the playbook */
    /* A new company's plan counts from the day that the plan itself names, so that the month in
     * which the company begins can be settled. */
    struct str own = playbook_word(json_get(e->json, "effective"), "from");
    struct playbook_plan plan = { e->code, e->name, e->name_en, e->body, from };
    if (from.day == DATE_ABSENT && !date_parse(own, &plan.effective_from))
        plan.effective_from = cx->today;
    enum err err = hooks->publish_plan(cx, &plan);
    return err ? explain(cx, err, "plan " STR_FMT, STR_ARG(e->code)) : OK;
}

enum { ROLES, POSTS, PLANS };

static enum err apply_kind(struct cx *cx, const playbook_differences *differences,
                           const struct playbook_source *after, int kind, struct date from)
{
    static const char *const sections[] = { "role", "post", "plan" };
    for (size_t i = 0; i < differences->count; i++) {
        const struct playbook_difference *d = &differences->items[i];
        if (d->change == PLAYBOOK_REMOVED || !str_is(d->section, sections[kind]))
            continue;
        const struct playbook_entry *e = playbook_entry_of(after, sections[kind], d->code);
        TRY(kind == ROLES   ? apply_role(cx, e)
            : kind == POSTS ? apply_post(cx, after, e)
                            : apply_plan(cx, e, from));
    }
    return OK;
}

static enum err differences_of(struct cx *cx, const struct playbook_source *before,
                               const struct playbook_source *after, playbook_differences *ret)
{
    return playbook_compare(cx->arena, before ? before->entries : NULL, before ? before->count : 0,
                            after->entries, after->count, &cx->fault, ret);
}

enum err playbook_apply(struct cx *cx, const struct playbook_source *before,
                        const struct playbook_source *after, struct date from)
{
    playbook_differences differences = { 0 };
    TRY(differences_of(cx, before, after, &differences));
    TRY(apply_kind(cx, &differences, after, ROLES, from));
    return apply_kind(cx, &differences, after, POSTS, from);
}

enum err playbook_apply_plans(struct cx *cx, const struct playbook_source *before,
                              const struct playbook_source *after, struct date from)
{
    playbook_differences differences = { 0 };
    TRY(differences_of(cx, before, after, &differences));
    return apply_kind(cx, &differences, after, PLANS, from);
}

/* Publishing must not be a way around the rights on what a version changes. */
enum err playbook_require_rights(struct cx *cx, const struct playbook_source *before,
                                 const struct playbook_source *after)
{
    playbook_differences differences = { 0 };
    TRY(differences_of(cx, before, after, &differences));
    for (size_t i = 0; i < differences.count; i++) {
        const struct playbook_difference *d = &differences.items[i];
        if (str_is(d->section, "role"))
            TRY(cx_require(cx, MAY_ROLE_MANAGE));
        else if (str_is(d->section, "post"))
            TRY(cx_require(cx, MAY_ORG_MANAGE));
        else if (str_is(d->section, "plan"))
            TRY(cx_require(cx, MAY_PLAN_PUBLISH));
    }
    return OK;
}

enum err playbook_check_permissions(struct cx *cx, const struct playbook_source *source)
{
    for (size_t i = 0; i < source->count; i++) {
        const struct playbook_entry *e = &source->entries[i];
        if (!str_is(e->section, "role"))
            continue;
        for (const struct json *p = json_get(e->json, "permissions")->first; p; p = p->next) {
            bool known = str_is(p->key, "*");
            for (int k = 1; !known && k < cx->model->permission_count; k++)
                known = str_is(p->key, cx->model->permissions[k].name);
            if (!known)
                return refuse(cx, ERR_INVALID,
                              "role " STR_FMT ": there is no permission \"" STR_FMT "\"",
                              "角色 " STR_FMT "：没有权限“" STR_FMT "”", STR_ARG(e->code),
                              STR_ARG(p->key));
        }
    }
    return OK;
}
