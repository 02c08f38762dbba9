/*
 * Who decides for a person (ORG-1): decisions go up the tree of units, along the chain of posts
 * that the playbook names ("responsible to"), and past a vacant post to whoever it answers to. A
 * company without such a chain goes by level: the nearest holder of a post above one's own.
 */
#include "core/playbook/internal.h"

#include "core/playbook/playbook.gen.h"
#include "entity/cx.h"
#include "entity/model.h"

#define STEPS_MAX 32

struct superior {
    int64_t person;
    struct str post;
    enum unit_level level;
    bool may;
};
typedef VEC(struct superior) superior_list;

static bool has_permission(struct cx *cx, struct str permissions, int permission)
{
    const struct json *role;
    if (!permission)
        return true;
    if (!permissions.len ||
        json_read(cx->arena, permissions, (struct json_limits){ 0 }, &cx->fault, &role))
        return false;
    return json_get(role, "*") || json_get(role, cx->model->permissions[permission].name);
}

static enum err read_superiors(struct cx *cx, int64_t person, struct str path, int permission,
                               superior_list *ret)
{
    struct person_superiors_cursor cursor;
    const struct person_superiors_row *row;
    TRY(person_superiors(cx, (struct person_superiors_in){ { person }, path }, &cursor));
    for (;;) {
        TRY(person_superiors_next(cx, &cursor, &row));
        if (!row)
            return OK;
        struct superior *s = vec_push(cx->arena, ret);
        *s = (struct superior){ row->person.v, str_copy(cx->arena, row->post), row->level,
                                has_permission(cx, row->permissions, permission) };
    }
}

static const struct superior *holder_of(const superior_list *all, struct str post)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].may && str_eq(all->items[i].post, post))
            return &all->items[i];
    return NULL;
}

/* Breadth first: all posts one answers to, before those that these answer to. */
static const struct superior *by_chain(struct cx *cx, const struct playbook_source *source,
                                       struct str post, const superior_list *all)
{
    VEC(struct str) queue = { 0 };
    vec_add(cx->arena, &queue, post);
    for (size_t at = 0; at < queue.count && queue.count < STEPS_MAX; at++) {
        const struct playbook_entry *e = playbook_entry_of(source, "post", queue.items[at]);
        const struct json *to = e ? json_get(e->json, "to") : NULL;
        for (const struct json *c = to ? to->first : NULL; c; c = c->next) {
            const struct superior *found = holder_of(all, c->text);
            if (found)
                return found;
            vec_add(cx->arena, &queue, c->text);
        }
    }
    return NULL;
}

static const struct superior *by_level(const superior_list *all, enum unit_level own)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].may && all->items[i].level < own)
            return &all->items[i];
    return NULL;
}

static enum err in_force(struct cx *cx, const struct playbook_source **ret)
{
    struct playbook_of_company_row company;
    struct playbook_in_force_row row;
    *ret = NULL;
    TRY(playbook_of_company(cx, &company));
    if (!company.code.len)
        return OK;
    struct playbook_in_force_in in = { company.code, cx->today };
    enum err e = playbook_in_force(cx, in, &row);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        return OK;
    }
    return e ? e : playbook_stored(cx, row.id.v, ret);
}

enum err playbook_now(struct cx *cx, const struct playbook_source **ret)
{
    TRY(in_force(cx, ret));
    return *ret ? OK
                : refuse(cx, ERR_NOT_FOUND, "the company has no playbook in force",
                         "公司没有生效的策略包");
}

enum err playbook_approver(struct cx *cx, int64_t person, int permission, int64_t *ret)
{
    struct person_place_row place;
    const struct playbook_source *source;
    superior_list all = { 0 };
    TRY(person_place(cx, (struct person_place_in){ { person } }, &place));
    place.path = str_copy(cx->arena, place.path);
    place.post = str_copy(cx->arena, place.post);
    TRY(in_force(cx, &source));
    TRY(read_superiors(cx, person, place.path, permission, &all));
    const struct superior *found = NULL;
    if (source && place.post.len)
        found = by_chain(cx, source, place.post, &all);
    if (!found)
        found = by_level(&all, place.level ? place.level : UNIT_LEVEL_EXECUTION);
    if (!found)
        return refuse(cx, ERR_NOT_FOUND, "nobody above this person can decide",
                      "没有可审批的上级");
    *ret = found->person;
    return OK;
}
