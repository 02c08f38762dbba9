/* tree.h - entries and tiles in the database. Private to core/proof. */
#pragma once

#include "core/proof/proof.gen.h"
#include "core/proof/proof.h"
#include "engine/merkle/tile.h"

/* The entry as it was hashed, from its columns. */
struct tlog_entry proof_entry_of(struct cx *cx, const struct proof_entries_row *row);
struct str proof_entry_text(struct cx *cx, const struct proof_entries_row *row);
/* One entry by number. ERR_NOT_FOUND. */
NODISCARD enum err proof_entry_at(struct cx *cx, int64_t seq, const struct proof_entries_row **ret);

/* Tiles of a tree of `size` (at most the size that was sequenced). Lives in cx->arena. */
struct tlog_tiles *proof_tiles_of(struct cx *cx, uint64_t size);
struct tlog_tile_sink proof_tile_sink(struct cx *cx);

/* What was sequenced and signed; zeros when nothing was. */
NODISCARD enum err proof_tree_sizes(struct cx *cx, uint64_t *size, uint64_t *signed_size);
/* The log that is signed now. ERR_NOT_FOUND: nothing was logged. */
NODISCARD enum err proof_log_now(struct cx *cx, struct proof_log_current_row *ret);
/* Opens the log: key, name, row. */
NODISCARD enum err proof_log_make(struct cx *cx, int64_t number);
NODISCARD enum err proof_keeper_of(struct cx *cx, struct proof_keeper **ret);
/* A note and its checkpoint, signature by `vkey` checked. ERR_PROOF. */
NODISCARD enum err proof_note_open(struct cx *cx, struct str bytes, struct str vkey,
                                   struct tlog_checkpoint *ret);
/* "log <vkey>\nquorum none\n" */
struct str proof_policy_text(struct cx *cx, struct str vkey);
