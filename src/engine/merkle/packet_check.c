/*
 * The offline check of a statement file: form, content, place in the tree, signatures,
 * completeness. A refusal names what it was about, because a person must know whom to ask.
 */
#include "engine/merkle/packet.h"

#include "base/hex.h"
#include "base/json.h"

static const struct {
    const char *english, *chinese;
} refusals[TLOG_REFUSALS] = {
    [TLOG_ACCEPTED] = { "everything holds", "全部核验通过" },
    [TLOG_REFUSED_FILE] = { "the file is damaged or was changed", "文件已损坏或被改动" },
    [TLOG_REFUSED_CONTENT] = { "the statement is not the one that was logged",
                               "结算单与日志中登记的不一致" },
    [TLOG_REFUSED_INCLUSION] = { "an entry is not in the log", "有记录不在日志中" },
    [TLOG_REFUSED_SIGNATURE] = { "the checkpoint is not signed by whom you trust",
                                 "检查点没有可信方的有效签名" },
    [TLOG_REFUSED_PERIOD] = { "the records of the period are not complete",
                              "本期记录不完整或被改动" },
    [TLOG_REFUSED_PLAN] = { "the plan is not the one that was published",
                            "方案与发布登记的版本不一致" },
    [TLOG_REFUSED_HISTORY] = { "your checkpoint shows another history of the log",
                               "您持有的检查点与本文件的日志历史不一致" },
};

const char *tlog_refusal_english(enum tlog_refusal refusal)
{
    return refusals[refusal].english;
}

const char *tlog_refusal_chinese(enum tlog_refusal refusal)
{
    return refusals[refusal].chinese;
}

/* What was read of a proven fact. */
struct reading {
    struct tlog_proven *proven;
    struct tlog_entry entry;
    struct tlog_proof proof;
};

struct check {
    struct arena *arena;
    const struct tlog_crypto *crypto;
    const struct tlog_trust *trust;
    struct tlog_packet packet;
    struct tlog_policy *policy; /* of the file: to know its signatures, never to trust */
    struct reading statement, head, publication;
    struct tlog_head period;
    struct str statement_plan, statement_period, published_plan;
    struct tlog_verdict *verdict;
    struct fault *fault;
};

/* ---- reading the parts: each must be in its only form ---- */

static enum err read_proven(struct check *c, struct tlog_proven *proven, const char *what,
                            struct reading *ret)
{
    ret->proven = proven;
    enum err e = tlog_entry_parse(c->arena, proven->fact.entry, c->fault, &ret->entry);
    if (!e)
        e = tlog_proof_parse(c->arena, proven->proof, c->fault, &ret->proof);
    return e ? fault_explain(c->fault, e, "%s", what) : OK;
}

static enum err read_object(struct check *c, struct str text, const char *what,
                            const struct json **ret)
{
    struct str canonical;
    TRY(json_read(c->arena, text, (struct json_limits){ .bytes = TLOG_PACKET_MAX }, c->fault, ret));
    if ((*ret)->type != JSON_OBJECT)
        return fault_set(c->fault, ERR_PARSE, "%s is not an object", what);
    TRY(json_canonical(c->arena, *ret, c->fault, &canonical));
    if (!str_eq(canonical, text))
        return fault_set(c->fault, ERR_PARSE, "%s is not canonical JSON", what);
    return OK;
}

static enum err member(struct check *c, const struct json *object, const char *key,
                       const char *what, struct str *ret)
{
    const struct json *v = json_get(object, key);
    if (!v || v->type != JSON_STRING)
        return fault_set(c->fault, ERR_PARSE, "%s has no \"%s\"", what, key);
    *ret = v->text;
    return OK;
}

static enum err read_parts(struct check *c, struct str bytes)
{
    struct tlog_packet *packet = &c->packet;
    const struct json *statement, *publication;
    TRY(tlog_packet_read(c->arena, bytes, c->fault, packet));
    TRY(read_proven(c, &packet->statement, "statement", &c->statement));
    TRY(read_proven(c, &packet->head, "period", &c->head));
    TRY(read_proven(c, &packet->publication, "publication", &c->publication));
    TRY(read_object(c, packet->statement.fact.content, "statement.json", &statement));
    TRY(member(c, statement, "period", "statement.json", &c->statement_period));
    TRY(member(c, statement, "plan_sha256", "statement.json", &c->statement_plan));
    TRY(tlog_head_parse(c->arena, packet->head.fact.content, c->fault, &c->period));
    TRY(read_object(c, packet->publication.fact.content, "publication.json", &publication));
    TRY(member(c, publication, "plan_sha256", "publication.json", &c->published_plan));
    c->policy = arena_new(c->arena, struct tlog_policy);
    return tlog_policy_parse(c->arena, c->crypto, packet->policy, c->fault, c->policy);
}

