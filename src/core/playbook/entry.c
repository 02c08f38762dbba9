/* One entry of a playbook against the table of its section. */
#include "core/playbook/internal.h"

#include "entity/model.h"

#include <ctype.h>

struct place {
    struct playbook_reader *r;
    const struct playbook_document *d;
};

#define WRONG(p, v, path, ...) playbook_mistake_at((p)->r, (p)->d, v, path, __VA_ARGS__)

static bool is_code(struct str s)
{
    bool good = s.len > 0 && s.len <= 40 && s.data[0] >= 'a' && s.data[0] <= 'z';
    for (size_t i = 0; good && i < s.len; i++)
        good = islower((unsigned char)s.data[i]) || isdigit((unsigned char)s.data[i]) ||
               s.data[i] == '_';
    return good;
}

static const char *type_name(const struct json *v)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_FALSE] = "false",     [JSON_TRUE] = "true",
        [JSON_NUMBER] = "a number", [JSON_STRING] = "a text", [JSON_ARRAY] = "a list",
        [JSON_OBJECT] = "an object",
    };
    return names[v->type];
}

static void check_code(const struct place *p, const struct json *v, struct str path)
{
    if (v->type != JSON_STRING || !is_code(v->text))
        WRONG(p, v, path, "a code is up to 40 of a-z, 0-9 and _, beginning with a letter");
}

/* What people read is published in both languages, always. */
static void check_both(const struct place *p, const struct playbook_key *k, const struct json *v,
                       struct str path)
{
    if (v->type != JSON_OBJECT) {
        WRONG(p, v, path, "it must be {\"zh\": text, \"en\": text}, not %s", type_name(v));
        return;
    }
    static const char *const sides[] = { "zh", "en" };
    for (size_t i = 0; i < COUNT(sides); i++) {
        const struct json *side = json_get(v, sides[i]);
        struct str at = str_fmt(p->r->arena, STR_FMT ".%s", STR_ARG(path), sides[i]);
        if (!side)
            WRONG(p, v, at, "it is missing");
        else if (side->type != JSON_STRING || !str_trim(side->text).len)
            WRONG(p, side, at, "it must be a text that is not empty");
        else if ((int64_t)utf8_count(side->text) > k->high)
            WRONG(p, side, at, "it has %zu characters, at most %lld are allowed",
                  utf8_count(side->text), (long long)k->high);
    }
    for (const struct json *c = v->first; c; c = c->next)
        if (!str_is(c->key, "zh") && !str_is(c->key, "en"))
            WRONG(p, c, str_fmt(p->r->arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(c->key)),
                  "unknown key; known are zh, en");
}

static void check_level(const struct place *p, const struct json *v, struct str path)
{
    if (v->type != JSON_STRING || (!str_is(v->text, "core") && !str_is(v->text, "middle") &&
                                   !str_is(v->text, "execution")))
        WRONG(p, v, path, "a level is core, middle or execution");
}

static void check_range(const struct place *p, const struct playbook_key *k, const struct json *v,
                        struct str path)
{
    int64_t low, high;
    if (v->type != JSON_OBJECT || v->count != 2 || !json_i64(json_get(v, "min"), &low) ||
        !json_i64(json_get(v, "max"), &high)) {
        WRONG(p, v, path, "it must be {\"min\": number, \"max\": number}");
        return;
    }
    if (low < 0 || high > k->high)
        WRONG(p, v, path, "it must be within 0 and %lld", (long long)k->high);
    if (low > high)
        WRONG(p, v, path, "min %lld is more than max %lld", (long long)low, (long long)high);
}

/* What could not be read is told once; references into it would only repeat that. */
static bool can_be_found(const struct playbook_reader *r, const char *section)
{
    for (const struct playbook_section *s = playbook_sections; s->name; s++) {
        if (strcmp(s->name, section) != 0)
            continue;
        const struct playbook_document *d = playbook_document_of(r, str_from(s->file));
        return d && d->json && json_get(d->json, s->list);
    }
    return false;
}

static void check_ref(const struct place *p, const struct playbook_key *k, const struct json *v,
                      struct str path)
{
    if (v->type == JSON_NULL && k->nullable)
        return;
    if (v->type != JSON_STRING)
        WRONG(p, v, path, "it must be the code of a %s%s, not %s", k->target,
              k->nullable ? " or null" : "", type_name(v));
    else if (can_be_found(p->r, k->target) &&
             !playbook_find(p->r->entries.items, p->r->entries.count, k->target, v->text))
        WRONG(p, v, path, "there is no %s \"" STR_FMT "\"", k->target, STR_ARG(v->text));
}

