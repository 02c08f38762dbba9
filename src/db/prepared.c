/*
 * prepared.c - each connection remembers what it has prepared: named statements for ever (there are
 * only as many as the program has), composed texts up to a bound, the least recently used first
 * out.
 */
#include "db/internal.h"

#include <stdlib.h>

static void prepared_free(struct db_conn *conn, struct db_prepared *p)
{
    conn->driver->unprepare(conn, p);
    free(p->param);
    free(p->text);
    free(p);
}

void db_conn_forget(struct db_conn *conn)
{
    for (int i = 0; i < DB_BUCKETS; i++) {
        while (conn->buckets[i]) {
            struct db_prepared *p = conn->buckets[i];
            conn->buckets[i] = p->next;
            prepared_free(conn, p);
        }
    }
    while (conn->free_rows) {
        struct db_rows *rows = conn->free_rows;
        conn->free_rows = rows->next;
        free(rows);
    }
}

static uint64_t key_hash(const struct db_statement *statement, struct str sql)
{
    if (!statement)
        return str_hash(sql);
    uint64_t h = (uint64_t)(uintptr_t)statement * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 32);
}

static void evict_one(struct db_conn *conn)
{
    struct db_prepared **oldest = NULL;
    for (int i = 0; i < DB_BUCKETS; i++)
        for (struct db_prepared **at = &conn->buckets[i]; *at; at = &(*at)->next)
            if (!(*at)->statement && !(*at)->busy && (!oldest || (*at)->used < (*oldest)->used))
                oldest = at;
    if (!oldest)
        return;
    struct db_prepared *p = *oldest;
    *oldest = p->next;
    conn->composed--;
    prepared_free(conn, p);
}

static enum err prepared_new(struct db_conn *conn, const struct db_statement *statement,
                             struct str sql, int params, struct fault *fault,
                             struct db_prepared **ret)
{
    struct db_prepared *p = calloc(1, sizeof(*p));
    struct db_text_out text = { 0 };
    db_sql_spell(&text, conn->driver->engine, false, sql);
    if (p && !statement)
        p->text = malloc(sql.len + 1);
    if (!p || text.failed || (!statement && !p->text)) {
        db_out_free(&text);
        free(p);
        return db_no_memory(fault);
    }
    if (p->text)
        memcpy(p->text, sql.data, sql.len);
    p->len = sql.len;
    p->statement = statement;
    enum err e = conn->driver->prepare(conn, p, text.data, params, fault);
    db_out_free(&text);
    if (e) {
        prepared_free(conn, p);
        return e;
    }
    p->touches = p->writes && db_touches(conn->db, sql);
    *ret = p;
    return OK;
}

enum err db_prepared_get(struct db_conn *conn, const struct db_statement *statement, struct str sql,
                         int params, struct fault *fault, struct db_prepared **ret)
{
    uint64_t hash = key_hash(statement, sql);
    struct db_prepared **bucket = &conn->buckets[hash % DB_BUCKETS];
    bool taken = false;
    for (struct db_prepared *p = *bucket; p; p = p->next) {
        bool same = statement ? p->statement == statement
                              : !p->statement && p->hash == hash &&
                                    str_eq((struct str){ p->text, p->len }, sql);
        if (same && !p->busy) {
            p->busy = true;
            p->used = ++conn->uses;
            *ret = p;
            return OK;
        }
        taken |= same;
    }
    struct db_prepared *made = NULL;
    TRY(prepared_new(conn, statement, sql, params, fault, &made));
    made->hash = hash;
    made->busy = true;
    made->used = ++conn->uses;
    /* A statement that is used inside its own loop gets a second, passing form. */
    if (!taken) {
        made->cached = true;
        made->next = *bucket;
        *bucket = made;
        if (!statement && ++conn->composed > DB_COMPOSED_MAX)
            evict_one(conn);
    }
    *ret = made;
    return OK;
}

void db_prepared_release(struct db_conn *conn, struct db_prepared *p)
{
    p->busy = false;
    if (!p->cached)
        prepared_free(conn, p);
}
