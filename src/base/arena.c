#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __wasm__
#include <sys/mman.h>
#include <unistd.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, size) ASAN_POISON_MEMORY_REGION((at), (size))
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#else
#define POISON(at, size) ((void)0)
#define UNPOISON(at, size) ((void)0)
#endif

enum {
    ALIGNMENT = 16,
    COMMIT_STEP = 1 << 20, /* pages are taken a megabyte at a time: few system calls */
    KEEP_AFTER_RESET = 1 << 20, /* what a reset arena keeps for its next use */
};

struct arena {
    char *start;
    size_t used;
    size_t high;      /* bytes below this may be dirty; above they are zero */
    size_t committed; /* bytes below this are readable and writable */
    size_t cap;
    jmp_buf *guard;
};

static size_t round_up(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

#ifdef __wasm__
/* No virtual memory there: the cap is allocated at once. */
static char *reserve(size_t cap)
{
    return calloc(1, cap);
}
static void release(struct arena *arena)
{
    free(arena->start);
}
static bool commit(struct arena *arena, size_t upto)
{
    arena->committed = upto;
    return true;
}
static void give_back(struct arena *arena)
{
    (void)arena;
}
#else
static char *reserve(size_t cap)
{
    void *start = mmap(NULL, cap, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

/* What was never taken was never poisoned: the shadow of the whole reservation may be gigabytes. */
static void release(struct arena *arena)
{
    UNPOISON(arena->start, arena->committed);
    munmap(arena->start, arena->cap);
}

/* mprotect instead of one large writable mapping: under strict overcommit the system then says no
 * here, where we can still answer, and not by killing us on first touch. */
static bool commit(struct arena *arena, size_t upto)
{
    if (mprotect(arena->start + arena->committed, upto - arena->committed,
                 PROT_READ | PROT_WRITE) != 0)
        return false;
    arena->committed = upto;
    return true;
}

/* A single large request must not pin its memory for the life of a pooled arena. */
static void give_back(struct arena *arena)
{
    size_t keep = round_up(MAX(arena->used, (size_t)KEEP_AFTER_RESET), COMMIT_STEP);
    if (arena->high <= keep)
        return;
    UNPOISON(arena->start + keep, arena->committed - keep);
    if (madvise(arena->start + keep, arena->committed - keep, MADV_DONTNEED) == 0)
        arena->high = keep; /* the kernel hands out zeroed pages again */
}
#endif

struct arena *arena_open(size_t cap)
{
    cap = round_up(cap, COMMIT_STEP);
    struct arena *arena = malloc(sizeof *arena);
    if (!arena)
        return NULL;
    *arena = (struct arena){ .start = reserve(cap), .cap = cap };
    if (!arena->start) {
        free(arena);
        return NULL;
    }
    return arena;
}

void arena_close(struct arena *arena)
{
    if (!arena)
        return;
    release(arena);
    free(arena);
}

static _Noreturn void exhausted(struct arena *arena, size_t wanted)
{
#ifndef __wasm__
    if (arena->guard) {
        jmp_buf *out = arena->guard;
        arena->guard = NULL;
        longjmp(*out, 1);
    }
#endif
    fprintf(stderr, "qibing: out of memory: %zu bytes wanted, %zu used of %zu\n", wanted,
            arena->used, arena->cap);
    abort();
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t at = round_up(arena->used, ALIGNMENT);
    if (size > arena->cap || at > arena->cap - size)
        exhausted(arena, size);
    size_t end = at + size;
    if (end > arena->committed) {
        size_t upto = MIN(arena->cap, round_up(end, COMMIT_STEP));
        if (!commit(arena, upto))
            exhausted(arena, size);
    }
    UNPOISON(arena->start + at, size);
    if (at < arena->high)
        memset(arena->start + at, 0, MIN(end, arena->high) - at);
    arena->used = end;
    arena->high = MAX(arena->high, end);
    return arena->start + at;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *copy = arena_alloc(arena, size);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

size_t arena_array_size(size_t count, size_t size)
{
    size_t product;
    return __builtin_mul_overflow(count, size, &product) ? SIZE_MAX / 2 : product;
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size)
{
    assert(new_size >= old_size);
    if (old && (char *)old + old_size == arena->start + arena->used) {
        arena->used -= old_size;
        size_t was_high = arena->high;
        arena->high = MIN(arena->high, arena->used); /* keep the content: nothing to zero */
        void *same = arena_alloc(arena, new_size);
        arena->high = MAX(was_high, arena->high);
        size_t kept = (size_t)((char *)same - arena->start) + old_size;
        if (was_high > kept) /* below the old mark lies what a reset gave back */
            memset((char *)same + old_size, 0, MIN(new_size - old_size, was_high - kept));
        return same;
    }
    void *moved = arena_alloc(arena, new_size);
    if (old_size)
        memcpy(moved, old, old_size);
    return moved;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){ arena->used };
}

void arena_reset(struct arena *arena, struct arena_mark mark)
{
    assert(mark.used <= arena->used);
    arena->used = mark.used;
    give_back(arena);
    POISON(arena->start + arena->used, arena->committed - arena->used);
}

jmp_buf *arena_guard(struct arena *arena, jmp_buf *out)
{
    jmp_buf *before = arena->guard;
    arena->guard = out;
    return before;
}
