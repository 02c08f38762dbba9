/*
 * cx.h - the call context: everything one call may know and touch.
 *
 * A call is one HTTP request, one run of a job or one CLI command. Who asks, for which company, in
 * which transaction, at what time and in which language: it all stands here, so that a command is a
 * function of (cx, input) and can run twice with the same outcome. Time, ids and randomness come
 * from cx only; nothing below reads a clock.
 *
 * Lifetimes: cx and all it points to live for one call in cx->arena (services: the process). A cx
 * belongs to one thread at a time.
 */
#pragma once

#include "base/date.h"
#include "base/err.h"
#include "base/id.h"
#include "base/json.h"
#include "base/str.h"
#include "base/vec.h"

struct db;
struct db_tx;
struct services;
struct model;
struct event;

enum lang { LANG_ZH, LANG_EN };

/* ------------------------------------------------------------------ permission and scope */

/* Permissions are numbered from 1 by the build (MAY_CUSTOMER_READ …). A route or operation that
 * names 0 is open to nobody; the two below are words of the route table. */
#define MAY_NOBODY 0
#define MAY_ANYONE (-1)    /* without sign-in; needs .why */
#define MAY_SIGNED_IN (-2) /* any login of the org; the handler answers about the caller only */

/* How far one permission reaches: the union of what the person's roles give. */
struct grant {
    bool org;                /* every row of the company */
    bool own;                /* rows whose scope field is the person */
    const struct str *units; /* rows under these org units: path prefixes "/12/45/" */
    int unit_count;
};

struct actor {
    int64_t login;              /* 0: nobody has signed in */
    int64_t person;             /* 0: the login stands for no person (a machine) */
    int64_t unit;               /* the person's unit; 0 none */
    struct str unit_path;       /* "/1/12/45/" */
    struct str name;            /* as the history shows it */
    const struct grant *grants; /* [permission]; entry 0 is unused */
    int grant_count;
    bool system;                /* the server itself (jobs, CLI): may all within cx->org */
};

/* ------------------------------------------------------------------ what was wrong with input */

struct problem {
    struct str field;   /* "customer", "lines[2].amount_fen"; "" when it is the whole */
    const char *code;   /* "required", "range", … stable, for programs */
    struct str message; /* in the caller's language */
};
#define PROBLEMS_MAX 200 /* a reply names this many; more help nobody */

struct cx {
    struct arena *arena;
    struct db_tx *tx;
    bool writes;   /* tx may write */
    struct db *db; /* for routes and jobs that run outside of a transaction (.no_tx) only */

    int64_t org;
    struct actor actor;
    struct instant now;
    int zone_minutes;
    struct date today; /* of `now` in the company's zone */
    enum lang lang;

    struct fault fault;
    const char *code; /* of the problem JSON when finer than fault.code: "totp_required"; or NULL */
    VEC(struct problem) problems;

    struct id_source *ids;
    struct str request_id; /* for the log line and the problem JSON */
    const struct model *model;
    const struct services *services;
    const char *operation; /* what the history calls it: "update", "arrive"; NULL: "update" */
    int event_depth; /* listeners that emit: bounded by EVENT_DEPTH_MAX */
};

/* ------------------------------------------------------------------ failing with a story */

