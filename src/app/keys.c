#include "app/keys.h"

#include "base/io.h"

#include <sodium.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { KEY_BYTES = 32 };

struct keys {
    uint8_t master[KEY_BYTES];
};

static enum err make_key(const char *path, struct fault *fault)
{
    uint8_t fresh[KEY_BYTES];
    randombytes_buf(fresh, sizeof fresh);
    enum err e = io_write_file(path, (struct str){ (char *)fresh, sizeof fresh }, 0600, fault);
    sodium_memzero(fresh, sizeof fresh);
    return e;
}

/* Others must not be able to read it: a key that was copied about is no key. */
static enum err check_mode(const char *path, struct fault *fault)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return fault_errno(fault, "look at %s", path);
    if (st.st_mode & 077)
        return fault_set(fault, ERR_FORBIDDEN,
                         "%s can be read by others: chmod 600 it, and think of who has read it",
                         path);
    return OK;
}

enum err keys_open(struct arena *arena, const char *data_folder, bool create, struct fault *fault,
                   struct keys **ret)
{
    if (sodium_init() < 0)
        return fault_set(fault, ERR_INTERNAL, "libsodium does not start");
    const char *folder = str_fmt(arena, "%s/keys", data_folder).data;
    const char *path = str_fmt(arena, "%s/master.key", folder).data;
    if (!io_exists(path)) {
        if (!create)
            return fault_set(fault, ERR_NOT_FOUND, "%s is missing: without it nothing that is "
                             "sealed can be read", path);
        TRY(io_make_folder(folder, fault));
        TRY(make_key(path, fault));
    }
    TRY(check_mode(path, fault));
    struct str bytes;
    TRY(io_read_file(arena, path, 4096, fault, &bytes));
    if (bytes.len != KEY_BYTES)
        return fault_set(fault, ERR_CORRUPT, "%s is not a key of %d bytes", path, KEY_BYTES);
    struct keys *keys = arena_new(arena, struct keys);
    memcpy(keys->master, bytes.data, KEY_BYTES);
    sodium_memzero((void *)(uintptr_t)bytes.data, bytes.len);
    madvise(keys, sizeof *keys, MADV_DONTDUMP);
    *ret = keys;
    return OK;
}

void keys_wipe(struct keys *keys)
{
    if (keys)
        sodium_memzero(keys, sizeof *keys);
}

void keys_derive(const struct keys *keys, int64_t org, enum key_use use, uint8_t ret[32])
{
    char label[64];
    int len = snprintf(label, sizeof label, "qibing-key-v1:%lld:%d", (long long)org, (int)use);
    crypto_generichash(ret, 32, (const unsigned char *)label, (unsigned long long)len, keys->master,
                       sizeof keys->master);
}
