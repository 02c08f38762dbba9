/* file_part.h - what file.c and upload.c share. Private to core/file. */
#pragma once

#include "core/file/file.h"

/* DIR/files/<org>/<part> */
const char *file_folder(struct cx *cx, const char *part);

/* Digest, size and first bytes of a file, read in one pass. */
struct file_look {
    struct str sha256;
    int64_t bytes;
    struct str head;
};
enum err file_look(struct cx *cx, const char *path, struct file_look *ret);
