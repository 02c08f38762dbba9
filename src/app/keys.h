/*
 * keys.h - the keys of a data folder. One master key of 32 random bytes lies in DIR/keys/master.key
 * (0600) and never in the database; what each company needs for each use is derived from it with
 * keyed BLAKE2b. A lost master key is lost personal data: back it up apart from the backup.
 */
#pragma once

#include "entity/cx.h"

struct keys;
/* `create`: makes the key when there is none. ERR_NOT_FOUND: there is none. */
NODISCARD enum err keys_open(struct arena *arena, const char *data_folder, bool create,
                             struct fault *fault, struct keys **ret);
void keys_wipe(struct keys *keys);
void keys_derive(const struct keys *keys, int64_t org, enum key_use use, uint8_t ret[32]);
