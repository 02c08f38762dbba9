/*
 * id.h - 64-bit ids made by the application, ordered by time: 41 bits of milliseconds since
 * 2024-01-01, 10 bits of node, 12 bits of counter. When the clock goes back the last millisecond is
 * kept and counted on, so ids of one source are unique and ascending. Thread-safe.
 */
#pragma once

#include "base/date.h"

struct id_source;
NODISCARD struct id_source *id_source_open(int node); /* 0 .. 1023; NULL: no memory */
void id_source_close(struct id_source *source);
int64_t id_next(struct id_source *source, struct instant now); /* > 0 */
struct instant id_instant(int64_t id);
