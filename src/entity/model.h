/*
 * model.h - the shape of the tables that tools/schemac makes from the descriptions.
 *
 * A description (docs/DESCRIPTIONS.md) becomes constants of these types, one `struct entity_model`
 * per entity, all reachable from one `struct model`. The engine of this folder interprets them;
 * it never sees a generated type. A row is an ordinary C struct (`struct visit`, generated); the
 * tables say where each value stands in it.
 *
 * How a value stands in a row or in the input of a command, and what "no value" is:
 *
 *   description          member                       no value
 *   ref E, file          struct E_id { int64_t v; }   v == 0
 *   text, json, bytes    struct str                   data == NULL
 *   secret text          struct secret                sealed.data == NULL and plain.data == NULL
 *   int                  int64_t                      ABSENT
 *   decimal S            int64_t (units / 10^S)       ABSENT
 *   money, rate          struct money, struct rate    ABSENT in fen, ppm
 *   date                 struct date                  day == DATE_ABSENT
 *   instant              struct instant               us == 0
 *   bool                 bool                         none: always true or false
 *   enum, states         enum X (int, codes from 1)   0 (NO_X)
 *   point                struct point                 lat == ABSENT
 *   rows (input only)    const struct X *x;           count 0
 *                        size_t x_count;
 *
 * Zero is therefore not "no value" for numbers: begin a new row as `struct visit v = visit_blank;`
 * (defaults in place, the rest absent), never as `{ 0 }`.
 */
#pragma once

#include "base/date.h"
#include "base/err.h"
#include "base/money.h"
#include "base/str.h"

struct cx;

#define ABSENT INT64_MIN
#define DATE_ABSENT INT32_MIN

/* Degrees x 10^6, WGS 84. */
struct point {
    int64_t lat, lon;
};

/* Personal data. The row carries what is stored; `plain` is set by who wants to write a new value
 * (the engine seals, masks and hashes it on the way to the database) and by a logged reveal. */
struct secret {
    struct str sealed; /* ciphertext */
    struct str mask;   /* "138****0042": what everybody sees */
    struct str hash;   /* keyed; for search by the whole value */
    struct str plain;
};

/* ---- choices: enums and states ---------------------------------------------------------- */

struct choice {
    const char *code; /* in the database and in JSON */
    const char *zh, *en;
    uint64_t next; /* states: bit (1 << value) of each state that may follow */
};

struct choices {
    const char *name;
    bool states;
    uint16_t count;            /* values are 1 .. count - 1; item 0 is "no value" */
    const struct choice *items;
};

#define CHOICES_MAX 63 /* a set of states fits in 64 bits with bit 0 unused */

/* ---- fields ------------------------------------------------------------------------------ */

enum field_type {
    FIELD_REF,
    FIELD_TEXT,
    FIELD_SECRET,
    FIELD_INT,
    FIELD_MONEY,
    FIELD_RATE,
    FIELD_DECIMAL,
    FIELD_DATE,
    FIELD_INSTANT,
    FIELD_BOOL,
    FIELD_ENUM,
    FIELD_STATES,
    FIELD_JSON,
    FIELD_FILE, /* a ref to entity `file` */
    FIELD_BYTES,
    FIELD_POINT,
    FIELD_ROWS, /* input of a command only: a list of small records */
};

enum field_flag {
    FIELD_REQUIRED = 1 << 0,   /* NOT NULL; demanded on create when it has no default */
    FIELD_DEFAULT = 1 << 1,    /* the blank row holds the default */
    FIELD_SEARCH = 1 << 2,     /* part of the entity's full text; a secret: by its hash */
    FIELD_READONLY = 1 << 3,   /* never accepted from outside; commands and hooks write it */
    FIELD_IMMUTABLE = 1 << 4,  /* accepted on create only */
    FIELD_SENSITIVE = 1 << 5,  /* not in lists, exports, logs unless the reader may reveal */
    FIELD_HIDDEN = 1 << 6,     /* never leaves the server */
    FIELD_UNIQUE = 1 << 7,
    FIELD_SYSTEM = 1 << 8,     /* id, version, created_at …: on every entity, after its own */
};

struct entity_field {
    const char *name;   /* in descriptions, errors and filters: "earned" */
    const char *wire;   /* in JSON: "earned_fen", "share_ppm", else the name */
    const char *zh, *en;
    const char *help_zh, *help_en; /* NULL: none */
    const char *unit;              /* NULL: none; "m", "min" … */
    enum field_type type;
    uint32_t flags;
    uint32_t offset;    /* of the member in the struct */
    int64_t low, high;  /* int: range; text, secret: high = characters; json, bytes: high = bytes;
                           rows: count */
    int scale;          /* decimal */
    uint16_t target;    /* ref, file: number of the entity in the model */
    const struct choices *choices; /* enum, states */
    const struct entity_record *rows; /* rows: one record */
    uint32_t count_offset;            /* rows: of the size_t beside the pointer */
};

