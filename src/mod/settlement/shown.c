#include "mod/settlement/shown.h"

#include "core/core.h"
#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4096, LOCKS = 64, SECOND_US = 1000000, ROOM_MAX = 16 << 10 };

const char *const shown_tables[] = { "statement", "settlement_run", "plan_version", "period",
                                     "person", "unit", NULL };

struct slot {
    int64_t org, statement, read_us, person;
    uint64_t epoch; /* 0: empty */
    size_t path_len, body_len;
    char *room; /* the path, then the body */
    _Atomic size_t used; /* of it; read before the lock */
};

struct shown {
    pthread_mutex_t locks[LOCKS];
    struct slot slots[SLOTS];
};

struct shown *shown_open(void)
{
    struct shown *shown = calloc(1, sizeof *shown);
    for (int i = 0; shown && i < LOCKS; i++)
        pthread_mutex_init(&shown->locks[i], NULL);
    return shown;
}

void shown_close(struct shown *shown)
{
    if (!shown)
        return;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&shown->locks[i]);
    for (int i = 0; i < SLOTS; i++)
        free(shown->slots[i].room);
    free(shown);
}

static size_t place(int64_t statement)
{
    return (uint64_t)statement * UINT64_C(0x9E3779B97F4A7C15) >> 52;
}

bool shown_find(struct cx *cx, int64_t statement, struct shown_statement *ret)
{
    uint64_t epoch = db_watched(cx->tx);
    if (!epoch || !cx_core(cx)->shown)
        return false;
    struct shown *shown = cx_core(cx)->shown;
    size_t at = place(statement);
    struct slot *slot = &shown->slots[at];
    size_t room = atomic_load(&slot->used);
    /* Before the lock: the arena may run out, and nothing must be held then. */
    char *copy = arena_alloc(cx->arena, room + 1);
    pthread_mutex_lock(&shown->locks[at % LOCKS]);
    int64_t age = cx->now.us - slot->read_us;
    bool found = slot->epoch == epoch && slot->org == cx->org && slot->statement == statement &&
                 age >= 0 && age < SECOND_US && slot->path_len + slot->body_len == room;
    if (found) {
        memcpy(copy, slot->room, slot->path_len + slot->body_len);
        *ret = (struct shown_statement){ slot->person, { copy, slot->path_len },
                                         { copy + slot->path_len, slot->body_len } };
    }
    pthread_mutex_unlock(&shown->locks[at % LOCKS]);
    return found;
}

void shown_keep(struct cx *cx, int64_t statement, const struct shown_statement *answer)
{
    size_t path = answer->unit_path.len, body = answer->body.len;
    uint64_t epoch = db_watched(cx->tx);
    bool may = epoch && cx_core(cx)->shown && path + body <= ROOM_MAX;
    char *room = may ? malloc(path + body + 1) : NULL;
    if (!room)
        return; /* the next request works it out again */
    if (path)
        memcpy(room, answer->unit_path.data, path);
    memcpy(room + path, answer->body.data, body);
    struct shown *shown = cx_core(cx)->shown;
    size_t at = place(statement);
    struct slot *slot = &shown->slots[at];
    pthread_mutex_lock(&shown->locks[at % LOCKS]);
    free(slot->room);
    slot->org = cx->org;
    slot->statement = statement;
    slot->read_us = cx->now.us;
    slot->person = answer->person;
    slot->epoch = epoch;
    slot->path_len = path;
    slot->body_len = body;
    slot->room = room;
    atomic_store(&slot->used, path + body);
    pthread_mutex_unlock(&shown->locks[at % LOCKS]);
}
