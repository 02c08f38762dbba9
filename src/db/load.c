/*
 * load.c - reading a dump into an empty database of the same schema. One transaction: all or
 * nothing. Foreign keys are checked at the end, because tables come by name and not in their order.
 */
#include "base/buf.h"
#include "base/hex.h"
#include "db/catalogue.h"
#include "db/copy.h"
#include "db/dump.h"
#include "db/internal.h"
#include "db/search.h"

#include <stdlib.h>

#define LINE_MAX_BYTES ((size_t)256 << 20)
#define CHUNK ((size_t)64 << 10)

struct load {
    struct arena *arena;
    db_source *source;
    void *from;
    struct db_text_out buffer; /* read but not yet used: [at, len) */
    size_t at;
    bool ended, begun;
    int64_t line;
    int64_t tables, rows;
    const struct db_catalogue *catalogue;
};

static enum err bad(const struct load *l, struct fault *fault, const char *what)
{
    fault_set(fault, ERR_PARSE, "the dump, line %lld: %s", (long long)l->line, what);
    fault->line = (int)l->line;
    return ERR_PARSE;
}

/* The next line without its end. A view into the buffer, valid until the next call. */
static enum err next_line(struct load *l, struct str *ret, struct fault *fault)
{
    struct db_text_out *b = &l->buffer;
    size_t scanned = l->at;
    for (;;) {
        const char *end = b->len > scanned ? memchr(b->data + scanned, '\n', b->len - scanned)
                                           : NULL;
        if (end) {
            *ret = (struct str){ b->data + l->at, (size_t)(end - b->data) - l->at };
            l->at = (size_t)(end - b->data) + 1;
            l->line++;
            return OK;
        }
        if (l->ended)
            return bad(l, fault, "it ends too early");
        if (b->len - l->at > LINE_MAX_BYTES)
            return bad(l, fault, "a line is too long");
        memmove(b->data ? b->data : (char *)"", b->data ? b->data + l->at : "", b->len - l->at);
        b->len -= l->at;
        l->at = 0;
        scanned = b->len;
        char chunk[CHUNK];
        size_t len = 0;
        TRY(l->source(l->from, chunk, sizeof(chunk), &len, fault));
        l->ended = len == 0;
        db_out_add(b, chunk, len);
        if (b->failed)
            return db_no_memory(fault);
    }
}

/* ---- values ---- */

static bool unescape(struct arena *arena, struct str text, struct str *ret)
{
    if (str_find_char(text, '\\') < 0) {
        *ret = text;
        return true;
    }
    struct buf out = buf_in(arena);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\\') {
            if (++i == text.len)
                return false;
            switch (text.data[i]) {
            case '\\': c = '\\'; break;
            case 't': c = '\t'; break;
            case 'n': c = '\n'; break;
            case 'r': c = '\r'; break;
            default: return false;
            }
        }
        buf_char(&out, c);
    }
    *ret = buf_view(&out);
    return true;
}

static bool value_of(struct arena *arena, enum db_type type, struct str text, struct db_value *v)
{
    *v = (struct db_value){ .type = type };
    if (str_is(text, "\\N")) {
        v->type = DB_NULL;
        return true;
    }
    switch (type) {
    case DB_I64: return str_to_i64(text, &v->i64);
    case DB_TEXT: return unescape(arena, text, &v->bytes);
    case DB_BLOB: return hex_decode(arena, text, &v->bytes);
    case DB_NULL: break;
    }
    return false;
}

/* Cuts a line at its tabs; exactly `count` values. */
static bool values_of(struct load *l, struct str line, const enum db_type *types, int count,
                      struct db_value *values)
{
    for (int i = 0; i < count; i++) {
        ptrdiff_t tab = str_find_char(line, '\t');
        bool last = i == count - 1;
        if ((tab < 0) != last)
            return false;
        struct str part = last ? line : str_cut(line, 0, (size_t)tab);
        if (!value_of(l->arena, types[i], part, &values[i]))
            return false;
        line = last ? STR_NONE : str_cut(line, (size_t)tab + 1, line.len);
    }
    return true;
}

/* ---- tables ---- */

typedef enum err put_row(struct db_tx *tx, void *arg, const struct db_value *values,
                         struct fault *fault);

