/*
 * guarded.h - for the few places that hold what is not arena memory (a parser, an archive) while
 * the arena may run out: `undo` gives it back, then the exhaustion goes on to the outer boundary.
 */
#pragma once

#include "base/arena.h"

/* Runs body(state), then undo(state) exactly once, whatever happened. `state` must live in memory
 * that a longjmp leaves alone: an arena or the caller's frame. */
enum err arena_guarded(struct arena *arena, enum err (*body)(void *state),
                       void (*undo)(void *state), void *state);
