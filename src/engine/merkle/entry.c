#include "engine/merkle/entry.h"

#include "base/hex.h"
#include "base/json.h"
#include "engine/merkle/checkpoint.h"

bool tlog_word_valid(struct str word)
{
    if (word.len > 64)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == ':' || c == '-';
        if (!fine)
            return false;
    }
    return true;
}

static void add_hex(struct buf *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *room = buf_reserve(out, 2 * len);
    for (size_t i = 0; i < len; i++) {
        room[2 * i] = digits[bytes[i] >> 4];
        room[2 * i + 1] = digits[bytes[i] & 15];
    }
    out->len += 2 * len;
}

static void add_word(struct buf *out, const char *before, struct str word)
{
    assert(tlog_word_valid(word));
    buf_cstr(out, before);
    buf_str(out, word);
}

void tlog_entry_write(struct buf *out, const struct tlog_entry *entry)
{
    add_word(out, "{\"at\":\"", entry->at);
    add_word(out, "\",\"kind\":\"", entry->kind);
    buf_cstr(out, "\",\"org\":\"");
    buf_i64(out, entry->org);
    add_word(out, "\",\"period\":\"", entry->period);
    buf_cstr(out, "\",\"seq\":");
    buf_i64(out, (int64_t)entry->seq);
    buf_cstr(out, ",\"sha256\":\"");
    add_hex(out, entry->sha256.b, sizeof entry->sha256.b);
    add_word(out, "\",\"subject\":\"", entry->subject);
    buf_cstr(out, "\",\"v\":1}");
}

/* ---- reading ---- */

static struct str member_text(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_STRING ? v->text : STR_NONE;
}

static bool member_word(const struct json *object, const char *key, struct str *ret)
{
    *ret = member_text(object, key);
    return ret->data != NULL && tlog_word_valid(*ret);
}

static bool member_size(const struct json *object, const char *key, uint64_t *ret)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_NUMBER && tlog_size_parse(v->text, ret);
}

static bool member_bytes(struct arena *arena, const struct json *object, const char *key,
                         uint8_t ret[32])
{
    struct str bytes, text = member_text(object, key);
    if (text.len != 64 || !hex_decode(arena, text, &bytes) || bytes.len != 32)
        return false;
    memcpy(ret, bytes.data, 32);
    return true;
}

static bool read_members(struct arena *arena, const struct json *v, struct tlog_entry *entry)
{
    return v->type == JSON_OBJECT && member_word(v, "at", &entry->at) &&
           member_word(v, "kind", &entry->kind) && member_word(v, "period", &entry->period) &&
           member_word(v, "subject", &entry->subject) &&
           str_to_i64(member_text(v, "org"), &entry->org) && member_size(v, "seq", &entry->seq) &&
           member_bytes(arena, v, "sha256", entry->sha256.b);
}

enum err tlog_entry_parse(struct arena *arena, struct str bytes, struct fault *fault,
                          struct tlog_entry *ret)
{
    const struct json *v;
    if (bytes.len > TLOG_ENTRY_MAX)
        return fault_set(fault, ERR_PARSE, "an entry has at most %d bytes", TLOG_ENTRY_MAX);
    TRY(json_read(arena, bytes, (struct json_limits){ .depth = 2 }, fault, &v));
    *ret = (struct tlog_entry){ 0 };
    if (!read_members(arena, v, ret))
        return fault_set(fault, ERR_PARSE, "the entry lacks a member or has a bad one");
    struct buf again = buf_in(arena);
    tlog_entry_write(&again, ret);
    if (!str_eq(buf_view(&again), bytes))
        return fault_set(fault, ERR_PARSE, "the entry is not in its only form");
    return OK;
}

struct merkle_hash tlog_commit(const struct tlog_crypto *crypto, const uint8_t salt[32],
                               struct str content)
{
    struct str parts[] = { { (const char *)salt, TLOG_SALT_BYTES }, content };
    struct merkle_hash hash;
    crypto->sha256(parts, COUNT(parts), hash.b);
    return hash;
}

/* ---- period heads ---- */

struct str tlog_head_write(struct arena *arena, const struct tlog_head *head)
{
    struct buf out = buf_in(arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "count");
    json_put_i64(&w, (int64_t)head->count);
    json_key(&w, "kind");
    json_put_cstr(&w, TLOG_KIND_PERIOD);
    json_key(&w, "policy");
    json_put_str(&w, head->policy);
    json_key(&w, "root");
    json_put_str(&w, base64_encode(arena, head->root.b, sizeof head->root.b));
    json_key(&w, "subject");
    json_put_str(&w, head->subject);
    json_end_object(&w);
    return buf_view(&out);
}

enum err tlog_head_parse(struct arena *arena, struct str content, struct fault *fault,
                         struct tlog_head *ret)
{
    const struct json *v;
    TRY(json_read(arena, content, (struct json_limits){ .depth = 2 }, fault, &v));
    *ret = (struct tlog_head){ .subject = member_text(v, "subject"),
                               .policy = member_text(v, "policy") };
    if (!member_size(v, "count", &ret->count) ||
        !tlog_hash_parse(arena, member_text(v, "root"), &ret->root) ||
        !str_eq(tlog_head_write(arena, ret), content))
        return fault_set(fault, ERR_PARSE, "the period head is not in its only form");
    return OK;
}
