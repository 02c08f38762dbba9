/* A playbook that was uploaded: the zip of its folder. */
#include "core/playbook/internal.h"

#include "entity/guarded.h"
#include "entity/zip.h"

enum { RATIO = 200 };

struct unpacking {
    struct arena *arena;
    struct zip zip;
    struct fault *fault;
    playbook_files *files;
    VEC(struct str) names;
    struct buf text;
    struct str bytes;
};

static enum err list_names(struct unpacking *u)
{
    char name[256];
    for (int e = unzGoToFirstFile(u->zip.file); e == UNZ_OK; e = unzGoToNextFile(u->zip.file)) {
        if (unzGetCurrentFileInfo64(u->zip.file, NULL, name, sizeof name, NULL, 0, NULL, 0))
            return fault_set(u->fault, ERR_PARSE, "the archive is damaged");
        name[sizeof name - 1] = '\0';
        vec_add(u->arena, &u->names, str_copy(u->arena, str_from(name)));
    }
    return OK;
}

/* A zip made of the folder itself has "ditui/playbook.json"; one made inside it has no folder. */
static enum err find_folder(struct unpacking *u, struct str *ret)
{
    for (size_t i = 0; i < u->names.count; i++) {
        struct str name = u->names.items[i], file = STR("playbook.json");
        *ret = str_cut(name, 0, name.len - MIN(name.len, file.len));
        if (str_ends(name, file) && (!ret->len || str_ends(*ret, STR("/"))))
            return OK;
    }
    return fault_set(u->fault, ERR_INVALID, "the archive has no playbook.json");
}

static enum err take(void *state, struct str piece)
{
    struct unpacking *u = state;
    buf_str(&u->text, piece);
    return OK;
}

static enum err unpack(void *state)
{
    struct unpacking *u = state;
    struct str folder;
    struct zip_limits limits = { PLAYBOOK_FILES_MAX, PLAYBOOK_BYTES_MAX, RATIO };
    TRY(zip_open(&u->zip, u->bytes, limits, u->fault));
    TRY(list_names(u));
    TRY(find_folder(u, &folder));
    for (size_t i = 0; i < u->names.count; i++) {
        struct str name = u->names.items[i];
        bool found;
        if (!str_starts(name, folder) || !str_ends(name, STR(".json")))
            continue;
        u->text = buf_in(u->arena);
        TRY(zip_part(&u->zip, name.data, take, u, &found));
        vec_add(u->arena, u->files, ((struct playbook_file){
                                        str_cut(name, folder.len, name.len),
                                        buf_view(&u->text) }));
    }
    return OK;
}

static void close_zip(void *state)
{
    zip_close(&((struct unpacking *)state)->zip);
}

enum err playbook_unpack(struct arena *arena, struct str zip, struct fault *fault,
                         playbook_files *ret)
{
    struct unpacking *u = arena_new(arena, struct unpacking);
    *u = (struct unpacking){ .arena = arena, .fault = fault, .files = ret, .bytes = zip };
    *ret = (playbook_files){ 0 };
    return arena_guarded(arena, unpack, close_zip, u);
}
