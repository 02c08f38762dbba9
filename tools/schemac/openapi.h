/* openapi.h - between the two halves of the OpenAPI writer. */
#pragma once

#include "base/json.h"
#include "desc.h"

static inline void put(struct json_writer *w, const char *key, const char *value)
{
    json_key(w, key);
    json_put_cstr(w, value);
}

static inline void put_str(struct json_writer *w, const char *key, struct str value)
{
    json_key(w, key);
    json_put_str(w, value);
}

static inline void put_int(struct json_writer *w, const char *key, int64_t value)
{
    json_key(w, key);
    json_put_i64(w, value);
}

static inline void begin(struct json_writer *w, const char *key)
{
    json_key(w, key);
    json_begin_object(w);
}

/* Members of a schema object that is open already. */
void schema_integer(struct json_writer *w, const struct field *f, const char *format);
void schema_record(struct json_writer *w, const struct record *r);
void schema_accepted(struct json_writer *w, const struct entity *e, enum entity_op op);
void schema_row(struct json_writer *w, const struct entity *e);
