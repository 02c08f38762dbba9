/* Appending: in the transaction of the fact, so that neither exists without the other. */
#include "base/hex.h"
#include "core/proof/keeper.h"
#include "core/proof/tree.h"
#include "db/db.h"

#include <sodium.h>

enum err proof_keeper_of(struct cx *cx, struct proof_keeper **ret)
{
    *ret = cx_core(cx)->proof;
    return *ret ? OK : fail(cx, ERR_UNAVAILABLE, "the proof log's keys are not open here");
}

struct str proof_policy_text(struct cx *cx, struct str vkey)
{
    return str_fmt(cx->arena, "log " STR_FMT "\nquorum none\n", STR_ARG(vkey));
}

/* ---- opening ---- */

enum err proof_log_now(struct cx *cx, struct proof_log_current_row *ret)
{
    return proof_log_current(cx, ret);
}

/* "<host>/log/<code>"; a later log keeps the name of the first and adds its number. */
static enum err name_log(struct cx *cx, const struct proof_keeper *keeper, int64_t number,
                         struct str *ret)
{
    struct proof_logs_cursor cursor;
    const struct proof_logs_row *first = NULL;
    struct str code;
    TRY(proof_logs(cx, &cursor));
    TRY(proof_logs_next(cx, &cursor, &first));
    if (first) {
        db_rows_close(cursor.rows);
        *ret = str_fmt(cx->arena, STR_FMT "/%lld", STR_ARG(first->origin), (long long)number);
        return OK;
    }
    TRY(proof_company_code(cx, &code));
    *ret = str_fmt(cx->arena, "%s/log/" STR_FMT, keeper_host(keeper), STR_ARG(code));
    return OK;
}

enum err proof_log_make(struct cx *cx, int64_t number)
{
    struct proof_keeper *keeper;
    struct tlog_signer signer;
    struct str origin;
    TRY(proof_keeper_of(cx, &keeper));
    TRY(name_log(cx, keeper, number, &origin));
    if (!tlog_key_name_valid(origin))
        return fail(cx, ERR_INVALID, "\"" STR_FMT "\" cannot name a log", STR_ARG(origin));
    /* A command may run twice: a key that is there already is the one of the first run. */
    TRY(keeper_signer(keeper, cx->arena, cx->org, number, origin, true, &cx->fault, &signer));
    keeper_wipe(&signer);
    return proof_log_open(cx, (struct proof_log_open_in){ number, origin,
                              tlog_key_text(cx->arena, &signer.key), cx->now }, NULL);
}

static enum err open_first(struct cx *cx)
{
    uint8_t key[32];
    struct proof_keeper *keeper;
    int64_t opened;
    TRY(proof_keeper_of(cx, &keeper));
    TRY(proof_guard_open(cx, &opened));
    if (opened != 1)
        return fail(cx, ERR_RETRY, "another entry opened the log");
    TRY(keeper_subject_key(keeper, cx->org, true, &cx->fault, key));
    sodium_memzero(key, sizeof key);
    TRY(proof_log_make(cx, 1));
    return proof_tree_open(cx, NULL);
}

static enum err take_number(struct cx *cx, int64_t *seq)
{
    int64_t taken;
    TRY(proof_take(cx, &taken));
    if (!taken) {
        enum err e = open_first(cx);
        if (e)
            return explain(cx, e, "opening the proof log");
        TRY(proof_take(cx, &taken));
    }
    TRY(proof_appended(cx, seq));
    --*seq;
    return OK;
}

/* ---- subjects ---- */

static enum err subject_bytes(struct cx *cx, int64_t person, struct str period, uint8_t ret[32])
{
    struct proof_keeper *keeper;
    uint8_t key[32], id[8];
    crypto_auth_hmacsha256_state state;
    TRY(proof_keeper_of(cx, &keeper));
    TRY(keeper_subject_key(keeper, cx->org, false, &cx->fault, key));
    for (int i = 0; i < 8; i++) /* fixed length, so that person ‖ period has one reading */
        id[i] = (uint8_t)((uint64_t)person >> (56 - 8 * i));
    crypto_auth_hmacsha256_init(&state, key, sizeof key);
    crypto_auth_hmacsha256_update(&state, id, sizeof id);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)period.data, period.len);
    crypto_auth_hmacsha256_final(&state, ret);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&state, sizeof state);
    return OK;
}

enum err proof_subject(struct cx *cx, int64_t person, struct str period, struct str *ret)
{
    uint8_t bytes[32];
    TRY(subject_bytes(cx, person, period, bytes));
    *ret = hex_encode(cx->arena, bytes, sizeof bytes);
    return OK;
}

/* ---- entries ---- */

