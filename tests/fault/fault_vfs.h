/*
 * fault_vfs.h - an SQLite VFS, named "fault", that loses power, fails or fills the disk at one
 * chosen I/O operation. For tests only: name it in db_config.vfs.
 *
 * What it promises SQLite is the least a disk can: sectors of 512 bytes, no atomic writes, no order
 * between writes that were not synced, no name of a new file before its first sync.
 *
 *   FAULT_CRASH  at operation `at` the process writes to `image` what a disk may hold just then,
 *                and exits with FAULT_CRASHED: for each file the bytes of its last sync, plus a
 *                random part of the later writes, sector by sector, some of them garbage
 *   FAULT_EIO    operation `at` (with `stay` also every later one) fails; a failed write may have
 *                written a part
 *   FAULT_FULL   the same for operations that need space
 *   FAULT_NONE   only counts
 *
 * Operations are counted over all files and threads: writes, truncations, syncs, opens and
 * deletions, with FAULT_EIO also reads.
 */
#pragma once

#include "base/base.h"

enum fault_mode { FAULT_NONE, FAULT_CRASH, FAULT_EIO, FAULT_FULL };

#define FAULT_CRASHED 77 /* exit code */

struct fault_plan {
    enum fault_mode mode;
    int at; /* 1-based */
    bool stay;
    uint64_t seed;
    const char *image; /* folder */
};

/* Registers the VFS. Files that exist already count as durable when they are opened. */
void fault_vfs_install(const struct fault_plan *plan);
/* Operations so far. */
int fault_vfs_operations(void);
/* How often a fault was given. */
int fault_vfs_hits(void);