static enum err load_rows(struct db_tx *tx, struct load *l, const enum db_type *types, int count,
                          put_row *put, void *arg, struct fault *fault)
{
    struct db_value *values = arena_array(l->arena, struct db_value, (size_t)count + 1);
    for (int64_t rows = 0;; rows++) {
        struct arena_mark mark = arena_mark(l->arena);
        struct str line;
        int64_t declared;
        TRY(next_line(l, &line, fault));
        if (str_starts(line, STR("end ")) && str_find_char(line, '\t') < 0 &&
            str_to_i64(str_cut(line, 4, line.len), &declared)) {
            if (declared != rows)
                return bad(l, fault, "rows are missing");
            l->rows += rows;
            l->tables++;
            return OK;
        }
        if (!values_of(l, line, types, count, values))
            return bad(l, fault, "the values do not fit the columns");
        enum err e = put(tx, arg, values, fault);
        if (e)
            return fault_explain(fault, e, "the dump, line %lld", (long long)l->line);
        arena_reset(l->arena, mark);
    }
}

struct insert {
    struct str sql;
    int count;
};

static enum err put_insert(struct db_tx *tx, void *arg, const struct db_value *values,
                           struct fault *fault)
{
    const struct insert *insert = arg;
    return db_run_text(tx, insert->sql, values, insert->count, NULL, fault);
}

static enum err put_search(struct db_tx *tx, void *arg, const struct db_value *values,
                           struct fault *fault)
{
    const struct load *l = arg;
    if (values[0].type == DB_NULL || values[1].type == DB_NULL)
        return fault_set(fault, ERR_PARSE, "a search text without its id");
    return db_search_put(tx, values[0].i64, str_cstr(l->arena, values[2].bytes), values[1].i64,
                         values[3].bytes, fault);
}

static enum err is_empty(struct db_tx *tx, struct load *l, const struct db_cat_table *t,
                         struct fault *fault)
{
    struct str sql = str_fmt(l->arena, "SELECT 1 FROM \"" STR_FMT "\" LIMIT 1", STR_ARG(t->name));
    struct db_rows *rows;
    bool has;
    TRY(db_query_text(tx, sql, NULL, 0, fault, &rows));
    TRY(db_next(rows, &has, fault));
    return has ? fault_set(fault, ERR_STATE, "table " STR_FMT " is not empty", STR_ARG(t->name))
               : OK;
}

static enum err load_table(struct db_tx *tx, struct load *l, const struct db_cat_table *t,
                           struct fault *fault)
{
    enum db_type *types = arena_array(l->arena, enum db_type, (size_t)t->columns + 1);
    struct buf sql = buf_in(l->arena), marks = buf_in(l->arena);
    TRY(is_empty(tx, l, t, fault));
    buf_fmt(&sql, "INSERT INTO \"" STR_FMT "\"(", STR_ARG(t->name));
    for (int i = 0; i < t->columns; i++) {
        types[i] = t->column[i].type;
        buf_fmt(&sql, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(t->column[i].name));
        buf_fmt(&marks, "%s$%d", i ? ", " : "", i + 1);
    }
    buf_fmt(&sql, ") VALUES(" STR_FMT ")", STR_ARG(buf_view(&marks)));
    struct insert insert = { buf_view(&sql), t->columns };
    return load_rows(tx, l, types, t->columns, put_insert, &insert, fault);
}

static enum err load_search(struct db_tx *tx, struct load *l, struct fault *fault)
{
    static const enum db_type types[] = { DB_I64, DB_I64, DB_TEXT, DB_TEXT };
    return load_rows(tx, l, types, COUNT(types), put_search, l, fault);
}

/* ---- the whole ---- */

static enum err check_head(struct db_tx *tx, struct load *l, struct fault *fault)
{
    struct str line, own, expected;
    TRY(next_line(l, &line, fault));
    if (!str_is(line, DB_DUMP_HEAD))
        return bad(l, fault, "this is not a dump of Qibing, version 1");
    TRY(db_dump_migrations(tx, l->arena, fault, &own));
    while (str_split(&own, '\n', &expected)) {
        if (!expected.len)
            continue;
        TRY(next_line(l, &line, fault));
        if (!str_eq(line, expected))
            return fault_set(fault, ERR_STATE,
                             "the dump was made with another schema: \"" STR_FMT
                             "\" where this database has \"" STR_FMT "\"",
                             STR_ARG(line), STR_ARG(expected));
    }
    return OK;
}

