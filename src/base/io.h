/* io.h - whole files, with errors that name the path. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Reads at most `max` bytes of a regular file or pipe; ERR_TOO_LARGE beyond. NUL follows. */
NODISCARD enum err io_read_file(struct arena *arena, const char *path, size_t max,
                                struct fault *fault, struct str *ret);
/* Writes beside the file, syncs file and folder, renames: the file is old or new, never half. */
NODISCARD enum err io_write_file(const char *path, struct str data, int mode, struct fault *fault);
NODISCARD enum err io_write_all(int fd, const void *data, size_t len, struct fault *fault);
/* A file made, renamed or removed is so on disk only when its folder is. */
NODISCARD enum err io_sync_folder(const char *folder, struct fault *fault);
/* Makes the folder and its parents, 0700. */
NODISCARD enum err io_make_folder(const char *path, struct fault *fault);
bool io_exists(const char *path);
