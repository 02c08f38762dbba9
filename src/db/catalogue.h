/*
 * catalogue.h - what tables there are, as the engine tells it, and the rules for their shape.
 *
 * The rules make sharding by tenant possible later: `org` is the first column of every primary key,
 * of every unique key and index, and of every foreign key, (org, x) to (org, x); no sequences, no
 * identity columns, no triggers.
 */
#pragma once

#include "db/db.h"

struct db_cat_column {
    struct str name;
    enum db_type type;
    bool nullable;
};
struct db_cat_key { /* a primary or unique key, or a unique index */
    struct str name;
    bool primary;
    bool partial;     /* or over expressions: then `columns` lists the plain columns only */
    int columns;
    const struct str *column;
};
struct db_cat_foreign {
    struct str name, table; /* the table referred to */
    int columns;
    const struct str *column, *target;
};
struct db_cat_table {
    struct str name;
    int columns, keys, foreigns, triggers;
    bool counts; /* a sequence, identity or AUTOINCREMENT makes its numbers */
    const struct db_cat_column *column;
    const struct db_cat_key *key;
    const struct db_cat_foreign *foreign;
};
struct db_catalogue {
    int tables;
    const struct db_cat_table *table; /* by name; without search_text and the engine's */
};

NODISCARD enum err db_catalogue_read(struct db_tx *tx, struct arena *arena, struct fault *fault,
                                     const struct db_catalogue **ret);

/* Told once per broken rule, in words: "table visit: unique key (customer_id) lacks org". */
typedef void db_shape_report(void *arg, struct str problem);
/* `global` lists the tables that belong to no tenant, ended by NULL (`migration` is known). A
 * global table must not refer to a tenant table. *problems counts the reports. `report` may be
 * NULL. */
NODISCARD enum err db_check_shape(struct db *db, const char *const *global,
                                  db_shape_report *report, void *arg, struct fault *fault,
                                  int *problems);
