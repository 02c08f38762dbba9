/* What differs between two versions of a playbook, value by value. */
#include "core/playbook/internal.h"

struct comparing {
    struct arena *arena;
    struct playbook_difference *to;
};

static struct str written(struct arena *arena, const struct json *v)
{
    if (!v)
        return STR_NONE;
    struct buf out = buf_in(arena);
    struct json_writer w = json_writer_to(&out);
    json_put_tree(&w, v);
    return buf_view(&out);
}

static void note(struct comparing *c, struct str path, const struct json *before,
                 const struct json *after)
{
    struct playbook_value_change *change = vec_push(c->arena, &c->to->values);
    *change = (struct playbook_value_change){ path, written(c->arena, before),
                                              written(c->arena, after) };
}

static void compare(struct comparing *c, struct str path, const struct json *before,
                    const struct json *after);

static void compare_objects(struct comparing *c, struct str path, const struct json *before,
                            const struct json *after)
{
    const char *dot = path.len ? "." : "";
    for (const struct json *b = before->first; b; b = b->next)
        compare(c, str_fmt(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(path), dot, STR_ARG(b->key)), b,
                json_get(after, str_cstr(c->arena, b->key)));
    for (const struct json *a = after->first; a; a = a->next)
        if (!json_get(before, str_cstr(c->arena, a->key)))
            note(c, str_fmt(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(path), dot, STR_ARG(a->key)),
                 NULL, a);
}

/* What names an item of a list for a person, so that one put in front does not change all. */
static struct str name_of(const struct json *item)
{
    struct str code = playbook_word(item, "code");
    return code.len ? code : playbook_word(item, "name");
}

static bool is_named(const struct json *list)
{
    for (const struct json *v = list->first; v; v = v->next)
        if (!name_of(v).len)
            return false;
    return list->first != NULL;
}

static const struct json *item_named(const struct json *list, struct str name)
{
    for (const struct json *v = list->first; v; v = v->next)
        if (str_eq(name_of(v), name))
            return v;
    return NULL;
}

/* Did those that stand in both lists change places? Order matters: components run in theirs. */
static bool moved(const struct json *before, const struct json *after)
{
    const struct json *a = after->first;
    for (const struct json *b = before->first; b; b = b->next) {
        if (!item_named(after, name_of(b)))
            continue;
        while (a && !item_named(before, name_of(a)))
            a = a->next;
        if (!a || !str_eq(name_of(a), name_of(b)))
            return true;
        a = a->next;
    }
    return false;
}

static void compare_named(struct comparing *c, struct str path, const struct json *before,
                          const struct json *after)
{
    for (const struct json *b = before->first; b; b = b->next)
        compare(c, str_fmt(c->arena, STR_FMT "[" STR_FMT "]", STR_ARG(path), STR_ARG(name_of(b))),
                b, item_named(after, name_of(b)));
    for (const struct json *a = after->first; a; a = a->next)
        if (!item_named(before, name_of(a)))
            note(c, str_fmt(c->arena, STR_FMT "[" STR_FMT "]", STR_ARG(path), STR_ARG(name_of(a))),
                 NULL, a);
    if (moved(before, after))
        note(c, str_fmt(c->arena, STR_FMT "[]", STR_ARG(path)), before, after);
}

static void compare_places(struct comparing *c, struct str path, const struct json *before,
                           const struct json *after)
{
    const struct json *b = before->first, *a = after->first;
    for (int i = 0; b || a; i++) {
        compare(c, str_fmt(c->arena, STR_FMT "[%d]", STR_ARG(path), i), b, a);
        b = b ? b->next : NULL;
        a = a ? a->next : NULL;
    }
}

static void compare(struct comparing *c, struct str path, const struct json *before,
                    const struct json *after)
{
    if (!before || !after || before->type != after->type)
        note(c, path, before, after);
    else if (before->type == JSON_OBJECT)
        compare_objects(c, path, before, after);
    else if (before->type == JSON_ARRAY && is_named(before) && is_named(after))
        compare_named(c, path, before, after);
    else if (before->type == JSON_ARRAY)
        compare_places(c, path, before, after);
    else if (!json_equal(before, after))
        note(c, path, before, after);
}

static struct playbook_difference about(enum playbook_change change,
                                        const struct playbook_entry *e)
{
    return (struct playbook_difference){ .change = change, .section = e->section, .code = e->code,
                                         .name = e->name, .name_en = e->name_en };
}

static enum err read_body(struct arena *arena, const struct playbook_entry *e,
                          struct fault *fault, const struct json **ret)
{
    *ret = e->json;
    if (e->json)
        return OK;
    struct json_limits limits = { .bytes = PLAYBOOK_BYTES_MAX };
    enum err err = json_read(arena, e->body, limits, fault, ret);
    return err ? fault_explain(fault, err, "%s", str_cstr(arena, e->code)) : OK;
}

enum err playbook_compare(struct arena *arena, const struct playbook_entry *before,
                          size_t before_count, const struct playbook_entry *after,
                          size_t after_count, struct fault *fault, playbook_differences *ret)
{
    for (size_t i = 0; i < after_count; i++) {
        const struct json *old, *new;
        const char *section = str_cstr(arena, after[i].section);
        const struct playbook_entry *was =
            playbook_find(before, before_count, section, after[i].code);
        if (!was) {
            vec_add(arena, ret, about(PLAYBOOK_ADDED, &after[i]));
            continue;
        }
        TRY(read_body(arena, was, fault, &old));
        TRY(read_body(arena, &after[i], fault, &new));
        struct playbook_difference d = about(PLAYBOOK_CHANGED, &after[i]);
        compare(&(struct comparing){ arena, &d }, STR_NONE, old, new);
        if (d.values.count)
            vec_add(arena, ret, d);
    }
    for (size_t i = 0; i < before_count; i++)
        if (!playbook_find(after, after_count, str_cstr(arena, before[i].section), before[i].code))
            vec_add(arena, ret, about(PLAYBOOK_REMOVED, &before[i]));
    return OK;
}
