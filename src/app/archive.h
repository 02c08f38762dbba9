/*
 * archive.h - the file that `backup` writes and `restore` reads: a zip (zip64) of
 *     manifest.json   format, version, time, what is inside
 *     dump            the database as text (db/copy.h), the same on both engines
 *     files/…         stored files
 *     keys/…          only with --with-keys
 */
#pragma once

#include "app/app.h"

typedef void archive_progress(int per_mille, const char *what);

NODISCARD enum err archive_write(struct app *app, const char *path, bool with_keys,
                                 archive_progress *progress, struct fault *fault);
/* Unpacks keys and files below the data folder and leaves the dump at `dump_path`. Names that would
 * leave the folder are refused. *has_keys tells whether keys came with it. */
NODISCARD enum err archive_unpack(struct arena *arena, const char *path, const char *data_folder,
                                  const char *dump_path, bool *has_keys, struct fault *fault);
