/* check.c - entities: names resolved, system fields added, fields and keys compared. */
#include "desc.h"

#include <stdlib.h>

int field_find(const struct entity *e, struct str name)
{
    for (size_t i = 0; i < e->fields.count; i++)
        if (str_eq(e->fields.items[i].name, name))
            return (int)i;
    return -1;
}

static int resolve_field(struct all *all, const struct entity *e, struct word *w)
{
    w->resolved = field_find(e, w->s);
    if (w->resolved < 0)
        complain(all, w->at, "entity " STR_FMT " has no field " STR_FMT, STR_ARG(e->name),
                 STR_ARG(w->s));
    return w->resolved;
}

/* ---- defaults ---- */

static bool default_choice(const struct choice_set *set, struct str s, int64_t *ret)
{
    for (size_t i = 0; set && i < set->count; i++) {
        if (str_eq(set->items[i].code, s)) {
            *ret = (int64_t)i + 1;
            return true;
        }
    }
    return false;
}

static bool default_value(struct field *f)
{
    struct date day;
    bool in_range;
    switch (f->type) {
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
    case FIELD_DECIMAL:
        in_range = str_to_i64(f->default_text, &f->default_number) &&
                   f->default_number > ABSENT;
        if (f->type == FIELD_DECIMAL && !f->ranged)
            return in_range;
        return in_range && f->low <= f->default_number && f->default_number <= f->high;
    case FIELD_BOOL:
        f->default_number = str_is(f->default_text, "true");
        return f->default_number || str_is(f->default_text, "false");
    case FIELD_DATE:
        if (!date_parse(f->default_text, &day))
            return false;
        f->default_number = day.day;
        return true;
    case FIELD_TEXT: return (int64_t)utf8_count(f->default_text) <= f->high;
    case FIELD_ENUM:
    case FIELD_STATES: return default_choice(f->choices, f->default_text, &f->default_number);
    case FIELD_REF:
    case FIELD_FILE:
    case FIELD_SECRET:
    case FIELD_INSTANT:
    case FIELD_JSON:
    case FIELD_BYTES:
    case FIELD_POINT:
    case FIELD_ROWS: break;
    }
    return false;
}

/* ---- one field ---- */

static void check_target(struct all *all, struct field *f)
{
    if (f->type == FIELD_REF || f->type == FIELD_FILE) {
        f->target = entity_find(all, f->of.s);
        if (!f->target)
            complain(all, f->at, "there is no entity " STR_FMT, STR_ARG(f->of.s));
    } else if (f->type == FIELD_ENUM || f->type == FIELD_STATES) {
        f->choices = choices_find(all, f->of.s);
        bool states = f->type == FIELD_STATES;
        if (!f->choices)
            complain(all, f->at, "there is no %s " STR_FMT, states ? "states" : "enum",
                     STR_ARG(f->of.s));
        else if (f->choices->states != states)
            complain(all, f->at, STR_FMT " is %s", STR_ARG(f->of.s),
                     states ? "an enum, not states" : "states, not an enum");
    }
}

static void check_flags(struct all *all, struct field *f)
{
    bool text = f->type == FIELD_TEXT || f->type == FIELD_SECRET;
    bool number = f->type == FIELD_INT || f->type == FIELD_DECIMAL;
    if ((f->flags & FIELD_SEARCH) && !text)
        complain(all, f->at, "search is for text and secret text");
    if ((f->flags & FIELD_UNIQUE) && (f->type == FIELD_JSON || f->type == FIELD_POINT))
        complain(all, f->at, "a %s cannot be unique", type_word(f->type));
    if (f->unit.len && !number)
        complain(all, f->at, "only int and decimal have a unit; %s has its own",
                 type_word(f->type));
    if ((f->flags & FIELD_TITLE) && f->type != FIELD_TEXT)
        complain(all, f->at, "a title is a text");
    if ((f->flags & FIELD_DEFAULT) && !default_value(f))
        complain(all, f->at, "\"" STR_FMT "\" is no default for this %s", STR_ARG(f->default_text),
                 type_word(f->type));
    if (f->type == FIELD_ROWS && f->low < 0)
        complain(all, f->at, "rows count from 0");
}

