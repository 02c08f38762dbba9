/*
 * desc.h - what the description files say, as read (parse_*.c), completed and checked (check_*.c),
 * and written out (emit_*.c). Everything lives in one arena until the program ends.
 *
 * Mistakes are collected, not thrown: a reader that finds one notes it and goes on with the next
 * line, so that one run tells them all. Nothing is written when there is any.
 */
#pragma once

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "entity/model.h"

#define LIST(type)      \
    {                   \
        type *items;    \
        size_t count, room; \
    }

struct place {
    const char *file;
    int line;
};

struct label {
    struct str zh, en;
};

struct word {
    struct place at;
    struct str s;
    bool down;    /* of a sort: "-planned_on" */
    int resolved; /* number of what it names, once checked; -1 if it names nothing */
};
struct words LIST(struct word);

/* Beside the flags of model.h: */
#define FIELD_TITLE (1u << 16)    /* stands for the row in lists of choices */
#define FIELD_NULLABLE (1u << 17) /* of a statement: "name type?" */

struct field {
    struct place at;
    struct str name;
    struct label label, help;
    enum field_type type;
    uint32_t flags;
    bool ranged;
    int64_t low, high;
    int scale;
    struct str unit;
    struct word of; /* ref: the entity; enum, states: the choices */
    struct entity *target;
    struct choice_set *choices;
    struct str default_text; /* as written; FIELD_DEFAULT */
    int64_t default_number;
    struct record *rows;
};
struct record {
    struct field *items;
    size_t count, room;
};

struct choice_item {
    struct place at;
    struct str code;
    struct label label;
    struct words next;
    uint64_t mask;
};
struct choice_set {
    struct place at;
    struct folder *folder;
    struct str name;
    struct str prefix; /* of its C constants: "VISIT_GRADE", "VISIT" for states visit_status */
    struct label label;
    bool states;
    struct choice_item *items;
    size_t count, room;
};

struct key {
    struct place at;
    bool unique;
    struct words fields;
};
struct keys LIST(struct key);

struct operation {
    struct place at;
    bool offered, search, accepts;
    struct word may;
    struct words fields, sorts, when;
    uint64_t when_mask;
};

struct command {
    struct place at;
    struct str name;
    struct label label;
    struct word of, may;
    struct words when;
    uint64_t when_mask;
    uint32_t flags; /* enum command_flag */
    struct record in, out;
};
struct commands LIST(struct command);

struct entity {
    struct place at;
    struct folder *folder;
    struct str name;
    struct label label, about;
    int number;
    uint32_t flags; /* enum entity_flag */
    struct str global_why;
    bool hook_check, hook_fill;
    struct record fields;
    size_t own; /* fields before the system's */
    int state_field, title_field, tree_parent, tree_path;
    struct word parent_word, path_word;
    struct keys keys;
    struct place api_at;
    struct str route;
    enum entity_scope scope;
    struct word scope_word;
    int scope_field;
    struct operation ops[OP_COUNT];
    struct commands commands;
};
struct entities LIST(struct entity *);
struct choice_sets LIST(struct choice_set *);

struct named { /* a permission or an event; [0] is empty */
    struct place at;
    struct str name;
    struct label label;
    bool proof;
    struct entity *entity;
};
struct named_list LIST(struct named);

enum query_kind { QUERY_MANY, QUERY_ONE, QUERY_VALUE, QUERY_EXEC };

struct query {
    struct place at;
    struct folder *folder;
    struct str name;
    enum query_kind kind;
    struct record in, out;
    struct str across; /* why it crosses companies; empty: it must not */
    struct str text;   /* as written, without the comments above it */
    int text_line;
    struct str sql;    /* with $n */
    struct words params; /* in the order of $n; "org" among them */
    bool writes;
};
struct queries LIST(struct query *);

/* One folder with descriptions: it gets one generated header and one source. */
struct folder {
    struct str path; /* below the root: "mod/visit" */
    struct str last; /* "visit" */
};
struct folders LIST(struct folder *);

struct migration {
    struct place at;
    int64_t number;
    struct str name; /* "0001_begin" */
    struct str text;
};
struct migrations LIST(struct migration);

struct complaint {
    struct place at;
    struct str text;
};
struct complaints LIST(struct complaint);

struct all {
    struct arena *arena;
    struct str name; /* of the model: "qibing" */
    struct folders folders;
    struct entities entities; /* by name; numbers from 1 */
    struct choice_sets choices;
    struct named_list permissions, events;
    struct record settings;
    struct queries queries;
    struct migrations migrations;
    struct complaints complaints;
    struct str_map entity_by_name, choices_by_name;
    struct buf draft; /* the next migration, made by draft.c, used by check_sql.c */
};

/* ---- diag.c ---- */
void complain(struct all *all, struct place at, const char *format, ...) PRINTF_LIKE(3, 4);
/* In the order of files and lines. Returns how many there are. */
size_t complaints_print(struct all *all, void (*line)(void *to, struct str text), void *to);
bool is_name(struct str s);          /* lower_case_word */
bool is_sql_word(struct str s); /* kept by SQLite or PostgreSQL */
bool is_c_word(struct str s);
struct str upper(struct arena *arena, struct str s); /* "visit.read" -> "VISIT_READ" */
struct str dashed(struct arena *arena, struct str s);

