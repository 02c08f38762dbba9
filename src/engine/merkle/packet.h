/*
 * packet.h - the statement file: everything a person needs to check their pay alone.
 *
 * A zip with exactly these parts in this order, stored without compression, so that any program
 * opens it and yet no byte is free: the reader builds the file again from what it read and demands
 * the same bytes, and each text part is checked in the same way.
 *
 *     statement.json         the statement, canonical JSON; members "period", "plan_sha256"
 *     statement.entry.json   {"entry","salt"}: what the log holds of it
 *     statement.tlog-proof   C2SP tlog-proof of that entry
 *     period.entry.json      {"content","entry","salt"} of the period head; content {"policy":…}
 *     period.tlog-proof
 *     entries.jsonl          {"content","entry","salt"} a line: all that the head counts, by seq
 *     plan.json              the text of the plan, as published
 *     plan.entry.json        {"content","entry","salt"} of its publication; content "plan_sha256"
 *     plan.tlog-proof
 *     policy                 the log's and the witnesses' keys, as the period head fixed them
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

enum tlog_part {
    TLOG_PART_STATEMENT,
    TLOG_PART_STATEMENT_ENTRY,
    TLOG_PART_STATEMENT_PROOF,
    TLOG_PART_PERIOD_ENTRY,
    TLOG_PART_PERIOD_PROOF,
    TLOG_PART_ENTRIES,
    TLOG_PART_PLAN,
    TLOG_PART_PLAN_ENTRY,
    TLOG_PART_PLAN_PROOF,
    TLOG_PART_POLICY,
    TLOG_PARTS
};
#define TLOG_PACKET_MAX (256u << 20) /* bytes */

struct tlog_packet {
    struct str part[TLOG_PARTS];
};

const char *tlog_part_name(enum tlog_part part);
/* Same parts, same bytes. */
struct str tlog_packet_write(struct arena *arena, const struct tlog_packet *packet);
/* ERR_PARSE. Parts are views into `bytes`. */
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
    /* what was shown */
    struct tlog_entry statement, head, plan;
    struct tlog_checkpoint checkpoint;
    size_t signatures; /* on the checkpoint, all verified */
};

/* `ret->refusal` is TLOG_ACCEPTED when all holds. */
void tlog_packet_check(struct arena *arena, const struct tlog_crypto *crypto, struct str bytes,
                       const struct tlog_trust *trust, struct tlog_verdict *ret);
