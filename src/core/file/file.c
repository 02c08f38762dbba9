#include "core/file/file_part.h"

#include "base/hex.h"
#include "base/io.h"
#include "core/file/file.gen.h"
#include "may.gen.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 512, COPY_BYTES = 1 << 16 };

const char *file_folder(struct cx *cx, const char *part)
{
    return str_fmt(cx->arena, "%s/%lld/%s", cx_core(cx)->files_folder, (long long)cx->org, part)
        .data;
}

static const char *content_path(struct cx *cx, struct str sha256)
{
    struct str hex = hex_encode(cx->arena, sha256.data, sha256.len);
    const char *folder = file_folder(cx, str_cstr(cx->arena, str_cut(hex, 0, 2)));
    return str_fmt(cx->arena, "%s/%s", folder, hex.data + 2).data;
}

enum err file_service_open(struct cx *cx, int64_t id, int *fd, uint64_t *bytes, struct str *name,
                           struct str *type)
{
    struct file row;
    TRY(file_get(cx, (struct file_id){ id }, &row));
    *fd = open(content_path(cx, row.sha256), O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return fail_errno(cx, "open file %lld", (long long)id);
    *bytes = (uint64_t)row.bytes;
    *name = row.name;
    *type = row.type;
    return OK;
}

enum err file_look(struct cx *cx, const char *path, struct file_look *ret)
{
    CLOSE_ON_EXIT int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(cx, "open %s", path);
    char *bytes = arena_alloc(cx->arena, COPY_BYTES);
    char *head = arena_alloc(cx->arena, HEAD_BYTES), *digest = arena_alloc(cx->arena, 32);
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    *ret = (struct file_look){ 0 };
    for (;;) {
        ssize_t got = read(fd, bytes, COPY_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(cx, "read %s", path);
        if (got == 0)
            break;
        if (ret->bytes == 0) {
            ret->head = (struct str){ head, MIN((size_t)got, (size_t)HEAD_BYTES) };
            memcpy(head, bytes, ret->head.len);
        }
        crypto_hash_sha256_update(&state, (unsigned char *)bytes, (size_t)got);
        ret->bytes += got;
    }
    crypto_hash_sha256_final(&state, (unsigned char *)digest);
    ret->sha256 = (struct str){ digest, 32 };
    return OK;
}

/* The content must be on disk before the row that names it can be. */
static enum err move_into_place(struct cx *cx, const char *path, struct str sha256)
{
    const char *place = content_path(cx, sha256);
    const char *folder = str_cstr(cx->arena, str_cut(str_from(place), 0, strlen(place) - 63));
    TRY(io_make_folder(folder, &cx->fault));
    CLOSE_ON_EXIT int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return fail_errno(cx, "sync %s", path);
    if (rename(path, place) != 0)
        return fail_errno(cx, "keep %s", path);
    CLOSE_ON_EXIT int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder_fd >= 0 && fsync(folder_fd) == 0 ? OK : fail_errno(cx, "sync %s", folder);
}

enum err file_service_keep(struct cx *cx, const char *path, struct str name, const char *type,
                           int64_t *ret)
{
    struct file_look look;
    TRY(file_look(cx, path, &look));
    TRY(move_into_place(cx, path, look.sha256));
    struct file row = file_blank;
    row.name = name;
    row.type = str_from(type);
    row.bytes = look.bytes;
    row.sha256 = look.sha256;
    row.owner.v = cx->actor.person;
    TRY(file_insert(cx, &row));
    *ret = row.id.v;
    return OK;
}

/* ---- routes ---- */

static enum err download(struct cx *cx, const struct request *in, struct reply *out)
{
    int64_t id;
    struct file row;
    TRY(request_id(cx, in, "id", &id));
    TRY(file_get(cx, (struct file_id){ id }, &row));
    struct str path = STR_NONE;
    if (row.owner.v) {
        struct file_owner_path_row owner;
        TRY(file_owner_path(cx, (struct file_owner_path_in){ .person = row.owner }, &owner));
        path = str_copy(cx->arena, owner.path);
    }
    if (!cx_reaches(cx, MAY_FILE_READ, row.owner.v, path))
        return refuse(cx, ERR_NOT_FOUND, "there is no such file", "没有找到该文件");
    struct str name, type;
    uint64_t bytes;
    TRY(file_service_open(cx, id, &out->fd, &bytes, &name, &type));
    out->file_bytes = bytes;
    out->type = str_cstr(cx->arena, type);
    out->download = name;
    return OK;
}

const struct route file_routes[] = {
    { GET, "/files/{id}/content", download, .may = MAY_FILE_READ, .about = "Download a file",
      .about_zh = "下载文件" },
    { 0 },
};

const struct module file_module = {
    .name = "file",
    .about = "Stored files, content-addressed.",
    .routes = file_routes,
};
