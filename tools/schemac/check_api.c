/* check_api.c - what the api, the commands and the names of the generated C need. */
#include "desc.h"

int permission_find(const struct all *all, struct str name)
{
    for (size_t i = 1; i < all->permissions.count; i++)
        if (str_eq(all->permissions.items[i].name, name))
            return (int)i;
    return 0;
}

static void check_permission(struct all *all, struct word *w)
{
    w->resolved = permission_find(all, w->s);
    if (!w->resolved)
        complain(all, w->at,
                 "permission " STR_FMT " has no line: permission " STR_FMT " \"中文 | English\"",
                 STR_ARG(w->s), STR_ARG(w->s));
}

static uint64_t check_when(struct all *all, const struct entity *e, struct words *when)
{
    uint64_t mask = 0;
    if (when->count && e->state_field < 0) {
        complain(all, when->items[0].at, "when names states, but " STR_FMT " has none",
                 STR_ARG(e->name));
        return 0;
    }
    for (size_t i = 0; i < when->count; i++) {
        const struct choice_set *set = e->fields.items[e->state_field].choices;
        bool found = !set;
        for (size_t s = 0; set && s < set->count; s++) {
            if (!str_eq(set->items[s].code, when->items[i].s))
                continue;
            mask |= UINT64_C(1) << (s + 1);
            found = true;
        }
        if (!found)
            complain(all, when->items[i].at, "there is no state " STR_FMT,
                     STR_ARG(when->items[i].s));
    }
    return mask;
}

static struct field *named_field(struct all *all, struct entity *e, struct word *w)
{
    w->resolved = field_find(e, w->s);
    if (w->resolved >= 0)
        return &e->fields.items[w->resolved];
    complain(all, w->at, "entity " STR_FMT " has no field " STR_FMT, STR_ARG(e->name),
             STR_ARG(w->s));
    return NULL;
}

static bool is_any(enum field_type type, const enum field_type *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == type)
            return true;
    return false;
}

static void check_list(struct all *all, struct entity *e, struct operation *o)
{
    static const enum field_type no_filter[] = { FIELD_JSON, FIELD_BYTES, FIELD_POINT };
    static const enum field_type no_sort[] = { FIELD_JSON, FIELD_BYTES, FIELD_POINT, FIELD_SECRET };
    for (size_t i = 0; i < o->fields.count; i++) {
        struct field *f = named_field(all, e, &o->fields.items[i]);
        if (f && (is_any(f->type, no_filter, COUNT(no_filter)) || (f->flags & FIELD_HIDDEN)))
            complain(all, o->at, "a list cannot filter by " STR_FMT, STR_ARG(f->name));
    }
    for (size_t i = 0; i < o->sorts.count; i++) {
        struct field *f = named_field(all, e, &o->sorts.items[i]);
        if (f && (is_any(f->type, no_sort, COUNT(no_sort)) || (f->flags & FIELD_HIDDEN)))
            complain(all, o->at, "a list cannot sort by " STR_FMT, STR_ARG(f->name));
    }
    if (o->search && !(e->flags & ENTITY_SEARCH))
        complain(all, o->at, "search: no field of " STR_FMT " is marked search", STR_ARG(e->name));
}

static void check_accept(struct all *all, struct entity *e, enum entity_op op)
{
    struct operation *o = &e->ops[op];
    for (size_t i = 0; i < o->fields.count; i++) {
        struct field *f = named_field(all, e, &o->fields.items[i]);
        if (!f)
            continue;
        if (f->flags & (FIELD_READONLY | FIELD_HIDDEN))
            complain(all, o->at, STR_FMT " is %s: it cannot be accepted", STR_ARG(f->name),
                     f->flags & FIELD_READONLY ? "readonly" : "hidden");
        if (op == OP_UPDATE && (f->flags & FIELD_IMMUTABLE))
            complain(all, o->at, STR_FMT " is immutable: update cannot accept it",
                     STR_ARG(f->name));
        if (op == OP_UPDATE && f->type == FIELD_STATES)
            complain(all, o->at, "a state moves by a command, not by update");
    }
    bool create = op == OP_CREATE;
    for (size_t i = 0; create && i < e->own; i++) {
        struct field *f = &e->fields.items[i];
        bool needed = (f->flags & FIELD_REQUIRED) && !(f->flags & FIELD_DEFAULT) &&
                      f->type != FIELD_BOOL && !e->hook_fill;
        for (size_t j = 0; needed && j < o->fields.count; j++)
            needed = o->fields.items[j].resolved != (int)i;
        if (needed)
            complain(all, o->at, STR_FMT " is required but create does not accept it",
                     STR_ARG(f->name));
    }
}

