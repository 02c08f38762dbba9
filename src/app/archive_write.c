#include "app/archive.h"

#include "base/buf.h"
#include "base/io.h"
#include "db/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <minizip/zip.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEVEL = 3, COPY_BYTES = 1 << 16 };

struct packing {
    zipFile zip;
    struct arena *arena;
    archive_progress *progress;
};

static enum err begin_entry(struct packing *p, const char *name, struct fault *fault)
{
    zip_fileinfo info = { .tmz_date = { .tm_year = 2026, .tm_mon = 0, .tm_mday = 1 } };
    if (zipOpenNewFileInZip64(p->zip, name, &info, NULL, 0, NULL, 0, NULL, Z_DEFLATED, LEVEL, 1))
        return fault_set(fault, ERR_IO, "cannot write %s into the backup", name);
    return OK;
}

static enum err put(void *to, struct str bytes, struct fault *fault)
{
    struct packing *p = to;
    if (zipWriteInFileInZip(p->zip, bytes.data, (unsigned)bytes.len) != ZIP_OK)
        return fault_errno(fault, "write the backup");
    return OK;
}

static enum err end_entry(struct packing *p, struct fault *fault)
{
    return zipCloseFileInZip(p->zip) == ZIP_OK ? OK : fault_errno(fault, "write the backup");
}

static enum err put_file(struct packing *p, const char *path, const char *name,
                         struct fault *fault)
{
    CLOSE_ON_EXIT int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fault_errno(fault, "open %s", path);
    TRY(begin_entry(p, name, fault));
    char *bytes = arena_alloc(p->arena, COPY_BYTES);
    for (;;) {
        ssize_t got = read(fd, bytes, COPY_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_errno(fault, "read %s", path);
        if (got == 0)
            return end_entry(p, fault);
        TRY(put(p, (struct str){ bytes, (size_t)got }, fault));
    }
}

static enum err put_folder(struct packing *p, const char *path, const char *name,
                           struct fault *fault);

static enum err put_child(struct packing *p, const char *path, const char *name,
                          struct fault *fault)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return fault_errno(fault, "look at %s", path);
    if (S_ISDIR(st.st_mode))
        return put_folder(p, path, name, fault);
    return S_ISREG(st.st_mode) ? put_file(p, path, name, fault) : OK;
}

static enum err put_folder(struct packing *p, const char *path, const char *name,
                           struct fault *fault)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT ? OK : fault_errno(fault, "open folder %s", path);
    enum err e = OK;
    struct dirent *entry;
    while (!e && (entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        struct arena_mark mark = arena_mark(p->arena);
        e = put_child(p, str_fmt(p->arena, "%s/%s", path, entry->d_name).data,
                      str_fmt(p->arena, "%s/%s", name, entry->d_name).data, fault);
        arena_reset(p->arena, mark);
    }
    closedir(folder);
    return e;
}

static struct str manifest(struct app *app, bool with_keys)
{
    struct buf out = buf_in(app->arena);
    buf_fmt(&out,
            "{\"format\":\"qibing-backup\",\"version\":1,\"at\":\"" STR_FMT "\",\"keys\":%s}\n",
            STR_ARG(instant_text(app->arena, instant_now())), with_keys ? "true" : "false");
    return buf_view(&out);
}

static enum err put_all(struct packing *p, struct app *app, bool with_keys, struct fault *fault)
{
    TRY(begin_entry(p, "manifest.json", fault));
    TRY(put(p, manifest(app, with_keys), fault));
    TRY(end_entry(p, fault));
    p->progress(50, "database");
    TRY(begin_entry(p, "dump", fault));
    TRY(db_dump(app->db, put, p, fault));
    TRY(end_entry(p, fault));
    p->progress(700, "files");
    TRY(put_folder(p, app->core.files_folder, "files", fault));
    if (with_keys)
        TRY(put_folder(p, str_fmt(app->arena, "%s/keys", app->options.data).data, "keys", fault));
    p->progress(1000, "done");
    return OK;
}

static enum err sync_file(const char *path, struct fault *fault)
{
    CLOSE_ON_EXIT int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? OK : fault_errno(fault, "sync %s", path);
}

enum err archive_write(struct app *app, const char *path, bool with_keys,
                       archive_progress *progress, struct fault *fault)
{
    const char *temporary = str_fmt(app->arena, "%s.%d.tmp", path, (int)getpid()).data;
    mode_t before = umask(077); /* it holds everything */
    struct packing p = { zipOpen64(temporary, APPEND_STATUS_CREATE), app->arena, progress };
    umask(before);
    if (!p.zip)
        return fault_errno(fault, "create %s", temporary);
    enum err e = put_all(&p, app, with_keys, fault);
    if (zipClose(p.zip, NULL) != ZIP_OK && !e)
        e = fault_errno(fault, "write %s", temporary);
    if (!e)
        e = sync_file(temporary, fault);
    if (!e && rename(temporary, path) != 0)
        e = fault_errno(fault, "rename %s to %s", temporary, path);
    if (e)
        unlink(temporary);
    return e;
}
