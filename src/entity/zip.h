/*
 * zip.h - the parts of an archive that lies in memory, unpacked in pieces under limits: number of
 * parts, bytes in all, and bytes unpacked per byte packed, each counted while unpacking, because
 * what an archive says about itself may be a lie.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <minizip/unzip.h>

struct zip_limits {
    size_t entries, unpacked;
    unsigned ratio;
};

struct zip {
    unzFile file; /* NULL: not open */
    struct str bytes;
    size_t at; /* read position of the library in `bytes` */
    struct zip_limits limits;
    uint64_t unpacked; /* so far, over all parts */
    struct fault *fault;
};

/* `zip` must keep its address while open. */
NODISCARD enum err zip_open(struct zip *zip, struct str bytes, struct zip_limits limits,
                            struct fault *fault);
void zip_close(struct zip *zip);

typedef enum err zip_piece(void *state, struct str piece);
/* Hands the part to `take` in pieces. `*found` false: there is no such part. */
NODISCARD enum err zip_part(struct zip *zip, const char *name, zip_piece *take, void *state,
                            bool *found);
