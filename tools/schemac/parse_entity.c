/* parse_entity.c - the blocks entity, enum, states, api and command. */
#include "desc.h"

static void parse_hook(struct reader *r, struct entity *e)
{
    while (more(r)) {
        if (accept_word(r, "check")) {
            e->hook_check = true;
        } else if (accept_word(r, "fill")) {
            e->hook_fill = true;
        } else {
            complain(r->all, r->line->at, "a hook is check or fill");
            return;
        }
    }
}

static void parse_global(struct reader *r, struct entity *e)
{
    e->flags |= ENTITY_GLOBAL;
    if (more(r) && peek(r)->quoted && peek(r)->s.len)
        e->global_why = r->line->items[r->token++].s;
    else
        complain(r->all, r->line->at, "global needs its reason in quotes");
}

/* A line that is a property of the entity, not a field. */
static bool parse_property(struct reader *r, struct entity *e)
{
    struct key key = { .at = r->line->at };
    if (accept_word(r, "about")) {
        take_label(r, "about", &e->about);
    } else if (accept_word(r, "unique") || accept_word(r, "index")) {
        key.unique = str_is(r->line->items[0].s, "unique");
        read_words(r, &key.fields, "");
        vec_add(r->all->arena, &e->keys, key);
    } else if (accept_word(r, "fact")) {
        e->flags |= ENTITY_FACT;
    } else if (accept_word(r, "archive")) {
        e->flags |= ENTITY_ARCHIVE;
    } else if (accept_word(r, "extra")) {
        e->flags |= ENTITY_EXTRA;
    } else if (accept_word(r, "tree")) {
        e->flags |= ENTITY_TREE;
        if (!take_name(r, "the parent field of the tree", &e->parent_word) ||
            !take_name(r, "the path field of the tree", &e->path_word))
            return true;
    } else if (accept_word(r, "global")) {
        parse_global(r, e);
    } else if (accept_word(r, "hook")) {
        parse_hook(r, e);
    } else {
        return false;
    }
    end_line(r);
    return true;
}

static void parse_entity_field(struct reader *r, struct entity *e)
{
    struct field f = { .at = r->line->at };
    struct word name;
    if (!take_name(r, "the name of a field", &name) || !read_field(r, &f))
        return;
    f.name = name.s;
    if (f.type == FIELD_ROWS)
        complain(r->all, f.at, "rows is a type of a command's input, not of a field");
    else
        vec_add(r->all->arena, &e->fields, f);
}

void parse_entity(struct reader *r)
{
    struct word name = { 0 };
    struct entity *e = arena_new(r->all->arena, struct entity);
    e->at = r->line->at;
    e->folder = r->folder;
    e->state_field = e->title_field = e->tree_parent = e->tree_path = e->scope_field = -1;
    if (take_name(r, "the name of an entity", &name)) {
        e->name = name.s;
        void **slot = str_map_at(&r->all->entity_by_name, name.s, true);
        struct entity *other = *slot;
        if (other) {
            complain(r->all, e->at, "entity " STR_FMT " stands already in %s:%d", STR_ARG(name.s),
                     other->at.file, other->at.line);
        } else {
            *slot = e;
            vec_add(r->all->arena, &r->all->entities, e);
        }
        take_label(r, "an entity", &e->label);
        end_line(r);
    }
    r->last = e;
    while (read_line(r, 0))
        if (!parse_property(r, e))
            parse_entity_field(r, e);
}

static void parse_choice(struct reader *r, struct choice_set *set)
{
    struct word code;
    struct choice_item item = { .at = r->line->at };
    if (!take_name(r, "a code", &code))
        return;
    item.code = code.s;
    if (accept_word(r, "->")) {
        if (set->states)
            read_words(r, &item.next, "");
        else
            complain(r->all, item.at, "only states have arrows; this is an enum");
    }
    if (!take_label(r, "a code", &item.label) || !end_line(r))
        return;
    for (size_t i = 0; i < set->count; i++) {
        if (!str_eq(set->items[i].code, item.code))
            continue;
        complain(r->all, item.at, STR_FMT " stands twice", STR_ARG(item.code));
        return;
    }
    vec_add(r->all->arena, set, item);
}

