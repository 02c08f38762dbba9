#include "app/app.h"
#include "app/options.h"

#include "core/playbook/playbook.h"
#include "model.gen.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "usage: qibing playbook check DIR | CODE\n"
    "       qibing playbook list\n\n"
    "`check` examines a playbook: a folder with playbook.json, org.json, posts.json, roles.json,\n"
    "duties.json and plans/, or one of those inside the program by its code. Prints every\n"
    "mistake as FILE:LINE: FIELD: REASON and exits with 1; without mistakes prints its digest and\n"
    "what it leaves open, such as a duty that nobody owns. `list` prints the codes there are.\n\n"
    "examples:\n"
    "  qibing playbook check playbooks/ditui\n"
    "  QIBING_PLAYBOOKS=./mine qibing playbook list\n";

static int print_mistakes(const char *where, const playbook_mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct playbook_mistake *m = &mistakes->items[i];
        printf("%s/" STR_FMT ":%d: " STR_FMT "%s" STR_FMT "\n", where, STR_ARG(m->file), m->line,
               STR_ARG(m->field), m->field.len ? ": " : "", STR_ARG(m->reason));
    }
    fprintf(stderr, "qibing playbook: %zu mistake%s\n", mistakes->count,
            mistakes->count == 1 ? "" : "s");
    return EXIT_FAILED;
}

static void print_source(struct arena *arena, const struct playbook_source *source)
{
    playbook_flags flags = { 0 };
    playbook_flag(arena, source, &flags);
    printf("playbook " STR_FMT " (" STR_FMT ", " STR_FMT ")\nsha256   " STR_FMT
           "\nentries  %zu\n",
           STR_ARG(source->code), STR_ARG(source->name), STR_ARG(source->name_en),
           STR_ARG(source->sha256), source->count);
    for (size_t i = 0; i < flags.count; i++)
        printf("open     " STR_FMT "/" STR_FMT ": " STR_FMT "\n",
               STR_ARG(flags.items[i].section), STR_ARG(flags.items[i].item),
               STR_ARG(flags.items[i].en));
}

/* A folder is given as a path; what is none is the code of a playbook that the program knows. */
static enum err find_files(struct arena *arena, const char *what, struct fault *fault,
                           playbook_files *ret)
{
    struct stat st;
    if (stat(what, &st) || !S_ISDIR(st.st_mode))
        return playbook_files_of(arena, playbook_folder(arena), what, fault, ret);
    struct str path = str_from(what);
    while (path.len > 1 && path.data[path.len - 1] == '/')
        path.len--;
    const char *whole = str_cstr(arena, path), *slash = strrchr(whole, '/');
    if (!slash)
        return playbook_files_of(arena, ".", whole, fault, ret);
    struct str folder = str_cut(path, 0, (size_t)MAX(slash - whole, 1));
    return playbook_files_of(arena, str_cstr(arena, folder), slash + 1, fault, ret);
}

static int check(struct arena *arena, const char *what)
{
    struct fault fault = { 0 };
    playbook_files files;
    playbook_mistakes mistakes = { 0 };
    const struct playbook_source *source;
    if (find_files(arena, what, &fault, &files) ||
        playbook_read(arena, &files, &qibing_model, &mistakes, &source))
        return command_failed("playbook", &fault);
    if (mistakes.count)
        return print_mistakes(what, &mistakes);
    print_source(arena, source);
    return EXIT_DONE;
}

static int list(struct arena *arena)
{
    struct fault fault = { 0 };
    playbook_codes codes;
    if (playbook_list(arena, playbook_folder(arena), &fault, &codes))
        return command_failed("playbook", &fault);
    for (size_t i = 0; i < codes.count; i++)
        printf(STR_FMT "\n", STR_ARG(codes.items[i]));
    return EXIT_DONE;
}

int cmd_playbook(int argc, char **argv)
{
    int rest;
    const struct option_spec specs[] = { { 0 } };
    int code = options_read(argc, argv, specs, help, &rest);
    if (code >= 0)
        return code;
    bool checks = argc - rest == 2 && strcmp(argv[rest], "check") == 0;
    if (!checks && !(argc - rest == 1 && strcmp(argv[rest], "list") == 0)) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    struct arena *arena = arena_open((size_t)256 << 20);
    if (!arena)
        return EXIT_FAILED;
    code = checks ? check(arena, argv[rest + 1]) : list(arena);
    arena_close(arena);
    return code;
}
