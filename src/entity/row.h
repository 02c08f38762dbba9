/*
 * row.h - reading and writing rows for the operations of this folder. The functions that commands
 * use (entity_row_get …) are declared in entity/model.h and defined with these.
 */
#pragma once

#include "entity/cx.h"
#include "entity/sql.h"

/* A row and the titles of what it refers to, in the order of query_labels(). */
struct row_seen {
    void *row;
    struct str *labels; /* data NULL: none */
};

/* Loads the current row of a result of sql_query(); `labels` as the query had it. */
NODISCARD enum err row_load(struct cx *cx, const struct entity_model *model,
                            const struct db_rows *rows, bool labels, struct row_seen *ret);
/* One row in the scope of `grant`. ERR_NOT_FOUND: none, foreign or out of scope, all alike. */
NODISCARD enum err row_find(struct cx *cx, const struct entity_model *model,
                            const struct grant *grant, int64_t id, bool labels,
                            struct row_seen *ret);
/* Is the row (as it stands in the database now) within the grant? */
NODISCARD enum err row_reached(struct cx *cx, const struct entity_model *model,
                               const struct grant *grant, int64_t id, bool *ret);

void *row_blank(struct cx *cx, const struct entity_model *model);
void *row_copy(struct cx *cx, const struct entity_model *model, const void *row);
int64_t row_id(const struct entity_model *model, const void *row);
int64_t row_version(const struct entity_model *model, const void *row);
/* 0: the entity has no state. */
int row_state(const struct entity_model *model, const void *row);
/* OK when `when` is 0 or holds the row's state; else ERR_STATE naming both. */
NODISCARD enum err row_when(struct cx *cx, const struct entity_model *model, const void *row,
                            uint64_t when);
/* The system's field of that name; NULL: this entity has none. */
const struct entity_field *model_field(const struct entity_model *model, const char *name);

/* Notes a problem for each ref of the row that leads nowhere the caller may see, and for each
 * unique key that another row holds. `given` (may be NULL: all) limits refs to fields that were
 * set. */
NODISCARD enum err row_check_refs(struct cx *cx, const struct entity_model *model, const void *row,
                                  const bool *given, const char *prefix);
NODISCARD enum err row_check_uniques(struct cx *cx, const struct entity_model *model,
                                     const void *row, const char *prefix);

/* The id of the row with the same values in a unique key; 0: none, or a value is absent. */
NODISCARD enum err row_by_key(struct cx *cx, const struct entity_model *model,
                              const struct entity_unique *key, const void *row, int64_t *ret);

/* Tree upkeep, see row_tree.c: computes the path before a write; moves the subtree after it. */
NODISCARD enum err tree_place(struct cx *cx, const struct entity_model *model, const void *old,
                              void *row);
NODISCARD enum err tree_moved(struct cx *cx, const struct entity_model *model, const void *old,
                              const void *row);
/* What the full text finds the row by. */
NODISCARD enum err row_index(struct cx *cx, const struct entity_model *model, const void *old,
                             const void *row);