static void check_refs(const struct place *p, const struct playbook_key *k, const struct json *v,
                       struct str path)
{
    if (v->type != JSON_ARRAY) {
        WRONG(p, v, path, "it must be a list of codes, not %s", type_name(v));
        return;
    }
    int i = 0;
    for (const struct json *c = v->first; c; c = c->next, i++) {
        struct str at = str_fmt(p->r->arena, STR_FMT "[%d]", STR_ARG(path), i);
        check_ref(p, k, c, at);
        for (const struct json *before = v->first; before != c; before = before->next)
            if (c->type == JSON_STRING && str_eq(before->text, c->text))
                WRONG(p, c, at, "\"" STR_FMT "\" stands twice in the list", STR_ARG(c->text));
    }
}

static void check_objects(const struct place *p, const struct playbook_key *k,
                          const struct json *v, struct str path)
{
    if (v->type != JSON_ARRAY) {
        WRONG(p, v, path, "it must be a list of objects, not %s", type_name(v));
        return;
    }
    int i = 0;
    for (const struct json *c = v->first; c; c = c->next, i++) {
        struct str at = str_fmt(p->r->arena, STR_FMT "[%d]", STR_ARG(path), i);
        playbook_check_entry(p->r, p->d, c, k->keys, at);
        for (const struct json *before = v->first; before != c; before = before->next)
            if (playbook_word(c, "code").len &&
                str_eq(playbook_word(before, "code"), playbook_word(c, "code")))
                WRONG(p, c, at, "code \"" STR_FMT "\" stands twice in the list",
                      STR_ARG(playbook_word(c, "code")));
    }
}

static bool known_permission(const struct model *model, struct str name)
{
    bool found = !model || str_is(name, "*");
    for (int i = 1; !found && i < model->permission_count; i++)
        found = str_is(name, model->permissions[i].name);
    return found;
}

static void check_permissions(const struct place *p, const struct json *v, struct str path)
{
    if (v->type != JSON_OBJECT) {
        WRONG(p, v, path, "it must be {permission: reach}, not %s", type_name(v));
        return;
    }
    for (const struct json *c = v->first; c; c = c->next) {
        struct str at = str_fmt(p->r->arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(c->key));
        if (!known_permission(p->r->model, c->key))
            WRONG(p, c, at, "there is no permission \"" STR_FMT "\"", STR_ARG(c->key));
        if (c->type != JSON_STRING ||
            (!str_is(c->text, "own") && !str_is(c->text, "squad") &&
             !str_is(c->text, "region") && !str_is(c->text, "org")))
            WRONG(p, c, at, "the reach is own, squad, region or org");
    }
}

static void check_value(const struct place *p, const struct playbook_key *k, const struct json *v,
                        struct str path)
{
    switch (k->kind) {
    case VALUE_CODE: check_code(p, v, path); return;
    case VALUE_BOTH: check_both(p, k, v, path); return;
    case VALUE_LEVEL: check_level(p, v, path); return;
    case VALUE_RANGE: check_range(p, k, v, path); return;
    case VALUE_REF: check_ref(p, k, v, path); return;
    case VALUE_REFS: check_refs(p, k, v, path); return;
    case VALUE_OBJECTS: check_objects(p, k, v, path); return;
    case VALUE_PERMISSIONS: check_permissions(p, v, path); return;
    }
}

static const struct playbook_key *key_of(const struct playbook_key *keys, struct str name)
{
    for (; keys->name; keys++)
        if (str_is(name, keys->name))
            return keys;
    return NULL;
}

static struct str known_keys(struct arena *arena, const struct playbook_key *keys)
{
    struct buf out = buf_in(arena);
    for (const struct playbook_key *k = keys; k->name; k++)
        buf_fmt(&out, "%s%s", k == keys ? "" : ", ", k->name);
    return buf_view(&out);
}

void playbook_check_entry(struct playbook_reader *r, const struct playbook_document *d,
                          const struct json *v, const struct playbook_key *keys, struct str path)
{
    const struct place p = { r, d };
    if (v->type != JSON_OBJECT) {
        WRONG(&p, v, path, "it must be an object, not %s", type_name(v));
        return;
    }
    const char *dot = path.len ? "." : "";
    for (const struct json *c = v->first; c; c = c->next) {
        struct str at = str_fmt(r->arena, STR_FMT "%s" STR_FMT, STR_ARG(path), dot,
                                STR_ARG(c->key));
        const struct playbook_key *k = key_of(keys, c->key);
        if (k)
            check_value(&p, k, c, at);
        else
            WRONG(&p, c, at, "unknown key; known are " STR_FMT,
                  STR_ARG(known_keys(r->arena, keys)));
    }
    for (const struct playbook_key *k = keys; k->name; k++)
        if (k->required && !json_get(v, k->name))
            WRONG(&p, v, str_fmt(r->arena, STR_FMT "%s%s", STR_ARG(path), dot, k->name),
                  "it is missing");
}