void parse_choices(struct reader *r, bool states)
{
    struct word name = { 0 };
    struct choice_set *set = arena_new(r->all->arena, struct choice_set);
    set->at = r->line->at;
    set->folder = r->folder;
    set->states = states;
    if (take_name(r, states ? "the name of states" : "the name of an enum", &name)) {
        set->name = name.s;
        struct str prefix = name.s;
        if (states && str_ends(prefix, STR("_status")))
            prefix = str_cut(prefix, 0, prefix.len - 7);
        set->prefix = upper(r->all->arena, prefix);
        take_label(r, states ? "states" : "an enum", &set->label);
        end_line(r);
        void **slot = str_map_at(&r->all->choices_by_name, name.s, true);
        struct choice_set *other = *slot;
        if (other) {
            complain(r->all, set->at, STR_FMT " stands already in %s:%d", STR_ARG(name.s),
                     other->at.file, other->at.line);
        } else {
            *slot = set;
            vec_add(r->all->arena, &r->all->choices, set);
        }
    }
    while (read_line(r, 0))
        parse_choice(r, set);
    if (set->count == 0 || set->count >= CHOICES_MAX)
        complain(r->all, set->at, "an enum or states has 1 to %d codes", CHOICES_MAX - 1);
}

static void parse_clauses(struct reader *r, enum entity_op op, struct operation *o)
{
    while (more(r)) {
        if (op == OP_LIST && accept_word(r, "filter")) {
            read_words(r, &o->fields, "sort search");
        } else if (op == OP_LIST && accept_word(r, "sort")) {
            read_words(r, &o->sorts, "filter search");
        } else if (op == OP_LIST && accept_word(r, "search")) {
            o->search = true;
        } else if ((op == OP_CREATE || op == OP_UPDATE || op == OP_IMPORT) &&
                   accept_word(r, "accept")) {
            o->accepts = true;
            read_words(r, &o->fields, "when");
        } else if ((op == OP_UPDATE || op == OP_ARCHIVE) && accept_word(r, "when")) {
            read_words(r, &o->when, "accept");
        } else {
            end_line(r);
            return;
        }
    }
}

static void parse_operation(struct reader *r, struct entity *e)
{
    static const char *const ops[OP_COUNT] = { "list",   "get",    "create", "update", "archive",
                                               "import", "export", "bulk",   "reveal" };
    for (int op = 0; op < OP_COUNT; op++) {
        if (!accept_word(r, ops[op]))
            continue;
        struct operation *o = &e->ops[op];
        if (o->offered)
            complain(r->all, r->line->at, "%s stands twice", ops[op]);
        *o = (struct operation){ .at = r->line->at, .offered = true };
        if (op == OP_BULK || take_name(r, "the permission", &o->may))
            parse_clauses(r, (enum entity_op)op, o);
        return;
    }
    complain(r->all, r->line->at,
             "\"" STR_FMT "\" is no operation: list, get, create, update, archive, import, "
             "export, bulk or reveal",
             STR_ARG(peek(r)->s));
}

static void parse_scope(struct reader *r, struct entity *e)
{
    static const struct {
        const char *word;
        enum entity_scope scope;
    } scopes[] = { { "person", SCOPE_PERSON }, { "unit", SCOPE_UNIT }, { "via", SCOPE_VIA } };

    if (!accept_word(r, "scope")) {
        complain(r->all, r->line->at, "an api needs its scope: person FIELD, unit FIELD, via FIELD "
                                      "or org");
        return;
    }
    if (accept_word(r, "org")) {
        e->scope = SCOPE_ORG;
        return;
    }
    for (size_t i = 0; i < COUNT(scopes); i++) {
        if (accept_word(r, scopes[i].word)) {
            e->scope = scopes[i].scope;
            take_name(r, "the field of the scope", &e->scope_word);
            return;
        }
    }
    complain(r->all, r->line->at, "a scope is person FIELD, unit FIELD, via FIELD or org");
}

/* The entity that a block names, or else the one above it. NULL, and told, if there is none. */
static struct entity *block_entity(struct reader *r, bool named)
{
    struct word name;
    if (!named) {
        if (!r->last)
            complain(r->all, r->line->at, "this names no entity and none stands above it");
        return r->last;
    }
    if (!take_name(r, "the entity", &name))
        return NULL;
    struct entity *e = entity_find(r->all, name.s);
    if (!e)
        complain(r->all, r->line->at, "there is no entity " STR_FMT " above", STR_ARG(name.s));
    return e;
}

