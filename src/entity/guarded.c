/* guarded.c - see guarded.h. */
#include "entity/guarded.h"

#include <stdlib.h>

enum err arena_guarded(struct arena *arena, enum err (*body)(void *state),
                       void (*undo)(void *state), void *state)
{
    jmp_buf out;
    jmp_buf *volatile outer = NULL;
    if (setjmp(out)) {
        arena_guard(arena, outer);
        undo(state);
        arena_alloc(arena, SIZE_MAX / 2); /* exhausted as before: leaves for the outer boundary */
        abort();
    }
    outer = arena_guard(arena, &out);
    enum err e = body(state);
    arena_guard(arena, outer);
    undo(state);
    return e;
}
