/*
 * schemac - reads the descriptions of docs/DESCRIPTIONS.md, checks them together, writes tables.
 *
 *   schemac --root src --out build/gen [--name qibing] [--check] [--settled] FILE…
 *
 * FILE: *.entity, *.settings, *.events, *.sql below the root; *.sql in a folder called migrations
 * is a migration, and their order is that of their names, wherever they stand. Exit 0: all written
 * (only what changed). 1: mistakes, each on a line of stderr, nothing written. 2: wrong use.
 */
#include "base/io.h"
#include "desc.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX (4u << 20)

struct options {
    const char *root, *out, *name;
    bool check, settled;
    char **files;
    int file_count;
};

static int usage(void)
{
    fputs("usage: schemac --root DIR --out DIR [--name NAME] [--check] "
          "[--settled] FILE...\n"
          "  --check    only check, write nothing\n"
          "  --settled  fail if the migrations do not make what the descriptions say\n",
          stderr);
    return 2;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    *o = (struct options){ .name = "qibing" };
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const char **value = NULL;
        if (strcmp(argv[i], "--check") == 0)
            o->check = true;
        else if (strcmp(argv[i], "--settled") == 0)
            o->settled = true;
        else if (strcmp(argv[i], "--root") == 0)
            value = &o->root;
        else if (strcmp(argv[i], "--out") == 0)
            value = &o->out;
        else if (strcmp(argv[i], "--name") == 0)
            value = &o->name;
        else
            return false;
        if (value && ++i >= argc)
            return false;
        if (value)
            *value = argv[i];
    }
    o->files = argv + i;
    o->file_count = argc - i;
    return o->root && (o->out || o->check);
}

enum kind { DESCRIPTION, STATEMENTS, MIGRATION, KINDS };