/* ---- the statement is what its entry commits to ---- */

static bool commits(const struct check *c, const struct tlog_fact *fact,
                    const struct tlog_entry *entry)
{
    struct merkle_hash hash = tlog_commit(c->crypto, fact->salt, fact->content);
    return merkle_same(&hash, &entry->sha256);
}

static enum err check_content(struct check *c)
{
    const struct tlog_entry *entry = &c->statement.entry;
    if (!str_is(entry->kind, TLOG_KIND_STATEMENT))
        return fault_set(c->fault, ERR_PROOF, "the entry is not one of a statement");
    if (!commits(c, &c->packet.statement.fact, entry))
        return fault_set(c->fault, ERR_PROOF, "the hash of statement.json and its salt differs");
    if (!str_eq(c->statement_period, entry->period))
        return fault_set(c->fault, ERR_PROOF, "the statement is of another period");
    return OK;
}

/* ---- the three entries are in one tree ---- */

static enum err check_inclusion(struct check *c, const struct reading *fact, const char *what)
{
    const struct tlog_checkpoint *tree = &c->verdict->checkpoint;
    struct merkle_hash leaf = merkle_leaf(c->crypto, fact->proven->fact.entry);
    if (fact->proof.has_extra)
        return fault_set(c->fault, ERR_PROOF, "the proof of the %s says more than it may", what);
    if (!str_eq(fact->proof.checkpoint, c->statement.proof.checkpoint))
        return fault_set(c->fault, ERR_PROOF, "the proof of the %s has another checkpoint", what);
    if (fact->entry.seq != fact->proof.index)
        return fault_set(c->fault, ERR_PROOF, "the %s is entry %llu, the proof is of %llu", what,
                         (unsigned long long)fact->entry.seq,
                         (unsigned long long)fact->proof.index);
    if (!merkle_check_inclusion(c->crypto, &leaf, fact->proof.index, tree->size,
                                fact->proof.hashes, fact->proof.count, &tree->root))
        return fault_set(c->fault, ERR_PROOF, "the %s is not in the tree", what);
    return OK;
}

static enum err check_tree(struct check *c, struct tlog_note *note)
{
    struct str bytes = c->statement.proof.checkpoint;
    struct tlog_checkpoint *tree = &c->verdict->checkpoint;
    TRY(tlog_note_parse(c->arena, bytes, c->fault, note));
    TRY(tlog_checkpoint_parse(c->arena, note->text, c->fault, tree));
    if (tree->extension.len > 0)
        return fault_set(c->fault, ERR_PROOF, "the checkpoint has extension lines");
    TRY(check_inclusion(c, &c->statement, "statement"));
    TRY(check_inclusion(c, &c->head, "period head"));
    return check_inclusion(c, &c->publication, "publication");
}

/* ---- signatures ---- */

static const struct tlog_key *known_key(const struct tlog_policy *policy,
                                        const struct tlog_signature *signature)
{
    for (size_t i = 0; i < policy->key_count; i++)
        if (tlog_signature_of(signature, &policy->keys[i]))
            return &policy->keys[i];
    return NULL;
}

/* Notes in general ignore unknown keys. In a statement file such a line would be bytes that nobody
 * answers for, so each must be by a key of the person's policy or of the file's, and hold. */
static enum err check_lines(struct check *c, const struct tlog_note *note)
{
    for (size_t i = 0; i < note->count; i++) {
        const struct tlog_signature *line = &note->signatures[i];
        const struct tlog_key *key = known_key(c->trust->policy, line);
        if (!key)
            key = known_key(c->policy, line);
        if (!key)
            return fault_set(c->fault, ERR_PROOF, "signature line %zu is by nobody known", i + 1);
        if (!tlog_signature_holds(c->arena, c->crypto, note, line, key))
            return fault_set(c->fault, ERR_PROOF, "the signature of " STR_FMT " does not hold",
                             STR_ARG(key->name));
        for (size_t j = 0; j < i; j++)
            if (tlog_signature_of(&note->signatures[j], key))
                return fault_set(c->fault, ERR_PROOF, STR_FMT " signs twice", STR_ARG(key->name));
    }
    c->verdict->signatures = note->count;
    return OK;
}

