#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 1 << 16 };

enum err io_read_file(struct arena *arena, const char *path, size_t max, struct fault *fault,
                      struct str *ret)
{
    CLOSE_ON_EXIT int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? fault_set(fault, ERR_NOT_FOUND, "open %s: no such file", path)
                               : fault_errno(fault, "open %s", path);
    char *data = NULL;
    size_t len = 0, room = 0;
    for (;;) {
        if (room - len < READ_STEP) {
            size_t wanted = MAX(room * 2, (size_t)2 * READ_STEP);
            data = arena_grow(arena, data, room, wanted);
            room = wanted;
        }
        ssize_t got = read(fd, data + len, room - len - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_errno(fault, "read %s", path);
        if (got == 0)
            break;
        len += (size_t)got;
        if (len > max)
            return fault_set(fault, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, max);
    }
    data[len] = '\0';
    *ret = (struct str){ data, len };
    return OK;
}

enum err io_write_all(int fd, const void *data, size_t len, struct fault *fault)
{
    const char *at = data;
    while (len) {
        ssize_t done = write(fd, at, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return fault_errno(fault, "write");
        at += done;
        len -= (size_t)done;
    }
    return OK;
}

enum err io_sync_folder(const char *folder, struct fault *fault)
{
    CLOSE_ON_EXIT int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return fault_errno(fault, "sync folder %s", folder);
    return OK;
}

static enum err sync_folder_of(const char *path, struct fault *fault)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    return io_sync_folder(dirname(copy), fault);
}

static enum err write_synced(const char *path, struct str data, int mode, struct fault *fault)
{
    CLOSE_ON_EXIT int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return fault_errno(fault, "create %s", path);
    enum err e = io_write_all(fd, data.data, data.len, fault);
    if (e)
        return fault_explain(fault, e, "%s", path);
    return fsync(fd) == 0 ? OK : fault_errno(fault, "sync %s", path);
}

enum err io_write_file(const char *path, struct str data, int mode, struct fault *fault)
{
    char temporary[PATH_MAX];
    int len = snprintf(temporary, sizeof temporary, "%s.%d.tmp", path, (int)getpid());
    if (len < 0 || (size_t)len >= sizeof temporary)
        return fault_set(fault, ERR_INVALID, "path is too long: %s", path);
    enum err e = write_synced(temporary, data, mode, fault);
    if (!e && rename(temporary, path) != 0)
        e = fault_errno(fault, "rename %s to %s", temporary, path);
    if (e) {
        unlink(temporary);
        return e;
    }
    return sync_folder_of(path, fault);
}

enum err io_make_folder(const char *path, struct fault *fault)
{
    char copy[PATH_MAX];
    int len = snprintf(copy, sizeof copy, "%s", path);
    if (len <= 0 || (size_t)len >= sizeof copy)
        return fault_set(fault, ERR_INVALID, "not a folder name: %s", path);
    for (char *at = copy + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            return fault_errno(fault, "make folder %s", copy);
        *at = '/';
    }
    if (mkdir(copy, 0700) != 0 && errno != EEXIST)
        return fault_errno(fault, "make folder %s", copy);
    return OK;
}

bool io_exists(const char *path)
{
    return access(path, F_OK) == 0;
}
