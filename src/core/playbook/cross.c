/* What no table can say of a playbook: the tree of units, posts and whom they answer to, merged
 * posts, plans. And what is no mistake but should be known: duties that nobody has. */
#include "core/playbook/internal.h"

#include "base/map.h"
#include "engine/plan/plan.h"

static int level_rank(struct str level)
{
    return str_is(level, "core") ? 0 : str_is(level, "middle") ? 1 : 2;
}

static struct str level_of_kind(const struct playbook_entry *entries, size_t count,
                                struct str kind)
{
    const struct playbook_entry *e = playbook_find(entries, count, "kind", kind);
    return e ? playbook_word(e->json, "level") : STR_NONE;
}

static void wrong(struct playbook_reader *r, const struct playbook_entry *e, const char *field,
                  const char *reason)
{
    playbook_mistake_at(r, playbook_document_of(r, e->file), e->json,
                        str_fmt(r->arena, STR_FMT ".%s", STR_ARG(e->code), field), "%s", reason);
}

/* ---- units ---- */

static void check_unit(struct playbook_reader *r, const struct playbook_entry *unit)
{
    const struct playbook_entry *all = r->entries.items, *up = unit;
    size_t count = r->entries.count;
    struct str parent = playbook_word(unit->json, "parent");
    for (size_t steps = 0; up && playbook_word(up->json, "parent").len; steps++) {
        if (steps > count) {
            wrong(r, unit, "parent", "the parents go in a circle");
            return;
        }
        up = playbook_find(all, count, "unit", playbook_word(up->json, "parent"));
    }
    if (!parent.len)
        return;
    up = playbook_find(all, count, "unit", parent);
    struct str own = level_of_kind(all, count, playbook_word(unit->json, "kind"));
    struct str above = level_of_kind(all, count, playbook_word(up->json, "kind"));
    if (level_rank(own) < level_rank(above))
        wrong(r, unit, "kind", "its level lies above the level of its parent");
}

static void check_units(struct playbook_reader *r)
{
    const struct playbook_entry *root = NULL;
    for (size_t i = 0; i < r->entries.count; i++) {
        const struct playbook_entry *e = &r->entries.items[i];
        if (!str_is(e->section, "unit"))
            continue;
        check_unit(r, e);
        if (!playbook_word(e->json, "parent").len && root)
            wrong(r, e, "parent", "only one unit may have no parent");
        else if (!playbook_word(e->json, "parent").len)
            root = e;
    }
}

/* ---- posts ---- */

/* Somebody must be responsible to nobody above; everybody else reaches them. */
static bool reaches_top(const struct playbook_reader *r, const struct playbook_entry *post,
                        size_t depth)
{
    const struct json *to = json_get(post->json, "to");
    if (!to->first)
        return true;
    for (const struct json *c = depth > r->entries.count ? NULL : to->first; c; c = c->next) {
        const struct playbook_entry *above =
            playbook_find(r->entries.items, r->entries.count, "post", c->text);
        if (above != post && level_rank(playbook_word(above->json, "level")) <=
                                 level_rank(playbook_word(post->json, "level")))
            return reaches_top(r, above, depth + 1);
    }
    return false;
}

static void check_post(struct playbook_reader *r, const struct playbook_entry *post)
{
    struct str kind = playbook_word(post->json, "kind");
    struct str level = level_of_kind(r->entries.items, r->entries.count, kind);
    if (!str_eq(level, playbook_word(post->json, "level")))
        wrong(r, post, "level", "it is not the level of its kind of unit");
    if (!reaches_top(r, post, 0))
        wrong(r, post, "to", "nobody at its own level or above is named, or the chain goes in a "
                             "circle");
}

/* ---- stages: ORG-27 ---- */

static void check_stage(struct playbook_reader *r, const struct playbook_entry *stage)
{
    const struct json *merge = json_get(stage->json, "merge");
    struct str_map taken = str_map_in(r->arena);
    for (const struct json *m = merge->first; m; m = m->next)
        for (const struct json *t = json_get(m, "takes")->first; t; t = t->next) {
            void **place = str_map_at(&taken, t->text, true);
            if (*place)
                wrong(r, stage, "merge", "a post is taken by two others");
            *place = (void *)(uintptr_t)m;
            if (str_eq(t->text, playbook_word(m, "post")))
                wrong(r, stage, "merge", "a post takes itself");
        }
    for (const struct json *m = merge->first; m; m = m->next)
        if (str_map_get(&taken, playbook_word(m, "post")))
            wrong(r, stage, "merge", "a post that takes others is taken itself");
}

/* ---- plans ---- */

static void check_published(struct playbook_reader *r, const struct playbook_entry *e,
                            const struct plan *plan)
{
    struct plan_about about = plan_about(plan);
    for (int i = 0; i < about.components; i++) {
        struct plan_component_info c = plan_component(plan, i);
        const struct str texts[] = { c.title.zh, c.title.en, c.text.zh, c.text.en };
        for (size_t k = 0; k < COUNT(texts); k++)
            if (!str_trim(texts[k]).len) {
                wrong(r, e, str_cstr(r->arena, c.name),
                      "a component must be published: title and text in Chinese and English");
                break;
            }
    }
    for (int i = 0; i < about.outputs; i++)
        if (str_is(plan_output(plan, i).file, "statement"))
            return;
    wrong(r, e, "outputs", "there is no output \"statement\"");
}

static void check_plan(struct playbook_reader *r, const struct playbook_entry *e)
{
    const struct playbook_document *d = playbook_document_of(r, e->file);
    const struct plan *plan;
    struct fault fault = { 0 };
    if (!str_eq(playbook_word(e->json, "plan"), e->code))
        playbook_mistake_at(r, d, json_get(e->json, "plan"), STR("plan"),
                            "the plan must be named like its file, \"" STR_FMT "\"",
                            STR_ARG(e->code));
    if (!plan_compile(r->arena, d->file.text, &fault, &plan)) {
        check_published(r, e, plan);
        return;
    }
    playbook_mistake_at(r, d, NULL, str_copy(r->arena, str_from(fault.field)), "%s",
                        fault.message);
    r->mistakes->items[r->mistakes->count - 1].line = fault.line;
    r->mistakes->items[r->mistakes->count - 1].column = fault.column;
}

void playbook_check_whole(struct playbook_reader *r)
{
    check_units(r);
    for (size_t i = 0; i < r->entries.count; i++) {
        const struct playbook_entry *e = &r->entries.items[i];
        if (str_is(e->section, "post"))
            check_post(r, e);
        else if (str_is(e->section, "stage"))
            check_stage(r, e);
        else if (str_is(e->section, "plan"))
            check_plan(r, e);
    }
}
