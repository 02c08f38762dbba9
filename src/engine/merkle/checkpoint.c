#include "engine/merkle/checkpoint.h"

#include "base/hex.h"

#define PROOF_MAGIC "c2sp.org/tlog-proof@v1"

bool tlog_size_parse(struct str text, uint64_t *ret)
{
    int64_t value;
    bool zero = text.len > 0 && text.data[0] == '0';
    if (text.len == 0 || text.data[0] == '-' || (zero && text.len > 1) ||
        !str_to_i64(text, &value))
        return false;
    *ret = (uint64_t)value;
    return true;
}

bool tlog_hash_parse(struct arena *arena, struct str text, struct merkle_hash *ret)
{
    struct str bytes;
    if (text.len != 44 || !base64_decode(arena, text, &bytes) || bytes.len != 32)
        return false;
    memcpy(ret->b, bytes.data, 32);
    return true;
}

static void add_hash(struct buf *out, const struct merkle_hash *hash)
{
    buf_str(out, base64_encode(out->arena, hash->b, sizeof hash->b));
    buf_char(out, '\n');
}

/* Takes a line with its newline off `*rest`. False: no newline is left. */
static bool take_line(struct str *rest, struct str *ret)
{
    ptrdiff_t end = str_find_char(*rest, '\n');
    if (end < 0)
        return false;
    *ret = str_cut(*rest, 0, (size_t)end);
    *rest = str_cut(*rest, (size_t)end + 1, rest->len);
    return true;
}

static bool take_word(struct str *line, struct str word)
{
    if (!str_starts(*line, word))
        return false;
    *line = str_cut(*line, word.len, line->len);
    return true;
}

/* Lines of hashes up to an empty line, at most `max`. */
static enum err take_hashes(struct arena *arena, struct str *rest, size_t max, struct fault *fault,
                            struct merkle_hash **hashes, size_t *count)
{
    struct merkle_hash *found = arena_array(arena, struct merkle_hash, max);
    for (size_t n = 0;; n++) {
        struct str line;
        if (!take_line(rest, &line))
            return fault_set(fault, ERR_PARSE, "the proof ends before its empty line");
        if (line.len == 0) {
            *hashes = found;
            *count = n;
            return OK;
        }
        if (n == max)
            return fault_set(fault, ERR_PARSE, "more than %zu hashes", max);
        if (!tlog_hash_parse(arena, line, &found[n]))
            return fault_set(fault, ERR_PARSE, "hash %zu is not 32 bytes in base64", n + 1);
    }
}

enum err tlog_checkpoint_parse(struct arena *arena, struct str text, struct fault *fault,
                               struct tlog_checkpoint *ret)
{
    struct str rest = text, size, root, line;
    *ret = (struct tlog_checkpoint){ 0 };
    if (!take_line(&rest, &ret->origin) || !take_line(&rest, &size) || !take_line(&rest, &root))
        return fault_set(fault, ERR_PARSE, "a checkpoint has origin, size and root");
    if (ret->origin.len == 0)
        return fault_set(fault, ERR_PARSE, "the checkpoint's origin is empty");
    if (!tlog_size_parse(size, &ret->size))
        return fault_set(fault, ERR_PARSE, "the checkpoint's size is not a number");
    if (!tlog_hash_parse(arena, root, &ret->root))
        return fault_set(fault, ERR_PARSE, "the checkpoint's root is not 32 bytes in base64");
    ret->extension = rest;
    while (rest.len > 0)
        if (!take_line(&rest, &line) || line.len == 0)
            return fault_set(fault, ERR_PARSE, "the checkpoint has an empty extension line");
    return OK;
}

struct str tlog_checkpoint_text(struct arena *arena, const struct tlog_checkpoint *checkpoint)
{
    struct buf out = buf_in(arena);
    buf_str(&out, checkpoint->origin);
    buf_fmt(&out, "\n%llu\n", (unsigned long long)checkpoint->size);
    add_hash(&out, &checkpoint->root);
    buf_str(&out, checkpoint->extension);
    return buf_view(&out);
}

enum err tlog_extension_parse(struct arena *arena, struct str bytes, struct fault *fault,
                              struct tlog_extension *ret)
{
    struct str rest = bytes, line;
    *ret = (struct tlog_extension){ 0 };
    if (!take_line(&rest, &line) || !take_word(&line, STR("old ")) ||
        !tlog_size_parse(line, &ret->old_size))
        return fault_set(fault, ERR_PARSE, "the first line is not \"old <size>\"");
    TRY(take_hashes(arena, &rest, TLOG_EXTENSION_HASHES_MAX, fault, &ret->hashes, &ret->count));
    ret->checkpoint = rest;
    if (!str_eq(tlog_extension_text(arena, ret), bytes))
        return fault_set(fault, ERR_PARSE, "the consistency proof is not in its only form");
    return OK;
}

struct str tlog_extension_text(struct arena *arena, const struct tlog_extension *extension)
{
    struct buf out = buf_in(arena);
    buf_fmt(&out, "old %llu\n", (unsigned long long)extension->old_size);
    for (size_t i = 0; i < extension->count; i++)
        add_hash(&out, &extension->hashes[i]);
    buf_char(&out, '\n');
    buf_str(&out, extension->checkpoint);
    return buf_view(&out);
}

static enum err parse_extra(struct arena *arena, struct str *rest, struct str *line,
                            struct fault *fault, struct tlog_proof *ret)
{
    if (!take_word(line, STR("extra ")))
        return OK;
    ret->has_extra = true;
    if (!base64_decode(arena, *line, &ret->extra) || !take_line(rest, line))
        return fault_set(fault, ERR_PARSE, "the extra line is not base64");
    return OK;
}

enum err tlog_proof_parse(struct arena *arena, struct str bytes, struct fault *fault,
                          struct tlog_proof *ret)
{
    struct str rest = bytes, line;
    *ret = (struct tlog_proof){ 0 };
    if (bytes.len > TLOG_NOTE_MAX)
        return fault_set(fault, ERR_PARSE, "the proof is larger than %u bytes", TLOG_NOTE_MAX);
    if (!take_line(&rest, &line) || !str_is(line, PROOF_MAGIC) || !take_line(&rest, &line))
        return fault_set(fault, ERR_PARSE, "it does not begin with " PROOF_MAGIC);
    TRY(parse_extra(arena, &rest, &line, fault, ret));
    if (!take_word(&line, STR("index ")) || !tlog_size_parse(line, &ret->index))
        return fault_set(fault, ERR_PARSE, "the index line is missing or not a number");
    TRY(take_hashes(arena, &rest, MERKLE_PROOF_MAX, fault, &ret->hashes, &ret->count));
    ret->checkpoint = rest;
    if (!str_eq(tlog_proof_text(arena, ret), bytes))
        return fault_set(fault, ERR_PARSE, "the proof is not in its only form");
    return OK;
}

struct str tlog_proof_text(struct arena *arena, const struct tlog_proof *proof)
{
    struct buf out = buf_in(arena);
    buf_cstr(&out, PROOF_MAGIC "\n");
    if (proof->has_extra) {
        buf_cstr(&out, "extra ");
        buf_str(&out, base64_encode(arena, proof->extra.data, proof->extra.len));
        buf_char(&out, '\n');
    }
    buf_fmt(&out, "index %llu\n", (unsigned long long)proof->index);
    for (size_t i = 0; i < proof->count; i++)
        add_hash(&out, &proof->hashes[i]);
    buf_char(&out, '\n');
    buf_str(&out, proof->checkpoint);
    return buf_view(&out);
}