static enum err check_signatures(struct check *c, const struct tlog_note *note)
{
    TRY(tlog_policy_check(c->arena, c->crypto, c->trust->policy, note, &c->verdict->checkpoint,
                          c->fault));
    return check_lines(c, note);
}

/* ---- the period is complete ---- */

struct walk {
    struct merkle_range range;
    uint64_t next;       /* smallest seq that may follow */
    bool statement_last; /* of the statements so far, the last is that of the file */
};

static bool same_fact(const struct tlog_fact *a, const struct tlog_fact *b)
{
    return str_eq(a->entry, b->entry) && memcmp(a->salt, b->salt, sizeof a->salt) == 0;
}

static enum err walk_fact(struct check *c, const struct tlog_fact *fact, struct walk *walk)
{
    struct tlog_entry entry;
    const struct tlog_entry *head = &c->head.entry;
    TRY(tlog_entry_parse(c->arena, fact->entry, c->fault, &entry));
    if (entry.org != head->org || !str_eq(entry.subject, head->subject) ||
        !str_eq(entry.period, head->period))
        return fault_set(c->fault, ERR_PROOF, "it is of another person or period");
    if (entry.seq < walk->next || entry.seq >= head->seq)
        return fault_set(c->fault, ERR_PROOF, "it is out of order");
    if (!commits(c, fact, &entry))
        return fault_set(c->fault, ERR_PROOF, "its content is not what the log holds");
    struct merkle_hash leaf = merkle_leaf(c->crypto, fact->entry);
    merkle_range_add(c->crypto, &walk->range, &leaf);
    walk->next = entry.seq + 1;
    if (str_is(entry.kind, TLOG_KIND_STATEMENT))
        walk->statement_last = same_fact(fact, &c->packet.statement.fact);
    return OK;
}

static enum err walk_entries(struct check *c, struct walk *walk)
{
    for (size_t i = 0; i < c->packet.entry_count; i++) {
        struct arena_mark row = arena_mark(c->arena);
        enum err e = walk_fact(c, &c->packet.entries[i], walk);
        if (e)
            return fault_explain(c->fault, e, "entry %zu of the period", i);
        arena_reset(c->arena, row);
    }
    return OK;
}

static enum err check_period(struct check *c)
{
    const struct tlog_entry *head = &c->head.entry, *statement = &c->statement.entry;
    const struct tlog_head *period = &c->period;
    struct walk walk = { 0 };
    if (!str_is(head->kind, TLOG_KIND_PERIOD) || !commits(c, &c->packet.head.fact, head))
        return fault_set(c->fault, ERR_PROOF, "the period head is not what the log holds");
    if (head->org != statement->org || !str_eq(head->subject, statement->subject) ||
        !str_eq(head->subject, period->subject) || !str_eq(head->period, statement->period) ||
        head->subject.len == 0)
        return fault_set(c->fault, ERR_PROOF, "the period head is of another person or period");
    TRY(walk_entries(c, &walk));
    if (walk.range.size != period->count)
        return fault_set(c->fault, ERR_PROOF, "the period has %llu entries, the file %llu",
                         (unsigned long long)period->count, (unsigned long long)walk.range.size);
    struct merkle_hash root = merkle_range_root(c->crypto, &walk.range);
    if (!merkle_same(&root, &period->root))
        return fault_set(c->fault, ERR_PROOF, "the entries are not those of the period head");
    if (!walk.statement_last)
        return fault_set(c->fault, ERR_PROOF, "the statement is not the last one of the period");
    if (!str_eq(period->policy, c->packet.policy))
        return fault_set(c->fault, ERR_PROOF, "the policy is not that of the period head");
    return OK;
}

/* ---- the plan was published before ---- */

