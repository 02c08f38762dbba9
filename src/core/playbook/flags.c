/* ORG-6: no grey zone that three parties leave to each other. What a playbook leaves open is no
 * mistake of the file, but a manager must see it. */
#include "core/playbook/internal.h"

struct flags {
    struct arena *arena;
    const struct playbook_source *source;
    playbook_flags *ret;
};

static void add_flag(struct flags *f, const char *code, const struct playbook_entry *e,
                  struct str zh, struct str en)
{
    vec_add(f->arena, f->ret,
            ((struct playbook_flag){ code, e->section, e->code, zh, en }));
}

#define RAISE(f, code, e, zh, en)                                                     \
    add_flag(f, code, e, str_fmt((f)->arena, zh, STR_ARG((e)->name)),                    \
          str_fmt((f)->arena, en, STR_ARG((e)->name_en)))

static void flag_duty(struct flags *f, const struct playbook_entry *e)
{
    struct str owner = playbook_word(e->json, "owner");
    if (!owner.len)
        RAISE(f, "no_owner", e, "职责“" STR_FMT "”无人负责", "nobody owns the duty \"" STR_FMT "\"");
    else if (!playbook_bound(playbook_entry_of(f->source, "post", owner)->json, "heads", "max", 0))
        RAISE(f, "owner_without_people", e, "职责“" STR_FMT "”所属岗位没有编制",
              "the post that owns \"" STR_FMT "\" has no people");
}

static void flag_post(struct flags *f, const struct playbook_entry *e)
{
    bool top = !json_get(e->json, "to")->first;
    if (top && !str_is(playbook_word(e->json, "level"), "core"))
        RAISE(f, "no_superior", e, "岗位“" STR_FMT "”未写明对谁负责",
              "the post \"" STR_FMT "\" is responsible to nobody");
    if (!playbook_word(e->json, "role").len)
        RAISE(f, "no_role", e, "岗位“" STR_FMT "”没有角色，任职者没有权限",
              "the post \"" STR_FMT "\" has no role: its holder may do nothing");
}

/* Posts of a kind of unit must be able to fill it: the sum of the least heads may not exceed the
 * people of the kind, the sum of the most may not fall short. */
static void flag_kind(struct flags *f, const struct playbook_entry *e)
{
    int64_t low = 0, high = 0;
    for (size_t i = 0; i < f->source->count; i++) {
        const struct playbook_entry *post = &f->source->entries[i];
        if (!str_is(post->section, "post") || !str_eq(playbook_word(post->json, "kind"), e->code))
            continue;
        low += playbook_bound(post->json, "heads", "min", 0);
        high += playbook_bound(post->json, "heads", "max", 0);
    }
    if (!high)
        RAISE(f, "no_posts", e, "单元类别“" STR_FMT "”没有岗位",
              "no post belongs to the kind of unit \"" STR_FMT "\"");
    else if (json_get(e->json, "people") && (low > playbook_bound(e->json, "people", "max", 0) ||
                                             high < playbook_bound(e->json, "people", "min", 0)))
        RAISE(f, "heads", e, "单元类别“" STR_FMT "”的岗位人数与编制不符",
              "the posts of \"" STR_FMT "\" do not fit the people it should have");
}

static void flag_group(struct flags *f, const struct playbook_entry *e)
{
    for (const struct json *c = json_get(e->json, "functions")->first; c; c = c->next)
        if (!json_get(c, "posts")->first)
            RAISE(f, "no_owner", e, "小组“" STR_FMT "”有职能无人承担",
                  "a function of the group \"" STR_FMT "\" has no post");
}

void playbook_flag(struct arena *arena, const struct playbook_source *source, playbook_flags *ret)
{
    struct flags f = { arena, source, ret };
    for (size_t i = 0; i < source->count; i++) {
        const struct playbook_entry *e = &source->entries[i];
        if (str_is(e->section, "duty"))
            flag_duty(&f, e);
        else if (str_is(e->section, "post"))
            flag_post(&f, e);
        else if (str_is(e->section, "kind"))
            flag_kind(&f, e);
        else if (str_is(e->section, "group"))
            flag_group(&f, e);
    }
}
