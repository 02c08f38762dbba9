#include "core/proof/keeper.h"

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES 32
#define PATH_BYTES 1024
#define SUBJECTS_KEPT 64 /* companies; more are read from their files again */
#define CHECKPOINT_BYTES_MAX (1u << 20)
#define MARK_BYTES 32

struct proof_keeper {
    char data_folder[PATH_BYTES - 128]; /* room for the names below it */
    char host[128];
    pthread_mutex_t making; /* two threads must not make the same key; guards `subjects` too */
    /* Read once: a file for each of a thousand orders would cost more than the orders. */
    struct {
        int64_t org; /* 0: free */
        uint8_t key[KEY_BYTES];
    } subjects[SUBJECTS_KEPT];
};

/* ---- crypto ---- */

static void sha256(const struct str *parts, size_t count, uint8_t ret[32])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++)
        crypto_hash_sha256_update(&state, (const uint8_t *)parts[i].data, parts[i].len);
    crypto_hash_sha256_final(&state, ret);
}

static bool ed25519_verify(const uint8_t key[32], struct str message, const uint8_t signature[64])
{
    return crypto_sign_verify_detached(signature, (const uint8_t *)message.data, message.len,
                                       key) == 0;
}

const struct tlog_crypto proof_crypto = { sha256, ed25519_verify };

/* ---- opening ---- */

enum err proof_keeper_open(const char *data_folder, const char *host, struct fault *fault,
                           struct proof_keeper **ret)
{
    static const char *const folders[] = { "keys", "signer" };
    struct proof_keeper *keeper = calloc(1, sizeof *keeper);
    if (!keeper || sodium_init() < 0)
        return fault_set(fault, ERR_NO_MEMORY, "no memory for the keeper of keys");
    pthread_mutex_init(&keeper->making, NULL);
    int folder_len = snprintf(keeper->data_folder, sizeof keeper->data_folder, "%s", data_folder);
    int host_len = snprintf(keeper->host, sizeof keeper->host, "%s", host);
    enum err e = OK;
    if (folder_len >= (int)sizeof keeper->data_folder || host_len >= (int)sizeof keeper->host)
        e = fault_set(fault, ERR_INVALID, "the name of the folder or the host is too long");
    for (size_t i = 0; !e && i < COUNT(folders); i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", keeper->data_folder, folders[i]);
        e = io_make_folder(path, fault);
    }
    if (e)
        proof_keeper_close(keeper);
    else
        *ret = keeper;
    return e;
}

void proof_keeper_close(struct proof_keeper *keeper)
{
    if (!keeper)
        return;
    pthread_mutex_destroy(&keeper->making);
    sodium_memzero(keeper, sizeof *keeper);
    free(keeper);
}

const char *keeper_host(const struct proof_keeper *keeper)
{
    return keeper->host;
}

/* ---- key files ---- */

/* ERR_NOT_FOUND: there is no such file. A key that others may read is refused: it may be known. */
static enum err read_key(const char *path, struct fault *fault, uint8_t ret[KEY_BYTES])
{
    CLOSE_ON_EXIT int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    uint8_t bytes[KEY_BYTES + 1];
    if (fd < 0 && errno == ENOENT)
        return fault_set(fault, ERR_NOT_FOUND, "there is no key %s", path);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fault_errno(fault, "open %s", path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
        return fault_set(fault, ERR_FORBIDDEN, "others may read %s: its mode must be 0600", path);
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0)
        return fault_errno(fault, "read %s", path);
    if (got != KEY_BYTES)
        return fault_set(fault, ERR_CORRUPT, "%s is not a key of %d bytes", path, KEY_BYTES);
    memcpy(ret, bytes, KEY_BYTES);
    sodium_memzero(bytes, sizeof bytes);
    return OK;
}

static enum err make_key(const char *path, struct fault *fault, uint8_t ret[KEY_BYTES])
{
    randombytes_buf(ret, KEY_BYTES);
    return io_write_file(path, (struct str){ (const char *)ret, KEY_BYTES }, 0600, fault);
}

static enum err load_key(struct proof_keeper *keeper, const char *path, bool make,
                         struct fault *fault, uint8_t ret[KEY_BYTES])
{
    pthread_mutex_lock(&keeper->making);
    enum err e = read_key(path, fault, ret);
    if (e == ERR_NOT_FOUND && make) {
        fault_clear(fault);
        e = make_key(path, fault, ret);
    }
    pthread_mutex_unlock(&keeper->making);
    return e == ERR_NOT_FOUND ? fault_set(fault, ERR_UNAVAILABLE,
                                          "the key %s is missing: put it back, or see "
                                          "`qibing log resume --help`", path)
                              : e;
}

static bool kept_subject_key(struct proof_keeper *keeper, int64_t org, uint8_t ret[32])
{
    size_t at = (uint64_t)org % SUBJECTS_KEPT;
    pthread_mutex_lock(&keeper->making);
    bool kept = keeper->subjects[at].org == org;
    if (kept)
        memcpy(ret, keeper->subjects[at].key, KEY_BYTES);
    pthread_mutex_unlock(&keeper->making);
    return kept;
}

enum err keeper_subject_key(struct proof_keeper *keeper, int64_t org, bool make,
                            struct fault *fault, uint8_t ret[32])
{
    char path[PATH_BYTES];
    size_t at = (uint64_t)org % SUBJECTS_KEPT;
    if (kept_subject_key(keeper, org, ret))
        return OK;
    snprintf(path, sizeof path, "%s/keys/subject-%lld.key", keeper->data_folder, (long long)org);
    TRY(load_key(keeper, path, make, fault, ret));
    pthread_mutex_lock(&keeper->making);
    keeper->subjects[at].org = org;
    memcpy(keeper->subjects[at].key, ret, KEY_BYTES);
    pthread_mutex_unlock(&keeper->making);
    return OK;
}

