/* Restoring: a backup is a file from somebody else, so each name in it is checked. */
#include "app/archive.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <minizip/unzip.h>
#include <stdio.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 16 };

/* "files/…" or "keys/…" made of plain parts: nothing may be written outside of the data folder. */
static bool safe_name(struct str name)
{
    struct str rest = name, part;
    bool first = true;
    while (str_split(&rest, '/', &part)) {
        if (!part.len || str_is(part, ".") || str_is(part, ".."))
            return false;
        if (first && !str_is(part, "files") && !str_is(part, "keys"))
            return false;
        first = false;
    }
    return str_find_char(name, '/') > 0 && str_find_char(name, '\\') < 0;
}

static enum err copy_out(unzFile zip, struct arena *arena, const char *path, struct fault *fault)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    TRY(io_make_folder(dirname(folder), fault));
    CLOSE_ON_EXIT int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_errno(fault, "create %s", path);
    char *bytes = arena_alloc(arena, COPY_BYTES);
    for (;;) {
        int got = unzReadCurrentFile(zip, bytes, COPY_BYTES);
        if (got < 0)
            return fault_set(fault, ERR_CORRUPT, "the backup is damaged at %s", path);
        if (got == 0)
            return fsync(fd) == 0 ? OK : fault_errno(fault, "sync %s", path);
        TRY(io_write_all(fd, bytes, (size_t)got, fault));
    }
}

static enum err unpack_entry(unzFile zip, struct arena *arena, const char *data_folder,
                             const char *dump_path, bool *has_keys, struct fault *fault)
{
    char name[1024];
    if (unzGetCurrentFileInfo64(zip, NULL, name, sizeof name, NULL, 0, NULL, 0) != UNZ_OK ||
        unzOpenCurrentFile(zip) != UNZ_OK)
        return fault_set(fault, ERR_CORRUPT, "the backup is damaged");
    enum err e = OK;
    if (strcmp(name, "dump") == 0)
        e = copy_out(zip, arena, dump_path, fault);
    else if (safe_name(str_from(name)))
        e = copy_out(zip, arena, str_fmt(arena, "%s/%s", data_folder, name).data, fault);
    else if (strcmp(name, "manifest.json") != 0)
        e = fault_set(fault, ERR_INVALID, "the backup holds \"%s\", which it should not", name);
    *has_keys |= str_starts(str_from(name), STR("keys/"));
    if (unzCloseCurrentFile(zip) == UNZ_CRCERROR && !e)
        e = fault_set(fault, ERR_CORRUPT, "the backup is damaged at %s", name);
    return e;
}

enum err archive_unpack(struct arena *arena, const char *path, const char *data_folder,
                        const char *dump_path, bool *has_keys, struct fault *fault)
{
    *has_keys = false;
    unzFile zip = unzOpen64(path);
    if (!zip)
        return fault_set(fault, ERR_INVALID, "%s is not a backup of qibing", path);
    enum err e = unzLocateFile(zip, "dump", 1) == UNZ_OK
                     ? OK
                     : fault_set(fault, ERR_INVALID, "%s is not a backup of qibing", path);
    int at = e ? UNZ_END_OF_LIST_OF_FILE : unzGoToFirstFile(zip);
    while (!e && at == UNZ_OK) {
        e = unpack_entry(zip, arena, data_folder, dump_path, has_keys, fault);
        at = unzGoToNextFile(zip);
    }
    if (!e && at != UNZ_END_OF_LIST_OF_FILE)
        e = fault_set(fault, ERR_CORRUPT, "the backup is damaged");
    unzClose(zip);
    return e;
}
