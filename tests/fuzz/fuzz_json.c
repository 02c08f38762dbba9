/*
 * fuzz_json.c - any text as the JSON body of a command with a field of every type. What is accepted
 * must say the same when it is written and read again.
 */
#include "fuzz_fields.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_row(struct arena *arena, struct str text, struct cx *cx, struct fuzz_row *row)
{
    struct fault fault = { 0 };
    const struct json *v;
    *cx = (struct cx){ .arena = arena, .zone_minutes = 480, .lang = LANG_EN };
    *row = fuzz_blank;
    if (json_read(arena, text, (struct json_limits){ .bytes = 1 << 20 }, &fault, &v) != OK) {
        if (fault.message[0] == 0)
            abort();
        return false;
    }
    if (v->type != JSON_OBJECT)
        return false;
    record_from_json(cx, fuzz_fields, COUNT(fuzz_fields), NULL, 0, true, "", v, row, NULL);
    return problems_end(cx) == OK;
}

static struct str write_row(struct cx *cx, const struct fuzz_row *row)
{
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    record_put_json(cx, &w, &fuzz_record, row);
    return buf_view(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena; /* opening one costs more than a run */
    if (!arena)
        arena = arena_open((size_t)256 << 20);
    struct arena_mark start = arena_mark(arena);
    struct str text = { (const char *)data, size };
    struct fuzz_row row, again;
    struct cx cx;
    if (read_row(arena, text, &cx, &row)) {
        struct str first = write_row(&cx, &row), second;
        if (row.secret.plain.data) /* is written as a mask, which may be read as a new secret */
            row.secret = (struct secret){ 0 };
        first = write_row(&cx, &row);
        if (!read_row(arena, first, &cx, &again))
            abort();
        second = write_row(&cx, &again);
        if (!str_eq(first, second))
            abort();
        for (size_t i = 0; i + 1 < COUNT(fuzz_fields); i++)
            if (!field_equal(&fuzz_fields[i], &row, &again))
                abort();
    }
    arena_reset(arena, start);
    return 0;
}
