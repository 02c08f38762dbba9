/*
 * packet.h - the statement file: everything a person needs to check their pay alone.
 *
 * A zip with exactly these files in this order, stored without compression, so that any program
 * opens it and yet no byte is free: the reader builds the file again from what it read and demands
 * the same bytes, and each text in it is checked in the same way.
 *
 *     statement.json          the statement, canonical JSON; members "period", "plan_sha256"
 *     statement.salt          its salt: 32 bytes in base64, newline
 *     statement.entry         what the log holds of it (entry.h)
 *     statement.tlog-proof    C2SP tlog-proof of that entry
 *     period.json …           the same four for the period head
 *     publication.json …      the same four for the plan's publication; member "plan_sha256"
 *     plan.json               the text of the plan, as published
 *     policy                  the log's and the witnesses' keys, as the period head fixed them
 *     entries/000000.json     all entries that the head counts, by seq: content,
 *     entries/000000.salt     salt
 *     entries/000000.entry    and entry; then 000001 and so on
 *
 * All proofs stand under one checkpoint. The policy of the file is never trusted: the person brings
 * a key or a policy from elsewhere. It serves to know every signature line of the checkpoint, so
 * that a line by an unknown key cannot carry free bytes.
 *
 * Why a zip writer of our own: docs/adr/0010-statement-file.md.
 */
#pragma once

#include "engine/merkle/entry.h"
#include "engine/merkle/policy.h"

#define TLOG_PACKET_MAX (64u << 20) /* bytes; a phone must be able to read it */
#define TLOG_PACKET_ENTRIES_MAX 20000 /* three files each, and a zip has at most 65 535 */

/* ---- the container ---- */

struct tlog_file {
    struct str name, data;
};
/* Same files, same bytes. */
struct str tlog_zip_write(struct arena *arena, const struct tlog_file *files, size_t count);
/* Strict: only what tlog_zip_write makes. Views into `bytes`. ERR_PARSE. */
NODISCARD enum err tlog_zip_read(struct arena *arena, struct str bytes, struct fault *fault,
                                 struct tlog_file **files, size_t *count);

/* ---- the statement file ---- */

/* A fact with the proof that its entry is in the log. */
struct tlog_proven {
    struct tlog_fact fact;
    struct str proof;
};
struct tlog_packet {
    struct tlog_proven statement, head, publication;
    struct str plan, policy;
    struct tlog_fact *entries;
    size_t entry_count;
};
/* The files in their order. */
struct tlog_file *tlog_packet_files(struct arena *arena, const struct tlog_packet *packet,
                                    size_t *count);
struct str tlog_packet_write(struct arena *arena, const struct tlog_packet *packet);
NODISCARD enum err tlog_packet_read(struct arena *arena, struct str bytes, struct fault *fault,
                                    struct tlog_packet *ret);

/* ---- checking ---- */

/* Why a statement file is refused, in the order of the checks. */
enum tlog_refusal {
    TLOG_ACCEPTED,
    TLOG_REFUSED_FILE,       /* not a statement file in its only form */
    TLOG_REFUSED_CONTENT,    /* the statement is not what the log's entry commits to */
    TLOG_REFUSED_INCLUSION,  /* an entry is not in the tree of the checkpoint */
    TLOG_REFUSED_SIGNATURE,  /* checkpoint not signed by whom the person trusts */
    TLOG_REFUSED_PERIOD,     /* an entry of the period is missing, changed or added */
    TLOG_REFUSED_PLAN,       /* the plan is not the one that was published */
    TLOG_REFUSED_HISTORY,    /* the given checkpoint shows another history */
    TLOG_REFUSALS
};
const char *tlog_refusal_english(enum tlog_refusal refusal);
const char *tlog_refusal_chinese(enum tlog_refusal refusal);

/* What the person brings, from elsewhere than the file. */
struct tlog_trust {
    const struct tlog_policy *policy;
    struct str checkpoint; /* empty, or a signed checkpoint got elsewhere (older or newer) */
    struct str extension;  /* empty, or the consistency proof between it and that of the file */
};

struct tlog_verdict {
    enum tlog_refusal refusal;
    struct fault fault; /* the story of a refusal */
    /* what was shown; views into the file */
    struct tlog_entry statement, publication;
    struct tlog_head head;
    struct tlog_checkpoint checkpoint;
    size_t signatures; /* on the checkpoint, all verified */
};

/* `ret->refusal` is TLOG_ACCEPTED when all holds. */
void tlog_packet_check(struct arena *arena, const struct tlog_crypto *crypto, struct str bytes,
                       const struct tlog_trust *trust, struct tlog_verdict *ret);
