/*
 * search.c - one cutting of text into terms, for both engines and both sides (index and query).
 *
 * Positions decide what a phrase is. A run of CJK characters c1 c2 c3 gives c1c2 at 0, c2c3 at 1
 * and, sharing position 1, the last character alone: so that in a mixed word ("三A座") what follows
 * the run is the next position after its last pair, and a single character before it can be asked
 * for.
 */
#include "db/search.h"

#include "base/buf.h"
#include "db/internal.h"

#include <stdio.h>

#define TERM_MAX 64 /* bytes; longer words are found by their beginning */

enum kind { SEPARATOR, LETTER, CJK };

static bool between(uint32_t c, uint32_t low, uint32_t high)
{
    return low <= c && c <= high;
}

static bool is_cjk(uint32_t c)
{
    return c == 0x3005 || c == 0x3007 || between(c, 0x3041, 0x3096) || between(c, 0x30A1, 0x30FA) ||
           c == 0x30FC || between(c, 0x3105, 0x312F) || between(c, 0x2E80, 0x2FDF) ||
           between(c, 0x3400, 0x4DBF) || between(c, 0x4E00, 0x9FFF) || between(c, 0xAC00, 0xD7AF) ||
           between(c, 0xF900, 0xFAFF) || between(c, 0x20000, 0x3FFFD);
}

static enum kind kind_of(uint32_t c)
{
    if (c < 0x80)
        return between(c, '0', '9') || between(c, 'a', 'z') ? LETTER : SEPARATOR;
    if (is_cjk(c))
        return CJK;
    bool punctuation = c < 0xAA || between(c, 0xAB, 0xB4) || between(c, 0xB6, 0xB9) ||
                       between(c, 0xBB, 0xBF) || c == 0xD7 || c == 0xF7 ||
                       between(c, 0x2000, 0x2BFF) || between(c, 0x3000, 0x33FF) ||
                       between(c, 0xD800, 0xF8FF) || between(c, 0xFE10, 0xFE6F) || c >= 0xFF00;
    return punctuation ? SEPARATOR : LETTER;
}

/* One character for comparing: full-width forms become ASCII, capitals small (Latin, Greek,
 * Cyrillic). */
static uint32_t fold(uint32_t c)
{
    if (between(c, 0xFF01, 0xFF5E))
        c -= 0xFEE0;
    if (between(c, 'A', 'Z') || (between(c, 0xC0, 0xDE) && c != 0xD7) || between(c, 0x391, 0x3A9) ||
        between(c, 0x410, 0x42F))
        return c + 32;
    return between(c, 0x400, 0x40F) ? c + 80 : c;
}

struct cutter {
    struct str text;
    bool query;
    db_term *term;
    void *arg;
};

struct character {
    uint32_t c;
    size_t from, to;
};

static bool character_at(const struct cutter *k, size_t at, enum kind kind, struct character *ret)
{
    if (at >= k->text.len)
        return false;
    ret->from = at;
    ret->c = fold(utf8_next(k->text, &at));
    ret->to = at;
    return kind_of(ret->c) == kind;
}

/* The run of pairs that begins with `first`; `*at` moves behind it. */
static int cut_cjk(const struct cutter *k, struct character first, size_t *at)
{
    struct character next;
    char pair[8];
    bool single = true;
    while (character_at(k, first.to, CJK, &next)) {
        size_t len = utf8_put(pair, first.c);
        len += utf8_put(pair + len, next.c);
        int stop = k->term(k->arg, (struct str){ pair, len }, first.from, next.to, false);
        if (stop)
            return stop;
        single = false;
        first = next;
    }
    *at = first.to;
    if (k->query && !single)
        return 0;
    size_t len = utf8_put(pair, first.c);
    return k->term(k->arg, (struct str){ pair, len }, first.from, first.to, !single);
}

static int cut_word(const struct cutter *k, struct character first, size_t *at)
{
    char word[TERM_MAX + 4];
    size_t len = 0;
    struct character next = first;
    do {
        if (len < TERM_MAX)
            len += utf8_put(word + len, next.c);
        *at = next.to;
    } while (character_at(k, *at, LETTER, &next));
    return k->term(k->arg, (struct str){ word, len }, first.from, *at, false);
}

