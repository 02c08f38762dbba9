/*
 * copy.h - the whole database as a file: backup, check, and a portable dump.
 *
 * The dump is text, the same bytes for the same content on both engines: tables by name, rows by
 * primary key, values by declared type. It moves a company from SQLite to PostgreSQL and back, and
 * it is what tests compare. Format (lines end in \n):
 *     qibing-dump 1
 *     migration <number> <name> <sha-256 hex>             every applied one
 *     table <name> <column>:<i|t|b> …
 *     <value>\t<value>…         integer; text with \\ \t \n \r escaped; blob in hex; \N for NULL
 *     end <rows>
 *     done <tables> <rows>
 */
#pragma once

#include "db/db.h"

typedef enum err db_sink(void *to, struct str bytes, struct fault *fault);
/* Fills at most `room` bytes; *len 0 at the end. */
typedef enum err db_source(void *from, char *into, size_t room, size_t *len, struct fault *fault);
typedef void db_progress(void *arg, int64_t done, int64_t total);

NODISCARD enum err db_dump(struct db *db, db_sink *sink, void *to, struct fault *fault);
/* Into a database migrated to the same schema, whose tables are all empty. All or nothing. */
NODISCARD enum err db_load(struct db *db, db_source *source, void *from, struct fault *fault);

/* SQLite only: a consistent copy while others write, synced, then renamed to `path` (0600). On
 * PostgreSQL ERR_INVALID with the advice to use pg_basebackup, or db_dump. `progress` may be NULL.
 */
NODISCARD enum err db_backup(struct db *db, const char *path, db_progress *progress, void *arg,
                             struct fault *fault);
/* Asks the engine whether its file is whole and every foreign key holds. ERR_CORRUPT names the
 * first damage. PostgreSQL: reads every row of every table; pg_amcheck sees more. */
NODISCARD enum err db_check(struct db *db, struct fault *fault);