static enum err check_plan(struct check *c)
{
    const struct tlog_entry *entry = &c->publication.entry;
    if (!str_is(entry->kind, TLOG_KIND_PLAN) || entry->org != c->statement.entry.org ||
        entry->seq >= c->statement.entry.seq)
        return fault_set(c->fault, ERR_PROOF, "the plan was not published before the statement");
    if (!commits(c, &c->packet.publication.fact, entry))
        return fault_set(c->fault, ERR_PROOF, "the publication is not what the log holds");
    struct merkle_hash hash = merkle_sha256(c->crypto, c->packet.plan);
    struct str hex = hex_encode(c->arena, hash.b, sizeof hash.b);
    if (!str_eq(hex, c->published_plan))
        return fault_set(c->fault, ERR_PROOF, "plan.json is not the text that was published");
    if (!str_eq(hex, c->statement_plan))
        return fault_set(c->fault, ERR_PROOF, "the statement follows another plan");
    return OK;
}

/* ---- the checkpoint that the person holds is of the same history ---- */

static enum err check_extension(struct check *c, const struct tlog_checkpoint *older,
                                const struct tlog_checkpoint *newer)
{
    struct tlog_extension extension;
    struct tlog_note note;
    struct tlog_checkpoint to;
    if (c->trust->extension.len == 0)
        return fault_set(c->fault, ERR_PROOF,
                         "sizes %llu and %llu differ: the consistency proof is needed",
                         (unsigned long long)older->size, (unsigned long long)newer->size);
    TRY(tlog_extension_parse(c->arena, c->trust->extension, c->fault, &extension));
    TRY(tlog_note_parse(c->arena, extension.checkpoint, c->fault, &note));
    TRY(tlog_checkpoint_parse(c->arena, note.text, c->fault, &to));
    if (extension.old_size != older->size || to.size != newer->size ||
        !merkle_same(&to.root, &newer->root))
        return fault_set(c->fault, ERR_PROOF, "the consistency proof is of other checkpoints");
    if (!merkle_check_consistency(c->crypto, older->size, newer->size, &older->root, &newer->root,
                                  extension.hashes, extension.count))
        return fault_set(c->fault, ERR_PROOF, "a log of %llu entries does not extend one of %llu",
                         (unsigned long long)newer->size, (unsigned long long)older->size);
    return OK;
}

static enum err check_history(struct check *c)
{
    const struct tlog_checkpoint *ours = &c->verdict->checkpoint;
    struct tlog_note note;
    struct tlog_checkpoint held;
    if (c->trust->checkpoint.len == 0)
        return OK;
    TRY(tlog_note_parse(c->arena, c->trust->checkpoint, c->fault, &note));
    TRY(tlog_checkpoint_parse(c->arena, note.text, c->fault, &held));
    TRY(tlog_policy_check(c->arena, c->crypto, c->trust->policy, &note, &held, c->fault));
    if (!str_eq(held.origin, ours->origin))
        return fault_set(c->fault, ERR_PROOF, "your checkpoint is of another log");
    if (held.size != ours->size)
        return held.size < ours->size ? check_extension(c, &held, ours)
                                      : check_extension(c, ours, &held);
    if (!merkle_same(&held.root, &ours->root))
        return fault_set(c->fault, ERR_PROOF, "two trees of the same size: the log has forked");
    return OK;
}

void tlog_packet_check(struct arena *arena, const struct tlog_crypto *crypto, struct str bytes,
                       const struct tlog_trust *trust, struct tlog_verdict *ret)
{
    struct tlog_note note;
    memset(ret, 0, sizeof *ret);
    struct check c = { .arena = arena, .crypto = crypto, .trust = trust, .verdict = ret,
                       .fault = &ret->fault };
    if (read_parts(&c, bytes))
        ret->refusal = TLOG_REFUSED_FILE;
    else if (check_content(&c))
        ret->refusal = TLOG_REFUSED_CONTENT;
    else if (check_tree(&c, &note))
        ret->refusal = TLOG_REFUSED_INCLUSION;
    else if (check_signatures(&c, &note))
        ret->refusal = TLOG_REFUSED_SIGNATURE;
    else if (check_period(&c))
        ret->refusal = TLOG_REFUSED_PERIOD;
    else if (check_plan(&c))
        ret->refusal = TLOG_REFUSED_PLAN;
    else if (check_history(&c))
        ret->refusal = TLOG_REFUSED_HISTORY;
    if (ret->refusal == TLOG_ACCEPTED) {
        ret->statement = c.statement.entry;
        ret->head = c.period;
        ret->publication = c.publication.entry;
    }
}