static enum err check_fact(struct cx *cx, const struct proof_fact *fact)
{
    const struct json *v;
    struct str canonical;
    if (!tlog_word_valid(str_from(fact->kind)) || !tlog_word_valid(fact->period))
        return fail(cx, ERR_INVALID, "kind or period cannot stand in an entry");
    TRY(json_read(cx->arena, fact->content, (struct json_limits){ .bytes = TLOG_PACKET_MAX },
                  &cx->fault, &v));
    TRY(json_canonical(cx->arena, v, &cx->fault, &canonical));
    if (!str_eq(canonical, fact->content))
        return fail(cx, ERR_INVALID, "the content is not canonical JSON");
    return OK;
}

static struct str bytes_of(const uint8_t *bytes)
{
    return (struct str){ (const char *)bytes, 32 };
}

/* A text without address is NULL in the database; these columns are never NULL. */
static struct str or_empty(struct str s)
{
    return s.len ? s : STR("");
}

static enum err insert_entry(struct cx *cx, const struct proof_fact *fact,
                             const struct tlog_entry *entry, const uint8_t *subject,
                             const uint8_t *salt)
{
    struct buf text = buf_in(cx->arena);
    tlog_entry_write(&text, entry);
    struct merkle_hash leaf = merkle_leaf(&proof_crypto, buf_view(&text));
    return proof_entry_add(cx, (struct proof_entry_add_in){
        .seq = (int64_t)entry->seq, .kind = entry->kind,
        .subject = subject ? bytes_of(subject) : STR_NONE, .person = { fact->person },
        .period = or_empty(entry->period), .at = cx->now,
        .entity = or_empty(str_from(fact->entity)),
        .row = { fact->row }, .content = fact->content, .salt = bytes_of(salt),
        .digest = bytes_of(entry->sha256.b), .leaf = bytes_of(leaf.b) }, NULL);
}

enum err proof_append(struct cx *cx, const struct proof_fact *fact, int64_t *ret)
{
    int64_t seq;
    uint8_t salt[TLOG_SALT_BYTES], subject[32];
    enum err e = check_fact(cx, fact);
    if (e)
        return explain(cx, e, "logging a fact of kind %s", fact->kind);
    TRY(take_number(cx, &seq));
    cx_random(cx, salt, sizeof salt);
    struct tlog_entry entry = {
        .org = cx->org, .seq = (uint64_t)seq, .kind = str_from(fact->kind),
        .period = fact->period, .at = instant_text(cx->arena, cx->now),
        .sha256 = tlog_commit(&proof_crypto, salt, fact->content),
    };
    if (fact->person) {
        TRY(subject_bytes(cx, fact->person, fact->period, subject));
        entry.subject = hex_encode(cx->arena, subject, sizeof subject);
    }
    TRY(insert_entry(cx, fact, &entry, fact->person ? subject : NULL, salt));
    if (ret)
        *ret = seq;
    return OK;
}

/* ---- period heads ---- */

static enum err period_range(struct cx *cx, struct str subject, struct str period,
                             struct merkle_range *range)
{
    struct proof_of_subject_cursor cursor;
    const struct proof_of_subject_row *row;
    TRY(proof_of_subject(cx, (struct proof_of_subject_in){ subject, period, INT64_MAX }, &cursor));
    for (;;) {
        struct arena_mark mark = arena_mark(cx->arena);
        struct merkle_hash leaf;
        TRY(proof_of_subject_next(cx, &cursor, &row));
        if (!row)
            return OK;
        if (row->leaf.len != sizeof leaf.b)
            return fail(cx, ERR_CORRUPT, "the leaf of entry %lld is damaged", (long long)row->seq);
        memcpy(leaf.b, row->leaf.data, sizeof leaf.b);
        merkle_range_add(&proof_crypto, range, &leaf);
        arena_reset(cx->arena, mark);
    }
}

enum err proof_append_head(struct cx *cx, int64_t person, struct str period, int64_t *ret)
{
    uint8_t subject[32];
    struct proof_log_current_row log;
    struct merkle_range range = { 0 };
    TRY(subject_bytes(cx, person, period, subject));
    TRY(period_range(cx, bytes_of(subject), period, &range));
    TRY(proof_log_now(cx, &log));
    struct tlog_head head = {
        .count = range.size, .root = merkle_range_root(&proof_crypto, &range),
        .subject = hex_encode(cx->arena, subject, sizeof subject),
        .policy = proof_policy_text(cx, log.vkey),
    };
    struct proof_fact fact = { .kind = TLOG_KIND_PERIOD, .person = person, .period = period,
                               .entity = "", .content = tlog_head_write(cx->arena, &head) };
    return proof_append(cx, &fact, ret);
}

enum err proof_erase(struct cx *cx, int64_t person, int64_t *entries)
{
    return proof_entries_erase(cx, (struct proof_entries_erase_in){ { person }, cx->now },
                               entries);
}
