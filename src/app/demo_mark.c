/*
 * DIR/demo.unfinished: a demo company takes many transactions, so one that was cut off (Ctrl-C,
 * power, a full disk) would look whole to whoever starts the server next. The mark is made before
 * the first row and taken away after the last; its lock says whether somebody is at work. While it
 * is there no command opens the folder, and the next `qibing demo` begins anew.
 *
 * Only what was made under the mark may be removed. The mark is therefore empty until the folder is
 * known to hold no database, and an empty one removes nothing.
 */
#include "app/demo_parts.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDERS = 16 };

static void path_in(const char *folder, const char *name, char ret[PATH_MAX])
{
    int len = snprintf(ret, PATH_MAX, "%s/%s", folder, name);
    if (len >= PATH_MAX)
        ret[0] = '\0'; /* no such file: opening it says so */
}

bool demo_unfinished(const char *folder)
{
    char path[PATH_MAX];
    path_in(folder, "demo.unfinished", path);
    return io_exists(path);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

/* What the program puts into a data folder; of anything else the demo is not the owner. */
static enum err remove_remains(const char *folder, struct fault *fault)
{
    static const char *const names[] = { "qibing.db", "qibing.db-wal", "qibing.db-shm", "demo.json",
                                         "files", "keys", "signer", "tmp" };
    char path[PATH_MAX];
    for (size_t i = 0; i < COUNT(names); i++) {
        path_in(folder, names[i], path);
        if (nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 &&
            errno != ENOENT)
            return fault_errno(fault, "remove %s", path);
    }
    return OK;
}

static enum err refuse_old_data(const char *folder, struct fault *fault)
{
    char key[PATH_MAX], database[PATH_MAX];
    path_in(folder, "keys/master.key", key);
    path_in(folder, "qibing.db", database);
    return io_exists(key) || io_exists(database)
               ? fault_set(fault, ERR_CONFLICT,
                           "%s is in use already: remove it, or name another folder with --data",
                           folder)
               : OK;
}

/* The lock, and that the locked file still has its name: its owner may have finished meanwhile. */
static enum err lock_mark(int fd, const char *folder, struct fault *fault, struct stat *about)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, about) != 0 || about->st_nlink == 0)
        return fault_set(fault, ERR_CONFLICT, "another `qibing demo` is at work in %s", folder);
    return OK;
}

/* `path` is the mark, open and `fd`. */
static enum err take_mark(int fd, const char *path, const char *folder, struct fault *fault)
{
    static const char words[] = "a demo company is being made here\n";
    struct stat about;
    TRY(lock_mark(fd, folder, fault, &about));
    if (about.st_size) {
        fprintf(stderr, "removing the demo company in %s that was not finished\n", folder);
        TRY(remove_remains(folder, fault));
    } else if (refuse_old_data(folder, fault)) {
        unlink(path);
        return ERR_CONFLICT;
    }
    if (pwrite(fd, words, sizeof words - 1, 0) != sizeof words - 1 || fsync(fd) != 0)
        return fault_errno(fault, "write %s", path);
    return io_sync_folder(folder, fault);
}

enum err demo_may_begin(const char *folder, struct fault *fault)
{
    return demo_unfinished(folder) ? OK : refuse_old_data(folder, fault);
}

enum err demo_mark(const char *folder, struct fault *fault, int *ret)
{
    char path[PATH_MAX];
    path_in(folder, "demo.unfinished", path);
    TRY(io_make_folder(folder, fault));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fault_errno(fault, "create %s", path);
    enum err e = take_mark(fd, path, folder, fault);
    if (e)
        close(fd);
    else
        *ret = fd;
    return e;
}

enum err demo_unmark(const char *folder, int fd, struct fault *fault)
{
    char path[PATH_MAX];
    path_in(folder, "demo.unfinished", path);
    enum err e = unlink(path) == 0 ? io_sync_folder(folder, fault)
                                   : fault_errno(fault, "remove %s", path);
    close(fd);
    return e;
}
