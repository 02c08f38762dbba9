#include "base/id.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { NODE_BITS = 10, COUNTER_BITS = 12 };
static const int64_t epoch_ms = INT64_C(1704067200000); /* 2024-01-01T00:00:00Z */

struct id_source {
    _Atomic(int64_t) last; /* milliseconds << COUNTER_BITS | counter: one number to advance */
    int64_t node;
};

struct id_source *id_source_open(int node)
{
    assert(0 <= node && node < 1 << NODE_BITS);
    struct id_source *source = malloc(sizeof *source);
    if (source)
        *source = (struct id_source){ .node = node };
    return source;
}

void id_source_close(struct id_source *source)
{
    free(source);
}

int64_t id_next(struct id_source *source, struct instant now)
{
    int64_t ms = MAX(now.us / 1000 - epoch_ms, 0);
    int64_t from_clock = ms << COUNTER_BITS;
    int64_t last = atomic_load(&source->last), next;
    do {
        /* A full counter flows over into the milliseconds: still unique, still ascending. */
        next = MAX(from_clock, last + 1);
    } while (!atomic_compare_exchange_weak(&source->last, &last, next));
    int64_t counter = next & ((1 << COUNTER_BITS) - 1);
    return (next >> COUNTER_BITS) << (NODE_BITS + COUNTER_BITS) | source->node << COUNTER_BITS |
           counter;
}

struct instant id_instant(int64_t id)
{
    return (struct instant){ ((id >> (NODE_BITS + COUNTER_BITS)) + epoch_ms) * 1000 };
}
