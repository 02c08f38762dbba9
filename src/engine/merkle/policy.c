#include "engine/merkle/policy.h"

/* The words of one line, left to right. */
struct words {
    struct str rest;
};

static bool next_word(struct words *words, struct str *ret)
{
    struct str s = words->rest;
    size_t from = 0;
    while (from < s.len && (s.data[from] == ' ' || s.data[from] == '\t'))
        from++;
    size_t to = from;
    while (to < s.len && s.data[to] != ' ' && s.data[to] != '\t')
        to++;
    *ret = str_cut(s, from, to);
    words->rest = str_cut(s, to, s.len);
    return to > from;
}

struct reading {
    struct arena *arena;
    const struct tlog_crypto *crypto;
    struct tlog_policy *policy;
    bool has_quorum;
    struct fault *fault;
};

static int find_node(const struct tlog_policy *policy, struct str name)
{
    for (int i = 0; i < policy->node_count; i++)
        if (str_eq(policy->nodes[i].name, name))
            return i;
    return -1;
}

static enum err add_key(struct reading *r, struct str text, bool is_log)
{
    struct tlog_policy *policy = r->policy;
    if (policy->key_count == TLOG_POLICY_KEYS_MAX)
        return fault_set(r->fault, ERR_PARSE, "more than %d keys", TLOG_POLICY_KEYS_MAX);
    struct tlog_key *key = &policy->keys[policy->key_count];
    TRY(tlog_key_parse(r->arena, r->crypto, text, r->fault, key));
    if (key->type != (is_log ? TLOG_KEY_ED25519 : TLOG_KEY_COSIGNATURE))
        return fault_set(r->fault, ERR_PARSE, "the key is not of the type that a %s uses",
                         is_log ? "log" : "witness");
    for (size_t i = 0; i < policy->key_count; i++)
        if (policy->is_log[i] == is_log && memcmp(policy->keys[i].key, key->key, 32) == 0)
            return fault_set(r->fault, ERR_PARSE, "the key stands there twice");
    policy->is_log[policy->key_count++] = is_log;
    return OK;
}

static enum err add_node(struct reading *r, struct str name, struct tlog_policy_node **ret)
{
    struct tlog_policy *policy = r->policy;
    if (str_is(name, "none") || find_node(policy, name) >= 0)
        return fault_set(r->fault, ERR_PARSE, "the name \"" STR_FMT "\" is taken", STR_ARG(name));
    if (policy->node_count == TLOG_POLICY_KEYS_MAX + TLOG_POLICY_GROUPS_MAX)
        return fault_set(r->fault, ERR_PARSE, "too many names");
    *ret = &policy->nodes[policy->node_count];
    **ret = (struct tlog_policy_node){ .name = name, .key = -1 };
    return OK;
}

/* A URL may follow a key; what it means is not ours. */
static enum err end_with_url(struct reading *r, struct words *words)
{
    struct str url, more;
    (void)next_word(words, &url);
    if (next_word(words, &more))
        return fault_set(r->fault, ERR_PARSE, "too many words");
    return OK;
}

static enum err read_log(struct reading *r, struct words *words)
{
    struct str key;
    if (!next_word(words, &key))
        return fault_set(r->fault, ERR_PARSE, "a log needs its key");
    TRY(add_key(r, key, true));
    return end_with_url(r, words);
}

static enum err read_witness(struct reading *r, struct words *words)
{
    struct str name, key;
    struct tlog_policy_node *node;
    if (!next_word(words, &name) || !next_word(words, &key))
        return fault_set(r->fault, ERR_PARSE, "a witness needs a name and a key");
    TRY(add_node(r, name, &node));
    TRY(add_key(r, key, false));
    node->key = (int)r->policy->key_count - 1;
    r->policy->node_count++;
    return end_with_url(r, words);
}

static enum err read_members(struct reading *r, struct words *words, struct tlog_policy_node *node)
{
    struct str member;
    while (next_word(words, &member)) {
        int at = find_node(r->policy, member);
        if (at < 0)
            return fault_set(r->fault, ERR_PARSE, "\"" STR_FMT "\" is not defined above",
                             STR_ARG(member));
        if (r->policy->nodes[at].used)
            return fault_set(r->fault, ERR_PARSE, "\"" STR_FMT "\" is in a group already",
                             STR_ARG(member));
        r->policy->nodes[at].used = true;
        node->members[node->member_count++] = at;
    }
    if (node->member_count == 0)
        return fault_set(r->fault, ERR_PARSE, "a group needs members");
    return OK;
}

