/*
 * check_tenancy.c - a statement on a table of companies must be tied to one company.
 *
 * Not a parser of SQL: it reads words and parentheses. Each SELECT (of a union, of a subquery) is a
 * scope; each table of companies in it needs its `org` compared with :org, or with the `org` of a
 * table that is so compared. Comparisons count only when they stand in an AND: next to OR or NOT
 * they bind nothing.
 */
#include "desc.h"

#include <stdio.h>
#include <strings.h>

struct sql_word {
    struct str s;
    int scope;
};
struct sql_words LIST(struct sql_word);

struct sql_table {
    const struct entity *entity;
    struct str alias;
    int scope;
    bool tied;
};
struct sql_tables LIST(struct sql_table);

/* One side of a comparison of orgs: a table's, or the parameter. */
struct side {
    bool is_org, is_param;
    struct str alias; /* empty: unqualified */
};

#define DEPTH_MAX 64

static bool is_word(const struct sql_words *w, size_t i, const char *word)
{
    return i < w->count && w->items[i].s.len == strlen(word) &&
           strncasecmp(w->items[i].s.data, word, w->items[i].s.len) == 0;
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '$' || c == '.';
}

static void cut_words(struct all *all, struct str sql, struct sql_words *ret)
{
    int stack[DEPTH_MAX] = { 0 }, depth = 0, scopes = 0;
    for (size_t i = 0; i < sql.len;) {
        char c = sql.data[i];
        size_t from = i;
        if (strchr(" \n\t\r", c)) {
            i++;
            continue;
        }
        if (c == '\'' || c == '"') {
            for (i++; i < sql.len && sql.data[i] != c; i++)
                continue;
            i = MIN(i + 1, sql.len);
        } else if (word_char(c)) {
            while (i < sql.len && word_char(sql.data[i]))
                i++;
        } else {
            i++;
        }
        struct sql_word word = { str_cut(sql, from, i), stack[depth] };
        vec_add(all->arena, ret, word);
        if (c == '(' && depth + 1 < DEPTH_MAX) {
            depth++;
            stack[depth] = stack[depth - 1]; /* a plain parenthesis is no scope of its own */
        } else if (c == ')' && depth > 0) {
            depth--;
        } else if (is_word(ret, ret->count - 1, "select")) {
            stack[depth] = ++scopes;
            ret->items[ret->count - 1].scope = scopes;
        }
    }
}

static bool ends_table(const struct sql_words *w, size_t i)
{
    static const char *const ends[] = { "on",     "where", "join", "left",  "inner", "cross",
                                        "order",  "group", "set",  "using", "union", "limit",
                                        "having", "(",     ")",    ",",     "as",    "values",
                                        "select", "returning", "default", "except", "intersect" };
    if (i >= w->count)
        return true;
    for (size_t e = 0; e < COUNT(ends); e++)
        if (is_word(w, i, ends[e]))
            return true;
    return false;
}

static void find_tables(struct all *all, const struct sql_words *w, struct sql_tables *ret)
{
    bool from = false; /* inside a FROM list, where a comma begins another table */
    for (size_t i = 0; i < w->count; i++) {
        bool opens = is_word(w, i, "from") || is_word(w, i, "join") || is_word(w, i, "update") ||
                     (from && is_word(w, i, ","));
        from = opens || (from && !is_word(w, i, "where") && !is_word(w, i, "group") &&
                         !is_word(w, i, "order") && !is_word(w, i, "select"));
        if (!opens || i + 1 >= w->count)
            continue;
        const struct entity *e = entity_find(all, w->items[i + 1].s);
        if (!e || (e->flags & ENTITY_GLOBAL))
            continue;
        size_t next = is_word(w, i + 2, "as") ? i + 3 : i + 2;
        struct sql_table t = { e, ends_table(w, next) ? e->name : w->items[next].s,
                               w->items[i].scope, false };
        vec_add(all->arena, ret, t);
    }
}

static struct side side_at(const struct sql_words *w, size_t i, const char *org_param)
{
    struct side side = { 0 };
    if (i >= w->count)
        return side;
    struct str s = w->items[i].s;
    side.is_param = str_is(s, org_param);
    if (str_is(s, "org")) {
        side.is_org = true;
    } else if (str_ends(s, STR(".org"))) {
        side.is_org = true;
        side.alias = str_cut(s, 0, s.len - 4);
    }
    return side;
}

static bool names(const struct sql_table *t, struct side side, int scope)
{
    /* A subquery may speak of the tables around it, so a qualified name fits in any scope. */
    return side.is_org && (side.alias.len ? str_eq(side.alias, t->alias) : t->scope == scope);
}

static bool side_tied(const struct sql_tables *tables, struct side side, int scope)
{
    if (side.is_param)
        return true;
    for (size_t i = 0; i < tables->count; i++)
        if (tables->items[i].tied && names(&tables->items[i], side, scope))
            return true;
    return false;
}