void check_fields(struct all *all, struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        struct field *f = &record->items[i];
        check_target(all, f);
        if (f->type == FIELD_STATES && !(f->flags & FIELD_DEFAULT) && f->choices &&
            f->choices->count) {
            f->flags |= FIELD_DEFAULT; /* a row begins in the first state */
            f->default_text = f->choices->items[0].code;
        }
        check_flags(all, f);
        if (is_c_word(f->name))
            complain(all, f->at, STR_FMT " is a word of C: choose another name", STR_ARG(f->name));
        for (size_t j = 0; j < i; j++)
            if (str_eq(record->items[j].name, f->name))
                complain(all, f->at, STR_FMT " stands twice", STR_ARG(f->name));
        if (f->rows)
            check_fields(all, f->rows);
    }
}

/* Inputs and results of a statement are members of a struct, nothing more. */
static void check_values(struct all *all, struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        struct field *f = &record->items[i];
        check_target(all, f);
        if (is_c_word(f->name))
            complain(all, f->at, STR_FMT " is a word of C: choose another name", STR_ARG(f->name));
    }
}

/* ---- the system's fields ---- */

static void add_system(struct all *all, struct entity *e, const char *name, enum field_type type,
                       const char *of, struct label label, bool nullable)
{
    struct str s = str_from(name);
    int own = field_find(e, s);
    if (own >= 0)
        complain(all, e->fields.items[own].at, "%s is on every entity by itself", name);
    struct field f = { .at = e->at, .name = s, .label = label, .type = type, .high = INT64_MAX,
                       .flags = FIELD_SYSTEM | FIELD_READONLY };
    if (!nullable)
        f.flags |= FIELD_REQUIRED;
    f.of.s = str_from(of);
    f.target = type == FIELD_REF ? entity_find(all, f.of.s) : NULL;
    vec_add(all->arena, &e->fields, f);
}

static void add_system_fields(struct all *all, struct entity *e)
{
    e->own = e->fields.count;
    const char *self = str_cstr(all->arena, e->name);
    add_system(all, e, "id", FIELD_REF, self, (struct label){ STR("编号"), STR("Id") }, false);
    add_system(all, e, "version", FIELD_INT, "", (struct label){ STR("版本"), STR("Version") },
               false);
    add_system(all, e, "created_at", FIELD_INSTANT, "",
               (struct label){ STR("创建时间"), STR("Created at") }, false);
    /* Never NULL: 0 is the server itself. */
    add_system(all, e, "created_by", FIELD_REF, "login",
               (struct label){ STR("创建人"), STR("Created by") }, false);
    if (!(e->flags & ENTITY_FACT)) {
        add_system(all, e, "changed_at", FIELD_INSTANT, "",
                   (struct label){ STR("修改时间"), STR("Changed at") }, false);
        add_system(all, e, "changed_by", FIELD_REF, "login",
                   (struct label){ STR("修改人"), STR("Changed by") }, false);
    }
    if (e->flags & ENTITY_ARCHIVE)
        add_system(all, e, "archived_at", FIELD_INSTANT, "",
                   (struct label){ STR("归档时间"), STR("Archived at") }, true);
    int org = field_find(e, STR("org")), extra = field_find(e, STR("extra"));
    if (org >= 0)
        complain(all, e->fields.items[org].at, "org is on every entity by itself");
    if (extra >= 0 && (e->flags & ENTITY_EXTRA))
        complain(all, e->fields.items[extra].at, "extra is the column of the company's own fields");
}

/* ---- the entity ---- */

