/*
 * json.h - reading strict JSON (RFC 8259) into an arena, and writing it by hand-rolled events.
 *
 * The reader refuses duplicate keys, bad UTF-8, lone surrogates, NUL, control characters, trailing
 * text and numbers beyond their kind. A number keeps its text: amounts are integers or decimals,
 * never floating point. Every value knows where it stood, so that a message can name the line.
 * Why our own: docs/adr/0002-json-reader.md.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_type type;
    uint32_t at;          /* byte offset in the text that was read */
    struct str text;      /* number as written; string decoded */
    struct json *first;   /* array or object: first child */
    struct json *next;    /* next sibling */
    struct str key;       /* of an object's child */
    uint32_t count;       /* children */
};

struct json_limits {
    size_t bytes; /* 0: 16 MiB */
    int depth;    /* 0: 32 */
};

/* Reads one value that must fill `text`. ERR_PARSE names line and column; ERR_TOO_LARGE. */
NODISCARD enum err json_read(struct arena *arena, struct str text, struct json_limits limits,
                             struct fault *fault, const struct json **ret);
/* 1-based line and column (in characters) of a byte offset. */
void json_position(struct str text, size_t at, int *line, int *column);

const struct json *json_get(const struct json *object, const char *key); /* NULL: absent */
bool json_is_null(const struct json *v);                                 /* NULL counts as null */
bool json_i64(const struct json *v, int64_t *ret); /* a number that is an integer of 64 bits */
/* Values equal by type and content, objects without regard to order. */
bool json_equal(const struct json *a, const struct json *b);

/* Writing. Commas are placed by the writer. */
struct json_writer {
    struct buf *out;
    bool comma;
};
struct json_writer json_writer_to(struct buf *out);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_key_str(struct json_writer *w, struct str key);
void json_put_str(struct json_writer *w, struct str s);
void json_put_cstr(struct json_writer *w, const char *s);
void json_put_i64(struct json_writer *w, int64_t v);
void json_put_id(struct json_writer *w, int64_t v); /* 64-bit ids travel as strings; 0 is null */
void json_put_bool(struct json_writer *w, bool v);
void json_put_null(struct json_writer *w);
void json_put_raw(struct json_writer *w, struct str json); /* a value already in JSON */
void json_put_tree(struct json_writer *w, const struct json *v); /* canonical: RFC 8785 keys */

/* RFC 8785 for our values (strings, booleans, null, integers): sorted keys, shortest escapes.
 * ERR_INVALID: a number that is not an integer below 2^53. */
NODISCARD enum err json_canonical(struct arena *arena, const struct json *v, struct fault *fault,
                                  struct str *ret);
