/*
 * policy.h - whom a verifier trusts: logs, witnesses, groups, quorum (C2SP tlog-policy).
 *
 *     log <vkey> [<url>]
 *     witness <name> <vkey> [<url>]
 *     group <name> <k|any|all> <name>...
 *     quorum <name|none>
 */
#pragma once

#include "engine/merkle/checkpoint.h"

#define TLOG_POLICY_KEYS_MAX 64 /* logs and witnesses together; the format asks for 32 of each */
#define TLOG_POLICY_GROUPS_MAX 32
#define TLOG_POLICY_BYTES_MAX (1u << 18)

/* A name of the policy: a witness or a group. */
struct tlog_policy_node {
    struct str name;
    int key;         /* witness: index into keys; -1: a group */
    int need;        /* group: so many members */
    int members[TLOG_POLICY_KEYS_MAX + TLOG_POLICY_GROUPS_MAX]; /* indexes of nodes */
    int member_count;
    bool used;       /* already a member of a group: a witness counts once */
};

struct tlog_policy {
    struct tlog_key keys[TLOG_POLICY_KEYS_MAX];
    bool is_log[TLOG_POLICY_KEYS_MAX];
    size_t key_count;
    struct tlog_policy_node *nodes;
    int node_count;
    int quorum; /* node; -1: none is asked for */
};

/* ERR_PARSE names the line. */
NODISCARD enum err tlog_policy_parse(struct arena *arena, const struct tlog_crypto *crypto,
                                     struct str text, struct fault *fault,
                                     struct tlog_policy *ret);

/* Is this checkpoint signed by a log of the policy whose name is its origin, and cosigned by the
 * quorum? ERR_PROOF tells what is missing or does not hold. */
NODISCARD enum err tlog_policy_check(struct arena *arena, const struct tlog_crypto *crypto,
                                     const struct tlog_policy *policy, const struct tlog_note *note,
                                     const struct tlog_checkpoint *checkpoint,
                                     struct fault *fault);
