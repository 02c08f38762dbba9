/*
 * fuzz_csv.c - any text as a CSV file for a plan with a column of every type. What is accepted
 * without quotes must give the same with every field quoted, where the careful reader is at work:
 * the fast one may be fast, but not of another opinion.
 */
#include "engine/plan/plan.h"

#include "base/buf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text_of_plan[] =
    "{\"plan\":\"fuzz\",\"title\":{\"zh\":\"a\",\"en\":\"a\"},\"effective\":{\"from\":\"2026-01-0"
    "1\"},"
    "\"person\":\"p\",\"result\":\"x\",\"tables\":["
    "{\"name\":\"q\",\"key\":\"k\",\"columns\":[{\"name\":\"k\",\"type\":\"integer\"}],\"rows\":["
    "[1],[2],[7]]},"
    "{\"name\":\"p\",\"file\":\"p.csv\",\"key\":\"i\",\"columns\":["
    "{\"name\":\"i\",\"type\":\"integer\"},{\"name\":\"b\",\"type\":\"bool\"},"
    "{\"name\":\"m\",\"type\":\"money\",\"in\":\"yuan\"},{\"name\":\"n\",\"type\":\"money\",\"min"
    "\":0,\"max\":60000},"
    "{\"name\":\"c\",\"type\":\"decimal\",\"scale\":3},{\"name\":\"d\",\"type\":\"date\"},"
    "{\"name\":\"t\",\"type\":\"time\"},{\"name\":\"s\",\"type\":\"text\",\"optional\":true},"
    "{\"name\":\"r\",\"type\":\"ref\",\"to\":\"q\",\"none\":0},{\"name\":\"o\",\"type\":\"ref\","
    "\"to\":\"p\",\"none\":0}]}],"
    "\"components\":[{\"name\":\"x\",\"kind\":\"formula\",\"on\":\"p\",\"title\":{\"zh\":\"a\","
    "\"en\":\"a\"},"
    "\"text\":{\"zh\":\"a\",\"en\":\"a\"},\"rounding\":\"none\",\"formula\":\"n\"}],"
    "\"outputs\":[{\"file\":\"o\",\"table\":\"p\",\"order\":\"loaded\",\"columns\":[\"i\",\"b\","
    "\"m\",\"n\",\"c\","
    "\"d\",\"t\",\"s\",\"r\",\"o\"]}]}";

static enum err read_text(void *ctx, uint64_t at, void *to, size_t len, struct fault *fault)
{
    const struct str *text = ctx;
    (void)fault;
    if (at > text->len || len > text->len - at)
        abort(); /* the engine asked beyond the end */
    memcpy(to, text->data + at, len);
    return OK;
}

/* The result as text; false: refused. */
static bool load(struct arena *arena, const struct plan *plan, struct str text, struct str *ret)
{
    struct fault fault = { .code = OK };
    struct plan_data *data = plan_open(arena, plan, NULL);
    struct plan_source source = { "p.csv", text.len, &text, read_text };
    if (plan_read_csv(data, plan_find_table(plan, "p"), &source, &fault) ||
        plan_run(data, &fault)) {
        if (fault.message[0] == 0)
            abort();
        return false;
    }
    size_t rows = plan_rows(data, plan_find_table(plan, "p")), width = plan_output_width(data, 0);
    char *room = arena_alloc(arena, rows * width + 1);
    *ret = (struct str){ room, plan_print_rows(data, 0, 0, rows, room) };
    if (ret->len > rows * width)
        abort();
    return true;
}

static struct str quote_all(struct arena *arena, struct str text)
{
    struct buf out = buf_in(arena);
    size_t from = text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    buf_char(&out, '"');
    for (size_t i = from; i < text.len; i++) {
        char c = text.data[i];
        bool line_end = c == '\n' || (c == '\r' && i + 1 < text.len && text.data[i + 1] == '\n');
        if (c == ',' || line_end)
            buf_char(&out, '"');
        buf_char(&out, c);
        if (c == '\r' && line_end)
            buf_char(&out, text.data[++i]);
        if (c == ',' || (line_end && i + 1 < text.len))
            buf_char(&out, '"');
    }
    if (text.data[text.len - 1] != '\n')
        buf_char(&out, '"');
    return buf_view(&out);
}

static void try_text(struct arena *arena, struct str text)
{
    struct fault fault;
    const struct plan *plan;
    struct str plain, quoted;
    if (plan_compile(arena, ((struct str){ text_of_plan, sizeof text_of_plan - 1 }), &fault, &plan))
        abort();
    if (!load(arena, plan, text, &plain) || memchr(text.data, '"', text.len))
        return;
    if (!load(arena, plan, quote_all(arena, text), &quoted) || !str_eq(plain, quoted))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* One arena for all runs: opening one costs more than a run. */
    static struct arena *arena;
    if (!arena)
        arena = arena_open((size_t)256 << 20);
    struct arena_mark mark = { 0 };
    jmp_buf out;
    if (setjmp(out) == 0) {
        arena_guard(arena, &out);
        try_text(arena, (struct str){ (const char *)data, size });
        arena_guard(arena, NULL);
    }
    arena_reset(arena, mark);
    return 0;
}
