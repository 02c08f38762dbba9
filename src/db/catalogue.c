/*
 * catalogue.c - the tables as each engine tells them. Two sets of queries with the same columns,
 * one reader for both.
 */
#include "db/catalogue.h"

#include "base/vec.h"
#include "db/internal.h"

#define Q(query_name, count, text)                                                               \
    {                                                                                            \
        .name = "catalogue_" query_name, .sql = text, .file = "src/db/catalogue.c",              \
        .line = __LINE__, .params = count                                                        \
    }

enum { TABLES, COLUMNS, KEYS, FOREIGNS };

/* The partial flag also covers indexes over expressions; search_text belongs to db/search.h. */
static const struct db_statement lite[] = {
    [TABLES] = Q("tables", 0,
                 "SELECT m.name, (SELECT count(*) FROM sqlite_master g WHERE g.type = 'trigger'"
                 " AND g.tbl_name = m.name), upper(m.sql) LIKE '%AUTOINCREMENT%'"
                 " FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%'"
                 " ESCAPE '!' AND m.name NOT LIKE 'search!_text%' ESCAPE '!' ORDER BY m.name"),
    [COLUMNS] = Q("columns", 1,
                  "SELECT name, CASE WHEN upper(type) IN ('INTEGER','INT') THEN 1"
                  " WHEN upper(type) = 'TEXT' THEN 2 WHEN upper(type) = 'BLOB' THEN 3 ELSE 0 END,"
                  " 1 - \"notnull\" FROM pragma_table_info($1) ORDER BY cid"),
    [KEYS] = Q("keys", 1,
               "SELECT 'primary key' AS k, 1 AS p, 0, name, pk AS n FROM pragma_table_info($1)"
               " WHERE pk > 0 UNION ALL SELECT l.name, 0, l.partial, i.name, i.seqno"
               " FROM pragma_index_list($1) l JOIN pragma_index_info(l.name) i"
               " WHERE l.\"unique\" = 1 AND l.origin <> 'pk' ORDER BY p DESC, k, n"),
    [FOREIGNS] = Q("foreigns", 1,
                   "SELECT 'foreign key ' || id, \"table\", \"from\", \"to\""
                   " FROM pragma_foreign_key_list($1) ORDER BY id, seq"),
};
static const struct db_statement postgres[] = {
    [TABLES] = Q("tables", 0,
                 "SELECT c.relname, (SELECT count(*) FROM pg_trigger g WHERE g.tgrelid = c.oid"
                 " AND NOT g.tgisinternal), CASE WHEN EXISTS (SELECT 1 FROM pg_attribute a"
                 " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
                 " WHERE a.attrelid = c.oid AND (a.attidentity <> ''"
                 " OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')) THEN 1 ELSE 0 END"
                 " FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace"
                 " WHERE s.nspname = current_schema() AND c.relkind IN ('r','p')"
                 " AND NOT c.relispartition AND c.relname <> 'search_text'"
                 " ORDER BY CAST(c.relname AS text) COLLATE \"C\""),
    [COLUMNS] = Q("columns", 1,
                  "SELECT a.attname, CASE WHEN a.atttypid IN (20,21,23) THEN 1"
                  " WHEN a.atttypid IN (25,1043) THEN 2 WHEN a.atttypid = 17 THEN 3 ELSE 0 END,"
                  " CASE WHEN a.attnotnull THEN 0 ELSE 1 END FROM pg_attribute a"
                  " WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped"
                  " ORDER BY a.attnum"),
    [KEYS] = Q("keys", 1,
               "SELECT c.relname, CASE WHEN i.indisprimary THEN 1 ELSE 0 END AS p,"
               " CASE WHEN i.indpred IS NULL AND k.attnum <> 0 THEN 0 ELSE 1 END, a.attname, k.n"
               " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
               " CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, n)"
               " LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
               " WHERE i.indrelid = to_regclass($1) AND i.indisunique"
               " ORDER BY p DESC, CAST(c.relname AS text) COLLATE \"C\", k.n"),
    [FOREIGNS] = Q("foreigns", 1,
                   "SELECT f.conname, t.relname, a.attname, b.attname FROM pg_constraint f"
                   " JOIN pg_class t ON t.oid = f.confrelid"
                   " CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k(x, y, n)"
                   " JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.x"
                   " JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.y"
                   " WHERE f.contype = 'f' AND f.conrelid = to_regclass($1)"
                   " ORDER BY CAST(f.conname AS text) COLLATE \"C\", k.n"),
};

/* ---- reading ---- */

