/* job_run.h - what the runner and a running job share. Private to core/job. */
#pragma once

#include "core/job/job.h"

#include <stdatomic.h>

struct job_run {
    struct core *core;
    struct arena *arena;
    const struct job_kind *job;
    struct call call;
    int64_t id, attempts;
    const struct json *input;
    struct str result;
    struct fault fault;
    int64_t last_beat;
    _Atomic(bool) *stopping;
};
