/*
 * event.h - what happened, told once: a row in the event table and a call of each listener, all in
 * the transaction of the command that made it happen. If a listener fails, nothing happened.
 *
 * Creates, commands and state moves of entities emit by themselves when their description names an
 * event; modules emit others with event_emit(). What must reach the outside (a message, a webhook)
 * is queued as a job by a listener.
 */
#pragma once

#include "entity/cx.h"

struct event {
    int64_t id;
    int kind;            /* generated EVENT_… */
    const char *name;    /* "visit.arrived" */
    const char *entity;  /* NULL: of no entity */
    int64_t row;
    struct str data;     /* a JSON object; never secret fields */
    struct instant at;
    int64_t login, person; /* who did it; 0 the server */
};

/* A listener that emits may be heard by others; deeper than this is a loop in the wiring. */
#define EVENT_DEPTH_MAX 8

/* `data` may be STR_NONE. `entity` NULL and row 0 when the event is about no row. */
NODISCARD enum err event_emit(struct cx *cx, int kind, const char *entity, int64_t row,
                              struct str data);
/* The same, when the fact is about a person: of events with `proof`, whose proof it is. */
NODISCARD enum err event_emit_about(struct cx *cx, int kind, const char *entity, int64_t row,
                                    struct str data, int64_t person);
