/* Where the files of a playbook come from: a folder, or the program itself. */
#include "core/playbook/internal.h"

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

/* Made by the build from playbooks/: per file the lengths of name and text as 32-bit numbers of
 * this machine, the name ("ditui/org.json"), the text. */
extern const char playbook_pack_begin[], playbook_pack_end[];

const char *playbook_folder(struct arena *arena)
{
    const char *folder = getenv("QIBING_PLAYBOOKS");
    return folder && *folder ? str_cstr(arena, str_from(folder)) : NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct playbook_file *left = a, *right = b;
    return str_cmp(left->name, right->name);
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* ---- inside the program ---- */

static bool next_packed(const char **at, struct str *name, struct str *text)
{
    uint32_t lengths[2];
    if (*at >= playbook_pack_end)
        return false;
    memcpy(lengths, *at, sizeof lengths);
    *name = (struct str){ *at + sizeof lengths, lengths[0] };
    *text = (struct str){ name->data + name->len, lengths[1] };
    *at = text->data + text->len;
    return true;
}

static void packed_files(struct arena *arena, const char *code, playbook_files *ret)
{
    const char *at = playbook_pack_begin;
    struct str name, text, folder = str_fmt(arena, "%s/", code);
    while (next_packed(&at, &name, &text))
        if (str_starts(name, folder))
            vec_add(arena, ret, ((struct playbook_file){
                                    str_cut(name, folder.len, name.len), text }));
}

static void add_code(struct arena *arena, playbook_codes *codes, struct str code)
{
    for (size_t i = 0; i < codes->count; i++)
        if (str_eq(codes->items[i], code))
            return;
    vec_add(arena, codes, str_copy(arena, code));
}

static void packed_codes(struct arena *arena, playbook_codes *ret)
{
    const char *at = playbook_pack_begin;
    struct str name, text, code;
    while (next_packed(&at, &name, &text))
        if (str_split(&name, '/', &code))
            add_code(arena, ret, code);
}

/* ---- a folder ---- */

struct reading {
    struct arena *arena;
    playbook_files *files;
    size_t bytes;
    struct fault *fault;
};

static enum err read_one(struct reading *r, const char *folder, const char *prefix,
                         const char *name)
{
    const char *path = str_fmt(r->arena, "%s/%s", folder, name).data;
    struct playbook_file file = { .name = str_fmt(r->arena, "%s%s", prefix, name) };
    TRY(io_read_file(r->arena, path, PLAYBOOK_BYTES_MAX, r->fault, &file.text));
    r->bytes += file.text.len;
    if (r->bytes > PLAYBOOK_BYTES_MAX || r->files->count >= PLAYBOOK_FILES_MAX)
        return fault_set(r->fault, ERR_TOO_LARGE, "%s: a playbook has at most %d files of %u bytes "
                         "together", folder, PLAYBOOK_FILES_MAX, PLAYBOOK_BYTES_MAX);
    vec_add(r->arena, r->files, file);
    return OK;
}

static void close_folder(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

/* The .json files of one folder. Names come first: reading may run out of arena, which would leave
 * the folder open. */
static enum err read_flat(struct reading *r, const char *folder, const char *prefix, bool needed)
{
    VEC(struct str) names = { 0 };
    {
        __attribute__((cleanup(close_folder))) DIR *dir = opendir(folder);
        if (!dir && !needed && errno == ENOENT)
            return OK;
        if (!dir && errno == ENOENT)
            return fault_set(r->fault, ERR_NOT_FOUND, "there is no playbook in %s", folder);
        if (!dir)
            return fault_errno(r->fault, "%s", folder);
        for (const struct dirent *e; (e = readdir(dir));)
            if (str_ends(str_from(e->d_name), STR(".json")) && e->d_name[0] != '.')
                vec_add(r->arena, &names, str_copy(r->arena, str_from(e->d_name)));
    }
    for (size_t i = 0; i < names.count; i++)
        TRY(read_one(r, folder, prefix, names.items[i].data));
    return OK;
}

/* A code is one word of a path, never a way out of the folder. */
static bool is_word(const char *code)
{
    return *code && !strchr(code, '/') && code[0] != '.';
}

enum err playbook_files_of(struct arena *arena, const char *folder, const char *code,
                           struct fault *fault, playbook_files *ret)
{
    struct reading r = { arena, ret, 0, fault };
    *ret = (playbook_files){ 0 };
    if (!is_word(code))
        return fault_set(fault, ERR_NOT_FOUND, "there is no playbook \"%s\"", code);
    if (folder) {
        const char *path = str_fmt(arena, "%s/%s", folder, code).data;
        TRY(read_flat(&r, path, "", true));
        TRY(read_flat(&r, str_fmt(arena, "%s/plans", path).data, "plans/", false));
    } else {
        packed_files(arena, code, ret);
    }
    if (!ret->count)
        return fault_set(fault, ERR_NOT_FOUND, "there is no playbook \"%s\"", code);
    qsort(ret->items, ret->count, sizeof *ret->items, by_name);
    return OK;
}

enum err playbook_list(struct arena *arena, const char *folder, struct fault *fault,
                       playbook_codes *ret)
{
    *ret = (playbook_codes){ 0 };
    if (!folder) {
        packed_codes(arena, ret);
    } else {
        __attribute__((cleanup(close_folder))) DIR *dir = opendir(folder);
        if (!dir)
            return fault_errno(fault, "%s", folder);
        for (const struct dirent *e; (e = readdir(dir));)
            if (is_word(e->d_name) && strlen(e->d_name) <= 40)
                vec_add(arena, ret, str_copy(arena, str_from(e->d_name)));
    }
    if (ret->count)
        qsort(ret->items, ret->count, sizeof *ret->items, by_text);
    return OK;
}
