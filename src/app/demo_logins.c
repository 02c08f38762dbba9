/* DIR/demo.json: who can sign in to the demo company. Its passwords are meant to be seen. */
#include "app/demo_parts.h"

#include "base/io.h"
#include "entity/put.h"

#include <stdio.h>

enum err demo_write_logins(const struct demo *demo, struct fault *fault)
{
    struct buf out = buf_in(demo->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    put_text(&w, "company", demo->name);
    put_text(&w, "code", demo->code);
    json_key(&w, "seed");
    json_put_i64(&w, (int64_t)demo->seed);
    json_key(&w, "logins");
    json_begin_array(&w);
    for (int i = 0; i < DEMO_LOGINS; i++) {
        json_begin_object(&w);
        put_text(&w, "role", str_from(demo->logins[i].role));
        put_text(&w, "zh", str_from(demo->logins[i].zh));
        put_text(&w, "en", str_from(demo->logins[i].en));
        put_text(&w, "name", str_from(demo->logins[i].name));
        put_text(&w, "password", demo->password);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    buf_char(&out, '\n');
    const char *path = str_fmt(demo->arena, "%s/demo.json", demo->app.options.data).data;
    return io_write_file(path, buf_view(&out), 0600, fault);
}

static struct str text_of(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v ? v->text : STR("");
}

static void print_logins(struct arena *arena, struct str text)
{
    const struct json *file;
    struct fault fault;
    if (json_read(arena, text, (struct json_limits){ 0 }, &fault, &file) != OK)
        return;
    printf("\ndemo company: " STR_FMT " (code " STR_FMT ")\n", STR_ARG(text_of(file, "company")),
           STR_ARG(text_of(file, "code")));
    printf("  %-12s %-22s %s\n", "login", "password", "who");
    const struct json *logins = json_get(file, "logins");
    for (const struct json *v = logins ? logins->first : NULL; v; v = v->next)
        printf("  %-12.*s %-22.*s " STR_FMT " | " STR_FMT "\n", STR_ARG(text_of(v, "name")),
               STR_ARG(text_of(v, "password")), STR_ARG(text_of(v, "zh")),
               STR_ARG(text_of(v, "en")));
}

void demo_print_logins(const char *data_folder)
{
    struct arena *arena = arena_open(4 << 20);
    struct fault fault;
    struct str text;
    if (!arena)
        return;
    const char *path = str_fmt(arena, "%s/demo.json", data_folder).data;
    if (io_exists(path) && io_read_file(arena, path, 1 << 20, &fault, &text) == OK)
        print_logins(arena, text);
    arena_close(arena);
}
