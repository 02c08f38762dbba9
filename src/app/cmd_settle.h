/* cmd_settle.h - the batch command `qibing settle` and the parts it is made of. */
#pragma once

#include "engine/plan/plan.h"

#include <stdio.h>

extern const char cmd_settle_help[];
int cmd_settle(int argc, char **argv);

/* One run of the command. */
struct settle {
    struct arena *arena, *arena_explain;
    const struct plan *plan;
    struct plan_data *data;
    struct plan_tasks tasks;
    int threads;
    bool timing, terminal;
    int64_t lap_us;
    int last_percent;
};

struct settle_file {
    int fd;
    const char *name;
};

/* cmd_settle_tasks.c: threads, progress, time. */
void settle_tasks(struct settle *s);
void settle_lap(struct settle *s, const char *part); /* NULL: start the watch */
void settle_progress_end(struct settle *s);

/* cmd_settle_write.c: all outputs, or none. */
NODISCARD enum err settle_write(struct settle *s, const char *folder, struct fault *fault);

/* cmd_settle_tree.c */
void settle_print_tree(FILE *out, const struct plan_node *node, bool english);
