/* vec.h - typed arrays that grow, in an arena:  VEC(struct line) lines = { 0 }; */
#pragma once

#include "base/arena.h"

#define VEC(type)    \
    struct {         \
        type *items; \
        size_t count, room; \
    }

/* Appends a zeroed item and returns its address (valid until the next push). */
#define vec_push(arena, vec)                                                                    \
    (((vec)->count == (vec)->room                                                               \
          ? (void)((vec)->items = vec_grow_((arena), (vec)->items, &(vec)->room,                \
                                            sizeof(*(vec)->items)))                             \
          : (void)0),                                                                           \
     &(vec)->items[(vec)->count++])
#define vec_add(arena, vec, value) ((void)(*vec_push((arena), (vec)) = (value)))

void *vec_grow_(struct arena *arena, void *items, size_t *room, size_t size);
