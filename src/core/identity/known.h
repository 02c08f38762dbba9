/*
 * known.h - who a token belongs to and what they may, remembered between requests.
 *
 * An entry holds only while nothing was committed that could change it: it carries the number that
 * db_watched() had before it was read, and known_tables name all that it was read from. A session
 * that ends, a role that is taken away, a person who moves: the next request after the answer to
 * that change asks the database again. Where the database cannot tell (PostgreSQL, other processes
 * write there) nothing is remembered. A command line program beside the server may change roles,
 * too; for that an entry is forgotten after a second at the latest.
 */
#pragma once

#include "entity/cx.h"

struct known;

/* For db_config.watch. */
extern const char *const known_tables[];

/* What authentication found out. */
struct known_caller {
    struct actor actor;
    int zone_minutes;
    struct date today;       /* grants have days */
    struct instant expires;  /* us 0: never */
    struct str csrf;         /* of a session; empty: an API token */
    bool program;            /* an API token */
    bool must_change;
};

NODISCARD struct known *known_open(void); /* NULL: no memory */
void known_close(struct known *known);

/* The number to read under; see db_watched(). 0: do not remember. */
uint64_t known_epoch(const struct cx *cx);
/* Found: `*ret` lives in cx->arena. `hash` is of 32 bytes. */
bool known_find(struct cx *cx, struct str hash, uint64_t epoch, struct known_caller *ret);
void known_keep(struct cx *cx, struct str hash, uint64_t epoch, const struct known_caller *caller);