static bool is_any(const struct sql_words *w, size_t i, const char *const *list, size_t count)
{
    for (size_t n = 0; n < count; n++)
        if (is_word(w, i, list[n]))
            return true;
    return false;
}

/* Looks from a comparison to one side, out of its parentheses, up to the ends of the condition: an
 * OR on the way means that the comparison need not hold, and so does NOT before a parenthesis. */
static bool loose_side(const struct sql_words *w, size_t i, int step)
{
    static const char *const ends[] = { "where", "on",   "having", "set",   "from",  "select",
                                        "join",  "left", "inner",  "cross", "group", "order",
                                        "limit", "union", "except", "intersect", "returning" };
    const char *in = step < 0 ? ")" : "(", *out = step < 0 ? "(" : ")";
    int depth = 0;
    for (; i < w->count; i += (size_t)step) { /* below 0 it wraps beyond the count */
        if (is_word(w, i, in)) {
            depth++;
        } else if (is_word(w, i, out)) {
            if (depth == 0 && step < 0 && i > 0 && is_word(w, i - 1, "not"))
                return true;
            depth -= depth > 0;
        } else if (depth == 0 && is_word(w, i, "or")) {
            return true;
        } else if (depth == 0 && is_any(w, i, ends, COUNT(ends))) {
            return false;
        }
    }
    return false;
}

static bool is_loose(const struct sql_words *w, size_t i)
{
    return (i >= 2 && is_word(w, i - 2, "not")) || loose_side(w, i, -1) || loose_side(w, i, 1);
}

/* One walk over all comparisons; true if it tied another table. */
static bool tie(const struct sql_words *w, struct sql_tables *tables, const char *org_param)
{
    bool more_tied = false;
    for (size_t i = 1; i + 1 < w->count; i++) {
        if (!is_word(w, i, "=") || is_loose(w, i))
            continue;
        struct side sides[2] = { side_at(w, i - 1, org_param), side_at(w, i + 1, org_param) };
        int scope = w->items[i].scope;
        for (int s = 0; s < 2; s++) {
            if (!sides[s].is_org || !side_tied(tables, sides[1 - s], scope))
                continue;
            for (size_t t = 0; t < tables->count; t++) {
                struct sql_table *table = &tables->items[t];
                if (!table->tied && names(table, sides[s], scope))
                    table->tied = more_tied = true;
            }
        }
    }
    return more_tied;
}

/* INSERT INTO t (…, org, …) VALUES (…, :org, …), or SELECT :org, … */
static void check_insert(struct all *all, struct query *q, const struct sql_words *w,
                         const char *org_param)
{
    if (!is_word(w, 0, "insert") || !is_word(w, 1, "into") || w->count < 4)
        return;
    const struct entity *e = entity_find(all, w->items[2].s);
    if (!e || (e->flags & ENTITY_GLOBAL))
        return;
    size_t i = 4, column = 0, place = SIZE_MAX;
    for (; is_word(w, 3, "(") && i < w->count && !is_word(w, i, ")"); i++) {
        if (is_word(w, i, "org"))
            place = column;
        column += is_word(w, i, ",");
    }
    bool bound = false;
    size_t value = 0;
    int depth = 0;
    for (i += 1; place != SIZE_MAX && i < w->count && !bound; i++) {
        struct side side = side_at(w, i, org_param);
        bool list = is_word(w, i, "values") || is_word(w, i, "select");
        depth += is_word(w, i, "(") - is_word(w, i, ")");
        value = list ? 0 : value + (is_word(w, i, ",") && depth <= 1);
        bound = !list && value == place && (side.is_param || side.is_org);
    }
    if (!bound)
        complain(all, q->at, "statement " STR_FMT ": INSERT INTO " STR_FMT " must set org to :org",
                 STR_ARG(q->name), STR_ARG(e->name));
}

void check_tenancy(struct all *all, struct query *q)
{
    if (q->across.len)
        return;
    char org_param[24] = "";
    for (size_t i = 0; i < q->params.count; i++)
        if (str_is(q->params.items[i].s, "org"))
            snprintf(org_param, sizeof(org_param), "$%zu", i + 1);
    struct sql_words words = { 0 };
    struct sql_tables tables = { 0 };
    cut_words(all, q->sql, &words);
    find_tables(all, &words, &tables);
    while (tie(&words, &tables, org_param[0] ? org_param : "no"))
        continue;
    for (size_t i = 0; i < tables.count; i++)
        if (!tables.items[i].tied)
            complain(all, q->at,
                     "statement " STR_FMT ": table " STR_FMT " belongs to companies and needs "
                     STR_FMT ".org = :org",
                     STR_ARG(q->name), STR_ARG(tables.items[i].entity->name),
                     STR_ARG(tables.items[i].alias));
    check_insert(all, q, &words, org_param[0] ? org_param : "no");
}
