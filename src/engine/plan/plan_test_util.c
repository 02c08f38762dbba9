/* plan_test_util.c - what the tests of the plan engine share. */
#include "engine/plan/plan_test_util.h"

#include <pthread.h>

struct str plan_test_text(const char *tables, const char *components, const char *result)
{
    return str_fmt(test_arena(),
                   "{\"plan\": \"test\", \"title\": {\"zh\": \"试\", \"en\": \"test\"},\n"
                   "\"effective\": {\"from\": \"2026-01-01\"}, \"person\": \"people\",\n"
                   "\"limits\": {\"max_levels\": 2, \"acknowledgement\": {\"by\": \"x\", "
                   "\"on\": \"2026-01-01\", \"text\": \"y\"}},\n"
                   "\"result\": \"%s\", \"tables\": [%s],\n\"components\": [%s],\n"
                   "\"outputs\": [{\"file\": \"out.csv\", \"table\": \"people\", \"columns\": "
                   "[\"id\", \"%s\"]}]}",
                   result, tables, components, result);
}

struct half {
    void (*task)(void *, int);
    void *arg;
    int from, to;
};

static void *run_half(void *arg)
{
    struct half *half = arg;
    for (int i = half->from; i < half->to; i++)
        half->task(half->arg, i);
    return NULL;
}

static void run_two(void *ctx, int count, void (*task)(void *, int), void *arg)
{
    (void)ctx;
    struct half first = { task, arg, 0, count / 2 }, second = { task, arg, count / 2, count };
    pthread_t thread;
    bool started = pthread_create(&thread, NULL, run_half, &first) == 0;
    run_half(&second);
    if (started)
        pthread_join(thread, NULL);
    else
        run_half(&first);
}

struct plan_tasks plan_test_threads(void)
{
    return (struct plan_tasks){ NULL, 2, run_two, NULL };
}

static enum err read_text(void *ctx, uint64_t at, void *to, size_t len, struct fault *fault)
{
    const struct str *text = ctx;
    if (at + len > text->len)
        return fault_set(fault, ERR_IO, "beyond the end");
    memcpy(to, text->data + at, len);
    return OK;
}

struct plan_source plan_test_source(struct str *text, const char *name)
{
    return (struct plan_source){ name, text->len, text, read_text };
}