int db_terms(struct str text, bool query, db_term *term, void *arg)
{
    struct cutter k = { text, query, term, arg };
    int stop = 0;
    for (size_t at = 0; at < text.len && !stop;) {
        struct character c;
        if (character_at(&k, at, CJK, &c))
            stop = cut_cjk(&k, c, &at);
        else if (kind_of(c.c) == LETTER)
            stop = cut_word(&k, c, &at);
        else
            at = c.to;
    }
    return stop;
}

static int add_term(void *arg, struct str term, size_t from, size_t to, bool colocated)
{
    struct buf *out = arg;
    (void)from;
    (void)to;
    (void)colocated;
    if (out->len)
        buf_char(out, ' ');
    buf_str(out, term);
    return 0;
}

struct str db_search_terms(struct arena *arena, struct str text)
{
    struct buf out = buf_in(arena);
    db_terms(text, false, add_term, &out);
    return buf_view(&out);
}

/* ---- queries ---- */

/* Which rows: one term that the rows of one kind of one tenant share. On SQLite it has a column of
 * its own; on PostgreSQL the # keeps it apart from whatever is typed. */
static void scope_of(char out[96], enum db_engine engine, int64_t org, const char *kind)
{
    size_t len = (size_t)snprintf(out, 96, "%sorg%lldz", engine == DB_SQLITE ? "" : "#",
                                  (long long)org);
    for (; *kind && len < 95; kind++)
        if (kind_of(fold((unsigned char)*kind)) == LETTER)
            out[len++] = (char)fold((unsigned char)*kind);
    out[len] = '\0';
}

struct query {
    struct buf *out;
    enum db_engine engine;
    int words;
    size_t end;    /* of the term before: a gap begins a new word */
    bool last_cjk; /* a pair needs no prefix match */
};

static void word_end(struct query *q)
{
    if (!q->words)
        return;
    if (q->engine == DB_SQLITE)
        buf_cstr(q->out, q->last_cjk ? "" : " *");
    else
        buf_cstr(q->out, q->last_cjk ? ")" : ":*)");
}

static int query_term(void *arg, struct str term, size_t from, size_t to, bool colocated)
{
    struct query *q = arg;
    (void)colocated;
    bool lite = q->engine == DB_SQLITE;
    bool overlap = q->words && from < q->end; /* the next pair of the same run */
    if (q->words && (from == q->end || overlap)) {
        buf_cstr(q->out, lite ? " + " : " <-> ");
    } else {
        word_end(q);
        if (q->words == DB_SEARCH_WORDS_MAX) {
            q->last_cjk = true;
            return 1;
        }
        q->words++;
        buf_cstr(q->out, lite ? " AND body : " : " & (");
    }
    /* Terms hold letters and digits only, so quoting is enough. */
    buf_fmt(q->out, lite ? "\"" STR_FMT "\"" : "'" STR_FMT "'", STR_ARG(term));
    q->end = to;
    size_t second = 0;
    q->last_cjk = is_cjk(utf8_next(term, &second)) && second < term.len;
    return 0;
}

struct str db_search_query(struct arena *arena, enum db_engine engine, int64_t org,
                           const char *kind, struct str typed)
{
    struct buf out = buf_in(arena);
    struct query q = { .out = &out, .engine = engine };
    char scope[96];
    scope_of(scope, engine, org, kind);
    buf_fmt(&out, engine == DB_SQLITE ? "scope : \"%s\"" : "'%s'", scope);
    if (db_terms(str_cut(typed, 0, DB_SEARCH_TEXT_MAX), true, query_term, &q) == 0)
        word_end(&q);
    return q.words ? buf_view(&out) : STR("");
}

/* ---- the index ---- */

struct vector {
    struct db_text_out *out;
    int position;
};

static int vector_term(void *arg, struct str term, size_t from, size_t to, bool colocated)
{
    struct vector *v = arg;
    char place[16];
    (void)from;
    (void)to;
    v->position += colocated ? 0 : 1;
    db_out_cstr(v->out, " '");
    db_out_add(v->out, term.data, term.len);
    int len = snprintf(place, sizeof(place), "':%d", v->position);
    db_out_add(v->out, place, (size_t)len);
    return 0;
}

