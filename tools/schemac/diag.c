/* diag.c - mistakes, and the few questions about words that all parts ask. */
#include "desc.h"

#include <stdlib.h>

void complain(struct all *all, struct place at, const char *format, ...)
{
    /* A name that could not be read has no place. That was told when it was read. */
    if (!at.file) {
        assert(all->complaints.count > 0);
        return;
    }
    va_list args;
    va_start(args, format);
    struct str text = str_vfmt(all->arena, format, args);
    va_end(args);
    vec_add(all->arena, &all->complaints, ((struct complaint){ at, text }));
}

static int by_place(const void *a, const void *b)
{
    const struct complaint *x = a, *y = b;
    int files = strcmp(x->at.file, y->at.file);
    if (files)
        return files;
    if (x->at.line != y->at.line)
        return x->at.line < y->at.line ? -1 : 1;
    return str_cmp(x->text, y->text);
}

size_t complaints_print(struct all *all, void (*line)(void *to, struct str text), void *to)
{
    struct complaints *c = &all->complaints;
    if (c->count)
        qsort(c->items, c->count, sizeof(*c->items), by_place);
    for (size_t i = 0; i < c->count; i++) {
        /* Two ways to the same mistake tell it once. */
        if (i > 0 && by_place(&c->items[i - 1], &c->items[i]) == 0)
            continue;
        line(to, str_fmt(all->arena, "%s:%d: error: " STR_FMT "\n", c->items[i].at.file,
                         c->items[i].at.line, STR_ARG(c->items[i].text)));
    }
    return c->count;
}

bool is_name(struct str s)
{
    if (s.len == 0 || s.len > 48 || s.data[0] < 'a' || s.data[0] > 'z')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (!fits)
            return false;
    }
    return s.data[s.len - 1] != '_';
}

/* Words that SQLite 3.40 or PostgreSQL 15 keeps for itself where we use names bare. Sources: the
 * keyword lists of the two engines ("reserved" column). C17 §6.4.1 for the others. */
static const char *const sql_words[] = {
    "all", "alter", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
    "authorization", "between", "binary", "both", "case", "cast", "check", "collate", "collation",
    "column", "commit", "concurrently", "constraint", "create", "cross", "current_date",
    "current_role", "current_time", "current_timestamp", "current_user", "default", "deferrable",
    "delete", "desc", "distinct", "do", "drop", "else", "end", "escape", "except", "exists",
    "false", "fetch", "for", "foreign", "freeze", "from", "full", "grant", "group", "having", "if",
    "ilike", "in", "index", "initially", "inner", "insert", "intersect", "into", "is", "isnull",
    "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp", "natural",
    "not", "nothing", "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps",
    "placing", "primary", "references", "returning", "right", "rowid", "select", "session_user",
    "set", "similar", "some", "symmetric", "table", "tablesample", "then", "to", "trailing",
    "transaction", "true", "union", "unique", "update", "user", "using", "values", "variadic",
    "verbose", "when", "where", "window", "with",
};
static const char *const c_words[] = {
    "auto", "bool", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
    "enum", "extern", "false", "float", "for", "goto", "if", "inline", "int", "long", "main",
    "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch",
    "true", "typedef", "union", "unsigned", "void", "volatile", "while",
};

static bool is_one_of(struct str s, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(s, words[i]))
            return true;
    return false;
}

bool is_sql_word(struct str s)
{
    return is_one_of(s, sql_words, COUNT(sql_words));
}

bool is_c_word(struct str s)
{
    return is_one_of(s, c_words, COUNT(c_words));
}

struct str upper(struct arena *arena, struct str s)
{
    char *copy = arena_copy(arena, s.data, s.len);
    for (size_t i = 0; i < s.len; i++)
        copy[i] = copy[i] == '.' || copy[i] == '-' ? '_'
                  : copy[i] >= 'a' && copy[i] <= 'z' ? (char)(copy[i] - 'a' + 'A')
                                                     : copy[i];
    return (struct str){ copy, s.len };
}

struct str dashed(struct arena *arena, struct str s)
{
    char *copy = arena_copy(arena, s.data, s.len);
    for (size_t i = 0; i < s.len; i++)
        copy[i] = copy[i] == '_' ? '-' : copy[i];
    return (struct str){ copy, s.len };
}