/* Begins a story for the log and for a person; returns `e`. English: for what should not happen. */
enum err fail(struct cx *cx, enum err e, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for what a person may well meet: says it in the caller's language. Both formats take
 * the same arguments in the same order. */
enum err refuse(struct cx *cx, enum err e, const char *english, const char *chinese, ...)
    PRINTF_LIKE(3, 5) PRINTF_LIKE(4, 5);
enum err fail_errno(struct cx *cx, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts what the caller was doing before the story; returns `e`. */
enum err explain(struct cx *cx, enum err e, const char *format, ...) PRINTF_LIKE(3, 4);
/* Notes one wrong field and goes on, so that all are told at once; see problems_end(). */
void problem(struct cx *cx, const char *field, const char *code, const char *english,
             const char *chinese, ...) PRINTF_LIKE(4, 6) PRINTF_LIKE(5, 6);
/* OK when no problem was noted since the call began, else ERR_INVALID. */
NODISCARD enum err problems_end(struct cx *cx);
/* Picks by cx->lang. */
const char *cx_say(const struct cx *cx, const char *english, const char *chinese);

/* ------------------------------------------------------------------ asking the context */

/* NULL: the actor lacks the permission. MAY_ANYONE and MAY_SIGNED_IN give the grant of all. */
const struct grant *cx_grant(const struct cx *cx, int permission);
bool cx_may(const struct cx *cx, int permission);
/* OK or ERR_FORBIDDEN naming the permission. */
NODISCARD enum err cx_require(struct cx *cx, int permission);
/* Does `permission` reach a row of this person in this unit? For commands that touch a second row:
 * list and get check their own. */
bool cx_reaches(const struct cx *cx, int permission, int64_t person, struct str unit_path);
int64_t cx_new_id(struct cx *cx);
/* An id as JSON and messages show it. */
const char *id_text(struct cx *cx, int64_t id);

/* ------------------------------------------------------------------ what the app wires in */

enum key_use {
    KEY_FIELD, /* seals secret fields */
    KEY_HASH,  /* finds secret fields by value */
    KEY_CURSOR /* signs paging cursors */
};

/* One fact for the proof log: who it is about and its canonical content. */
struct proof_fact {
    const char *kind;    /* "consent", "statement", … */
    int64_t person;      /* 0: nobody in particular */
    struct str period;   /* "2026-10"; "" none */
    const char *entity;  /* row it speaks of */
    int64_t row;
    struct str content;  /* canonical JSON */
};

struct job_order {
    const char *name;    /* as in the module's job table */
    struct str input;    /* JSON */
    struct str once_key; /* "" or: not queued again while one with this key waits or runs */
    struct instant not_before;
};

typedef enum err listener_run(struct cx *cx, const struct event *event);
/* Runs in the transaction of the event. `event` is a generated EVENT_… number; 0 hears all. */
struct listener {
    int event;
    listener_run *run;
    const char *about;
};

/*
 * Everything the upper layers give to the lower ones. Made once in app; a NULL hook answers
 * ERR_UNAVAILABLE when it is needed.
 */
struct services {
    const struct model *model;
    const struct listener *const *listeners; /* tables of the modules, NULL-terminated; each ends
                                                with .run == NULL */
    /* Settings in force for cx->org, by generated SETTING_… number. */
    int64_t (*setting_int)(struct cx *cx, int setting);
    struct str (*setting_text)(struct cx *cx, int setting);
    /* Appends in cx->tx; `*ret` (may be NULL) is the entry's sequence number. */
    enum err (*proof_append)(struct cx *cx, const struct proof_fact *fact, int64_t *ret);
    /* Queues in cx->tx: the job exists iff the transaction commits. */
    enum err (*job_enqueue)(struct cx *cx, const struct job_order *order, int64_t *ret);
    /* The org's key for one use; the caller wipes it. */
    enum err (*org_key)(struct cx *cx, enum key_use use, uint8_t key[32]);
    /* Opens a stored file of the org for reading; the caller closes. */
    enum err (*file_open)(struct cx *cx, int64_t file, int *fd, uint64_t *bytes, struct str *name,
                          struct str *type);
    /* Keeps what was written to `path` (moved, not copied) as a file row of the org. */
    enum err (*file_keep)(struct cx *cx, const char *path, struct str name, const char *type,
                          int64_t *ret);
    /* Unpredictable bytes for nonces and tokens (libsodium in production, seeded in replays). */
    void (*random)(void *bytes, size_t len);
    const char *temp_folder; /* for exports under way; same disk as the files */
    void *core;              /* of the core modules: entity never looks inside */
};

void cx_random(struct cx *cx, void *bytes, size_t len);