static void check_scope(struct all *all, struct entity *e)
{
    static const char *const wants[] = { "", "person", "unit" };
    if (e->scope != SCOPE_PERSON && e->scope != SCOPE_UNIT && e->scope != SCOPE_VIA)
        return;
    bool self = str_is(e->scope_word.s, "id") && e->scope != SCOPE_VIA;
    if (self) {
        if (!str_is(e->name, wants[e->scope]))
            complain(all, e->api_at, "scope %s id is for entity %s itself", wants[e->scope],
                     wants[e->scope]);
        return;
    }
    struct field *f = named_field(all, e, &e->scope_word);
    e->scope_field = e->scope_word.resolved;
    if (!f)
        return;
    if (f->type != FIELD_REF)
        complain(all, e->api_at, "the field of a scope is a ref");
    else if (e->scope == SCOPE_VIA && f->target && f->target->scope == SCOPE_NONE)
        complain(all, e->api_at, "scope via " STR_FMT ": " STR_FMT " has no api and so no scope",
                 STR_ARG(f->name), STR_ARG(f->of.s));
    else if (e->scope == SCOPE_VIA && f->target == e)
        complain(all, e->api_at, "scope via the entity itself has no end");
    else if (e->scope != SCOPE_VIA && !str_is(f->of.s, wants[e->scope]))
        complain(all, e->api_at, "scope %s needs a ref %s; " STR_FMT " is ref " STR_FMT,
                 wants[e->scope], wants[e->scope], STR_ARG(f->name), STR_ARG(f->of.s));
}

static void check_command(struct all *all, struct entity *e, struct command *c)
{
    check_permission(all, &c->may);
    c->when_mask = check_when(all, e, &c->when);
    check_fields(all, &c->in);
    check_fields(all, &c->out);
    if ((c->flags & COMMAND_COLLECTION) && c->when.count)
        complain(all, c->at, "a collection command has no row whose state could be checked");
    if (c->flags & COMMAND_ASYNC) {
        struct entity *job = entity_find(all, STR("job"));
        if (c->out.count)
            complain(all, c->at, "an async command answers its job, nothing else");
        else if (!job)
            complain(all, c->at, "async needs an entity job");
        struct field f = { .at = c->at, .name = STR("job"), .type = FIELD_REF, .target = job,
                           .of = { .s = STR("job") },
                           .label = { STR("任务"), STR("Job") }, .flags = FIELD_REQUIRED };
        vec_add(all->arena, &c->out, f);
    }
    if (e->route.len == 0)
        complain(all, c->at, "command " STR_FMT " has no address: " STR_FMT " has no api",
                 STR_ARG(c->name), STR_ARG(e->name));
    static const char *const taken[] = { "archive", "restore", "history", "reveal",
                                         "import",  "export",  "bulk",    "get",
                                         "insert",  "update",  "move",    "check",
                                         "fill",    "created", "changed", "archived" };
    for (size_t i = 0; i < COUNT(taken); i++)
        if (str_is(c->name, taken[i]))
            complain(all, c->at, "a command cannot be called %s", taken[i]);
}

