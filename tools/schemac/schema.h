/* schema.h - the migrated schema, in a database in memory. */
#pragma once

#include "base/str.h"

struct sqlite3;

enum schema_column { SCHEMA_MISSING, SCHEMA_SAME, SCHEMA_DIFFERENT };

/* Does the query with ?1, ?2 have a row? */
bool schema_has(struct sqlite3 *db, const char *sql, struct str a, struct str b);
/* The CREATE TABLE text, "" if there is no such table. */
struct str schema_text(struct sqlite3 *db, struct arena *arena, struct str table);
enum schema_column schema_column(struct sqlite3 *db, struct str table, struct str column,
                                 const char *type, bool not_null);
/* The name of the column at `index`, from 0; "" beyond the last. */
struct str schema_column_at(struct sqlite3 *db, struct arena *arena, struct str table, int index);
/* Does `text` hold `part`, white space aside? */
bool schema_contains(struct arena *arena, struct str text, struct str part);
/* "MONEY" -> "INTEGER": how the migrator spells a word of a migration on SQLite. */
const char *schema_type(const char *word);
/* A migration or statement as SQLite takes it: words and {{macros}} spelled. */
struct str schema_spell(struct arena *arena, struct str sql, bool migration);
