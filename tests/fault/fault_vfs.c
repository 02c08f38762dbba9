/* fault_vfs.c - see fault_vfs.h. State hangs on the registered VFS, not on the file. */
#include "fault_vfs.h"

#include "base/rand.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, FILES_MAX = 32 };

/* A change that was not synced yet; data NULL: the file was cut to `at`. */
struct change {
    int64_t at, len;
    unsigned char *data;
};

struct disk_file {
    char path[512];
    bool used, named;          /* named: its directory entry is durable */
    unsigned char *bytes;      /* durable content */
    int64_t len;
    struct change *changes;
    int count, room;
};

struct disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    struct fault_plan plan;
    struct rand random;
    pthread_mutex_t lock;
    int operations, hits;
    struct disk_file files[FILES_MAX];
};

struct handle {
    sqlite3_file base;
    struct disk *disk;
    struct disk_file *file; /* NULL: a temporary file */
    sqlite3_file *real;
};

static void *need(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- the model of the disk ---- */

static void put(struct disk_file *f, int64_t at, const void *data, int64_t len)
{
    if (at + len > f->len) {
        f->bytes = need(realloc(f->bytes, (size_t)(at + len)));
        memset(f->bytes + f->len, 0, (size_t)(at + len - f->len));
        f->len = at + len;
    }
    memcpy(f->bytes + at, data, (size_t)len);
}

static void apply(struct disk_file *f, const struct change *c)
{
    if (c->data)
        put(f, c->at, c->data, c->len);
    else if (c->at < f->len)
        f->len = c->at;
}

static void remember(struct disk_file *f, int64_t at, const void *data, int64_t len)
{
    if (f->count == f->room) {
        f->room = f->room ? f->room * 2 : 64;
        f->changes = need(realloc(f->changes, (size_t)f->room * sizeof(*f->changes)));
    }
    struct change *c = &f->changes[f->count++];
    *c = (struct change){ at, len, NULL };
    if (data) {
        c->data = need(malloc((size_t)len));
        memcpy(c->data, data, (size_t)len);
    }
}

static void synced(struct disk_file *f)
{
    for (int i = 0; i < f->count; i++) {
        apply(f, &f->changes[i]);
        free(f->changes[i].data);
    }
    f->count = 0;
    f->named = true;
}

/* Parts of one unsynced write reach the disk, each sector for itself; some hold garbage. */
static void tear(struct disk *d, struct disk_file *f, const struct change *c, uint64_t keep)
{
    for (int64_t done = 0; done < c->len;) {
        int64_t len = MIN(SECTOR - (c->at + done) % SECTOR, c->len - done);
        if (rand_below(&d->random, 100) < keep) {
            put(f, c->at + done, c->data + done, len);
        } else if (rand_below(&d->random, 7) == 0) {
            unsigned char garbage[SECTOR];
            for (int64_t i = 0; i < len; i++)
                garbage[i] = (unsigned char)rand_u64(&d->random);
            put(f, c->at + done, garbage, len);
        }
        done += len;
    }
}

static void write_file(const struct disk *d, const struct disk_file *f)
{
    char path[1100];
    const char *name = strrchr(f->path, '/');
    snprintf(path, sizeof(path), "%s/%s", d->plan.image, name ? name + 1 : f->path);
    FILE *out = need(fopen(path, "wb"));
    if (f->len && fwrite(f->bytes, 1, (size_t)f->len, out) != (size_t)f->len)
        abort();
    fclose(out);
}

static void lose_power(struct disk *d)
{
    /* From "nothing unsynced arrived" to "everything did": the extremes find most mistakes. */
    static const uint64_t keeps[] = { 0, 30, 70, 95, 100 };
    uint64_t keep = keeps[rand_below(&d->random, COUNT(keeps))];
    for (int i = 0; i < FILES_MAX; i++) {
        struct disk_file *f = &d->files[i];
        if (!f->used || (!f->named && rand_chance(&d->random, 1, 2)))
            continue;
        for (int k = 0; k < f->count; k++) {
            if (f->changes[k].data)
                tear(d, f, &f->changes[k], keep);
            else if (rand_below(&d->random, 100) < keep)
                apply(f, &f->changes[k]);
        }
        write_file(d, f);
    }
    _exit(FAULT_CRASHED);
}

/* Counts one operation. True: it must fail. Holds the lock. */
static bool fails(struct disk *d, bool needs_space)
{
    d->operations++;
    int at = d->plan.at;
    if (d->plan.mode == FAULT_CRASH && d->operations == at)
        lose_power(d);
    bool hit = d->operations == at || (d->plan.stay && at > 0 && d->operations > at);
    hit = hit && (d->plan.mode == FAULT_EIO || (d->plan.mode == FAULT_FULL && needs_space));
    d->hits += hit;
    return hit;
}

static int error_of(const struct disk *d, int eio)
{
    return d->plan.mode == FAULT_FULL ? SQLITE_FULL : eio;
}

/* ---- files ---- */

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)file;
}