void check_apis(struct all *all, struct entity *e)
{
    check_scope(all, e);
    for (int op = 0; op < OP_COUNT; op++) {
        struct operation *o = &e->ops[op];
        if (!o->offered)
            continue;
        if (op != OP_BULK)
            check_permission(all, &o->may);
        o->when_mask = check_when(all, e, &o->when);
        bool writes = op == OP_CREATE || op == OP_UPDATE || op == OP_ARCHIVE || op == OP_IMPORT ||
                      op == OP_BULK;
        if (writes && (e->flags & ENTITY_FACT))
            complain(all, o->at, "a fact is only listed and read; it changes by commands");
        if (op == OP_ARCHIVE && !(e->flags & ENTITY_ARCHIVE))
            complain(all, o->at, "archive: the entity does not say archive");
        if (op == OP_LIST)
            check_list(all, e, o);
        if (op == OP_IMPORT && !o->accepts)
            o->fields = e->ops[OP_CREATE].fields;
        if (op == OP_CREATE || op == OP_UPDATE || op == OP_IMPORT)
            check_accept(all, e, (enum entity_op)op);
        if ((op == OP_CREATE || op == OP_UPDATE) && !o->accepts)
            complain(all, o->at, "accept is missing: which fields may come from outside?");
    }
    if (e->ops[OP_IMPORT].offered && !e->ops[OP_CREATE].offered)
        complain(all, e->ops[OP_IMPORT].at, "import needs create");
    for (size_t i = 0; i < e->commands.count; i++)
        check_command(all, e, &e->commands.items[i]);
}

/* ---- names in C ---- */

static void made(struct all *all, struct str_map *map, struct str name, struct place *at,
                 const char *what)
{
    void **slot = str_map_at(map, name, true);
    struct place *other = *slot;
    if (other && other != at)
        complain(all, *at, "this makes the %s " STR_FMT ", which %s:%d makes too", what,
                 STR_ARG(name), other->file, other->line);
    else
        *slot = at;
}

static void made_fmt(struct all *all, struct str_map *map, struct place *at, struct str a,
                     const char *b)
{
    made(all, map, str_fmt(all->arena, STR_FMT "_%s", STR_ARG(a), b), at, "C name");
}

/* Constants of all kinds share one space: MAY_A_B is a.b as well as a_b. */
static void constant(struct all *all, struct str_map *map, struct place *at, const char *prefix,
                     struct str a, struct str b)
{
    struct str name = str_fmt(all->arena, "%s" STR_FMT "%s" STR_FMT, prefix,
                              STR_ARG(upper(all->arena, a)), b.len ? "_" : "",
                              STR_ARG(upper(all->arena, b)));
    made(all, map, name, at, "C constant");
}

static void check_constants(struct all *all)
{
    struct str_map map = str_map_in(all->arena);
    for (size_t i = 0; i < all->choices.count; i++) {
        struct choice_set *set = all->choices.items[i];
        constant(all, &map, &set->at, "NO_", set->name, STR_NONE);
        for (size_t n = 0; n < set->count; n++)
            constant(all, &map, &set->items[n].at, "", set->prefix, set->items[n].code);
    }
    for (size_t i = 0; i < all->entities.count; i++) {
        struct entity *e = all->entities.items[i];
        constant(all, &map, &e->at, "ENTITY_", e->name, STR_NONE);
        struct str fields = str_fmt(all->arena, STR_FMT "_field", STR_ARG(e->name));
        for (size_t f = 0; f < e->fields.count; f++)
            constant(all, &map, &e->fields.items[f].at, "", fields, e->fields.items[f].name);
    }
    for (size_t i = 1; i < all->permissions.count; i++)
        constant(all, &map, &all->permissions.items[i].at, "MAY_", all->permissions.items[i].name,
                 STR_NONE);
    for (size_t i = 1; i < all->events.count; i++)
        constant(all, &map, &all->events.items[i].at, "EVENT_", all->events.items[i].name,
                 STR_NONE);
    for (size_t i = 0; i < all->settings.count; i++)
        constant(all, &map, &all->settings.items[i].at, "SETTING_", all->settings.items[i].name,
                 STR_NONE);
}

