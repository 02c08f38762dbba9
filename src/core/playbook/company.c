/* The company as it is, beside the playbook in force: kinds of units of which there are too few or
 * too many (ORG-3), squads of the wrong size (ORG-4), duties and functions whose post nobody holds
 * (ORG-6, ORG-37). */
#include "core/playbook/internal.h"

#include "core/playbook/playbook.gen.h"
#include "entity/cx.h"

struct holder {
    struct str post, name;
    int64_t person;
};

struct company_view {
    struct cx *cx;
    const struct playbook_source *source;
    VEC(struct unit_people_row) units;
    VEC(struct holder) holders;
    playbook_flags *flags;
};

static enum err read_units(struct company_view *v)
{
    struct unit_people_cursor cursor;
    const struct unit_people_row *row;
    TRY(unit_people(v->cx, &cursor));
    for (;;) {
        TRY(unit_people_next(v->cx, &cursor, &row));
        if (!row)
            return OK;
        vec_add(v->cx->arena, &v->units, *row);
    }
}

static enum err read_holders(struct company_view *v)
{
    struct post_holders_cursor cursor;
    const struct post_holders_row *row;
    TRY(post_holders(v->cx, &cursor));
    for (;;) {
        TRY(post_holders_next(v->cx, &cursor, &row));
        if (!row)
            return OK;
        vec_add(v->cx->arena, &v->holders,
                ((struct holder){ row->code, row->name, row->person.v }));
    }
}

static bool is_held(const struct company_view *v, struct str post)
{
    for (size_t i = 0; i < v->holders.count; i++)
        if (str_eq(v->holders.items[i].post, post))
            return true;
    return false;
}

/* In a start-up somebody else may do the work of a post: any stage of the playbook counts. */
static bool is_covered(const struct company_view *v, struct str post)
{
    if (is_held(v, post))
        return true;
    for (size_t i = 0; i < v->source->count; i++) {
        const struct playbook_entry *e = &v->source->entries[i];
        if (!str_is(e->section, "stage"))
            continue;
        for (const struct json *m = json_get(e->json, "merge")->first; m; m = m->next)
            for (const struct json *t = json_get(m, "takes")->first; t; t = t->next)
                if (str_eq(t->text, post) && is_held(v, playbook_word(m, "post")))
                    return true;
    }
    return false;
}

static void flag(struct company_view *v, const char *code, const struct playbook_entry *e,
                 struct str zh, struct str en)
{
    vec_add(v->cx->arena, v->flags,
            ((struct playbook_flag){ code, e->section, e->code, zh, en }));
}

static void flag_kind(struct company_view *v, const struct playbook_entry *kind)
{
    struct arena *arena = v->cx->arena;
    int64_t count = 0, low = playbook_bound(kind->json, "people", "min", 0),
            high = playbook_bound(kind->json, "people", "max", INT64_MAX);
    for (size_t i = 0; i < v->units.count; i++) {
        const struct unit_people_row *u = &v->units.items[i];
        if (!str_eq(u->kind, kind->code))
            continue;
        count++;
        if (u->people < low || u->people > high)
            flag(v, "people", kind,
                 str_fmt(arena, STR_FMT "有 %lld 人，应为 %lld–%lld 人", STR_ARG(u->name),
                         (long long)u->people, (long long)low, (long long)high),
                 str_fmt(arena, STR_FMT " has %lld people; it should have %lld to %lld",
                         STR_ARG(u->name_en.len ? u->name_en : u->name), (long long)u->people,
                         (long long)low, (long long)high));
    }
    low = playbook_bound(kind->json, "count", "min", 0);
    high = playbook_bound(kind->json, "count", "max", INT64_MAX);
    if (count < low || count > high)
        flag(v, "count", kind,
             str_fmt(arena, STR_FMT "有 %lld 个，应为 %lld–%lld 个", STR_ARG(kind->name),
                     (long long)count, (long long)low, (long long)high),
             str_fmt(arena, STR_FMT ": there are %lld; there should be %lld to %lld",
                     STR_ARG(kind->name_en), (long long)count, (long long)low, (long long)high));
}

static void flag_duty(struct company_view *v, const struct playbook_entry *duty)
{
    struct str owner = playbook_word(duty->json, "owner");
    if (!owner.len || is_covered(v, owner))
        return; /* a duty without owner is a flag of the playbook itself */
    const struct playbook_entry *post = playbook_entry_of(v->source, "post", owner);
    flag(v, "no_holder", duty,
         str_fmt(v->cx->arena, "职责“" STR_FMT "”属于“" STR_FMT "”，该岗位无人任职",
                 STR_ARG(duty->name), STR_ARG(post->name)),
         str_fmt(v->cx->arena,
                 "\"" STR_FMT "\" is the duty of the " STR_FMT ", a post nobody holds",
                 STR_ARG(duty->name_en), STR_ARG(post->name_en)));
}

enum err playbook_flag_company(struct cx *cx, const struct playbook_source *source,
                               playbook_flags *ret)
{
    struct company_view v = { .cx = cx, .source = source, .flags = ret };
    TRY(read_units(&v));
    TRY(read_holders(&v));
    for (size_t i = 0; i < source->count; i++) {
        const struct playbook_entry *e = &source->entries[i];
        if (str_is(e->section, "kind"))
            flag_kind(&v, e);
        else if (str_is(e->section, "duty"))
            flag_duty(&v, e);
    }
    return OK;
}

static void put_person(struct json_writer *w, const struct holder *h)
{
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, h->person);
    json_key(w, "name");
    json_put_str(w, h->name);
    json_end_object(w);
}

static void put_function(struct company_view *v, struct json_writer *w, const struct json *f)
{
    json_begin_object(w);
    json_key(w, "code");
    json_put_str(w, playbook_word(f, "code"));
    json_key(w, "name");
    json_put_tree(w, json_get(f, "name"));
    json_key(w, "people");
    json_begin_array(w);
    for (const struct json *post = json_get(f, "posts")->first; post; post = post->next)
        for (size_t i = 0; i < v->holders.count; i++)
            if (str_eq(v->holders.items[i].post, post->text))
                put_person(w, &v->holders.items[i]);
    json_end_array(w);
    json_end_object(w);
}

enum err playbook_put_group(struct cx *cx, struct json_writer *w,
                            const struct playbook_source *source, struct str code)
{
    struct company_view v = { .cx = cx, .source = source };
    const struct playbook_entry *group = playbook_entry_of(source, "group", code);
    if (!group)
        return refuse(cx, ERR_NOT_FOUND, "there is no such group", "没有该小组");
    TRY(read_holders(&v));
    json_begin_object(w);
    json_key(w, "code");
    json_put_str(w, group->code);
    json_key(w, "name");
    json_put_tree(w, json_get(group->json, "name"));
    json_key(w, "functions");
    json_begin_array(w);
    for (const struct json *f = json_get(group->json, "functions")->first; f; f = f->next)
        put_function(&v, w, f);
    json_end_array(w);
    json_end_object(w);
    return OK;
}
