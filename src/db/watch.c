/*
 * watch.c - when may certain tables have changed? Each write statement names its table first, so
 * its text tells. What is not of the usual form counts as touching all of them.
 */
#include "db/internal.h"

#include <ctype.h>

static bool skip_word(struct str *sql, const char *word)
{
    struct str w = str_from(word);
    if (!str_starts(*sql, w) || sql->len == w.len || !isspace((unsigned char)sql->data[w.len]))
        return false;
    *sql = str_trim(str_cut(*sql, w.len, sql->len));
    return true;
}

static struct str table_name(struct str sql)
{
    size_t len = 0;
    while (len < sql.len && (isalnum((unsigned char)sql.data[len]) || sql.data[len] == '_'))
        len++;
    return str_cut(sql, 0, len);
}

bool db_touches(const struct db *db, struct str sql)
{
    sql = str_trim(sql);
    if (!db->config.watch)
        return false;
    bool plain = (skip_word(&sql, "INSERT") && skip_word(&sql, "INTO")) ||
                 skip_word(&sql, "UPDATE") ||
                 (skip_word(&sql, "DELETE") && skip_word(&sql, "FROM"));
    struct str table = table_name(sql);
    if (!plain || !table.len)
        return true;
    for (const char *const *name = db->config.watch; *name; name++)
        if (str_is(table, *name))
            return true;
    return false;
}

uint64_t db_watched(const struct db_tx *tx)
{
    return tx->watched;
}
