/*
 * value.h - one member of a row struct, by its description: is it there, compare, print, read.
 *
 * All generic code goes through these functions; nothing else knows how a value stands in a row
 * (entity/model.h has the table).
 */
#pragma once

#include "db/db.h"
#include "entity/cx.h"
#include "entity/model.h"

static inline void *member_of(void *row, uint32_t offset)
{
    return (char *)row + offset;
}
static inline const void *const_member_of(const void *row, uint32_t offset)
{
    return (const char *)row + offset;
}

bool field_absent(const struct entity_field *f, const void *row);
void field_clear(const struct entity_field *f, void *row);
bool field_equal(const struct entity_field *f, const void *a, const void *b);
void field_copy(const struct entity_field *f, void *to, const void *from);
/* The member as a 64-bit number, for all types that are one. */
int64_t field_i64(const struct entity_field *f, const void *row);
void field_set_i64(const struct entity_field *f, void *row, int64_t v);

/* NULL: no such name. Also finds by wire name when `wire`. */
const struct entity_field *field_named(const struct entity_field *fields, size_t count,
                                       struct str name, bool wire);
const char *field_label(const struct cx *cx, const struct entity_field *f);

/* ------------------------------------------------------------------ writing out */

/* The value as JSON: null when absent; a secret shows its mask. */
void field_put_json(struct cx *cx, struct json_writer *w, const struct entity_field *f,
                    const void *row);
/* "fee_fen": value, … of a record (a command's answer). */
void record_put_json(struct cx *cx, struct json_writer *w, const struct entity_record *record,
                     const void *row);
/* For a sheet: dates, yuan with two decimals, labels of choices; empty when absent. */
struct str field_text(struct cx *cx, const struct entity_field *f, const void *row);

/* ------------------------------------------------------------------ reading in */

/* Reads a JSON value into the member. What is wrong becomes a problem named `path`; false then. */
bool field_from_json(struct cx *cx, const struct entity_field *f, const char *path,
                     const struct json *v, void *row);
/* Reads a cell of a sheet: also accepts labels of choices, 是/否, slashes in dates, yuan. Refs are
 * not resolved here (import.c does). Empty text clears. */
bool field_from_text(struct cx *cx, const struct entity_field *f, const char *path, struct str text,
                     void *row);
/* Range, length and arrow-free checks common to all ways in; notes a problem. */
bool field_check(struct cx *cx, const struct entity_field *f, const char *path, const void *row);
/* A value of a query string ("17", "2026-10-31", "planned"), as its column stores it. */
bool field_from_query(struct cx *cx, const struct entity_field *f, const char *path,
                      struct str text, struct db_value *ret);

/* Reads all of an object: `allowed` names the fields that may stand there (NULL: all), `given` (may
 * be NULL) gets one true per field index. With `create` required fields must be present. */
void record_from_json(struct cx *cx, const struct entity_field *fields, size_t count,
                      const uint16_t *allowed, size_t allowed_count, bool create,
                      const char *prefix, const struct json *object, void *row, bool *given);

/* ------------------------------------------------------------------ the database side */

/* The value of a column for binding. */
struct db_value column_value(const struct entity_model *model, const struct entity_column *c,
                             const void *row);
/* Takes column number `at` of the result into the row; texts are copied into the arena. */
NODISCARD enum err column_load(struct cx *cx, const struct entity_model *model,
                               const struct entity_column *c, const struct db_rows *rows, int at,
                               void *row);
/* The code of a choice, or 0. */
int choice_by_code(const struct choices *choices, struct str code);
int choice_by_label(const struct choices *choices, struct str label);
