/* dump.h - what writing and reading a dump share. Inside src/db only. */
#pragma once

#include "db/catalogue.h"

#define DB_DUMP_HEAD "qibing-dump 1"
#define DB_DUMP_SEARCH "table search_text org:i id:i kind:t body:t"

/* "table name column:type …" without the line end. */
struct str db_dump_head(struct arena *arena, const struct db_cat_table *table);
struct str db_dump_select(struct arena *arena, const struct db_cat_table *table);
/* The lines "migration …" of this database. */
enum err db_dump_migrations(struct db_tx *tx, struct arena *arena, struct fault *fault,
                            struct str *ret);
