#include "engine/merkle/note.h"

#include "base/hex.h"

#define DASH "\xe2\x80\x94 " /* U+2014 and a space */

/* ---- keys ---- */

/* White space of Unicode, which key names must not have (Unicode property White_Space). */
static bool is_space(uint32_t c)
{
    return c <= 0x20 || c == 0x7f || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

bool tlog_key_name_valid(struct str name)
{
    if (name.len == 0 || !utf8_valid(name))
        return false;
    for (size_t at = 0; at < name.len;) {
        uint32_t c = utf8_next(name, &at);
        if (is_space(c) || c == '+')
            return false;
    }
    return true;
}

void tlog_key_id(const struct tlog_crypto *crypto, struct str name, enum tlog_key_type type,
                 const uint8_t key[32], uint8_t ret[4])
{
    const char middle[2] = { '\n', (char)type };
    struct str parts[] = { name, { middle, 2 }, { (const char *)key, 32 } };
    uint8_t hash[32];
    crypto->sha256(parts, COUNT(parts), hash);
    memcpy(ret, hash, 4);
}

struct tlog_key tlog_key_make(const struct tlog_crypto *crypto, struct str name,
                              enum tlog_key_type type, const uint8_t key[32])
{
    struct tlog_key made = { .name = name, .type = type };
    memcpy(made.key, key, 32);
    tlog_key_id(crypto, name, type, key, made.id);
    return made;
}

enum err tlog_key_parse(struct arena *arena, const struct tlog_crypto *crypto, struct str text,
                        struct fault *fault, struct tlog_key *ret)
{
    ptrdiff_t first = str_find_char(text, '+');
    struct str rest = first < 0 ? STR_NONE : str_cut(text, (size_t)first + 1, text.len);
    ptrdiff_t second = first < 0 ? -1 : str_find_char(rest, '+');
    if (second < 0)
        return fault_set(fault, ERR_PARSE, "a key is written name+id+base64");
    struct str name = str_cut(text, 0, (size_t)first);
    struct str id_text = str_cut(rest, 0, (size_t)second), id, key;
    if (!tlog_key_name_valid(name))
        return fault_set(fault, ERR_PARSE, "the key's name is empty or has a space");
    if (!base64_decode(arena, str_cut(rest, (size_t)second + 1, rest.len), &key))
        return fault_set(fault, ERR_PARSE, "the key is not base64");
    if (key.len != 33 || (key.data[0] != TLOG_KEY_ED25519 && key.data[0] != TLOG_KEY_COSIGNATURE))
        return fault_set(fault, ERR_PARSE, "the key is not of type 1 or 4 with 32 bytes");

    *ret = tlog_key_make(crypto, name, (enum tlog_key_type)key.data[0],
                         (const uint8_t *)key.data + 1);
    id = hex_encode(arena, ret->id, sizeof ret->id);
    if (!str_eq(id, id_text))
        return fault_set(fault, ERR_PARSE, "the key's id is " STR_FMT ", not " STR_FMT,
                         STR_ARG(id), STR_ARG(str_cut(id_text, 0, 16)));
    return OK;
}

struct str tlog_key_text(struct arena *arena, const struct tlog_key *key)
{
    uint8_t bytes[33] = { (uint8_t)key->type };
    memcpy(bytes + 1, key->key, 32);
    struct str id = hex_encode(arena, key->id, sizeof key->id);
    struct str encoded = base64_encode(arena, bytes, sizeof bytes);
    return str_fmt(arena, STR_FMT "+" STR_FMT "+" STR_FMT, STR_ARG(key->name), STR_ARG(id),
                   STR_ARG(encoded));
}

/* ---- reading ---- */

static enum err bad_line(struct fault *fault, int line, const char *reason)
{
    enum err e = fault_set(fault, ERR_PARSE, "signature line %d %s", line, reason);
    return e;
}

static enum err parse_signature(struct arena *arena, struct str line, int number,
                                struct fault *fault, struct tlog_signature *ret)
{
    if (!str_starts(line, STR(DASH)))
        return bad_line(fault, number, "does not begin with a dash");
    struct str rest = str_cut(line, sizeof DASH - 1, line.len), bytes;
    ptrdiff_t space = str_find_char(rest, ' ');
    if (space <= 0)
        return bad_line(fault, number, "has no key name");
    ret->name = str_cut(rest, 0, (size_t)space);
    if (!tlog_key_name_valid(ret->name))
        return bad_line(fault, number, "has a bad key name");
    if (!base64_decode(arena, str_cut(rest, (size_t)space + 1, rest.len), &bytes) || bytes.len < 5)
        return bad_line(fault, number, "is not base64 of a key id and a signature");
    memcpy(ret->id, bytes.data, 4);
    ret->bytes = str_cut(bytes, 4, bytes.len);
    return OK;
}

static enum err check_characters(struct str bytes, struct fault *fault)
{
    if (bytes.len > TLOG_NOTE_MAX)
        return fault_set(fault, ERR_PARSE, "the note is larger than %u bytes", TLOG_NOTE_MAX);
    if (!utf8_valid(bytes))
        return fault_set(fault, ERR_PARSE, "the note is not UTF-8");
    for (size_t i = 0; i < bytes.len; i++)
        if ((uint8_t)bytes.data[i] < 0x20 && bytes.data[i] != '\n')
            return fault_set(fault, ERR_PARSE, "the note has a control character");
    return OK;
}

/* Where the text ends: after the last empty line's first newline. 0: there is none. */
static size_t text_end(struct str bytes)
{
    for (size_t i = bytes.len; i >= 2; i--)
        if (bytes.data[i - 1] == '\n' && bytes.data[i - 2] == '\n')
            return i - 1;
    return 0;
}

enum err tlog_note_parse(struct arena *arena, struct str bytes, struct fault *fault,
                         struct tlog_note *ret)
{
    TRY(check_characters(bytes, fault));
    size_t end = text_end(bytes);
    if (end == 0 || end + 1 >= bytes.len || bytes.data[bytes.len - 1] != '\n')
        return fault_set(fault, ERR_PARSE, "the note is not text, an empty line and signatures");
    *ret = (struct tlog_note){ .text = str_cut(bytes, 0, end) };
    ret->signatures = arena_array(arena, struct tlog_signature, TLOG_SIGNATURES_MAX);
    struct str rest = str_cut(bytes, end + 1, bytes.len - 1), line;
    for (int number = 1; str_split(&rest, '\n', &line); number++) {
        if (ret->count == TLOG_SIGNATURES_MAX)
            return fault_set(fault, ERR_PARSE, "more than %d signatures", TLOG_SIGNATURES_MAX);
        TRY(parse_signature(arena, line, number, fault, &ret->signatures[ret->count]));
        ret->count++;
    }
    /* What is not written back the same has a byte that means nothing. */
    struct buf again = buf_in(arena);
    tlog_note_write(&again, ret);
    if (!str_eq(buf_view(&again), bytes))
        return fault_set(fault, ERR_PARSE, "the note is not in its only form");
    return OK;
}

void tlog_note_write(struct buf *out, const struct tlog_note *note)
{
    buf_str(out, note->text);
    buf_char(out, '\n');
    for (size_t i = 0; i < note->count; i++) {
        const struct tlog_signature *s = &note->signatures[i];
        struct buf bytes = buf_in(out->arena);
        buf_add(&bytes, s->id, sizeof s->id);
        buf_str(&bytes, s->bytes);
        struct str encoded = base64_encode(out->arena, bytes.data, bytes.len);
        buf_cstr(out, DASH);
        buf_str(out, s->name);
        buf_char(out, ' ');
        buf_str(out, encoded);
        buf_char(out, '\n');
    }
}

/* ---- signing ---- */

static void add_signature(struct arena *arena, struct tlog_note *note, const struct tlog_key *key,
                          struct str bytes)
{
    assert(note->count < TLOG_SIGNATURES_MAX);
    struct tlog_signature *grown = arena_array(arena, struct tlog_signature, note->count + 1);
    if (note->count)
        memcpy(grown, note->signatures, note->count * sizeof *grown);
    grown[note->count] = (struct tlog_signature){ .name = key->name, .bytes = bytes };
    memcpy(grown[note->count].id, key->id, 4);
    note->signatures = grown;
    note->count++;
}

void tlog_note_sign(struct arena *arena, struct tlog_note *note, const struct tlog_signer *signer)
{
    assert(signer->key.type == TLOG_KEY_ED25519);
    assert(note->text.len > 0 && note->text.data[note->text.len - 1] == '\n');
    char *bytes = arena_alloc(arena, 64);
    signer->sign(signer->state, note->text, (uint8_t *)bytes);
    add_signature(arena, note, &signer->key, (struct str){ bytes, 64 });
}

/* What a witness signs: C2SP tlog-cosignature, "Ed25519 signed message". */
static struct str cosigned_message(struct arena *arena, uint64_t posix_time, struct str text)
{
    return str_fmt(arena, "cosignature/v1\ntime %llu\n" STR_FMT, (unsigned long long)posix_time,
                   STR_ARG(text));
}

void tlog_note_cosign(struct arena *arena, struct tlog_note *note,
                      const struct tlog_signer *signer, int64_t posix_time)
{
    assert(signer->key.type == TLOG_KEY_COSIGNATURE);
    assert(posix_time >= 0);
    uint64_t t = (uint64_t)posix_time;
    uint8_t *bytes = arena_alloc(arena, 72);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(t >> (56 - 8 * i));
    signer->sign(signer->state, cosigned_message(arena, t, note->text), bytes + 8);
    add_signature(arena, note, &signer->key, (struct str){ (const char *)bytes, 72 });
}

/* ---- checking ---- */

bool tlog_signature_of(const struct tlog_signature *signature, const struct tlog_key *key)
{
    return memcmp(signature->id, key->id, 4) == 0 && str_eq(signature->name, key->name);
}

static bool cosignature_holds(struct arena *arena, const struct tlog_crypto *crypto,
                              struct str text, const uint8_t *bytes, const uint8_t key[32])
{
    uint64_t t = 0;
    for (int i = 0; i < 8; i++)
        t = t << 8 | bytes[i];
    if (t > INT64_MAX)
        return false;
    return crypto->ed25519_verify(key, cosigned_message(arena, t, text), bytes + 8);
}

bool tlog_signature_holds(struct arena *arena, const struct tlog_crypto *crypto,
                          const struct tlog_note *note, const struct tlog_signature *signature,
                          const struct tlog_key *key)
{
    const uint8_t *bytes = (const uint8_t *)signature->bytes.data;
    switch (key->type) {
    case TLOG_KEY_ED25519:
        return signature->bytes.len == 64 && crypto->ed25519_verify(key->key, note->text, bytes);
    case TLOG_KEY_COSIGNATURE:
        return signature->bytes.len == 72 &&
               cosignature_holds(arena, crypto, note->text, bytes, key->key);
    }
    return false;
}

enum err tlog_note_check(struct arena *arena, const struct tlog_crypto *crypto,
                         const struct tlog_note *note, const struct tlog_key *keys,
                         size_t key_count, struct fault *fault, bool *signed_by)
{
    for (size_t k = 0; k < key_count; k++) {
        signed_by[k] = false;
        for (size_t s = 0; s < note->count; s++) {
            if (!tlog_signature_of(&note->signatures[s], &keys[k]))
                continue;
            if (!tlog_signature_holds(arena, crypto, note, &note->signatures[s], &keys[k]))
                return fault_set(fault, ERR_PROOF, "the signature of " STR_FMT " does not hold",
                                 STR_ARG(keys[k].name));
            signed_by[k] = true;
        }
    }
    return OK;
}
