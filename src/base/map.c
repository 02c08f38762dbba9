/* Open addressing with linear probing, grown at 3/4. */
#include "base/map.h"
#include "base/vec.h"

struct str_map_slot {
    struct str key; /* data NULL: free; an empty key points at "" */
    uint64_t hash;
    void *value;
};

struct i64_map_slot {
    int64_t key, value;
    bool used;
};

void *vec_grow_(struct arena *arena, void *items, size_t *room, size_t size)
{
    size_t wanted = *room ? *room * 2 : 8;
    void *grown = arena_grow(arena, items, *room * size, arena_array_size(wanted, size));
    *room = wanted;
    return grown;
}

struct str_map str_map_in(struct arena *arena)
{
    return (struct str_map){ .arena = arena };
}

static struct str_map_slot *str_slot(struct str_map_slot *slots, size_t room, struct str key,
                                     uint64_t hash)
{
    size_t at = hash & (room - 1);
    while (slots[at].key.data && !(slots[at].hash == hash && str_eq(slots[at].key, key)))
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static void str_map_grow(struct str_map *map)
{
    size_t room = map->room ? map->room * 2 : 16;
    struct str_map_slot *slots = arena_array(map->arena, struct str_map_slot, room);
    for (size_t i = 0; i < map->room; i++) {
        struct str_map_slot *old = &map->slots[i];
        if (old->key.data)
            *str_slot(slots, room, old->key, old->hash) = *old;
    }
    map->slots = slots;
    map->room = room;
}

void **str_map_at(struct str_map *map, struct str key, bool make)
{
    if (make && (map->count + 1) * 4 > map->room * 3)
        str_map_grow(map);
    if (!map->room)
        return NULL;
    if (!key.data)
        key.data = "";
    uint64_t hash = str_hash(key);
    struct str_map_slot *slot = str_slot(map->slots, map->room, key, hash);
    if (!slot->key.data) {
        if (!make)
            return NULL;
        *slot = (struct str_map_slot){ .key = key, .hash = hash };
        map->count++;
    }
    return &slot->value;
}

void *str_map_get(const struct str_map *map, struct str key)
{
    struct str_map copy = *map; /* a look-up does not change it */
    void **value = str_map_at(&copy, key, false);
    return value ? *value : NULL;
}

bool str_map_next(const struct str_map *map, size_t *at, struct str *key, void **value)
{
    for (; *at < map->room; (*at)++) {
        const struct str_map_slot *slot = &map->slots[*at];
        if (!slot->key.data)
            continue;
        *key = slot->key;
        *value = slot->value;
        (*at)++;
        return true;
    }
    return false;
}

struct i64_map i64_map_in(struct arena *arena)
{
    return (struct i64_map){ .arena = arena };
}

static struct i64_map_slot *i64_slot(struct i64_map_slot *slots, size_t room, int64_t key)
{
    uint64_t hash = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (hash ^ (hash >> 32)) & (room - 1);
    while (slots[at].used && slots[at].key != key)
        at = (at + 1) & (room - 1);
    return &slots[at];
}

int64_t *i64_map_put(struct i64_map *map, int64_t key, bool *made)
{
    if ((map->count + 1) * 4 > map->room * 3) {
        size_t room = map->room ? map->room * 2 : 16;
        struct i64_map_slot *slots = arena_array(map->arena, struct i64_map_slot, room);
        for (size_t i = 0; i < map->room; i++)
            if (map->slots[i].used)
                *i64_slot(slots, room, map->slots[i].key) = map->slots[i];
        map->slots = slots;
        map->room = room;
    }
    struct i64_map_slot *slot = i64_slot(map->slots, map->room, key);
    if (made)
        *made = !slot->used;
    if (!slot->used) {
        *slot = (struct i64_map_slot){ .key = key, .used = true };
        map->count++;
    }
    return &slot->value;
}

const int64_t *i64_map_get(const struct i64_map *map, int64_t key)
{
    if (!map->room)
        return NULL;
    const struct i64_map_slot *slot = i64_slot(map->slots, map->room, key);
    return slot->used ? &slot->value : NULL;
}
