/* parse_sql.c - named statements: the comments above them, the text, :name to $n. */
#include "desc.h"

#include <strings.h>

/* In a statement a type is only a word: ranges and lengths are the columns' business. */
static bool read_plain_type(struct reader *r, struct field *f)
{
    static const struct {
        const char *word;
        enum field_type type;
        bool of; /* a name follows */
    } words[] = {
        { "ref", FIELD_REF, true },     { "enum", FIELD_ENUM, true },
        { "states", FIELD_STATES, true }, { "text", FIELD_TEXT, false },
        { "int", FIELD_INT, false },    { "money", FIELD_MONEY, false },
        { "rate", FIELD_RATE, false },  { "decimal", FIELD_DECIMAL, false },
        { "date", FIELD_DATE, false },  { "instant", FIELD_INSTANT, false },
        { "bool", FIELD_BOOL, false },  { "json", FIELD_JSON, false },
        { "bytes", FIELD_BYTES, false },
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        if (!accept_word(r, words[i].word))
            continue;
        f->type = words[i].type;
        return !words[i].of || take_name(r, "the name after the type", &f->of);
    }
    complain(r->all, f->at,
             "\"" STR_FMT "\" is no type of a statement: ref E, enum E, states S, text, int, "
             "money, rate, decimal, date, instant, bool, json, bytes",
             STR_ARG(more(r) ? peek(r)->s : STR("")));
    return false;
}

/* "person ref person, upto date?" */
static void parse_items(struct all *all, struct place at, struct str list, struct record *ret)
{
    struct str item;
    while (str_split(&list, ',', &item)) {
        item = str_trim(item);
        struct field f = { .at = at };
        if (str_ends(item, STR("?"))) {
            f.flags |= FIELD_NULLABLE;
            item = str_cut(item, 0, item.len - 1);
        }
        struct reader r = { .all = all };
        lex(all, at.file, item, &r.lines);
        if (r.lines.count == 0) {
            complain(all, at, "an item of the list is empty");
            continue;
        }
        r.line = &r.lines.items[0];
        r.line->at = at;
        struct word name;
        if (!take_name(&r, "the name of a value", &name) || !read_plain_type(&r, &f) ||
            !end_line(&r))
            continue;
        f.name = name.s;
        for (size_t i = 0; i < ret->count; i++)
            if (str_eq(ret->items[i].name, f.name))
                complain(all, at, STR_FMT " stands twice", STR_ARG(f.name));
        vec_add(all->arena, ret, f);
    }
}

static struct query *begin_query(struct all *all, struct folder *folder, struct place at,
                                 struct str head)
{
    static const char *const kinds[] = { "many", "one", "value", "exec" };
    struct reader r = { .all = all };
    lex(all, at.file, head, &r.lines);
    struct query *q = arena_new(all->arena, struct query);
    q->at = at;
    q->folder = folder;
    vec_add(all->arena, &all->queries, q);
    if (r.lines.count == 0) {
        complain(all, at, "-- query: needs a name and a kind");
        return q;
    }
    r.line = &r.lines.items[0];
    r.line->at = at;
    struct word name = { 0 };
    take_name(&r, "the name of a statement", &name);
    q->name = name.s;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (accept_word(&r, kinds[i])) {
            q->kind = (enum query_kind)i;
            end_line(&r);
            return q;
        }
    }
    complain(all, at, "a statement is many, one, value or exec");
    return q;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The number of a parameter in the order of first use, from 1. */
static size_t parameter_number(struct all *all, struct query *q, struct str name, struct place at)
{
    for (size_t i = 0; i < q->params.count; i++)
        if (str_eq(q->params.items[i].s, name))
            return i + 1;
    bool known = str_is(name, "org");
    for (size_t i = 0; i < q->in.count; i++)
        known = known || str_eq(q->in.items[i].name, name);
    if (!known)
        complain(all, at, ":" STR_FMT " is not named in -- in:", STR_ARG(name));
    vec_add(all->arena, &q->params, ((struct word){ .at = at, .s = name }));
    return q->params.count;
}

/* Copies quoted text and comments past the parameters. Returns where it ends. */
static size_t skip_quoted(struct str s, size_t at)
{
    if (s.data[at] == '\'' || s.data[at] == '"') {
        char quote = s.data[at++];
        while (at < s.len && s.data[at] != quote)
            at++;
        return MIN(at + 1, s.len);
    }
    if (s.data[at] == '-' && at + 1 < s.len && s.data[at + 1] == '-') {
        while (at < s.len && s.data[at] != '\n')
            at++;
        return at;
    }
    return at;
}

static void compile_sql(struct all *all, struct query *q)
{
    struct buf out = buf_in(all->arena);
    struct str s = q->text;
    struct place at = { q->at.file, q->text_line };
    for (size_t i = 0; i < s.len;) {
        size_t quoted = skip_quoted(s, i);
        if (quoted > i) {
            if (s.data[i] != '-') /* comments stay in the source */
                buf_add(&out, s.data + i, quoted - i);
            i = quoted;
        } else if (s.data[i] == ':' && i + 1 < s.len && is_word_char(s.data[i + 1])) {
            size_t from = ++i;
            while (i < s.len && is_word_char(s.data[i]))
                i++;
            buf_fmt(&out, "$%zu", parameter_number(all, q, str_cut(s, from, i), at));
        } else {
            if (s.data[i] == '$' || s.data[i] == '?')
                complain(all, at, "parameters are written :name");
            at.line += s.data[i] == '\n';
            buf_char(&out, s.data[i++]);
        }
    }
    q->sql = str_trim(buf_view(&out));
}

