/*
 * search.h - full-text search that finds Chinese, alike on both engines.
 *
 * Text is cut into words at white space and punctuation. A run of Chinese (Japanese, Korean)
 * characters becomes its overlapping pairs, and its last character alone; a run of other letters
 * and digits becomes one term, in lower case (full-width forms as their ASCII twins). A query
 * matches when every word of it occurs: Chinese anywhere, one character or many, in their order and
 * side by side; other words by their beginning ("shang" finds "Shanghai").
 *
 * One table, `search_text`, made by db_migrate on the first use of a database: FTS5 with our
 * tokenizer `cjk2` on SQLite, a tsvector with GIN on PostgreSQL. A row's key is the 64-bit id of
 * what it describes, unique over all kinds. In a statement `{{SEARCH($org,$words)}}` is the set of
 * ids that match:
 *     … WHERE org = $1 AND id IN {{SEARCH($1,$2)}} …      with $2 = db_search_query(…)
 */
#pragma once

#include "db/db.h"

#define DB_SEARCH_TEXT_MAX 8000 /* bytes of a row that are indexed; the rest is not found */
#define DB_SEARCH_WORDS_MAX 16  /* words of a query that count */

/* Makes `text` what is found for (org, kind, id), in place of what was before. */
NODISCARD enum err db_search_put(struct db_tx *tx, int64_t org, const char *kind, int64_t id,
                                 struct str text, struct fault *fault);
NODISCARD enum err db_search_remove(struct db_tx *tx, int64_t org, int64_t id,
                                    struct fault *fault);
/* The parameter of {{SEARCH($1,$n)}} for what a person typed. Any text is allowed. Empty result:
 * the query has no word in it (only punctuation), which matches nothing; ask without search
 * instead. */
struct str db_search_query(struct arena *arena, enum db_engine engine, int64_t org,
                           const char *kind, struct str typed);
/* The terms of a text, separated by spaces: what the index sees. For tests and explanations. */
struct str db_search_terms(struct arena *arena, struct str text);