static int on_close(sqlite3_file *file)
{
    struct handle *h = handle_of(file);
    int rc = h->real->pMethods->xClose(h->real);
    free(h->real);
    return rc;
}

static int on_read(sqlite3_file *file, void *into, int len, sqlite3_int64 at)
{
    struct handle *h = handle_of(file);
    if (h->disk->plan.mode == FAULT_EIO) {
        pthread_mutex_lock(&h->disk->lock);
        bool fail = fails(h->disk, false);
        pthread_mutex_unlock(&h->disk->lock);
        if (fail)
            return SQLITE_IOERR_READ;
    }
    return h->real->pMethods->xRead(h->real, into, len, at);
}

static int on_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    struct handle *h = handle_of(file);
    struct disk *d = h->disk;
    pthread_mutex_lock(&d->lock);
    bool fail = fails(d, true);
    int part = fail ? (int)rand_below(&d->random, (uint64_t)len + 1) : len;
    int rc = part ? h->real->pMethods->xWrite(h->real, data, part, at) : SQLITE_OK;
    if (rc == SQLITE_OK && part && h->file)
        remember(h->file, at, data, part);
    pthread_mutex_unlock(&d->lock);
    return fail ? error_of(d, SQLITE_IOERR_WRITE) : rc;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 to)
{
    struct handle *h = handle_of(file);
    pthread_mutex_lock(&h->disk->lock);
    bool fail = fails(h->disk, false);
    int rc = fail ? SQLITE_IOERR_TRUNCATE : h->real->pMethods->xTruncate(h->real, to);
    if (rc == SQLITE_OK && h->file)
        remember(h->file, to, NULL, 0);
    pthread_mutex_unlock(&h->disk->lock);
    return rc;
}

/* Durability is modelled, so the real sync is not needed. A sync that failed has made nothing
 * durable that we could rely on. */
static int on_sync(sqlite3_file *file, int flags)
{
    struct handle *h = handle_of(file);
    (void)flags;
    pthread_mutex_lock(&h->disk->lock);
    bool fail = fails(h->disk, true);
    if (!fail && h->file)
        synced(h->file);
    pthread_mutex_unlock(&h->disk->lock);
    return fail ? error_of(h->disk, SQLITE_IOERR_FSYNC) : SQLITE_OK;
}

static int on_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return handle_of(f)->real->pMethods->xFileSize(handle_of(f)->real, size);
}
static int on_lock(sqlite3_file *f, int level)
{
    return handle_of(f)->real->pMethods->xLock(handle_of(f)->real, level);
}
static int on_unlock(sqlite3_file *f, int level)
{
    return handle_of(f)->real->pMethods->xUnlock(handle_of(f)->real, level);
}
static int on_reserved(sqlite3_file *f, int *ret)
{
    return handle_of(f)->real->pMethods->xCheckReservedLock(handle_of(f)->real, ret);
}
static int on_control(sqlite3_file *f, int what, void *arg)
{
    return handle_of(f)->real->pMethods->xFileControl(handle_of(f)->real, what, arg);
}
static int on_sector(sqlite3_file *f)
{
    (void)f;
    return SECTOR;
}
static int on_device(sqlite3_file *f)
{
    (void)f;
    return 0; /* no promises */
}
static int on_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
    return handle_of(f)->real->pMethods->xShmMap(handle_of(f)->real, page, size, extend, ret);
}
static int on_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return handle_of(f)->real->pMethods->xShmLock(handle_of(f)->real, offset, n, flags);
}
static void on_shm_barrier(sqlite3_file *f)
{
    handle_of(f)->real->pMethods->xShmBarrier(handle_of(f)->real);
}
static int on_shm_unmap(sqlite3_file *f, int delete)
{
    return handle_of(f)->real->pMethods->xShmUnmap(handle_of(f)->real, delete);
}