/* ---- lex.c ---- */
struct token {
    struct str s;
    bool quoted;
};
struct line {
    struct place at;
    int indent;
    struct token *items;
    size_t count, room;
};
struct lines LIST(struct line);
void lex(struct all *all, const char *file, struct str text, struct lines *ret);

/* ---- parse_*.c ---- */
struct reader {
    struct all *all;
    struct folder *folder;
    struct lines lines;
    size_t at;          /* the next line */
    struct line *line;  /* the one being read */
    size_t token;
    struct entity *last; /* the entity that api and command belong to when they name none */
    /* api and command blocks, joined to their entities when all files are read */
};
void all_init(struct all *all, struct arena *arena, struct str name);
struct folder *folder_of(struct all *all, struct str path);
/* Descriptions: *.entity, *.settings, *.events. `path` is for messages. */
void parse_descriptions(struct all *all, struct folder *folder, const char *path, struct str text);
void parse_sql(struct all *all, struct folder *folder, const char *path, struct str text);
void parse_migration(struct all *all, const char *path, struct str text);
void check_numbers(struct all *all); /* of the migrations */

/* within the parsers */
bool read_line(struct reader *r, int deeper_than); /* the next line if it is deeper */
bool more(const struct reader *r);
struct token *peek(const struct reader *r);
bool accept_word(struct reader *r, const char *word);
bool take_name(struct reader *r, const char *what, struct word *ret);
bool take_label(struct reader *r, const char *what, struct label *ret);
bool end_line(struct reader *r);
/* Names up to a label, the end, or one of `clauses` ("sort search"). */
void read_words(struct reader *r, struct words *ret, const char *clauses);
bool read_type(struct reader *r, struct field *f);
/* A field of an entity, of an input or of a setting: type, modifiers, labels. */
bool read_field(struct reader *r, struct field *f);
void read_record(struct reader *r, struct record *ret, int indent);
void parse_entity(struct reader *r);
void parse_choices(struct reader *r, bool states);
void parse_api(struct reader *r);
void parse_command(struct reader *r);
struct entity *entity_find(struct all *all, struct str name);
struct choice_set *choices_find(struct all *all, struct str name);
bool read_range(struct str s, int64_t *low, int64_t *high);

/* ---- check_*.c: names resolved, system fields added, everything compared ---- */
void check_all(struct all *all);
void check_fields(struct all *all, struct record *record);
void check_apis(struct all *all, struct entity *e);
void check_names(struct all *all); /* C names made twice */
void check_events(struct all *all);
int field_find(const struct entity *e, struct str name); /* -1: none */
int event_find(const struct all *all, const char *format, ...) PRINTF_LIKE(2, 3); /* 0: none */
int permission_find(const struct all *all, struct str name);
void check_sql(struct all *all); /* the statements, against migrations and draft */
void check_tenancy(struct all *all, struct query *q);

/* ---- columns.c: how fields become columns ---- */
struct column {
    struct str name, member; /* in the database; in the struct */
    const char *kind;        /* COLUMN_… */
    const char *word;        /* of a migration: MONEY, STATE, … */
    const struct field *field; /* NULL: org, extra, … */
    int field_number;        /* -1: none */
    bool nullable;
};
struct columns LIST(struct column);
void columns_of(struct all *all, const struct entity *e, struct columns *ret, size_t *updated);
/* "x BETWEEN 1 AND 9"; may be empty. */
struct str column_check(struct arena *arena, const struct column *c);
struct str column_of(struct arena *arena, const struct field *f); /* first column's name */

/* ---- emit_*.c: each returns a whole file ---- */
struct str emit_ids(struct all *all);
struct str emit_names(struct all *all, const char *what); /* "may", "event", "setting" */
struct str emit_choices(struct all *all);
struct str emit_folder_header(struct all *all, const struct folder *folder);
struct str emit_folder_source(struct all *all, const struct folder *folder);
struct str emit_model_header(struct all *all);
struct str emit_model_source(struct all *all, struct str openapi);
struct str emit_migrations(struct all *all);
struct str emit_openapi(struct all *all);
struct str emit_typescript(struct all *all);
struct str emit_dictionary(struct all *all);
void make_draft(struct all *all, void *sqlite);
/* parts */
void emit_member(struct buf *out, const struct field *f, int indent);
void emit_record_types(struct all *all, struct buf *out, struct str name, const struct record *r);
void emit_record_tables(struct all *all, struct buf *out, struct str name, const struct record *r);
void emit_fields(struct all *all, struct buf *out, struct str table, struct str type,
                 const struct record *r);
void emit_blank(struct buf *out, struct str type, struct str name, const struct record *r);
void emit_query_header(struct all *all, struct buf *out, const struct query *q);
void emit_query_source(struct all *all, struct buf *out, const struct query *q);
void emit_entity_header(struct all *all, struct buf *out, const struct entity *e);
void emit_entity_source(struct all *all, struct buf *out, const struct entity *e);
void c_string(struct buf *out, struct str s); /* quoted; NULL when empty */
const char *type_word(enum field_type type);  /* "money" */