void check_names(struct all *all)
{
    static const char *const of_entity[] = { "get",   "insert", "update", "move", "check",
                                             "fill",  "blank",  "model",  "id" };
    struct str_map map = str_map_in(all->arena), routes = str_map_in(all->arena);
    for (size_t i = 0; i < all->entities.count; i++) {
        struct entity *e = all->entities.items[i];
        made(all, &map, e->name, &e->at, "C name");
        for (size_t n = 0; n < COUNT(of_entity); n++)
            made_fmt(all, &map, &e->at, e->name, of_entity[n]);
        for (size_t c = 0; c < e->commands.count; c++)
            made_fmt(all, &map, &e->commands.items[c].at, e->name,
                     str_cstr(all->arena, e->commands.items[c].name));
        if (e->route.len)
            made(all, &routes, e->route, &e->api_at, "route");
    }
    for (size_t i = 0; i < all->choices.count; i++) {
        struct choice_set *set = all->choices.items[i];
        made_fmt(all, &map, &set->at, set->name, "code");
        made_fmt(all, &map, &set->at, set->name, "choices");
    }
    for (size_t i = 0; i < all->queries.count; i++) {
        struct query *q = all->queries.items[i];
        made(all, &map, q->name, &q->at, "C name");
        if (q->kind == QUERY_MANY)
            made_fmt(all, &map, &q->at, q->name, "next");
    }
    check_constants(all);
}

/* ---- events ---- */

static void add_event(struct all *all, struct entity *e, struct place at, struct str what,
                      struct label label, bool proof)
{
    struct named n = { .at = at, .label = label, .proof = proof, .entity = e };
    n.name = str_fmt(all->arena, STR_FMT "." STR_FMT, STR_ARG(e->name), STR_ARG(what));
    vec_add(all->arena, &all->events, n);
}

static struct label say(struct all *all, const struct entity *e, const char *zh, const char *en)
{
    return (struct label){ str_fmt(all->arena, "%s" STR_FMT, zh, STR_ARG(e->label.zh)),
                           str_fmt(all->arena, STR_FMT " %s", STR_ARG(e->label.en), en) };
}

static struct label say_state(struct all *all, const struct entity *e, struct label state)
{
    return (struct label){
        str_fmt(all->arena, STR_FMT "：" STR_FMT, STR_ARG(e->label.zh), STR_ARG(state.zh)),
        str_fmt(all->arena, STR_FMT ": " STR_FMT, STR_ARG(e->label.en), STR_ARG(state.en)) };
}

static void imply_events(struct all *all, struct entity *e)
{
    add_event(all, e, e->at, STR("created"), say(all, e, "新建", "created"), false);
    add_event(all, e, e->at, STR("changed"), say(all, e, "修改", "changed"), false);
    if (e->flags & ENTITY_ARCHIVE)
        add_event(all, e, e->at, STR("archived"), say(all, e, "归档", "archived"), false);
    for (size_t i = 0; i < e->commands.count; i++) {
        struct command *c = &e->commands.items[i];
        add_event(all, e, c->at, c->name, say_state(all, e, c->label),
                  (c->flags & COMMAND_PROOF) != 0);
    }
    struct choice_set *set = e->state_field >= 0 ? e->fields.items[e->state_field].choices : NULL;
    for (size_t i = 0; set && i < set->count; i++)
        add_event(all, e, set->items[i].at, set->items[i].code,
                  say_state(all, e, set->items[i].label), false);
}

void check_events(struct all *all)
{
    for (size_t i = 0; i < all->entities.count; i++)
        imply_events(all, all->entities.items[i]);
    struct str_map seen = str_map_in(all->arena);
    for (size_t i = 1; i < all->events.count; i++) {
        struct named *n = &all->events.items[i];
        void **slot = str_map_at(&seen, n->name, true);
        struct named *other = *slot;
        if (other) { /* told where somebody wrote it, not where an entity implies it */
            bool first = n->entity && !other->entity;
            struct place here = first ? other->at : n->at, there = first ? n->at : other->at;
            complain(all, here, "event " STR_FMT " is made twice: here and in %s:%d",
                     STR_ARG(n->name), there.file, there.line);
        }
        *slot = n;
    }
}

int event_find(const struct all *all, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str name = str_vfmt(all->arena, format, args);
    va_end(args);
    for (size_t i = 1; i < all->events.count; i++)
        if (str_eq(all->events.items[i].name, name))
            return (int)i;
    return 0;
}
