/*
 * sql.h - the statements of the generic operations, composed of constant pieces of the entity
 * tables.
 *
 * The only place that puts SQL together. The pieces are names out of the generated model and the
 * literals of sql.c; what a caller sends becomes a parameter, always. Each statement names the org
 * and, unless the grant is for the whole company, the scope of the caller. The same shape gives the
 * same text, so that connections find their prepared form again.
 */
#pragma once

#include "base/buf.h"
#include "db/db.h"
#include "entity/cx.h"
#include "entity/model.h"

struct sql {
    struct buf text;
    VEC(struct db_value) values;
};

enum filter_kind { FILTER_IN, FILTER_FROM, FILTER_TO, FILTER_PREFIX, FILTER_NULL, FILTER_SET };

struct filter {
    const struct entity_field *field;
    enum filter_kind kind;
    const struct db_value *values; /* FILTER_IN: one or more; FROM, TO, PREFIX: one */
    size_t count;
};

struct order {
    const struct entity_field *field;
    bool down; /* absent values come last either way */
};

enum archived { ARCHIVED_HIDE, ARCHIVED_SHOW, ARCHIVED_ONLY };

struct query {
    const struct entity_model *model;
    const struct grant *grant;   /* whose scope; NULL: none is looked at (commands) */
    int64_t id;                  /* one row; 0: all */
    const struct filter *filters;
    size_t filter_count;
    struct str search;           /* of db_search_query(); data NULL: none */
    struct str search_plain;     /* as typed: secrets are found by their whole value */
    enum archived archived;
    const struct order *orders;  /* the id is always the last one, newest first */
    size_t order_count;
    const struct db_value *after; /* of the last row seen: one per order, then the id; or NULL */
    bool labels;                  /* with the titles of referred rows, see query_labels() */
    bool count_only;
    int limit;                    /* 0: no limit */
};

/* Longest list of one FILTER_IN: more would only be a way to make the server slow. */
#define FILTER_VALUES_MAX 200

struct sql sql_query(struct cx *cx, const struct query *query);
/* How many rows the query has, however it is cut into pages. */
NODISCARD enum err sql_count(struct cx *cx, const struct query *query, int64_t *ret);
/* Is there a row of the model with this value in the field (other than row `but`)? Selects
 * its id. */
struct sql sql_find(struct cx *cx, const struct entity_model *model, const uint16_t *fields,
                    size_t count, const struct db_value *values, int64_t but);
/* Moves everything below `old_path` to below `new_path`. */
struct sql sql_move_tree(struct cx *cx, const struct entity_model *model, struct str old_path,
                         struct str new_path);

/* Refs whose titles sql_query() appends behind the model's columns, in this order. Sets items up to
 * `room`; returns how many. */
size_t query_labels(const struct cx *cx, const struct entity_model *model,
                    const struct entity_field **items, size_t room);
#define QUERY_LABELS_MAX 24

/* The column that holds the field: of a secret the hash, of a point the latitude. */
const struct entity_column *column_of_field(const struct entity_model *model,
                                            const struct entity_field *f);
const struct entity_model *model_named(const struct model *model, const char *name);
const struct entity_model *model_target(const struct cx *cx, const struct entity_field *f);
