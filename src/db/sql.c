/* sql.c - the one SQL text, spelled for each engine; scripts cut into statements. */
#include "db/internal.h"
#include "db/migrate.h"

#include <stdlib.h>

void db_out_add(struct db_text_out *out, const char *data, size_t len)
{
    if (out->failed)
        return;
    if (out->len + len + 1 > out->room) {
        size_t room = MAX(out->room * 2, out->len + len + 128);
        char *grown = realloc(out->data, room);
        if (!grown) {
            out->failed = true;
            return;
        }
        out->data = grown;
        out->room = room;
    }
    if (len)
        memcpy(out->data + out->len, data, len);
    out->len += len;
    out->data[out->len] = '\0';
}

void db_out_cstr(struct db_text_out *out, const char *s)
{
    db_out_add(out, s, strlen(s));
}

void db_out_free(struct db_text_out *out)
{
    free(out->data);
    *out = (struct db_text_out){ 0 };
}

/* ---- words and macros ---- */

struct spelling {
    const char *word, *sqlite, *postgres;
};

/* Upper case only, so that a column may be called date or state. Text compares by bytes on both
 * engines: otherwise the order of a list would depend on how a cluster was made. */
static const struct spelling types[] = {
    { "ID", "INTEGER", "BIGINT" },      { "REF", "INTEGER", "BIGINT" },
    { "INT", "INTEGER", "BIGINT" },     { "INTEGER", "INTEGER", "BIGINT" },
    { "BIGINT", "INTEGER", "BIGINT" },  { "MONEY", "INTEGER", "BIGINT" },
    { "RATE", "INTEGER", "BIGINT" },    { "DECIMAL", "INTEGER", "BIGINT" },
    { "DATE", "INTEGER", "BIGINT" },    { "INSTANT", "INTEGER", "BIGINT" },
    { "BOOL", "INTEGER", "BIGINT" },    { "TEXT", "TEXT", "TEXT COLLATE \"C\"" },
    { "ENUM", "TEXT", "TEXT COLLATE \"C\"" }, { "STATE", "TEXT", "TEXT COLLATE \"C\"" },
    { "JSON", "TEXT", "TEXT COLLATE \"C\"" }, { "BLOB", "BLOB", "BYTEA" },
    { "HASH", "BLOB", "BYTEA" },
};
static const struct spelling macros[] = {
    { "PK", "PRIMARY KEY", "PRIMARY KEY" },
    { "BLOB", "BLOB", "BYTEA" },
    { "STRICT", "STRICT", "" },
    { "SKIP_LOCKED", "", "FOR UPDATE SKIP LOCKED" },
};

static const char *spelled(const struct spelling *list, size_t count, enum db_engine engine,
                           struct str word)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(word, list[i].word))
            return engine == DB_SQLITE ? list[i].sqlite : list[i].postgres;
    return NULL;
}

/* {{SEARCH($org,$words)}}; the parameter is cast to text first, else PostgreSQL would infer that
 * the caller sends a tsquery in its binary form. */
static bool spell_search(struct db_text_out *out, enum db_engine engine, struct str macro)
{
    if (!str_starts(macro, STR("SEARCH(")) || !str_ends(macro, STR(")")))
        return false;
    struct str rest = str_cut(macro, 7, macro.len - 1);
    struct str org, words;
    if (!str_split(&rest, ',', &org) || !str_split(&rest, ',', &words))
        return false;
    org = str_trim(org);
    words = str_trim(words);
    if (!str_starts(org, STR("$")) || !str_starts(words, STR("$")))
        return false;
    if (engine == DB_SQLITE) {
        db_out_cstr(out, "(SELECT rowid FROM search_text WHERE search_text MATCH ");
        db_out_add(out, words.data, words.len);
        db_out_cstr(out, ")");
        return true;
    }
    db_out_cstr(out, "(SELECT id FROM search_text WHERE org = ");
    db_out_add(out, org.data, org.len);
    db_out_cstr(out, " AND terms @@ CAST(CAST(");
    db_out_add(out, words.data, words.len);
    db_out_cstr(out, " AS text) AS tsquery))");
    return true;
}

static void spell_macro(struct db_text_out *out, enum db_engine engine, struct str macro)
{
    const char *text = spelled(macros, COUNT(macros), engine, macro);
    if (text) {
        db_out_cstr(out, text);
    } else if (!spell_search(out, engine, macro)) {
        /* Left as it is: the engine then refuses the text and its message shows the macro. */
        db_out_cstr(out, "{{");
        db_out_add(out, macro.data, macro.len);
        db_out_cstr(out, "}}");
    }
}

/* ---- the scanner ---- */

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* End of the quoted text, comment, macro or word that begins at `at`; at + 1 for anything else. */
static size_t token_end(struct str s, size_t at)
{
    const char *p = s.data;
    char c = p[at];
    size_t end = at + 1;
    if (c == '\'' || c == '"') {
        while (end < s.len && p[end] != c)
            end++; /* a doubled quote simply begins the next token */
        return MIN(end + 1, s.len);
    }
    if (c == '-' && end < s.len && p[end] == '-') {
        while (end < s.len && p[end] != '\n')
            end++;
        return end;
    }
    if (c == '/' && end < s.len && p[end] == '*') {
        ptrdiff_t close = str_find(str_cut(s, at + 2, s.len), STR("*/"));
        return close < 0 ? s.len : at + 2 + (size_t)close + 2;
    }
    if (c == '{' && end < s.len && p[end] == '{') {
        ptrdiff_t close = str_find(str_cut(s, at, s.len), STR("}}"));
        return close < 0 ? end : at + (size_t)close + 2;
    }
    if (word_char(c)) {
        while (end < s.len && word_char(p[end]))
            end++;
    }
    return end;
}

void db_sql_spell(struct db_text_out *out, enum db_engine engine, bool ddl, struct str sql)
{
    db_out_add(out, "", 0); /* so that even the empty text has its NUL */
    for (size_t at = 0; at < sql.len;) {
        size_t end = token_end(sql, at);
        struct str token = str_cut(sql, at, end);
        const char *type = NULL;
        if (ddl && word_char(token.data[0]))
            type = spelled(types, COUNT(types), engine, token);
        if (type)
            db_out_cstr(out, type);
        else if (str_starts(token, STR("{{")) && str_ends(token, STR("}}")))
            spell_macro(out, engine, str_cut(token, 2, token.len - 2));
        else
            db_out_add(out, token.data, token.len);
        at = end;
    }
}

struct str db_spell(struct arena *arena, enum db_engine engine, struct str sql)
{
    struct db_text_out out = { 0 };
    db_sql_spell(&out, engine, true, sql);
    struct str text = { arena_alloc(arena, out.len + 1), out.len };
    assert(!out.failed);
    memcpy((char *)text.data, out.data, out.len);
    db_out_free(&out);
    return text;
}

static bool is_comment(struct str token)
{
    return str_starts(token, STR("--")) || str_starts(token, STR("/*"));
}

bool db_sql_split(struct str *script, struct str *statement)
{
    size_t from = 0, at = 0;
    bool content = false;
    while (at < script->len) {
        size_t end = token_end(*script, at);
        struct str token = str_cut(*script, at, end);
        bool semicolon = str_is(token, ";");
        if (semicolon && content) {
            *statement = str_cut(*script, from, at);
            *script = str_cut(*script, end, script->len);
            return true;
        }
        if (semicolon)
            from = end;
        else if (!is_comment(token) && str_trim(token).len)
            content = true;
        at = end;
    }
    *statement = str_cut(*script, from, at);
    *script = STR_NONE;
    return content;
}
