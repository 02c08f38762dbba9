/* parse.c - lines to words, words to names and labels; the blocks of a file. */
#include "desc.h"

void all_init(struct all *all, struct arena *arena, struct str name)
{
    *all = (struct all){ .arena = arena, .name = name };
    all->entity_by_name = str_map_in(arena);
    all->choices_by_name = str_map_in(arena);
    all->draft = buf_in(arena);
    vec_push(arena, &all->permissions); /* number 0 names nothing */
    vec_push(arena, &all->events);
}

struct folder *folder_of(struct all *all, struct str path)
{
    for (size_t i = 0; i < all->folders.count; i++)
        if (str_eq(all->folders.items[i]->path, path))
            return all->folders.items[i];
    struct folder *f = arena_new(all->arena, struct folder);
    f->path = path;
    f->last = path;
    for (size_t i = 0; i < path.len; i++)
        if (path.data[i] == '/')
            f->last = str_cut(path, i + 1, path.len);
    vec_add(all->arena, &all->folders, f);
    return f;
}

struct entity *entity_find(struct all *all, struct str name)
{
    return str_map_get(&all->entity_by_name, name);
}

struct choice_set *choices_find(struct all *all, struct str name)
{
    return str_map_get(&all->choices_by_name, name);
}

bool read_line(struct reader *r, int deeper_than)
{
    if (r->at >= r->lines.count || r->lines.items[r->at].indent <= deeper_than)
        return false;
    r->line = &r->lines.items[r->at++];
    r->token = 0;
    return true;
}

bool more(const struct reader *r)
{
    return r->token < r->line->count;
}

struct token *peek(const struct reader *r)
{
    return more(r) ? &r->line->items[r->token] : NULL;
}

bool accept_word(struct reader *r, const char *word)
{
    struct token *t = peek(r);
    if (!t || t->quoted || !str_is(t->s, word))
        return false;
    r->token++;
    return true;
}

bool take_name(struct reader *r, const char *what, struct word *ret)
{
    struct token *t = peek(r);
    if (!t || t->quoted) {
        complain(r->all, r->line->at, "%s is missing", what);
        return false;
    }
    r->token++;
    *ret = (struct word){ .at = r->line->at, .s = t->s, .resolved = -1 };
    struct str rest = t->s, part;
    bool fits = rest.len > 0;
    while (str_split(&rest, '.', &part))
        fits = fits && is_name(part);
    fits = fits && t->s.data[t->s.len - 1] != '.';
    if (!fits)
        complain(r->all, r->line->at, "\"" STR_FMT "\" cannot be %s: lower_case_words only",
                 STR_ARG(t->s), what);
    return fits;
}

bool take_label(struct reader *r, const char *what, struct label *ret)
{
    struct token *t = peek(r);
    if (!t || !t->quoted) {
        complain(r->all, r->line->at, "%s needs a label \"中文 | English\"", what);
        return false;
    }
    r->token++;
    ptrdiff_t bar = str_find_char(t->s, '|');
    if (bar >= 0) {
        ret->zh = str_trim(str_cut(t->s, 0, (size_t)bar));
        ret->en = str_trim(str_cut(t->s, (size_t)bar + 1, t->s.len));
    }
    if (ret->zh.len && ret->en.len)
        return true;
    complain(r->all, r->line->at, "a label has both languages: \"中文 | English\"");
    return false;
}

bool end_line(struct reader *r)
{
    struct token *t = peek(r);
    if (t)
        complain(r->all, r->line->at, "\"" STR_FMT "\" is not expected here", STR_ARG(t->s));
    return !t;
}

static bool is_clause(struct str s, const char *clauses)
{
    struct str rest = str_from(clauses), one;
    while (str_split(&rest, ' ', &one))
        if (str_eq(one, s))
            return true;
    return false;
}

void read_words(struct reader *r, struct words *ret, const char *clauses)
{
    size_t before = ret->count;
    /* The first word is a name even when it reads like a clause: "sort sort". */
    for (struct token *t = peek(r); t && !t->quoted; t = peek(r)) {
        if (ret->count > before && is_clause(t->s, clauses))
            break;
        bool down = t->s.len > 1 && t->s.data[0] == '-';
        if (down)
            t->s = str_cut(t->s, 1, t->s.len);
        struct word w = { 0 };
        if (take_name(r, "a name in this list", &w)) {
            w.down = down;
            vec_add(r->all->arena, ret, w);
        }
    }
    if (ret->count == before)
        complain(r->all, r->line->at, "a list of names is empty");
}

/* permission visit.read "查看拜访 | See visits" */
static void parse_permission(struct reader *r)
{
    struct word w;
    struct named n = { .at = r->line->at };
    if (!take_name(r, "the name of a permission", &w))
        return;
    n.name = w.s;
    if (str_find_char(w.s, '.') < 0)
        complain(r->all, r->line->at, "a permission is called area.name");
    take_label(r, "a permission", &n.label);
    end_line(r);
    for (size_t i = 1; i < r->all->permissions.count; i++) {
        struct named *other = &r->all->permissions.items[i];
        if (str_eq(other->name, n.name)) {
            complain(r->all, n.at, "permission " STR_FMT " stands already in %s:%d",
                     STR_ARG(n.name), other->at.file, other->at.line);
            return;
        }
    }
    vec_add(r->all->arena, &r->all->permissions, n);
}

/* event order.imported proof "订单已导入 | Orders imported" */
static void parse_event(struct reader *r)
{
    struct word w;
    struct named n = { .at = r->line->at };
    if (!take_name(r, "the name of an event", &w))
        return;
    n.name = w.s;
    if (str_find_char(w.s, '.') < 0)
        complain(r->all, r->line->at, "an event is called area.name");
    n.proof = accept_word(r, "proof");
    take_label(r, "an event", &n.label);
    end_line(r);
    vec_add(r->all->arena, &r->all->events, n);
}

/* setting visit.radius int 0..5000 = 300 unit m "签到半径 | Arrival radius" "…" */
static void parse_setting(struct reader *r)
{
    struct word w;
    struct field f = { .at = r->line->at };
    if (!take_name(r, "the name of a setting", &w))
        return;
    f.name = w.s;
    if (str_find_char(w.s, '.') < 0)
        complain(r->all, r->line->at, "a setting is called area.name");
    if (read_field(r, &f))
        vec_add(r->all->arena, &r->all->settings, f);
}

static void skip_children(struct reader *r)
{
    while (read_line(r, 0))
        continue;
}

void parse_descriptions(struct all *all, struct folder *folder, const char *path, struct str text)
{
    struct reader r = { .all = all, .folder = folder };
    lex(all, path, text, &r.lines);
    while (read_line(&r, -1)) {
        struct str what = r.line->items[0].s;
        if (r.line->indent > 0)
            complain(all, r.line->at, "this line is indented but nothing stands above it");
        else if (accept_word(&r, "entity"))
            parse_entity(&r);
        else if (accept_word(&r, "enum"))
            parse_choices(&r, false);
        else if (accept_word(&r, "states"))
            parse_choices(&r, true);
        else if (accept_word(&r, "api"))
            parse_api(&r);
        else if (accept_word(&r, "command"))
            parse_command(&r);
        else if (accept_word(&r, "permission"))
            parse_permission(&r);
        else if (accept_word(&r, "event"))
            parse_event(&r);
        else if (accept_word(&r, "setting"))
            parse_setting(&r);
        else {
            complain(all, r.line->at,
                     "\"" STR_FMT "\" begins nothing known: entity, enum, states, api, command, "
                     "permission, event or setting",
                     STR_ARG(what));
            skip_children(&r);
        }
    }
}
