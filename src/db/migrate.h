/*
 * migrate.h - bringing the schema of a database up to the program, forward only.
 *
 * A migration is SQL text that never changes once released. Each runs in a transaction of its own
 * together with its record in table `migration` (number, name, SHA-256 of the text, time), so a
 * program killed in between goes on where it stopped. Two migrators exclude each other.
 *
 * The text is the common dialect plus:
 *   {{PK}}           "PRIMARY KEY" of a column that is an id     {{STRICT}}  STRICT, or nothing
 *   {{BLOB}}         BLOB or BYTEA                               {{SKIP_LOCKED}}
 *   ID REF INT MONEY RATE DECIMAL DATE INSTANT BOOL   64-bit integers
 *   TEXT ENUM STATE JSON                              text, compared by bytes on both engines
 *   BLOB HASH                                         bytes
 * These words count only in upper case and outside quotes; names are lower case.
 *
 *   -- expect: SELECT count(*) FROM visit WHERE distance IS NOT NULL   = 0
 * is checked inside the transaction after the last statement; another number undoes the migration.
 */
#pragma once

#include "base/date.h"
#include "db/db.h"

struct db_migration {
    int number; /* 1, 2, 3 … without gaps */
    const char *name; /* "0007_visit_distance" */
    const char *sql;
};

/* Applies what is missing. ERR_STATE: an applied migration differs from the program's (its text was
 * edited), or the database is newer than the program; the message names both. */
NODISCARD enum err db_migrate(struct db *db, const struct db_migration *list, int count,
                              struct instant now, struct fault *fault);
/* Number of the last applied migration, 0 for an empty database. Does not write. */
NODISCARD enum err db_schema_number(struct db *db, struct fault *fault, int *ret);
/* As db_migrate, but only looks: ERR_STATE if db_migrate would have to do or refuse something. */
NODISCARD enum err db_migrate_check(struct db *db, const struct db_migration *list, int count,
                                    struct fault *fault);
/* The text as the engine gets it: macros and type words spelled. */
struct str db_spell(struct arena *arena, enum db_engine engine, struct str sql);