/* Version 2: no memory maps, so that every read and write passes here. */
static const sqlite3_io_methods methods = {
    2,          on_close,   on_read,    on_write,    on_truncate,    on_sync,     on_size,
    on_lock,    on_unlock,  on_reserved, on_control, on_sector,      on_device,   on_shm_map,
    on_shm_lock, on_shm_barrier, on_shm_unmap, NULL, NULL,
};

/* ---- the VFS ---- */

static struct disk_file *file_of(struct disk *d, const char *path)
{
    struct disk_file *vacant = NULL;
    for (int i = 0; i < FILES_MAX; i++) {
        if (d->files[i].used && strcmp(d->files[i].path, path) == 0)
            return &d->files[i];
        if (!d->files[i].used && !vacant)
            vacant = &d->files[i];
    }
    need(vacant);
    *vacant = (struct disk_file){ .used = true };
    snprintf(vacant->path, sizeof(vacant->path), "%s", path);
    FILE *in = fopen(path, "rb"); /* what is there already is durable */
    if (!in)
        return vacant;
    unsigned char chunk[8192];
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), in)) > 0;)
        put(vacant, vacant->len, chunk, (int64_t)n);
    fclose(in);
    vacant->named = true;
    return vacant;
}

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct disk *d = vfs->pAppData;
    struct handle *h = handle_of(file);
    *h = (struct handle){ .disk = d };
    pthread_mutex_lock(&d->lock);
    bool fail = fails(d, (flags & SQLITE_OPEN_CREATE) != 0);
    if (!fail && name)
        h->file = file_of(d, name);
    pthread_mutex_unlock(&d->lock);
    if (fail)
        return SQLITE_CANTOPEN;
    h->real = need(calloc(1, (size_t)d->real->szOsFile));
    int rc = d->real->xOpen(d->real, name, h->real, flags, out);
    if (rc != SQLITE_OK) {
        free(h->real);
        return rc;
    }
    file->pMethods = &methods;
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct disk *d = vfs->pAppData;
    pthread_mutex_lock(&d->lock);
    bool fail = fails(d, false);
    int rc = fail ? SQLITE_IOERR_DELETE : d->real->xDelete(d->real, name, 0);
    for (int i = 0; rc == SQLITE_OK && sync && i < FILES_MAX; i++)
        if (d->files[i].used && strcmp(d->files[i].path, name) == 0)
            d->files[i].used = false;
    pthread_mutex_unlock(&d->lock);
    return rc;
}

void fault_vfs_install(const struct fault_plan *plan)
{
    struct disk *d = need(calloc(1, sizeof(*d)));
    d->real = need(sqlite3_vfs_find(NULL));
    d->vfs = *d->real;
    d->vfs.zName = "fault";
    d->vfs.szOsFile = sizeof(struct handle);
    d->vfs.pAppData = d;
    d->vfs.pNext = NULL;
    d->vfs.xOpen = on_open;
    d->vfs.xDelete = on_delete;
    d->plan = *plan;
    d->random = rand_seeded(plan->seed);
    pthread_mutex_init(&d->lock, NULL);
    if (sqlite3_vfs_register(&d->vfs, 0) != SQLITE_OK)
        abort();
}

static struct disk *installed(void)
{
    sqlite3_vfs *vfs = need(sqlite3_vfs_find("fault"));
    return vfs->pAppData;
}

int fault_vfs_operations(void)
{
    struct disk *d = installed();
    pthread_mutex_lock(&d->lock);
    int operations = d->operations;
    pthread_mutex_unlock(&d->lock);
    return operations;
}

int fault_vfs_hits(void)
{
    struct disk *d = installed();
    pthread_mutex_lock(&d->lock);
    int hits = d->hits;
    pthread_mutex_unlock(&d->lock);
    return hits;
}
