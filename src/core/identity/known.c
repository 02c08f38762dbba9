#include "core/identity/known.h"

#include "core/core.h"
#include "db/db.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1024, LOCKS = 64, HASH_BYTES = 32, SECOND_US = 1000000, ROOM_MAX = 64 << 10 };

const char *const known_tables[] = { "session", "api_token", "login", "role", "role_grant", "post",
                                     "person", "unit", "company", NULL };

struct slot {
    char hash[HASH_BYTES];
    int64_t org;
    uint64_t epoch; /* 0: empty */
    int64_t read_us;
    struct known_caller caller; /* its texts and grants are in `room` */
    char *room;
};

struct known {
    pthread_mutex_t locks[LOCKS];
    struct slot slots[SLOTS];
};

struct known *known_open(void)
{
    struct known *known = calloc(1, sizeof *known);
    for (int i = 0; known && i < LOCKS; i++)
        pthread_mutex_init(&known->locks[i], NULL);
    return known;
}

void known_close(struct known *known)
{
    if (!known)
        return;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&known->locks[i]);
    for (int i = 0; i < SLOTS; i++)
        free(known->slots[i].room);
    free(known);
}

/* ---- copying a caller into one block ---- */

static size_t rounded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

static size_t room_of(const struct known_caller *c)
{
    const struct actor *a = &c->actor;
    size_t room = rounded(a->unit_path.len) + rounded(a->name.len) + rounded(c->csrf.len) +
                  (size_t)a->grant_count * sizeof(struct grant);
    for (int i = 0; i < a->grant_count; i++) {
        const struct grant *g = &a->grants[i];
        room += (size_t)g->unit_count * sizeof(struct str);
        for (int k = 0; k < g->unit_count; k++)
            room += rounded(g->units[k].len);
    }
    return room;
}

static void *take(char **room, const void *data, size_t size)
{
    char *at = *room;
    if (size)
        memcpy(at, data, size);
    *room += rounded(size);
    return at;
}

static struct str take_str(char **room, struct str s)
{
    return s.data ? (struct str){ take(room, s.data, s.len), s.len } : s;
}

static struct known_caller copy_into(char *room, const struct known_caller *from)
{
    struct known_caller to = *from;
    const struct actor *a = &from->actor;
    struct grant *grants = take(&room, a->grants, (size_t)a->grant_count * sizeof *grants);
    for (int i = 0; i < a->grant_count; i++) {
        size_t count = (size_t)grants[i].unit_count;
        struct str *units = take(&room, grants[i].units, count * sizeof *units);
        for (size_t k = 0; k < count; k++)
            units[k] = take_str(&room, units[k]);
        grants[i].units = units;
    }
    to.actor.grants = a->grant_count ? grants : NULL;
    to.actor.unit_path = take_str(&room, a->unit_path);
    to.actor.name = take_str(&room, a->name);
    to.csrf = take_str(&room, from->csrf);
    return to;
}

/* ---- finding and keeping ---- */

static size_t place(struct str hash)
{
    uint64_t v;
    memcpy(&v, hash.data, sizeof v);
    return v % SLOTS;
}

uint64_t known_epoch(const struct cx *cx)
{
    return cx_core(cx) && cx_core(cx)->known ? db_watched(cx->tx) : 0;
}

static bool holds(const struct slot *slot, const struct cx *cx, struct str hash, uint64_t epoch)
{
    const struct known_caller *c = &slot->caller;
    int64_t age = cx->now.us - slot->read_us;
    return slot->epoch == epoch && slot->org == cx->org &&
           memcmp(slot->hash, hash.data, HASH_BYTES) == 0 && age >= 0 && age < SECOND_US &&
           (!c->expires.us || c->expires.us > cx->now.us) &&
           instant_date(cx->now, c->zone_minutes).day == c->today.day;
}

/* The arena may run out: nothing is held then. */
bool known_find(struct cx *cx, struct str hash, uint64_t epoch, struct known_caller *ret)
{
    if (!epoch || hash.len != HASH_BYTES)
        return false;
    struct known *known = cx_core(cx)->known;
    size_t at = place(hash);
    struct slot *slot = &known->slots[at];
    size_t room = 0;
    pthread_mutex_lock(&known->locks[at % LOCKS]);
    bool found = holds(slot, cx, hash, epoch);
    if (found)
        room = room_of(&slot->caller);
    pthread_mutex_unlock(&known->locks[at % LOCKS]);
    if (!found)
        return false;
    char *copy = arena_alloc(cx->arena, room + 8);
    pthread_mutex_lock(&known->locks[at % LOCKS]);
    found = holds(slot, cx, hash, epoch) && room_of(&slot->caller) == room;
    if (found)
        *ret = copy_into(copy, &slot->caller);
    pthread_mutex_unlock(&known->locks[at % LOCKS]);
    return found;
}

void known_keep(struct cx *cx, struct str hash, uint64_t epoch, const struct known_caller *caller)
{
    size_t room = room_of(caller);
    if (!epoch || hash.len != HASH_BYTES || room > ROOM_MAX)
        return;
    char *copy = malloc(room + 8);
    if (!copy)
        return; /* the next request asks again */
    struct known *known = cx_core(cx)->known;
    size_t at = place(hash);
    struct slot *slot = &known->slots[at];
    pthread_mutex_lock(&known->locks[at % LOCKS]);
    free(slot->room);
    *slot = (struct slot){ .org = cx->org, .epoch = epoch, .read_us = cx->now.us, .room = copy,
                           .caller = copy_into(copy, caller) };
    memcpy(slot->hash, hash.data, HASH_BYTES);
    pthread_mutex_unlock(&known->locks[at % LOCKS]);
}