static enum kind kind_of(const char *path)
{
    if (!str_ends(str_from(path), STR(".sql")))
        return DESCRIPTION;
    return strstr(path, "/migrations/") ? MIGRATION : STATEMENTS;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Descriptions, statements, migrations; these by number wherever they stand, the others by path. */
static int file_order(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    if (kind_of(x) != kind_of(y))
        return kind_of(x) < kind_of(y) ? -1 : 1;
    int names = kind_of(x) == MIGRATION ? strcmp(base_name(x), base_name(y)) : 0;
    return names ? names : strcmp(x, y);
}

/* "/x/src/mod/visit/a.entity" below "/x/src" is shown as "src/mod/visit/a.entity": messages and the
 * generated text are then the same wherever the tree stands. */
static const char *shown_path(struct all *all, const struct options *o, const char *path)
{
    struct str root = str_from(o->root), s = str_from(path);
    while (str_ends(root, STR("/")))
        root.len--;
    if (!str_starts(s, root))
        return path;
    size_t from = root.len;
    while (from > 0 && root.data[from - 1] != '/')
        from--;
    return str_cstr(all->arena, str_cut(s, from, s.len));
}

static struct str folder_path(const struct options *o, const char *path)
{
    struct str root = str_from(o->root), s = str_from(path);
    while (str_ends(root, STR("/")))
        root.len--;
    size_t from = str_starts(s, root) ? MIN(root.len + 1, s.len) : 0, to = from;
    for (size_t i = from; i < s.len; i++)
        if (s.data[i] == '/')
            to = i;
    return str_cut(s, from, to);
}

static bool read_text(struct all *all, const char *path, struct str *text)
{
    struct fault fault = { 0 };
    if (io_read_file(all->arena, path, FILE_BYTES_MAX, &fault, text) == OK)
        return true;
    complain(all, (struct place){ path, 1 }, "%s", fault.message);
    return false;
}

static void read_files(struct all *all, const struct options *o)
{
    qsort(o->files, (size_t)o->file_count, sizeof(*o->files), file_order);
    for (int kind = DESCRIPTION; kind < KINDS; kind++) { /* statements speak of entities: later */
        for (int i = 0; i < o->file_count; i++) {
            const char *path = o->files[i], *shown = shown_path(all, o, path);
            struct str text;
            if ((int)kind_of(path) != kind || !read_text(all, path, &text))
                continue;
            if (kind == MIGRATION)
                parse_migration(all, shown, text);
            else if (kind == STATEMENTS)
                parse_sql(all, folder_of(all, folder_path(o, path)), shown, text);
            else
                parse_descriptions(all, folder_of(all, folder_path(o, path)), shown, text);
        }
    }
}

/* ---- writing ---- */

static bool put(struct all *all, const struct options *o, const char *name, struct str text)
{
    const char *path = str_cstr(all->arena, str_fmt(all->arena, "%s/%s", o->out, name));
    struct str old;
    struct fault fault = { 0 };
    /* Untouched when equal: what includes it is then not compiled again. */
    if (io_exists(path) &&
        io_read_file(all->arena, path, 64u << 20, &fault, &old) == OK && str_eq(old, text))
        return true;
    char *folder = arena_copy(all->arena, path, strlen(path) + 1);
    *strrchr(folder, '/') = '\0';
    if (io_make_folder(folder, &fault) != OK || io_write_file(path, text, 0644, &fault) != OK) {
        fprintf(stderr, "%s:1: error: %s\n", path, fault.message);
        return false;
    }
    return true;
}

static bool put_folder(struct all *all, const struct options *o, const struct folder *f)
{
    const char *slash = f->path.len ? "/" : "";
    struct str base = str_fmt(all->arena, STR_FMT "%s" STR_FMT ".gen", STR_ARG(f->path), slash,
                              STR_ARG(f->last));
    return put(all, o, str_cstr(all->arena, str_fmt(all->arena, STR_FMT ".h", STR_ARG(base))),
               emit_folder_header(all, f)) &&
           put(all, o, str_cstr(all->arena, str_fmt(all->arena, STR_FMT ".c", STR_ARG(base))),
               emit_folder_source(all, f));
}

static bool write_all(struct all *all, const struct options *o)
{
    struct str openapi = emit_openapi(all);
    bool fine = put(all, o, "ids.gen.h", emit_ids(all)) &&
                put(all, o, "choices.gen.c", emit_choices(all)) &&
                put(all, o, "may.gen.h", emit_names(all, "may")) &&
                put(all, o, "event.gen.h", emit_names(all, "event")) &&
                put(all, o, "setting.gen.h", emit_names(all, "setting")) &&
                put(all, o, "model.gen.h", emit_model_header(all)) &&
                put(all, o, "model.gen.c", emit_model_source(all, openapi)) &&
                put(all, o, "migrations.gen.c", emit_migrations(all)) &&
                put(all, o, "openapi.json", openapi) &&
                put(all, o, "api.gen.ts", emit_typescript(all)) &&
                put(all, o, "dictionary.md", emit_dictionary(all)) &&
                put(all, o, "draft.sql", buf_view(&all->draft));
    for (size_t i = 0; fine && i < all->folders.count; i++)
        fine = put_folder(all, o, all->folders.items[i]);
    return fine;
}

static void print_line(void *to, struct str text)
{
    fwrite(text.data, 1, text.len, to);
}

int main(int argc, char **argv)
{
    struct options o;
    if (!read_options(argc, argv, &o))
        return usage();
    struct arena *arena = arena_open((size_t)2 << 30);
    if (!arena)
        return 1;
    struct all all;
    all_init(&all, arena, str_from(o.name));
    read_files(&all, &o);
    check_all(&all);
    if (all.complaints.count == 0)
        check_sql(&all);
    if (o.settled)
        check_numbers(&all);
    if (all.complaints.count == 0 && o.settled && all.draft.len)
        complain(&all, (struct place){ "draft.sql", 1 },
                 "the migrations do not make what the descriptions say:\n" STR_FMT,
                 STR_ARG(buf_view(&all.draft)));
    bool fine = complaints_print(&all, print_line, stderr) == 0;
    fine = fine && (o.check || write_all(&all, &o));
    arena_close(arena);
    return fine ? 0 : 1;
}