static enum err read_group(struct reading *r, struct words *words)
{
    struct str name, need;
    struct tlog_policy_node *node;
    if (!next_word(words, &name) || !next_word(words, &need))
        return fault_set(r->fault, ERR_PARSE, "a group needs a name, a number and members");
    TRY(add_node(r, name, &node));
    TRY(read_members(r, words, node));
    uint64_t k = 1;
    if (str_is(need, "all"))
        k = (uint64_t)node->member_count;
    else if (!str_is(need, "any") && !tlog_size_parse(need, &k))
        return fault_set(r->fault, ERR_PARSE, "a group's number is any, all or a count");
    if (k < 1 || k > (uint64_t)node->member_count)
        return fault_set(r->fault, ERR_PARSE, "the group has %d members", node->member_count);
    node->need = (int)k;
    r->policy->node_count++;
    return OK;
}

static enum err read_quorum(struct reading *r, struct words *words)
{
    struct str name, more;
    if (r->has_quorum)
        return fault_set(r->fault, ERR_PARSE, "a second quorum");
    if (!next_word(words, &name) || next_word(words, &more))
        return fault_set(r->fault, ERR_PARSE, "quorum takes one name");
    r->policy->quorum = find_node(r->policy, name);
    if (r->policy->quorum < 0 && !str_is(name, "none"))
        return fault_set(r->fault, ERR_PARSE, "\"" STR_FMT "\" is not defined above",
                         STR_ARG(name));
    r->has_quorum = true;
    return OK;
}

static enum err read_line(struct reading *r, struct str line)
{
    struct words words = { line };
    struct str word;
    if (!next_word(&words, &word) || word.data[0] == '#')
        return OK;
    if (str_is(word, "log"))
        return read_log(r, &words);
    if (str_is(word, "witness"))
        return read_witness(r, &words);
    if (str_is(word, "group"))
        return read_group(r, &words);
    if (str_is(word, "quorum"))
        return read_quorum(r, &words);
    return fault_set(r->fault, ERR_PARSE, "the line is not log, witness, group or quorum");
}

static bool characters_allowed(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.data[i];
        if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
            return false;
    }
    return true;
}

enum err tlog_policy_parse(struct arena *arena, const struct tlog_crypto *crypto, struct str text,
                           struct fault *fault, struct tlog_policy *ret)
{
    if (text.len == 0 || text.len > TLOG_POLICY_BYTES_MAX || text.data[text.len - 1] != '\n')
        return fault_set(fault, ERR_PARSE, "the policy is empty, too long, or its last line has "
                                           "no end");
    if (!characters_allowed(text))
        return fault_set(fault, ERR_PARSE, "the policy has a control character");
    memset(ret, 0, sizeof *ret);
    ret->quorum = -1;
    ret->nodes = arena_array(arena, struct tlog_policy_node,
                             TLOG_POLICY_KEYS_MAX + TLOG_POLICY_GROUPS_MAX);
    struct reading r = { .arena = arena, .crypto = crypto, .policy = ret, .fault = fault };
    struct str rest = str_cut(text, 0, text.len - 1), line;
    for (int number = 1; str_split(&rest, '\n', &line); number++) {
        enum err e = read_line(&r, line);
        if (e) {
            fault->line = number;
            return fault_explain(fault, e, "policy line %d", number);
        }
    }
    if (!r.has_quorum)
        return fault_set(fault, ERR_PARSE, "the policy has no quorum line");
    return OK;
}

/* Groups name only what stands above them, so one walk upwards decides all. */
static bool quorum_met(const struct tlog_policy *policy, const bool *signed_by)
{
    bool met[TLOG_POLICY_KEYS_MAX + TLOG_POLICY_GROUPS_MAX];
    for (int i = 0; i < policy->node_count; i++) {
        const struct tlog_policy_node *node = &policy->nodes[i];
        int have = 0;
        for (int m = 0; m < node->member_count; m++)
            have += met[node->members[m]];
        met[i] = node->key >= 0 ? signed_by[node->key] : have >= node->need;
    }
    return policy->quorum < 0 || met[policy->quorum];
}

enum err tlog_policy_check(struct arena *arena, const struct tlog_crypto *crypto,
                           const struct tlog_policy *policy, const struct tlog_note *note,
                           const struct tlog_checkpoint *checkpoint, struct fault *fault)
{
    bool signed_by[TLOG_POLICY_KEYS_MAX];
    TRY(tlog_note_check(arena, crypto, note, policy->keys, policy->key_count, fault, signed_by));
    bool by_log = false;
    for (size_t i = 0; i < policy->key_count; i++)
        by_log |= policy->is_log[i] && signed_by[i] &&
                  str_eq(policy->keys[i].name, checkpoint->origin);
    if (!by_log)
        return fault_set(fault, ERR_PROOF,
                         "the checkpoint of " STR_FMT " is not signed by a log of the policy",
                         STR_ARG(checkpoint->origin));
    if (!quorum_met(policy, signed_by))
        return fault_set(fault, ERR_PROOF, "too few witnesses have signed the checkpoint");
    return OK;
}