/* What a command reads or answers, or one line of `rows`. */
struct entity_record {
    uint32_t size;
    uint16_t field_count;
    const struct entity_field *fields;
    const void *blank;
};

/* ---- columns ----------------------------------------------------------------------------- */

/* How the bytes of a member travel to the database. NULL in the database is "no value" above; a
 * column that is not nullable gets the value as it is (created_by 0: the server itself). */
enum column_kind {
    COLUMN_I64,     /* int64_t at offset; absent: ABSENT */
    COLUMN_ID,      /* int64_t; absent: 0 */
    COLUMN_INSTANT, /* int64_t; absent: 0 */
    COLUMN_DATE,    /* int32_t, stored as days; absent: DATE_ABSENT */
    COLUMN_BOOL,    /* bool, stored as 0 or 1 */
    COLUMN_CODE,    /* int, stored as the code's text; absent: 0 */
    COLUMN_TEXT,    /* struct str; absent: data NULL */
    COLUMN_BYTES,   /* struct str of raw bytes; absent: data NULL */
};

#define NO_FIELD UINT16_MAX

struct entity_column {
    const char *name;
    enum column_kind kind;
    uint32_t offset;
    uint16_t field;    /* of the model; NO_FIELD for org and extra */
    bool nullable;
};

/* A unique key, so that a violation can name the fields. `org` leads it and is not listed. */
struct entity_unique {
    const char *name; /* of the index: "visit_u_customer_planned_on" */
    const uint16_t *fields;
    uint16_t count;
};

/* ---- operations -------------------------------------------------------------------------- */

enum entity_op {
    OP_LIST,    /* GET    /api/v1/visits            */
    OP_GET,     /* GET    /api/v1/visits/{id}       and …/{id}/history */
    OP_CREATE,  /* POST   /api/v1/visits            */
    OP_UPDATE,  /* PATCH  /api/v1/visits/{id}       If-Match */
    OP_ARCHIVE, /* POST   /api/v1/visits/{id}/archive and …/{id}/restore, If-Match */
    OP_IMPORT,  /* POST   /api/v1/visits/import     ?dry_run=1; CSV or XLSX body */
    OP_EXPORT,  /* GET    /api/v1/visits/export     ?format=csv|xlsx and the list's filters */
    OP_BULK,    /* POST   /api/v1/visits/bulk       {ids, set} or {ids, command, input} */
    OP_REVEAL,  /* POST   /api/v1/visits/{id}/reveal {field, purpose} */
    OP_COUNT
};

struct entity_sort {
    uint16_t field;
    bool down; /* the direction when the reader names none */
};

struct entity_operation {
    int may;       /* permission; 0: not offered */
    uint64_t when; /* states in which it is allowed; 0: always */
    const uint16_t *fields; /* list: filters; create, update, import: accepted */
    uint16_t field_count;
    const struct entity_sort *sorts; /* list: the first is the default; none: newest first */
    uint16_t sort_count;
};

/* Who sees a row. Own, squad, region and whole company are properties of the reader's role. */
enum entity_scope {
    SCOPE_NONE,   /* no API */
    SCOPE_PERSON, /* scope_field holds a person; NO_FIELD: the row is the person */
    SCOPE_UNIT,   /* scope_field holds an org unit; NO_FIELD: the row is the unit */
    SCOPE_VIA,    /* as the row that scope_field refers to */
    SCOPE_ORG,    /* everybody of the company with the permission */
};

enum command_flag {
    COMMAND_COLLECTION = 1 << 0, /* on no row: POST /api/v1/visits/name; run gets row NULL */
    COMMAND_ASYNC = 1 << 1,      /* starts a job; answers 202 with {"job": id}: out is job_out */
    COMMAND_PROOF = 1 << 2,      /* goes into the proof log */
};

struct entity_command {
    const char *name;  /* "plan_again" */
    const char *route; /* "plan-again" */
    const char *zh, *en;
    int may;
    uint64_t when; /* 0: in every state */
    uint32_t flags;
    int event; /* what it says happened */
    struct entity_record in;
    struct entity_record out; /* size 0: answers the row ({} for a collection) */
    /* Calls the typed function of the module. `row` is the fresh row of the transaction: what the
     * command changes in it is its own to write (visit_update, visit_move). */
    enum err (*run)(struct cx *cx, void *row, const void *in, void *out);
};

/* ---- the entity -------------------------------------------------------------------------- */