static void sign(void *state, struct str message, uint8_t ret[64])
{
    crypto_sign_detached(ret, NULL, (const uint8_t *)message.data, message.len, state);
}

enum err keeper_signer(struct proof_keeper *keeper, struct arena *arena, int64_t org,
                       int64_t number, struct str origin, bool make, struct fault *fault,
                       struct tlog_signer *ret)
{
    char path[PATH_BYTES];
    uint8_t seed[KEY_BYTES], public[32], *secret = arena_alloc(arena, 64);
    snprintf(path, sizeof path, "%s/keys/log-%lld-%lld.ed25519", keeper->data_folder,
             (long long)org, (long long)number);
    TRY(load_key(keeper, path, make, fault, seed));
    crypto_sign_seed_keypair(public, secret, seed);
    sodium_memzero(seed, sizeof seed);
    *ret = (struct tlog_signer){
        .key = tlog_key_make(&proof_crypto, origin, TLOG_KEY_ED25519, public),
        .sign = sign,
        .state = secret,
    };
    return OK;
}

void keeper_wipe(struct tlog_signer *signer)
{
    sodium_memzero(signer->state, 64);
}

/* ---- the signer's memory ---- */

static void state_path(const struct proof_keeper *keeper, int64_t org, const char *ending,
                       char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/signer/%lld.%s", keeper->data_folder, (long long)org, ending);
}

enum err keeper_last_signed(struct proof_keeper *keeper, struct arena *arena, int64_t org,
                            struct fault *fault, bool *has, struct str *ret)
{
    char path[PATH_BYTES];
    state_path(keeper, org, "checkpoint", path);
    *has = io_exists(path);
    return *has ? io_read_file(arena, path, CHECKPOINT_BYTES_MAX, fault, ret) : OK;
}

enum err keeper_remember(struct proof_keeper *keeper, int64_t org, struct str checkpoint,
                         struct fault *fault)
{
    char path[PATH_BYTES];
    state_path(keeper, org, "checkpoint", path);
    return io_write_file(path, checkpoint, 0600, fault);
}

/* "restored" holds random text; a company that was resumed since has a copy of it. */
static enum err restored_text(const struct proof_keeper *keeper, const char *name,
                              char text[MARK_BYTES + 1], struct fault *fault)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/signer/%s", keeper->data_folder, name);
    text[0] = '\0';
    CLOSE_ON_EXIT int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? OK : fault_errno(fault, "open %s", path);
    ssize_t got = read(fd, text, MARK_BYTES);
    if (got < 0)
        return fault_errno(fault, "read %s", path);
    text[got] = '\0';
    return OK;
}

enum err keeper_held(struct proof_keeper *keeper, int64_t org, struct fault *fault, bool *ret)
{
    char restored[MARK_BYTES + 1], resumed[MARK_BYTES + 1], name[64];
    snprintf(name, sizeof name, "%lld.resumed", (long long)org);
    TRY(restored_text(keeper, "restored", restored, fault));
    TRY(restored_text(keeper, name, resumed, fault));
    *ret = strcmp(restored, resumed) != 0 && restored[0];
    return OK;
}

enum err keeper_release(struct proof_keeper *keeper, int64_t org, struct fault *fault)
{
    char restored[MARK_BYTES + 1], path[PATH_BYTES];
    TRY(restored_text(keeper, "restored", restored, fault));
    state_path(keeper, org, "resumed", path);
    return restored[0] ? io_write_file(path, str_from(restored), 0600, fault) : OK;
}

enum err keeper_lock(struct proof_keeper *keeper, int64_t org, struct fault *fault, int *fd)
{
    char path[PATH_BYTES];
    state_path(keeper, org, "lock", path);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return fault_errno(fault, "open %s", path);
    while (flock(*fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return fault_errno(fault, "lock %s", path);
    return OK;
}

static enum err remove_states(const char *folder, struct fault *fault)
{
    char path[2 * PATH_BYTES];
    DIR *dir = opendir(folder);
    if (!dir)
        return fault_errno(fault, "open %s", folder);
    enum err e = OK;
    for (struct dirent *entry; !e && (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (str_ends(str_from(entry->d_name), STR(".checkpoint")) && unlink(path) < 0)
            e = fault_errno(fault, "remove %s", path);
    }
    closedir(dir);
    return e;
}

enum err proof_forget_signer(const char *data_folder, struct fault *fault)
{
    static const char digits[] = "0123456789abcdef";
    char folder[PATH_BYTES - 16], path[PATH_BYTES], mark[MARK_BYTES];
    if (sodium_init() < 0)
        return fault_set(fault, ERR_INTERNAL, "libsodium does not start");
    snprintf(folder, sizeof folder, "%s/signer", data_folder);
    snprintf(path, sizeof path, "%s/restored", folder);
    for (size_t i = 0; i < sizeof mark; i++)
        mark[i] = digits[randombytes_uniform(16)];
    TRY(io_make_folder(folder, fault));
    /* First the mark: half done must hold the signer back. */
    TRY(io_write_file(path, (struct str){ mark, sizeof mark }, 0600, fault));
    return remove_states(folder, fault);
}