/* PostgreSQL: foreign keys wait for the end; SQLite has them off here and checks them all below. */
static enum err foreigns_wait(struct db_tx *tx, struct load *l, bool wait, struct fault *fault)
{
    if (db_tx_engine(tx) == DB_SQLITE)
        return OK;
    if (!wait)
        TRY(db_tx_plain(tx, "SET CONSTRAINTS ALL IMMEDIATE", fault));
    for (int i = 0; i < l->catalogue->tables; i++) {
        const struct db_cat_table *t = &l->catalogue->table[i];
        for (int k = 0; k < t->foreigns; k++) {
            struct str sql = str_fmt(l->arena,
                                     "ALTER TABLE \"" STR_FMT "\" ALTER CONSTRAINT \"" STR_FMT
                                     "\" %s",
                                     STR_ARG(t->name), STR_ARG(t->foreign[k].name),
                                     wait ? "DEFERRABLE INITIALLY DEFERRED" : "NOT DEFERRABLE");
            TRY(db_tx_plain(tx, str_cstr(l->arena, sql), fault));
        }
    }
    return OK;
}

static enum err foreigns_hold(struct db_tx *tx, struct fault *fault)
{
    static const struct db_statement check = {
        .name = "load_foreign_keys", .file = "src/db/load.c", .columns = 1,
        .sql = "SELECT count(*) FROM pragma_foreign_key_check",
    };
    if (db_tx_engine(tx) != DB_SQLITE)
        return OK;
    bool has;
    int64_t broken = 0;
    TRY(db_get_i64(tx, &check, NULL, fault, &has, &broken));
    return broken ? fault_set(fault, ERR_UNPROCESSABLE, "the dump breaks %lld foreign keys",
                              (long long)broken)
                  : OK;
}

static enum err load_tables(struct db_tx *tx, struct load *l, struct fault *fault)
{
    struct str line;
    for (int i = 0; i < l->catalogue->tables; i++) {
        const struct db_cat_table *t = &l->catalogue->table[i];
        struct arena_mark mark = arena_mark(l->arena);
        if (str_is(t->name, "migration"))
            continue;
        TRY(next_line(l, &line, fault));
        if (!str_eq(line, db_dump_head(l->arena, t)))
            return bad(l, fault, "another table or other columns than this database has");
        TRY(load_table(tx, l, t, fault));
        arena_reset(l->arena, mark);
    }
    TRY(next_line(l, &line, fault));
    if (!str_is(line, DB_DUMP_SEARCH))
        return bad(l, fault, "the search texts were expected here");
    TRY(load_search(tx, l, fault));
    TRY(next_line(l, &line, fault));
    struct str done = str_fmt(l->arena, "done %lld %lld", (long long)l->tables, (long long)l->rows);
    return str_eq(line, done) ? OK : bad(l, fault, "the sums at the end do not fit");
}

static enum err load_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct load *l = arg;
    if (l->begun)
        return fault_set(fault, ERR_UNAVAILABLE, "loading was interrupted; begin again");
    l->begun = true;
    TRY(db_catalogue_read(tx, l->arena, fault, &l->catalogue));
    TRY(check_head(tx, l, fault));
    TRY(foreigns_wait(tx, l, true, fault));
    TRY(load_tables(tx, l, fault));
    TRY(foreigns_wait(tx, l, false, fault));
    return foreigns_hold(tx, fault);
}

enum err db_load(struct db *db, db_source *source, void *from, struct fault *fault)
{
    struct load l = { .source = source, .from = from, .arena = arena_open((size_t)1 << 30) };
    if (!l.arena)
        return db_no_memory(fault);
    struct db_guarded guarded = { l.arena, load_work, &l };
    enum err e = db_write_schema(db, db_guarded_work, &guarded, fault);
    db_out_free(&l.buffer);
    arena_close(l.arena);
    return e;
}
