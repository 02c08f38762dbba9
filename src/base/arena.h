/*
 * arena.h - memory with a lifetime. What is allocated together is freed together.
 *
 * An arena reserves address space for its cap when it is opened and takes pages as it grows.
 * Allocation therefore has no error to check in domain code. When the cap is reached or the system
 * has no memory, control returns to the boundary that runs the command (arena_guard), which rolls
 * back and answers; see docs/adr/0003-arena-guard.md. Code between the boundary and the allocation
 * must not hold anything but arena memory and the boundary's own transaction.
 *
 * Not safe for two threads at once. Memory is zeroed.
 */
#pragma once

#include "base/base.h"
#include "base/err.h"

#ifdef __wasm__
typedef struct { char none; } jmp_buf; /* no setjmp in WebAssembly: an exhausted arena traps */
#else
#include <setjmp.h>
#endif

struct arena;

struct arena_mark {
    size_t used;
};

/* Opens an arena that may grow to `cap` bytes. NULL: the system has no memory. */
NODISCARD struct arena *arena_open(size_t cap);
void arena_close(struct arena *arena);

/* Zeroed memory aligned for any type, valid until reset or close. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);
#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, count) \
    ((type *)arena_alloc((arena), arena_array_size((count), sizeof(type))))
size_t arena_array_size(size_t count, size_t size); /* checked product; huge on overflow */

/* Grows the last allocation in place when it can, else moves it. */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size);

struct arena_mark arena_mark(const struct arena *arena);
/* Gives back what came after the mark; large amounts return to the system. */
void arena_reset(struct arena *arena, struct arena_mark mark);

/*
 * The boundary:
 *     jmp_buf out;
 *     if (setjmp(out)) { arena_guard(arena, NULL); ... roll back, answer ERR_NO_MEMORY ... }
 *     arena_guard(arena, &out);
 *     ... run the command ...
 *     arena_guard(arena, NULL);
 * Without a guard an exhausted arena ends the program with a message. Returns the guard before.
 */
jmp_buf *arena_guard(struct arena *arena, jmp_buf *out);
