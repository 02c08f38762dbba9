/*
 * note.h - signed notes and their keys (C2SP signed-note, tlog-cosignature).
 *
 *     text, ending in a newline
 *     (empty line)
 *     — <key name> base64(4-byte key id ‖ signature)
 *
 * Parsing is strict: what was parsed writes back to the same bytes. Two signature types are known:
 * Ed25519 over the text, and the timestamped Ed25519 cosignature of a witness. Signatures by keys
 * that the caller does not know are kept and ignored, as the format demands; one by a known key
 * that does not verify refuses the note.
 */
#pragma once

#include "base/buf.h"
#include "engine/merkle/merkle.h"

#define TLOG_NOTE_MAX (1u << 20) /* bytes */
#define TLOG_SIGNATURES_MAX 64   /* the format asks for at least 16 */

enum tlog_key_type { TLOG_KEY_ED25519 = 0x01, TLOG_KEY_COSIGNATURE = 0x04 };

struct tlog_key {
    struct str name;
    uint8_t id[4];
    enum tlog_key_type type;
    uint8_t key[32];
};

/* The name of a key: not empty, valid UTF-8 without spaces, control characters and '+'. */
bool tlog_key_name_valid(struct str name);
/* First four bytes of SHA-256(name ‖ newline ‖ type ‖ key). */
void tlog_key_id(const struct tlog_crypto *crypto, struct str name, enum tlog_key_type type,
                 const uint8_t key[32], uint8_t ret[4]);
/* `name` is not copied. */
struct tlog_key tlog_key_make(const struct tlog_crypto *crypto, struct str name,
                              enum tlog_key_type type, const uint8_t key[32]);
/* "name+hex(id)+base64(type ‖ key)"; the id must be the right one. ERR_PARSE. */
NODISCARD enum err tlog_key_parse(struct arena *arena, const struct tlog_crypto *crypto,
                                  struct str text, struct fault *fault, struct tlog_key *ret);
struct str tlog_key_text(struct arena *arena, const struct tlog_key *key);

struct tlog_signature {
    struct str name;
    uint8_t id[4];
    struct str bytes; /* without the id */
};

struct tlog_note {
    struct str text; /* with its last newline */
    struct tlog_signature *signatures;
    size_t count;
};

/* ERR_PARSE names line and reason. Views into `bytes`, which must live as long. */
NODISCARD enum err tlog_note_parse(struct arena *arena, struct str bytes, struct fault *fault,
                                   struct tlog_note *ret);
void tlog_note_write(struct buf *out, const struct tlog_note *note);

/* Makes the 64 bytes over `message`. */
struct tlog_signer {
    struct tlog_key key;
    void (*sign)(void *state, struct str message, uint8_t ret[64]);
    void *state;
};
/* A signature of type TLOG_KEY_ED25519 appended to the note. */
void tlog_note_sign(struct arena *arena, struct tlog_note *note, const struct tlog_signer *signer);
/* A witness's cosignature (TLOG_KEY_COSIGNATURE) with the time it says it saw the checkpoint. */
void tlog_note_cosign(struct arena *arena, struct tlog_note *note,
                      const struct tlog_signer *signer, int64_t posix_time);

/* Does this signature come from this key (name and id)? */
bool tlog_signature_of(const struct tlog_signature *signature, const struct tlog_key *key);
/* Does it verify? `key` must be its key. */
bool tlog_signature_holds(struct arena *arena, const struct tlog_crypto *crypto,
                          const struct tlog_note *note, const struct tlog_signature *signature,
                          const struct tlog_key *key);
/* Checks every signature by one of `keys`; `signed_by[i]` tells which signed. ERR_PROOF names the
 * known key whose signature fails. None at all is for the caller to judge. */
NODISCARD enum err tlog_note_check(struct arena *arena, const struct tlog_crypto *crypto,
                                   const struct tlog_note *note, const struct tlog_key *keys,
                                   size_t key_count, struct fault *fault, bool *signed_by);