/* Two fields may want the same column: place point, place_lat int. */
static void check_columns(struct all *all, struct entity *e)
{
    struct columns columns = { 0 };
    size_t updated;
    columns_of(all, e, &columns, &updated);
    for (size_t i = 0; i < columns.count; i++) {
        if (is_sql_word(columns.items[i].name))
            complain(all, columns.items[i].field->at,
                     STR_FMT " is a word of SQL: choose another name",
                     STR_ARG(columns.items[i].name));
        for (size_t j = 0; j < i; j++)
            if (str_eq(columns.items[i].name, columns.items[j].name) &&
                columns.items[i].field != columns.items[j].field && columns.items[i].field)
                complain(all, columns.items[i].field->at, "column " STR_FMT " is made twice",
                         STR_ARG(columns.items[i].name));
    }
}

static void check_keys(struct all *all, struct entity *e)
{
    for (size_t i = 0; i < e->keys.count; i++) {
        struct key *k = &e->keys.items[i];
        for (size_t j = 0; j < k->fields.count; j++) {
            int field = resolve_field(all, e, &k->fields.items[j]);
            if (field >= 0 && (e->fields.items[field].type == FIELD_JSON ||
                               e->fields.items[field].type == FIELD_POINT))
                complain(all, k->at, "a %s cannot be part of a key",
                         type_word(e->fields.items[field].type));
        }
    }
    for (size_t i = 0; i < e->own; i++) {
        struct field *f = &e->fields.items[i];
        if (!(f->flags & FIELD_UNIQUE))
            continue;
        struct key k = { .at = f->at, .unique = true };
        vec_add(all->arena, &k.fields,
                ((struct word){ .at = f->at, .s = f->name, .resolved = (int)i }));
        vec_add(all->arena, &e->keys, k);
    }
}

static void check_tree(struct all *all, struct entity *e)
{
    if (!(e->flags & ENTITY_TREE))
        return;
    e->tree_parent = resolve_field(all, e, &e->parent_word);
    e->tree_path = resolve_field(all, e, &e->path_word);
    if (e->tree_parent >= 0 && e->fields.items[e->tree_parent].target != e)
        complain(all, e->parent_word.at, "the parent of a tree is a ref to the entity itself");
    if (e->tree_path >= 0 && e->fields.items[e->tree_path].type != FIELD_TEXT)
        complain(all, e->path_word.at, "the path of a tree is a text");
}

static void check_entity(struct all *all, struct entity *e)
{
    static const char *const flags[] = { "fact", "archive", "global", "extra", "search", "tree" };
    for (size_t i = 0; i < COUNT(flags); i++)
        if (str_is(e->name, flags[i]))
            complain(all, e->at, STR_FMT " cannot be an entity: ENTITY_ constants use it",
                     STR_ARG(e->name));
    if (is_sql_word(e->name) || is_c_word(e->name))
        complain(all, e->at, STR_FMT " is a word of SQL or C: choose another name",
                 STR_ARG(e->name));
    check_fields(all, &e->fields);
    add_system_fields(all, e);
    for (size_t i = 0; i < e->own; i++) {
        struct field *f = &e->fields.items[i];
        if (f->type == FIELD_STATES && e->state_field >= 0)
            complain(all, f->at, "an entity has one field of states");
        if (f->type == FIELD_STATES)
            e->state_field = (int)i;
        if (f->flags & FIELD_SEARCH)
            e->flags |= ENTITY_SEARCH;
        bool better = (f->flags & FIELD_TITLE) ||
                      (e->title_field < 0 && f->type == FIELD_TEXT && (f->flags & FIELD_REQUIRED));
        if (better)
            e->title_field = (int)i;
        if ((e->flags & ENTITY_GLOBAL) && f->target && !(f->target->flags & ENTITY_GLOBAL))
            complain(all, f->at, "a global entity cannot refer to " STR_FMT
                                 ", which belongs to companies", STR_ARG(f->of.s));
    }
    if ((e->flags & ENTITY_FACT) && (e->flags & ENTITY_ARCHIVE))
        complain(all, e->at, "a fact is never put away: fact or archive");
    check_keys(all, e);
    check_tree(all, e);
    check_columns(all, e);
}