static enum err ask(struct db_tx *tx, int what, const struct str *table, struct fault *fault,
                    struct db_rows **ret)
{
    struct db_value name = table ? db_str(*table) : db_null();
    return db_query(tx, db_tx_engine(tx) == DB_SQLITE ? &lite[what] : &postgres[what], &name,
                    fault, ret);
}

static enum err read_columns(struct db_tx *tx, struct arena *arena, struct db_cat_table *t,
                             struct fault *fault)
{
    VEC(struct db_cat_column) columns = { 0 };
    struct db_rows *rows;
    TRY(ask(tx, COLUMNS, &t->name, fault, &rows));
    for (bool has;;) {
        TRY(db_next(rows, &has, fault));
        if (!has)
            break;
        struct db_cat_column *column = vec_push(arena, &columns);
        column->name = db_text_copy(arena, rows, 0);
        column->type = (enum db_type)db_i64(rows, 1);
        column->nullable = db_i64(rows, 2) != 0;
    }
    t->columns = (int)columns.count;
    t->column = columns.items;
    return OK;
}

/* Appends to a list that grows one by one: keys have few columns. */
static const struct str *append(struct arena *arena, const struct str *list, int *count,
                                struct str name)
{
    struct str *longer = arena_array(arena, struct str, (size_t)*count + 1);
    if (*count)
        memcpy(longer, list, (size_t)*count * sizeof(*list));
    longer[(*count)++] = name;
    return longer;
}

static enum err read_keys(struct db_tx *tx, struct arena *arena, struct db_cat_table *t,
                          struct fault *fault)
{
    VEC(struct db_cat_key) keys = { 0 };
    struct db_rows *rows;
    TRY(ask(tx, KEYS, &t->name, fault, &rows));
    for (bool has;;) {
        TRY(db_next(rows, &has, fault));
        if (!has)
            break;
        struct str name = db_text(rows, 0);
        struct db_cat_key *key = keys.count ? &keys.items[keys.count - 1] : NULL;
        if (!key || !str_eq(key->name, name)) {
            key = vec_push(arena, &keys);
            key->name = str_copy(arena, name);
        }
        key->primary |= db_i64(rows, 1) != 0;
        key->partial |= db_i64(rows, 2) != 0 || db_is_null(rows, 3);
        if (!db_is_null(rows, 3))
            key->column = append(arena, key->column, &key->columns, db_text_copy(arena, rows, 3));
    }
    t->keys = (int)keys.count;
    t->key = keys.items;
    return OK;
}

static enum err read_foreigns(struct db_tx *tx, struct arena *arena, struct db_cat_table *t,
                              struct fault *fault)
{
    VEC(struct db_cat_foreign) foreigns = { 0 };
    struct db_rows *rows;
    TRY(ask(tx, FOREIGNS, &t->name, fault, &rows));
    for (bool has;;) {
        TRY(db_next(rows, &has, fault));
        if (!has)
            break;
        struct str name = db_text(rows, 0);
        struct db_cat_foreign *f = foreigns.count ? &foreigns.items[foreigns.count - 1] : NULL;
        if (!f || !str_eq(f->name, name)) {
            f = vec_push(arena, &foreigns);
            f->name = str_copy(arena, name);
            f->table = db_text_copy(arena, rows, 1);
        }
        int count = f->columns;
        f->column = append(arena, f->column, &f->columns, db_text_copy(arena, rows, 2));
        f->target = append(arena, f->target, &count, db_text_copy(arena, rows, 3));
    }
    t->foreigns = (int)foreigns.count;
    t->foreign = foreigns.items;
    return OK;
}

enum err db_catalogue_read(struct db_tx *tx, struct arena *arena, struct fault *fault,
                           const struct db_catalogue **ret)
{
    VEC(struct db_cat_table) tables = { 0 };
    struct db_rows *rows;
    TRY(ask(tx, TABLES, NULL, fault, &rows));
    for (bool has;;) {
        TRY(db_next(rows, &has, fault));
        if (!has)
            break;
        struct db_cat_table *t = vec_push(arena, &tables);
        t->name = db_text_copy(arena, rows, 0);
        t->triggers = (int)db_i64(rows, 1);
        t->counts = db_i64(rows, 2) != 0;
    }
    for (size_t i = 0; i < tables.count; i++) {
        TRY(read_columns(tx, arena, &tables.items[i], fault));
        TRY(read_keys(tx, arena, &tables.items[i], fault));
        TRY(read_foreigns(tx, arena, &tables.items[i], fault));
    }
    struct db_catalogue *catalogue = arena_new(arena, struct db_catalogue);
    catalogue->tables = (int)tables.count;
    catalogue->table = tables.items;
    *ret = catalogue;
    return OK;
}