static bool first_word_is(struct str s, const char *word)
{
    size_t len = strlen(word);
    return s.len > len && strncasecmp(s.data, word, len) == 0 && !is_word_char(s.data[len]);
}

static void end_query(struct all *all, struct query *q, struct str text)
{
    if (!q)
        return;
    q->text = str_trim(text);
    compile_sql(all, q);
    while (str_ends(q->sql, STR(";")))
        q->sql = str_trim(str_cut(q->sql, 0, q->sql.len - 1));
    if (q->sql.len == 0) {
        complain(all, q->at, "statement " STR_FMT " has no text", STR_ARG(q->name));
        return;
    }
    struct str sql = q->sql;
    q->writes = first_word_is(sql, "insert") || first_word_is(sql, "update") ||
                first_word_is(sql, "delete");
    if (!q->writes && !first_word_is(sql, "select") && !first_word_is(sql, "with"))
        complain(all, q->at, "a statement begins with SELECT, WITH, INSERT, UPDATE or DELETE");
    if (q->kind == QUERY_EXEC && q->out.count)
        complain(all, q->at, "exec has no -- out:");
    if (q->kind != QUERY_EXEC && !q->out.count)
        complain(all, q->at, "-- out: is missing");
    if (q->kind == QUERY_VALUE && q->out.count > 1)
        complain(all, q->at, "value has one -- out:");
    for (size_t i = 0; i < q->in.count; i++) {
        bool used = false;
        for (size_t p = 0; p < q->params.count; p++)
            used = used || str_eq(q->params.items[p].s, q->in.items[i].name);
        if (!used)
            complain(all, q->in.items[i].at, ":" STR_FMT " is not used in the statement",
                     STR_ARG(q->in.items[i].name));
    }
}

static bool comment_tag(struct str line, const char *tag, struct str *ret)
{
    struct str s = str_trim(line);
    if (!str_starts(s, STR("--")))
        return false;
    s = str_trim(str_cut(s, 2, s.len));
    if (!str_starts(s, str_from(tag)))
        return false;
    *ret = str_trim(str_cut(s, strlen(tag), s.len));
    return true;
}

void parse_sql(struct all *all, struct folder *folder, const char *path, struct str text)
{
    struct str rest = text, line, tag;
    struct query *q = NULL;
    const char *begin = text.data; /* of the statement's own text */
    for (struct place at = { path, 1 }; str_split(&rest, '\n', &line); at.line++) {
        if (!utf8_valid(line)) {
            complain(all, at, "the line is not UTF-8 text");
        } else if (comment_tag(line, "query:", &tag)) {
            end_query(all, q, (struct str){ begin, (size_t)(line.data - begin) });
            q = begin_query(all, folder, at, tag);
            begin = line.data + line.len;
            q->text_line = at.line;
        } else if (!q) {
            if (str_trim(line).len && !str_starts(str_trim(line), STR("--")))
                complain(all, at, "SQL before the first -- query:");
        } else if (comment_tag(line, "in:", &tag)) {
            parse_items(all, at, tag, &q->in);
        } else if (comment_tag(line, "out:", &tag)) {
            parse_items(all, at, tag, &q->out);
        } else if (comment_tag(line, "across:", &tag)) {
            q->across = tag;
            if (!tag.len)
                complain(all, at, "-- across: needs the reason");
        }
    }
    end_query(all, q, (struct str){ begin, (size_t)(text.data + text.len - begin) });
}

void parse_migration(struct all *all, const char *path, struct str text)
{
    const char *slash = strrchr(path, '/');
    struct str name = str_from(slash ? slash + 1 : path);
    struct migration m = { .at = { path, 1 }, .text = text };
    m.name = str_cut(name, 0, name.len - 4);
    bool fits = name.len > 9 && name.data[4] == '_' && str_to_i64(str_cut(name, 0, 4), &m.number) &&
                m.number > 0 && is_name(str_cut(m.name, 5, m.name.len));
    int64_t before = 0;
    if (all->migrations.count)
        before = all->migrations.items[all->migrations.count - 1].number;
    if (!fits)
        complain(all, m.at, "a migration is called NNNN_name.sql");
    else if (m.number <= before)
        complain(all, m.at, "migration %lld stands already: %s", (long long)m.number,
                 all->migrations.items[all->migrations.count - 1].at.file);
    vec_add(all->arena, &all->migrations, m);
}

/* While several work on one release there may be holes; a release has none. */
void check_numbers(struct all *all)
{
    for (size_t i = 0; i < all->migrations.count; i++)
        if (all->migrations.items[i].number != (int64_t)i + 1)
            complain(all, all->migrations.items[i].at, "migration %lld stands where %zu belongs",
                     (long long)all->migrations.items[i].number, i + 1);
}
