/* map.h - hash maps in an arena: text to pointer, and 64-bit number to 64-bit number. */
#pragma once

#include "base/str.h"

struct str_map {
    struct arena *arena;
    struct str_map_slot *slots;
    size_t count, room;
};
struct str_map str_map_in(struct arena *arena);
/* The place of the key's value; created holding NULL when `make`. NULL: absent. Keys are not
 * copied and must live as long as the map. */
void **str_map_at(struct str_map *map, struct str key, bool make);
void *str_map_get(const struct str_map *map, struct str key);
/* Walks all entries in no promised order: start `*at` at 0. */
bool str_map_next(const struct str_map *map, size_t *at, struct str *key, void **value);

struct i64_map {
    struct arena *arena;
    struct i64_map_slot *slots;
    size_t count, room;
};
struct i64_map i64_map_in(struct arena *arena);
/* `*made` (may be NULL) tells whether the key is new; a new value is 0. */
int64_t *i64_map_put(struct i64_map *map, int64_t key, bool *made);
const int64_t *i64_map_get(const struct i64_map *map, int64_t key);
