/*
 * proof.h - the tamper-evident log of a company.
 *
 * A fact that pays, judges or consents is appended in its own transaction: proof_append() stores
 * salt and content beside the entry's leaf hash, numbered by a guard row. The sequencer then puts
 * leaves into tiles in the order of their numbers and signs a checkpoint at most two seconds later.
 *
 *     proof_append ──► proof_entry row ──► sequencer ──► proof_tile rows ──► signed checkpoint
 *                                                                           │
 *            <data>/signer/<org>.checkpoint, written before it is published ┘
 *
 * Keys live in <data>/keys (mode 0600), never in the database:
 *
 *     log-<org>-<number>.ed25519   seed of the signing key
 *     subject-<org>.key            HMAC key that turns a person into a subject
 *
 * The signer signs only what extends the tree it signed last, which it remembers outside the
 * database. After an old backup was restored the two disagree, or the memory is gone, and it
 * refuses until proof_resume() has shown that the last published checkpoint still holds, or
 * proof_new_log() has begun a log with a new key that names the old one. An entry keeps its number
 * in all logs of a company: seq is always the index of its leaf.
 *
 * The first entry of a company opens its log.
 */
#pragma once

#include "core/core.h"
#include "engine/merkle/packet.h"
#include "entity/route.h"

struct proof_keeper; /* keys and signer of this process; in core->proof */

/* libsodium for the pure engine. */
extern const struct tlog_crypto proof_crypto;

/* `host` begins the origin of new logs: "<host>/log/<company's code>". Makes the folders. */
NODISCARD enum err proof_keeper_open(const char *data_folder, const char *host,
                                     struct fault *fault, struct proof_keeper **ret);
void proof_keeper_close(struct proof_keeper *keeper); /* wipes the keys; NULL is allowed */

/* ---- writing, in the transaction of the fact ---- */

/* services->proof_append. ERR_INVALID: the content is not canonical JSON. */
NODISCARD enum err proof_append(struct cx *cx, const struct proof_fact *fact, int64_t *ret);
/* The period head of a person: call it after their last entry of the period, when it is locked. */
NODISCARD enum err proof_append_head(struct cx *cx, int64_t person, struct str period,
                                     int64_t *ret);
/* Lower-case hex of HMAC-SHA256(company's key, person ‖ period). */
NODISCARD enum err proof_subject(struct cx *cx, int64_t person, struct str period,
                                 struct str *ret);

/* Forgets what was logged of a person for good: contents and salts go, digests stay, so that the
 * tree stays whole and the entries say nothing more. Backups made before still hold them. */
NODISCARD enum err proof_erase(struct cx *cx, int64_t person, int64_t *entries);

/* ---- reading ---- */

struct proof_status {
    int64_t number;        /* of the log; 0: nothing was logged yet */
    struct str origin, vkey;
    uint64_t entries;      /* appended */
    uint64_t sequenced;    /* in tiles */
    uint64_t signed_size;  /* of the last published checkpoint */
    struct str checkpoint; /* that checkpoint; empty: none yet */
};
NODISCARD enum err proof_status(struct cx *cx, struct proof_status *ret);

/*
 * The statement file of a person for a period: latest statement, latest period head, the plan's
 * publication (the entry of kind "plan" whose content's "plan_sha256" is that of `plan`), under the
 * last published checkpoint. The statement's content must have "period" and "plan_sha256".
 * ERR_NOT_FOUND: not all of it is in the log yet.
 */
NODISCARD enum err proof_statement_zip(struct cx *cx, int64_t person, struct str period,
                                       struct str plan, struct str *ret);
/* The body of C2SP add-checkpoint: that the last checkpoint extends the tree of `old_size`. */
NODISCARD enum err proof_extension(struct cx *cx, uint64_t old_size, struct str *ret);

/* ---- the sequencer ---- */

/* Integrates what waits and signs, for one company. Idempotent; ERR_STATE: the signer refuses. */
NODISCARD enum err proof_sequence(struct core *core, const struct call *call, struct fault *fault);
/* A thread that does so for every company as soon as something was appended. */
struct proof_sequencer;
NODISCARD enum err proof_sequencer_start(struct core *core, struct fault *fault,
                                         struct proof_sequencer **ret);
void proof_sequencer_stop(struct proof_sequencer *sequencer); /* NULL is allowed */

/* ---- after a restore ---- */

/* `checkpoint`: the last one that was published, from a witness, an archive or a person's phone. */
NODISCARD enum err proof_resume(struct core *core, const struct call *call, struct str checkpoint,
                                struct fault *fault);
/* `last`: the last checkpoint known of the old log; may be empty. */
NODISCARD enum err proof_new_log(struct core *core, const struct call *call, struct str last,
                                 struct fault *fault);
/* `restore` calls this: what the signer remembers may be as old as the backup. */
NODISCARD enum err proof_forget_signer(const char *data_folder, struct fault *fault);

/* ---- the check ---- */

/* One line about one finding or one figure. */
typedef void proof_report(void *arg, bool bad, struct str line);
/* Rows that must have an entry and have none. Given by the modules that log. */
struct proof_source {
    const char *name;
    enum err (*missing)(struct cx *cx, int64_t *count, int64_t *example);
};
/*
 * (a) every entry's content and salt give its leaf, (b) leaves give tiles and the root of each
 * checkpoint, (c) each checkpoint is signed by its log's key, (d) each tree extends the one before,
 * (e) no row of `sources` lacks its entry. `*bad` counts findings; ERR_… only when the check itself
 * could not be made. `sources` may be NULL, else ends with .name NULL.
 */
NODISCARD enum err proof_check(struct cx *cx, const struct proof_source *sources,
                               proof_report *report, void *arg, int64_t *bad);

/* /log/{org}/checkpoint, vkey, tile/…: public by design. */
extern const struct route proof_routes[];