void parse_api(struct reader *r)
{
    static const char *const taken[] = { "session", "me",   "meta",     "overview",
                                         "openapi", "sync", "uploads", "events" };
    struct place at = r->line->at;
    struct token *route = peek(r);
    if (route)
        r->token++;
    bool named = more(r) && !str_is(peek(r)->s, "scope");
    struct entity *e = route ? block_entity(r, named) : NULL;
    struct entity unused = { 0 }; /* goes on reading, to find more mistakes */
    e = e ? e : &unused;
    if (e->route.len)
        complain(r->all, at, "entity " STR_FMT " has an api in %s:%d", STR_ARG(e->name),
                 e->api_at.file, e->api_at.line);
    e->route = route ? route->s : STR("");
    e->api_at = at;
    bool fits = e->route.len > 0;
    for (size_t i = 0; i < e->route.len; i++)
        fits = fits && (strchr("abcdefghijklmnopqrstuvwxyz0123456789-", e->route.data[i]) != NULL);
    if (!fits)
        complain(r->all, at, "a route is words-with-dashes");
    for (size_t i = 0; i < COUNT(taken); i++)
        if (str_is(e->route, taken[i]))
            complain(r->all, at, "route %s is used by the server itself", taken[i]);
    parse_scope(r, e);
    end_line(r);
    while (read_line(r, 0))
        parse_operation(r, e);
}

static void parse_command_line(struct reader *r, struct command *c)
{
    while (more(r) && !peek(r)->quoted) {
        if (accept_word(r, "when")) {
            read_words(r, &c->when, "collection async proof");
        } else if (accept_word(r, "collection")) {
            c->flags |= COMMAND_COLLECTION;
        } else if (accept_word(r, "async")) {
            c->flags |= COMMAND_ASYNC;
        } else if (accept_word(r, "proof")) {
            c->flags |= COMMAND_PROOF;
        } else {
            end_line(r);
            return;
        }
    }
    take_label(r, "a command", &c->label);
    end_line(r);
}

static void read_out(struct reader *r, struct command *c)
{
    struct field f = { .at = r->line->at };
    struct word name;
    if (!take_name(r, "the name of a field", &name) || !read_field(r, &f))
        return;
    f.name = name.s;
    if (f.type == FIELD_ROWS || f.type == FIELD_SECRET)
        complain(r->all, f.at, "an answer has no %s", type_word(f.type));
    else
        vec_add(r->all->arena, &c->out, f);
}

/* Is the line `command ENTITY NAME PERM` or `command NAME PERM`? A permission has a dot. */
static bool names_entity(const struct reader *r)
{
    const struct line *l = r->line;
    return l->count > r->token + 1 && str_find_char(l->items[r->token + 1].s, '.') < 0;
}

void parse_command(struct reader *r)
{
    struct command c = { .at = r->line->at };
    struct entity *e = block_entity(r, names_entity(r));
    struct word name = { 0 };
    if (take_name(r, "the name of a command", &name) && take_name(r, "the permission", &c.may))
        parse_command_line(r, &c);
    c.name = name.s;
    for (size_t stop = r->at; read_line(r, 0); stop = r->at) {
        if (accept_word(r, "->")) {
            read_out(r, &c);
            continue;
        }
        /* One record reader for all lines of this depth, up to an arrow. */
        struct lines rest = r->lines;
        size_t end = stop;
        while (end < rest.count && rest.items[end].indent > 0 &&
               !str_is(rest.items[end].items[0].s, "->"))
            end++;
        r->at = stop;
        r->lines.count = end;
        read_record(r, &c.in, 0);
        r->lines.count = rest.count;
    }
    bool twice = false;
    for (size_t i = 0; e && i < e->commands.count; i++)
        twice = twice || str_eq(e->commands.items[i].name, c.name);
    if (twice)
        complain(r->all, c.at, "command " STR_FMT " stands twice", STR_ARG(c.name));
    if (e && c.name.len && !twice)
        vec_add(r->all->arena, &e->commands, c);
}
