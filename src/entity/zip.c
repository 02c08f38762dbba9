/* zip.c - minizip over memory, with counted limits. */
#include "entity/zip.h"

#include <string.h>

/* ------------------------------------------------------------------ memory as a file */

static voidpf mem_open(voidpf opaque, const void *name, int mode)
{
    (void)name;
    return mode & ZLIB_FILEFUNC_MODE_WRITE ? NULL : opaque;
}

static uLong mem_read(voidpf opaque, voidpf stream, void *to, uLong size)
{
    (void)opaque;
    struct zip *zip = stream;
    size_t left = zip->bytes.len - zip->at, n = MIN(left, (size_t)size);
    memcpy(to, zip->bytes.data + zip->at, n);
    zip->at += n;
    return n;
}

static ZPOS64_T mem_tell(voidpf opaque, voidpf stream)
{
    (void)opaque;
    return ((struct zip *)stream)->at;
}

static long mem_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
    (void)opaque;
    struct zip *zip = stream;
    uint64_t from = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                    : origin == ZLIB_FILEFUNC_SEEK_CUR ? zip->at
                                                       : zip->bytes.len;
    uint64_t to;
    if (__builtin_add_overflow(from, (uint64_t)offset, &to) || to > zip->bytes.len)
        return -1;
    zip->at = (size_t)to;
    return 0;
}

static int mem_close(voidpf opaque, voidpf stream)
{
    (void)opaque, (void)stream;
    return 0;
}

static int mem_error(voidpf opaque, voidpf stream)
{
    (void)opaque, (void)stream;
    return 0;
}

/* ------------------------------------------------------------------ archives */

static enum err damaged(struct fault *fault)
{
    return fault_set(fault, ERR_PARSE, "the archive is damaged or not an archive");
}

enum err zip_open(struct zip *zip, struct str bytes, struct zip_limits limits,
                  struct fault *fault)
{
    *zip = (struct zip){ .bytes = bytes, .limits = limits, .fault = fault };
    zlib_filefunc64_def memory = {
        .zopen64_file = mem_open, .zread_file = mem_read, .ztell64_file = mem_tell,
        .zseek64_file = mem_seek, .zclose_file = mem_close, .zerror_file = mem_error,
        .opaque = zip,
    };
    zip->file = unzOpen2_64("", &memory);
    if (!zip->file)
        return damaged(fault);
    unz_global_info64 info;
    if (unzGetGlobalInfo64(zip->file, &info) != UNZ_OK)
        return damaged(fault);
    if (info.number_entry > limits.entries)
        return fault_set(fault, ERR_TOO_LARGE, "the archive has more than %zu parts",
                         limits.entries);
    return OK;
}

void zip_close(struct zip *zip)
{
    if (zip->file) {
        unzCloseCurrentFile(zip->file);
        unzClose(zip->file);
    }
    zip->file = NULL;
}

#define RATIO_FREE (1u << 20) /* small parts of one repeated line compress beyond any ratio */

static enum err check_size(struct zip *zip, uint64_t part, uint64_t packed)
{
    if (zip->unpacked > zip->limits.unpacked)
        return fault_set(zip->fault, ERR_TOO_LARGE, "the archive unpacks to more than %zu bytes",
                         zip->limits.unpacked);
    if (part > RATIO_FREE && part / zip->limits.ratio > packed)
        return fault_set(zip->fault, ERR_TOO_LARGE,
                         "a part of the archive unpacks to more than %u times its size",
                         zip->limits.ratio);
    return OK;
}

static enum err unpack(struct zip *zip, uint64_t packed, zip_piece *take, void *state)
{
    char piece[16384];
    uint64_t part = 0;
    for (;;) {
        int n = unzReadCurrentFile(zip->file, piece, sizeof piece);
        if (n < 0)
            return damaged(zip->fault);
        if (n == 0)
            break;
        part += (uint64_t)n;
        zip->unpacked += (uint64_t)n;
        TRY(check_size(zip, part, packed));
        TRY(take(state, (struct str){ piece, (size_t)n }));
    }
    /* The checksum is compared only here: a part that was cut short must not pass for whole. */
    return unzCloseCurrentFile(zip->file) == UNZ_OK ? OK : damaged(zip->fault);
}

enum err zip_part(struct zip *zip, const char *name, zip_piece *take, void *state, bool *found)
{
    *found = false;
    /* 2: names compare without case, as the package format demands (ECMA-376 part 2 §9.1.1). */
    int located = unzLocateFile(zip->file, name, 2);
    if (located == UNZ_END_OF_LIST_OF_FILE)
        return OK;
    unz_file_info64 info;
    if (located != UNZ_OK ||
        unzGetCurrentFileInfo64(zip->file, &info, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK)
        return damaged(zip->fault);
    if (info.flag & 1)
        return fault_set(zip->fault, ERR_PARSE, "the file is protected by a password");
    if (unzOpenCurrentFile(zip->file) != UNZ_OK)
        return damaged(zip->fault);
    *found = true;
    return unpack(zip, MIN(info.compressed_size, zip->bytes.len), take, state);
}
