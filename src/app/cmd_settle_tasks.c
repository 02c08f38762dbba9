/* cmd_settle_tasks.c - the engine's work on threads, and what the terminal shows meanwhile. */
#include "app/cmd_settle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

struct crew {
    _Atomic int next;
    int count;
    void (*task)(void *arg, int index);
    void *arg;
};

static void *crew_member(void *arg)
{
    struct crew *crew = arg;
    for (;;) {
        int i = atomic_fetch_add(&crew->next, 1);
        if (i >= crew->count)
            return NULL;
        crew->task(crew->arg, i);
    }
}

/* The caller works too; a thread that cannot be had is done without. */
static void run_tasks(void *ctx, int count, void (*task)(void *arg, int index), void *arg)
{
    struct settle *s = ctx;
    struct crew crew = { .count = count, .task = task, .arg = arg };
    pthread_t threads[64];
    int started = 0, wanted = MIN(count, s->threads) - 1;
    while (started < wanted &&
           pthread_create(&threads[started], NULL, crew_member, &crew) == 0)
        started++;
    crew_member(&crew);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static void show_progress(void *ctx, const char *step, uint64_t done, uint64_t total)
{
    struct settle *s = ctx;
    if (!s->terminal)
        return;
    int percent = total ? (int)(done * 100 / total) : 100;
    if (percent == s->last_percent)
        return;
    s->last_percent = percent;
    char bar[21];
    for (int i = 0; i < 20; i++)
        bar[i] = i * 5 < percent ? '#' : '.';
    bar[20] = 0;
    fprintf(stderr, "\r\033[K[%s] %3d%% %s", bar, percent, step);
    fflush(stderr);
}

void settle_progress_end(struct settle *s)
{
    if (s->terminal)
        fprintf(stderr, "\r\033[K");
}

void settle_tasks(struct settle *s)
{
    s->last_percent = -1;
    s->tasks = (struct plan_tasks){ s, s->threads, run_tasks, show_progress };
}

void settle_lap(struct settle *s, const char *part)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t us = t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
    if (s->timing && part)
        fprintf(stderr, "%-14s %8.1f ms\n", part, (double)(us - s->lap_us) / 1000);
    s->lap_us = us;
}