/* Cut at a character. */
static struct str limited(struct str text)
{
    size_t len = MIN(text.len, DB_SEARCH_TEXT_MAX);
    while (len && len < text.len && ((unsigned char)text.data[len] & 0xC0) == 0x80)
        len--;
    return str_cut(text, 0, len);
}

static enum err put_lite(struct db_tx *tx, const struct db_value values[4], struct fault *fault)
{
    static const struct db_statement add = {
        .name = "search_put", .file = "src/db/search.c", .params = 5, .writes = true,
        .sql = "INSERT INTO search_text(rowid, org, kind, scope, body) VALUES($1,$2,$3,$5,$4)",
    };
    char scope[96];
    scope_of(scope, DB_SQLITE, values[1].i64, values[2].bytes.data);
    struct db_value five[5] = { values[0], values[1], values[2], values[3],
                                db_str(str_from(scope)) };
    return db_run(tx, &add, five, NULL, fault);
}

static enum err put_postgres(struct db_tx *tx, const struct db_value values[4],
                             struct fault *fault)
{
    static const struct db_statement add = {
        .name = "search_put", .file = "src/db/search.c", .params = 5, .writes = true,
        .sql = "INSERT INTO search_text(id, org, kind, body, terms)"
               " VALUES($1,$2,$3,$4,CAST(CAST($5 AS text) AS tsvector))",
    };
    struct db_text_out out = { 0 };
    char scope[96];
    scope_of(scope, DB_POSTGRES, values[1].i64, values[2].bytes.data);
    db_out_cstr(&out, "'");
    db_out_cstr(&out, scope);
    db_out_cstr(&out, "'");
    struct vector v = { &out, 0 };
    db_terms(values[3].bytes, false, vector_term, &v);
    struct db_value five[5] = { values[0], values[1], values[2], values[3],
                                db_str((struct str){ out.data, out.len }) };
    enum err e = out.failed ? db_no_memory(fault) : db_run(tx, &add, five, NULL, fault);
    db_out_free(&out);
    return e;
}

enum err db_search_remove(struct db_tx *tx, int64_t org, int64_t id, struct fault *fault)
{
    static const struct db_statement lite = {
        .name = "search_remove", .file = "src/db/search.c", .params = 2, .writes = true,
        .sql = "DELETE FROM search_text WHERE rowid = $2 AND org = $1",
    };
    static const struct db_statement postgres = {
        .name = "search_remove", .file = "src/db/search.c", .params = 2, .writes = true,
        .sql = "DELETE FROM search_text WHERE org = $1 AND id = $2",
    };
    return db_run(tx, db_tx_engine(tx) == DB_SQLITE ? &lite : &postgres,
                  (struct db_value[]){ db_int(org), db_int(id) }, NULL, fault);
}

enum err db_search_put(struct db_tx *tx, int64_t org, const char *kind, int64_t id, struct str text,
                       struct fault *fault)
{
    TRY(db_search_remove(tx, org, id, fault));
    struct db_value values[4] = { db_int(id), db_int(org), db_str(str_from(kind)),
                                  db_str(limited(text)) };
    return db_tx_engine(tx) == DB_SQLITE ? put_lite(tx, values, fault)
                                         : put_postgres(tx, values, fault);
}

enum err db_search_setup(struct db_tx *tx, struct fault *fault)
{
    if (db_tx_engine(tx) == DB_SQLITE)
        return db_tx_plain(tx,
                           "CREATE VIRTUAL TABLE IF NOT EXISTS search_text USING fts5("
                           "org UNINDEXED, kind UNINDEXED, scope, body, tokenize='cjk2')",
                           fault);
    TRY(db_tx_plain(tx,
                    "CREATE TABLE IF NOT EXISTS search_text(org BIGINT NOT NULL,"
                    " id BIGINT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,"
                    " terms TSVECTOR NOT NULL,"
                    " PRIMARY KEY(org, id))",
                    fault));
    return db_tx_plain(tx,
                       "CREATE INDEX IF NOT EXISTS search_text_terms ON search_text"
                       " USING gin(terms)",
                       fault);
}
