/* lex.c - a description file as lines of words. */
#include "desc.h"

#define INDENT_MAX 40

static bool lex_quoted(struct all *all, struct line *line, struct str text, size_t *at)
{
    size_t from = ++*at;
    while (*at < text.len && text.data[*at] != '"')
        ++*at;
    if (*at == text.len) {
        complain(all, line->at, "a text begins with \" and does not end on its line");
        return false;
    }
    vec_add(all->arena, line, ((struct token){ str_cut(text, from, *at), true }));
    ++*at;
    return true;
}

static void lex_line(struct all *all, struct line *line, struct str text)
{
    size_t at = 0;
    while (at < text.len && text.data[at] == ' ')
        at++;
    line->indent = (int)MIN(at, (size_t)INDENT_MAX);
    while (at < text.len) {
        char c = text.data[at];
        if (c == ' ' || c == '\t') {
            at++;
        } else if (c == '#') {
            return;
        } else if (c == '"') {
            if (!lex_quoted(all, line, text, &at))
                return;
        } else {
            size_t from = at;
            while (at < text.len && !strchr(" \t\"", text.data[at]))
                at++;
            vec_add(all->arena, line, ((struct token){ str_cut(text, from, at), false }));
        }
    }
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.data[i] < 0x20 && s.data[i] != '\t')
            return true;
    return false;
}

void lex(struct all *all, const char *file, struct str text, struct lines *ret)
{
    struct str rest = text, part;
    for (int number = 1; str_split(&rest, '\n', &part); number++) {
        struct line line = { .at = { file, number } };
        if (part.len && part.data[part.len - 1] == '\r')
            part.len--;
        if (!utf8_valid(part) || has_control(part)) {
            complain(all, line.at, "the line is not UTF-8 text");
            continue;
        }
        if (part.len && part.data[0] == '\t') {
            complain(all, line.at, "indent with spaces, not tabs");
            continue;
        }
        lex_line(all, &line, part);
        if (line.count)
            vec_add(all->arena, ret, line);
    }
}
