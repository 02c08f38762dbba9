/* dump.c - the portable dump: same content, same bytes, on either engine. Format: db/copy.h. */
#include "base/buf.h"
#include "base/hex.h"
#include "db/catalogue.h"
#include "db/copy.h"
#include "db/internal.h"
#include "db/dump.h"

struct dump {
    struct arena *arena;
    db_sink *sink;
    void *to;
    struct buf line;
    int64_t tables, rows;
};

static enum err put(struct dump *d, struct fault *fault)
{
    return d->sink(d->to, buf_view(&d->line), fault);
}

static void escape(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '\\': buf_cstr(out, "\\\\"); break;
        case '\t': buf_cstr(out, "\\t"); break;
        case '\n': buf_cstr(out, "\\n"); break;
        case '\r': buf_cstr(out, "\\r"); break;
        default: buf_char(out, text.data[i]); break;
        }
    }
}

static void put_value(struct dump *d, const struct db_rows *rows, int column)
{
    if (column)
        buf_char(&d->line, '\t');
    switch (db_column_type(rows, column)) {
    case DB_NULL: buf_cstr(&d->line, "\\N"); break;
    case DB_I64: buf_i64(&d->line, db_i64(rows, column)); break;
    case DB_TEXT: escape(&d->line, db_text(rows, column)); break;
    case DB_BLOB: {
        struct str bytes = db_blob(rows, column);
        buf_str(&d->line, hex_encode(d->arena, bytes.data, bytes.len));
        break;
    }
    }
}

static enum err put_rows(struct db_tx *tx, struct dump *d, struct str select, struct fault *fault)
{
    struct db_rows *rows;
    int64_t count = 0;
    TRY(db_query_text_stream(tx, select, NULL, 0, fault, &rows));
    for (bool has;;) {
        struct arena_mark mark = arena_mark(d->arena);
        d->line = buf_in(d->arena);
        TRY(db_next(rows, &has, fault));
        if (!has)
            break;
        for (int i = 0; i < db_columns(rows); i++)
            put_value(d, rows, i);
        buf_char(&d->line, '\n');
        TRY(put(d, fault));
        arena_reset(d->arena, mark);
        count++;
    }
    buf_fmt(&d->line, "end %lld\n", (long long)count);
    d->rows += count;
    d->tables++;
    return put(d, fault);
}

struct str db_dump_select(struct arena *arena, const struct db_cat_table *t)
{
    struct buf sql = buf_in(arena);
    buf_cstr(&sql, "SELECT ");
    for (int i = 0; i < t->columns; i++)
        buf_fmt(&sql, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(t->column[i].name));
    buf_fmt(&sql, " FROM \"" STR_FMT "\" ORDER BY ", STR_ARG(t->name));
    const struct db_cat_key *primary = t->keys && t->key[0].primary ? &t->key[0] : NULL;
    for (int i = 0; primary && i < primary->columns; i++)
        buf_fmt(&sql, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(primary->column[i]));
    for (int i = 0; !primary && i < t->columns; i++)
        buf_fmt(&sql, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(t->column[i].name));
    return buf_view(&sql);
}

struct str db_dump_head(struct arena *arena, const struct db_cat_table *t)
{
    static const char letters[] = { [DB_NULL] = '?', [DB_I64] = 'i', [DB_TEXT] = 't',
                                    [DB_BLOB] = 'b' };
    struct buf line = buf_in(arena);
    buf_fmt(&line, "table " STR_FMT, STR_ARG(t->name));
    for (int i = 0; i < t->columns; i++)
        buf_fmt(&line, " " STR_FMT ":%c", STR_ARG(t->column[i].name), letters[t->column[i].type]);
    return buf_view(&line);
}

static enum err put_table(struct db_tx *tx, struct dump *d, const struct db_cat_table *t,
                          struct fault *fault)
{
    d->line = buf_in(d->arena);
    buf_str(&d->line, db_dump_head(d->arena, t));
    buf_char(&d->line, '\n');
    TRY(put(d, fault));
    return put_rows(tx, d, db_dump_select(d->arena, t), fault);
}

enum err db_dump_migrations(struct db_tx *tx, struct arena *arena, struct fault *fault,
                            struct str *ret)
{
    static const struct db_statement list = {
        .name = "dump_migrations", .file = "src/db/dump.c", .columns = 3,
        .sql = "SELECT number, name, hash FROM migration ORDER BY number",
    };
    struct buf text = buf_in(arena);
    struct db_rows *rows;
    TRY(db_query(tx, &list, NULL, fault, &rows));
    for (bool has;;) {
        TRY(db_next(rows, &has, fault));
        if (!has)
            break;
        struct str hash = db_blob(rows, 2);
        struct str hex = hex_encode(arena, hash.data, hash.len);
        buf_fmt(&text, "migration %lld " STR_FMT " " STR_FMT "\n", (long long)db_i64(rows, 0),
                STR_ARG(db_text(rows, 1)), STR_ARG(hex));
    }
    *ret = buf_view(&text);
    return OK;
}

static enum err dump_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct dump *d = arg;
    const struct db_catalogue *c;
    struct str migrations;
    TRY(db_catalogue_read(tx, d->arena, fault, &c));
    TRY(db_dump_migrations(tx, d->arena, fault, &migrations));
    d->line = buf_in(d->arena);
    buf_cstr(&d->line, DB_DUMP_HEAD "\n");
    buf_str(&d->line, migrations);
    TRY(put(d, fault));
    for (int i = 0; i < c->tables; i++) {
        struct arena_mark mark = arena_mark(d->arena);
        if (!str_is(c->table[i].name, "migration"))
            TRY(put_table(tx, d, &c->table[i], fault));
        arena_reset(d->arena, mark);
    }
    d->line = buf_in(d->arena);
    buf_cstr(&d->line, DB_DUMP_SEARCH "\n");
    TRY(put(d, fault));
    TRY(put_rows(tx, d,
                 db_tx_engine(tx) == DB_SQLITE
                     ? STR("SELECT org, rowid, kind, body FROM search_text ORDER BY org, rowid")
                     : STR("SELECT org, id, kind, body FROM search_text ORDER BY org, id"),
                 fault));
    d->line = buf_in(d->arena);
    buf_fmt(&d->line, "done %lld %lld\n", (long long)d->tables, (long long)d->rows);
    return put(d, fault);
}

enum err db_dump(struct db *db, db_sink *sink, void *to, struct fault *fault)
{
    struct dump d = { .sink = sink, .to = to, .arena = arena_open((size_t)1 << 30) };
    if (!d.arena)
        return db_no_memory(fault);
    struct db_guarded guarded = { d.arena, dump_work, &d };
    enum err e = db_read_within(db, 0, db_guarded_work, &guarded, fault);
    arena_close(d.arena);
    return e;
}