enum entity_flag {
    ENTITY_FACT = 1 << 0,    /* only list and get; changed by commands; no changed_at, changed_by */
    ENTITY_ARCHIVE = 1 << 1, /* has archived_at; lists hide archived rows unless ?archived=1 */
    ENTITY_GLOBAL = 1 << 2,  /* no org: shared by all companies */
    ENTITY_EXTRA = 1 << 3,   /* column `extra`: the company's own fields, one JSON object */
    ENTITY_SEARCH = 1 << 4,  /* has fields marked search */
    ENTITY_TREE = 1 << 5,    /* tree_parent, tree_path */
};

struct entity_model {
    const char *name;  /* "visit"; also the table */
    const char *route; /* "visits"; NULL: no API */
    const char *zh, *en, *about_zh, *about_en; /* about: NULL if none */
    uint16_t number;   /* in the model; ENTITY_VISIT */
    uint32_t flags;

    uint32_t size;     /* of the row struct */
    const void *blank; /* a row with the defaults */
    const struct entity_field *fields; /* own fields, then the system's */
    uint16_t field_count, own_count;

    /* The order of columns: org (unless global), id, version, [changed_at, changed_by],
     * [archived_at], own …, [extra], created_at, created_by. */
    const struct entity_column *columns;
    uint16_t column_count, update_count;
    const char *select;     /* "org, id, version, …": all columns in that order */
    const char *sql_get;    /* $1 org (unless global), then id */
    const char *sql_insert; /* binds all columns in order */
    const char *sql_update; /* binds the first update_count columns; `version` is the one read and
                               stands in WHERE: no row changed means somebody else was first */

    uint32_t extra_offset; /* of struct str extra; ENTITY_EXTRA */
    uint16_t state_field;  /* the field of type states; NO_FIELD */
    uint16_t tree_parent, tree_path; /* ENTITY_TREE: path is text of ids "/1/5/9/" */
    uint16_t title_field;  /* what stands for the row in a list of choices; NO_FIELD: the id */

    const struct entity_unique *uniques;
    uint16_t unique_count;

    enum entity_scope scope;
    uint16_t scope_field;
    struct entity_operation ops[OP_COUNT];
    const struct entity_command *commands;
    uint16_t command_count;

    int event_created, event_changed, event_archived; /* 0: the operation is not offered and
                                                         says nothing */
    const int *state_events; /* by state value; [0] unused; NULL without states */

    /* Pure hooks, NULL if the description names none. `old` is NULL on create. */
    enum err (*check)(struct cx *cx, const void *old, const void *row);
    enum err (*fill)(struct cx *cx, const void *old, void *row);
};

/* ---- names ------------------------------------------------------------------------------- */

/* Numbered from 1 (gen/may.gen.h); 0, MAY_ANYONE and MAY_SIGNED_IN are cx.h's. */
struct permission {
    const char *name; /* "visit.read"; item 0 is empty */
    const char *zh, *en;
};

struct event_kind {
    const char *name; /* "visit.created"; item 0 is empty */
    const char *zh, *en;
    uint16_t entity;  /* 0: none */
    bool proof;
};

struct setting {
    const char *name; /* "visit.radius" */
    const char *zh, *en, *help_zh, *help_en, *unit;
    enum field_type type; /* int, money, rate, bool, text, date, enum */
    int64_t low, high;
    int64_t number;   /* default: int, fen, ppm, 0 or 1, day, value of the enum */
    const char *text; /* default of a text */
    const struct choices *choices;
};

/* Everything the descriptions say. The program has one (`qibing_model`, gen/model.gen.h); tests of
 * the engine have their own. Numbers of entities, permissions and events index these arrays. */
struct model {
    const struct entity_model *const *entities; /* [0] is NULL */
    uint16_t entity_count;
    const struct permission *permissions;
    int permission_count; /* [0] included, as in all counts here */
    const struct event_kind *events;
    int event_count;
    const struct setting *settings;
    int setting_count;
    const struct choices *const *choices;
    uint16_t choices_count;
    struct str openapi; /* the paths and schemas of entities, one OpenAPI 3.1 document */
};

/* ---- what generated wrappers call (implemented in this folder) ---------------------------- */

/* Reads a row of the caller's company inside the running transaction; no permission check: this is
 * for commands. ERR_NOT_FOUND. `row` has model->size bytes. */
NODISCARD enum err entity_row_get(struct cx *cx, const struct entity_model *model, int64_t id,
                                  void *row);
/* Makes id (if 0), version 1, created_* and inserts; says event_created. */
NODISCARD enum err entity_row_insert(struct cx *cx, const struct entity_model *model, void *row);
/* Writes all columns when the version is still the one in the row (ERR_RETRY if not); raises the
 * version in the row, sets changed_*, records the change, says event_changed. */
NODISCARD enum err entity_row_update(struct cx *cx, const struct entity_model *model, void *row);
/* Moves the state along an arrow of the description (ERR_STATE if there is none), writes the row as
 * above and says the state's event. */
NODISCARD enum err entity_row_move(struct cx *cx, const struct entity_model *model, void *row,
                                   int state);
