/*
 * search_lite.c - the tokenizer `cjk2` of SQLite's FTS5: our terms in FTS5's clothes.
 *
 * Each connection registers it. A database with a search table cannot be written by a program that
 * does not know cjk2 (the sqlite3 shell says "no such tokenizer"); reading other tables works.
 */
#include "db/internal.h"

#include <sqlite3.h>

struct bridge {
    void *context;
    int (*token)(void *, int, const char *, int, int, int);
};

static int bridge_term(void *arg, struct str term, size_t from, size_t to, bool colocated)
{
    struct bridge *b = arg;
    return b->token(b->context, colocated ? FTS5_TOKEN_COLOCATED : 0, term.data, (int)term.len,
                    (int)from, (int)to);
}

static int cjk2_create(void *arg, const char **words, int count, Fts5Tokenizer **ret)
{
    (void)words;
    (void)count;
    *ret = arg; /* nothing to remember: any address that is not NULL */
    return SQLITE_OK;
}

static void cjk2_delete(Fts5Tokenizer *tokenizer)
{
    (void)tokenizer;
}

static int cjk2_tokenize(Fts5Tokenizer *tokenizer, void *context, int flags, const char *text,
                         int len, int (*token)(void *, int, const char *, int, int, int))
{
    (void)tokenizer;
    struct bridge b = { context, token };
    struct str s = { text ? text : "", len > 0 ? (size_t)len : 0 };
    return db_terms(s, (flags & FTS5_TOKENIZE_QUERY) != 0, bridge_term, &b);
}

enum err db_lite_register_search(sqlite3 *handle, struct fault *fault)
{
    static const fts5_tokenizer cjk2 = { cjk2_create, cjk2_delete, cjk2_tokenize };
    static const char mark = 0;
    fts5_api *api = NULL;
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(s, 1, &api, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK)
        (void)sqlite3_step(s);
    rc = sqlite3_finalize(s);
    if (rc == SQLITE_OK && api) {
        fts5_tokenizer copy = cjk2; /* FTS5 wants it writable, and copies it */
        rc = api->xCreateTokenizer(api, "cjk2", (void *)&mark, &copy, NULL);
    }
    if (rc != SQLITE_OK || !api)
        return fault_set(fault, rc == SQLITE_NOMEM ? ERR_NO_MEMORY : ERR_INTERNAL,
                         "SQLite without FTS5: %s", sqlite3_errmsg(handle));
    return OK;
}
