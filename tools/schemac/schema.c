/* schema.c - questions to the migrated schema; see schema.h. The words are db/migrate.h's. */
#include "schema.h"

#include "base/base.h"
#include "base/buf.h"

#include <sqlite3.h>

static bool bind(sqlite3_stmt *s, int at, struct str v)
{
    return sqlite3_bind_text(s, at, v.data ? v.data : "", (int)v.len, SQLITE_STATIC) == SQLITE_OK;
}

bool schema_has(struct sqlite3 *db, const char *sql, struct str a, struct str b)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return false;
    bind(s, 1, a);
    if (sqlite3_bind_parameter_count(s) > 1)
        bind(s, 2, b);
    bool has = sqlite3_step(s) == SQLITE_ROW;
    sqlite3_finalize(s);
    return has;
}

struct str schema_text(struct sqlite3 *db, struct arena *arena, struct str table)
{
    sqlite3_stmt *s = NULL;
    struct str ret = STR("");
    if (sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                           -1, &s, NULL) != SQLITE_OK)
        return ret;
    bind(s, 1, table);
    if (sqlite3_step(s) == SQLITE_ROW)
        ret = str_copy(arena, str_from((const char *)sqlite3_column_text(s, 0)));
    sqlite3_finalize(s);
    return ret;
}

enum schema_column schema_column(struct sqlite3 *db, struct str table, struct str column,
                                 const char *type, bool not_null)
{
    sqlite3_stmt *s = NULL;
    enum schema_column ret = SCHEMA_MISSING;
    const char *sql = "SELECT type, \"notnull\" FROM pragma_table_info(?1) WHERE name = ?2";
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return ret;
    bind(s, 1, table);
    bind(s, 2, column);
    if (sqlite3_step(s) == SQLITE_ROW) {
        bool same = strcmp((const char *)sqlite3_column_text(s, 0), type) == 0 &&
                    (sqlite3_column_int(s, 1) != 0) == not_null;
        ret = same ? SCHEMA_SAME : SCHEMA_DIFFERENT;
    }
    sqlite3_finalize(s);
    return ret;
}

struct str schema_column_at(struct sqlite3 *db, struct arena *arena, struct str table, int index)
{
    sqlite3_stmt *s = NULL;
    struct str ret = STR("");
    if (sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info(?1) WHERE cid = ?2", -1, &s,
                           NULL) != SQLITE_OK)
        return ret;
    bind(s, 1, table);
    sqlite3_bind_int(s, 2, index);
    if (sqlite3_step(s) == SQLITE_ROW)
        ret = str_copy(arena, str_from((const char *)sqlite3_column_text(s, 0)));
    sqlite3_finalize(s);
    return ret;
}

static struct str without_space(struct arena *arena, struct str s)
{
    struct buf out = buf_in(arena);
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \n\r\t", s.data[i]))
            buf_char(&out, s.data[i]);
    return buf_view(&out);
}

bool schema_contains(struct arena *arena, struct str text, struct str part)
{
    return str_find(without_space(arena, text), without_space(arena, part)) >= 0;
}

static const char *const words[][2] = {
    { "ID", "INTEGER" }, { "REF", "INTEGER" }, { "INT", "INTEGER" },
    { "MONEY", "INTEGER" }, { "RATE", "INTEGER" }, { "DECIMAL", "INTEGER" },
    { "DATE", "INTEGER" }, { "INSTANT", "INTEGER" }, { "BOOL", "INTEGER" },
    { "BIGINT", "INTEGER" }, { "ENUM", "TEXT" }, { "STATE", "TEXT" },
    { "JSON", "TEXT" }, { "TEXT", "TEXT" }, { "BLOB", "BLOB" },
    { "HASH", "BLOB" },
};

const char *schema_type(const char *word)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i][0], word) == 0)
            return words[i][1];
    return word;
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void spell_macro(struct buf *out, struct str macro)
{
    struct str args = macro, org, typed;
    if (str_is(macro, "STRICT") || str_is(macro, "BLOB")) {
        buf_str(out, macro);
    } else if (str_is(macro, "PK")) {
        buf_cstr(out, "PRIMARY KEY");
    } else if (str_starts(macro, STR("SEARCH(")) && str_ends(macro, STR(")"))) {
        args = str_cut(macro, 7, macro.len - 1);
        str_split(&args, ',', &org);
        typed = str_trim(args);
        /* Any set of numbers that uses both parameters: it is prepared, never run. */
        buf_fmt(out, "(SELECT " STR_FMT " WHERE " STR_FMT " IS NOT NULL)", STR_ARG(str_trim(org)),
                STR_ARG(typed.len ? typed : str_trim(org)));
    } else if (!str_is(macro, "SKIP_LOCKED")) {
        buf_fmt(out, "{{" STR_FMT "}}", STR_ARG(macro)); /* SQLite will refuse it by name */
    }
}

static size_t skip_quoted(struct str s, size_t at)
{
    char c = s.data[at];
    if (c == '\'' || c == '"') {
        for (at++; at < s.len && s.data[at] != c; at++)
            continue;
        return MIN(at + 1, s.len);
    }
    if (c == '-' && at + 1 < s.len && s.data[at + 1] == '-')
        while (at < s.len && s.data[at] != '\n')
            at++;
    return at;
}

struct str schema_spell(struct arena *arena, struct str sql, bool migration)
{
    struct buf out = buf_in(arena);
    for (size_t i = 0; i < sql.len;) {
        size_t from = i, quoted = skip_quoted(sql, i);
        if (quoted > i) {
            buf_add(&out, sql.data + i, quoted - i);
            i = quoted;
        } else if (sql.data[i] == '{' && str_starts(str_cut(sql, i, sql.len), STR("{{"))) {
            ptrdiff_t end = str_find(str_cut(sql, i, sql.len), STR("}}"));
            size_t stop = end < 0 ? sql.len : i + (size_t)end;
            spell_macro(&out, str_cut(sql, i + 2, stop));
            i = MIN(stop + 2, sql.len);
        } else if (word_char(sql.data[i])) {
            while (i < sql.len && word_char(sql.data[i]))
                i++;
            const char *word = str_cstr(arena, str_cut(sql, from, i));
            buf_cstr(&out, migration ? schema_type(word) : word);
        } else {
            buf_char(&out, sql.data[i++]);
        }
    }
    return buf_view(&out);
}