/* ---- enums and states ---- */

static void check_choices(struct all *all, struct choice_set *set)
{
    uint64_t reached = 1u; /* the first */
    for (size_t i = 0; i < set->count; i++) {
        struct choice_item *item = &set->items[i];
        for (size_t j = 0; j < item->next.count; j++) {
            int64_t value = 0;
            if (!default_choice(set, item->next.items[j].s, &value)) {
                complain(all, item->at, STR_FMT " -> " STR_FMT ": there is no such state",
                         STR_ARG(item->code), STR_ARG(item->next.items[j].s));
                continue;
            }
            item->mask |= UINT64_C(1) << value;
            reached |= UINT64_C(1) << (value - 1);
        }
    }
    for (size_t i = 0; set->states && i < set->count; i++)
        if (!(reached >> i & 1))
            complain(all, set->items[i].at, "no arrow leads to state " STR_FMT,
                     STR_ARG(set->items[i].code));
}

/* By name, so that the order of files and of folders changes nothing. */
static int entity_order(const void *a, const void *b)
{
    return str_cmp((*(struct entity *const *)a)->name, (*(struct entity *const *)b)->name);
}
static int choices_order(const void *a, const void *b)
{
    return str_cmp((*(struct choice_set *const *)a)->name, (*(struct choice_set *const *)b)->name);
}
static int folder_order(const void *a, const void *b)
{
    return str_cmp((*(struct folder *const *)a)->path, (*(struct folder *const *)b)->path);
}
static int named_order(const void *a, const void *b)
{
    return str_cmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}
static int setting_order(const void *a, const void *b)
{
    return str_cmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}
#define SORT(list, order)                                                        \
    do {                                                                         \
        if ((list)->count)                                                       \
            qsort((list)->items, (list)->count, sizeof(*(list)->items), (order)); \
    } while (0)

static void check_settings(struct all *all)
{
    check_fields(all, &all->settings);
    for (size_t i = 0; i < all->settings.count; i++) {
        struct field *f = &all->settings.items[i];
        switch (f->type) {
        case FIELD_INT:
        case FIELD_MONEY:
        case FIELD_RATE:
        case FIELD_BOOL:
        case FIELD_DATE:
        case FIELD_TEXT:
        case FIELD_ENUM: break;
        case FIELD_REF:
        case FIELD_SECRET:
        case FIELD_DECIMAL:
        case FIELD_INSTANT:
        case FIELD_STATES:
        case FIELD_JSON:
        case FIELD_FILE:
        case FIELD_BYTES:
        case FIELD_POINT:
        case FIELD_ROWS: complain(all, f->at, "a setting cannot be %s", type_word(f->type)); break;
        }
        if (!(f->flags & FIELD_DEFAULT))
            complain(all, f->at, "a setting needs a default: = VALUE");
    }
}

void check_all(struct all *all)
{
    SORT(&all->entities, entity_order);
    SORT(&all->choices, choices_order);
    SORT(&all->folders, folder_order);
    SORT(&all->permissions, named_order);
    SORT(&all->settings, setting_order);
    for (size_t i = 0; i < all->entities.count; i++)
        all->entities.items[i]->number = (int)i + 1;
    for (size_t i = 0; i < all->choices.count; i++)
        check_choices(all, all->choices.items[i]);
    for (size_t i = 0; i < all->entities.count; i++)
        check_entity(all, all->entities.items[i]);
    check_settings(all);
    for (size_t i = 0; i < all->entities.count; i++)
        check_apis(all, all->entities.items[i]);
    for (size_t i = 0; i < all->queries.count; i++) {
        check_values(all, &all->queries.items[i]->in);
        check_values(all, &all->queries.items[i]->out);
    }
    check_events(all);
    SORT(&all->events, named_order);
    /* What stands twice makes names twice: told only when it is not the echo of another mistake. */
    if (all->complaints.count == 0)
        check_names(all);
}
