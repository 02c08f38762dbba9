/* Vectors of others; tests/vectors/transparency/README.md names source and licence. */
#include "engine/merkle/testkit.h"

#include "base/hex.h"
#include "base/io.h"
#include "base/json.h"
#include "base/test.h"

#include <dirent.h>
#include <sodium.h>

static const struct json *load(const char *path)
{
    struct fault fault = { 0 };
    struct str text;
    const struct json *v = NULL;
    const char *full = str_cstr(test_arena(), str_fmt(test_arena(), QIBING_VECTORS "/%s", path));
    enum err e = io_read_file(test_arena(), full, 1 << 24, &fault, &text);
    if (!e)
        e = json_read(test_arena(), text, (struct json_limits){ 0 }, &fault, &v);
    CHECK(!e, "%s: %s", path, fault.message);
    return v;
}

static struct str text_of(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v ? v->text : STR_NONE;
}

static int64_t number_of(const struct json *object, const char *key)
{
    int64_t n = -1;
    CHECK(json_i64(json_get(object, key), &n), "%s", key);
    return n;
}

static struct str hex_of(const struct json *object, const char *key)
{
    struct str bytes = STR_NONE;
    CHECK(hex_decode(test_arena(), text_of(object, key), &bytes), "%s", key);
    return bytes;
}

static bool wants_error(const struct json *v)
{
    const struct json *flag = json_get(v, "wantErr");
    return flag && flag->type == JSON_TRUE;
}

/* A size beyond 2^63 cannot be given to the checker: a refusal too. */
static bool size_of(const struct json *object, const char *key, uint64_t *ret)
{
    return tlog_size_parse(text_of(object, key), ret);
}

/* A hash that is not 32 bytes cannot even be given to the checker: that is a refusal too. */
static bool read_proof(const struct json *list, struct merkle_proof *ret)
{
    *ret = (struct merkle_proof){ 0 };
    for (const struct json *h = list ? list->first : NULL; h; h = h->next)
        if (ret->count == MERKLE_PROOF_MAX ||
            !tlog_hash_parse(test_arena(), h->text, &ret->hash[ret->count++]))
            return false;
    return true;
}

static bool inclusion_holds(const struct json *v)
{
    struct merkle_hash leaf, root;
    struct merkle_proof proof;
    uint64_t index, size;
    return size_of(v, "leafIdx", &index) && size_of(v, "treeSize", &size) &&
           tlog_hash_parse(test_arena(), text_of(v, "leafHash"), &leaf) &&
           tlog_hash_parse(test_arena(), text_of(v, "root"), &root) &&
           read_proof(json_get(v, "proof"), &proof) &&
           merkle_check_inclusion(&testkit_crypto, &leaf, index, size, proof.hash, proof.count,
                                  &root);
}

static bool consistency_holds(const struct json *v)
{
    struct merkle_hash old_root, new_root;
    struct merkle_proof proof;
    uint64_t old_size, new_size;
    return size_of(v, "size1", &old_size) && size_of(v, "size2", &new_size) &&
           tlog_hash_parse(test_arena(), text_of(v, "root1"), &old_root) &&
           tlog_hash_parse(test_arena(), text_of(v, "root2"), &new_root) &&
           read_proof(json_get(v, "proof"), &proof) &&
           merkle_check_consistency(&testkit_crypto, old_size, new_size, &old_root, &new_root,
                                    proof.hash, proof.count);
}

/* All files of merkle/<kind>/<n>/; returns how many. */
static int folder(const char *path, bool (*holds)(const struct json *v))
{
    int files = 0;
    DIR *dir = opendir(str_cstr(test_arena(), str_fmt(test_arena(), QIBING_VECTORS "/%s", path)));
    CHECK(dir, "%s", path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!str_ends(str_from(entry->d_name), STR(".json")))
            continue;
        const char *file =
            str_cstr(test_arena(), str_fmt(test_arena(), "%s/%s", path, entry->d_name));
        const struct json *v = load(file);
        CHECK_EQ(holds(v), !wants_error(v), "%s", file);
        files++;
    }
    if (dir)
        closedir(dir);
    return files;
}

TEST(vectors_inclusion)
{
    int files = folder("merkle/inclusion/0", inclusion_holds) +
                folder("merkle/inclusion/1", inclusion_holds) +
                folder("merkle/inclusion/2", inclusion_holds) +
                folder("merkle/inclusion/single-entry", inclusion_holds);
    CHECK_EQ(files, 53);
}

TEST(vectors_consistency)
{
    int files = folder("merkle/consistency/0", consistency_holds) +
                folder("merkle/consistency/1", consistency_holds) +
                folder("merkle/consistency/2", consistency_holds);
    CHECK_EQ(files, 43);
}

static struct merkle_hash hex_hash(struct str text)
{
    struct merkle_hash hash = { 0 };
    struct str bytes;
    bool fine = hex_decode(test_arena(), text, &bytes) && bytes.len == 32;
    CHECK(fine);
    if (fine)
        memcpy(hash.b, bytes.data, 32);
    return hash;
}

static void same_proof(const struct merkle_proof *got, const struct json *want)
{
    CHECK_EQ(got->count, want->count);
    size_t i = 0;
    for (const struct json *h = want->first; h && i < got->count; h = h->next, i++) {
        struct merkle_hash hash = hex_hash(h->text);
        CHECK(merkle_same(&got->hash[i], &hash), "hash %zu", i);
    }
}

TEST(vectors_rfc6962_tree)
{
    const struct json *v = load("merkle/rfc6962_reference_tree.json");
    struct testkit_log log = testkit_log_open(test_arena(), "x", 8);
    for (const struct json *leaf = json_get(v, "leaf_inputs_hex")->first; leaf; leaf = leaf->next) {
        struct str bytes;
        CHECK(hex_decode(test_arena(), leaf->text, &bytes));
        testkit_add(&log, bytes);
    }
    struct merkle_hash empty = merkle_empty(&testkit_crypto);
    struct merkle_hash want = hex_hash(text_of(v, "empty_root_hex"));
    CHECK(merkle_same(&empty, &want));
    for (const struct json *r = json_get(v, "root_by_tree_size_hex")->first; r; r = r->next) {
        uint64_t size;
        CHECK(tlog_size_parse(r->key, &size));
        struct merkle_hash root = testkit_root(&log, size);
        want = hex_hash(r->text);
        CHECK(merkle_same(&root, &want), "size %d", (int)size);
    }
    struct merkle_reader reader = testkit_reader(&log);
    struct merkle_proof proof;
    struct fault fault = { 0 };
    int level = 0;
    for (const struct json *row = json_get(v, "complete_subtree_hashes_by_level_hex")->first; row;
         row = row->next, level++) {
        uint64_t index = 0;
        for (const struct json *h = row->first; h; h = h->next, index++) {
            struct merkle_hash got;
            CHECK_EQ(reader.read(&log, level, index, &got, &fault), OK);
            want = hex_hash(h->text);
            CHECK(merkle_same(&got, &want), "subtree %d %d", level, (int)index);
        }
    }
    for (const struct json *p = json_get(v, "inclusion_proofs")->first; p; p = p->next) {
        CHECK_EQ(merkle_inclusion(&testkit_crypto, &reader, (uint64_t)number_of(p, "leaf_index"),
                                  (uint64_t)number_of(p, "tree_size"), &fault, &proof), OK);
        same_proof(&proof, json_get(p, "proof_hex"));
    }
    for (const struct json *p = json_get(v, "consistency_proofs")->first; p; p = p->next) {
        CHECK_EQ(merkle_consistency(&testkit_crypto, &reader, (uint64_t)number_of(p, "size1"),
                                    (uint64_t)number_of(p, "size2"), &fault, &proof), OK);
        same_proof(&proof, json_get(p, "proof_hex"));
    }
}

TEST(vectors_larger_trees)
{
    const struct json *v = load("merkle/larger_trees.json");
    struct merkle_range range = { 0 };
    for (const struct json *r = json_get(v, "root_by_tree_size_hex")->first; r; r = r->next) {
        uint64_t size;
        CHECK(tlog_size_parse(r->key, &size) && size >= range.size);
        while (range.size < size) {
            struct merkle_hash leaf = merkle_leaf(
                &testkit_crypto,
                str_fmt(test_arena(), "%llu", (unsigned long long)range.size));
            merkle_range_add(&testkit_crypto, &range, &leaf);
        }
        struct merkle_hash root = merkle_range_root(&testkit_crypto, &range);
        struct merkle_hash want = hex_hash(r->text);
        CHECK(merkle_same(&root, &want), "size %d", (int)size);
    }
    CHECK_EQ(range.size, 10000);
}

/* ---- signatures ---- */

static bool ed25519_holds(struct str key, struct str message, struct str signature)
{
    return key.len == 32 && signature.len == 64 &&
           testkit_crypto.ed25519_verify((const uint8_t *)key.data, message,
                                         (const uint8_t *)signature.data);
}

TEST(vectors_ed25519_wycheproof)
{
    const struct json *v = load("signatures/ed25519_test.json");
    int count = 0;
    for (const struct json *g = json_get(v, "testGroups")->first; g; g = g->next) {
        struct str key = hex_of(json_get(g, "publicKey"), "pk");
        for (const struct json *t = json_get(g, "tests")->first; t; t = t->next, count++)
            CHECK_EQ(ed25519_holds(key, hex_of(t, "msg"), hex_of(t, "sig")),
                     str_is(text_of(t, "result"), "valid"), "test %d", (int)number_of(t, "tcId"));
    }
    CHECK_EQ(count, 151);
}

TEST(vectors_rfc8032)
{
    const struct json *v = load("signatures/rfc8032_section7_1.json");
    CHECK_EQ(v->count, 3);
    for (const struct json *t = v->first; t; t = t->next) {
        uint8_t public[32], secret[64], signature[64];
        struct str seed = hex_of(t, "secret_key"), message = hex_of(t, "message");
        crypto_sign_seed_keypair(public, secret, (const uint8_t *)seed.data);
        crypto_sign_detached(signature, NULL, (const uint8_t *)message.data, message.len, secret);
        CHECK_STR(((struct str){ (char *)public, 32 }), hex_of(t, "public_key"));
        CHECK_STR(((struct str){ (char *)signature, 64 }), hex_of(t, "signature"));
        CHECK(ed25519_holds(hex_of(t, "public_key"), message, hex_of(t, "signature")));
    }
}

TEST(vectors_hmac_sha256)
{
    const struct json *v = load("signatures/hmac_sha256_test.json");
    int count = 0;
    for (const struct json *g = json_get(v, "testGroups")->first; g; g = g->next) {
        size_t tag_len = (size_t)number_of(g, "tagSize") / 8;
        for (const struct json *t = json_get(g, "tests")->first; t; t = t->next, count++) {
            struct str key = hex_of(t, "key"), message = hex_of(t, "msg"), tag = hex_of(t, "tag");
            uint8_t mac[crypto_auth_hmacsha256_BYTES];
            crypto_auth_hmacsha256_state state;
            crypto_auth_hmacsha256_init(&state, (const uint8_t *)key.data, key.len);
            crypto_auth_hmacsha256_update(&state, (const uint8_t *)message.data, message.len);
            crypto_auth_hmacsha256_final(&state, mac);
            bool same = tag.len == tag_len && memcmp(mac, tag.data, tag_len) == 0;
            CHECK_EQ(same, str_is(text_of(t, "result"), "valid"), "test %d",
                     (int)number_of(t, "tcId"));
        }
    }
    CHECK_EQ(count, 174);
}

TEST(vectors_signed_note)
{
    const struct json *v = load("signatures/signed_note_example.json");
    struct fault fault = { 0 };
    struct tlog_key key;
    struct tlog_note note;
    bool by;
    CHECK_EQ(tlog_key_parse(test_arena(), &testkit_crypto, text_of(v, "verifier_key"), &fault,
                            &key), OK);
    CHECK_STR(tlog_key_text(test_arena(), &key), text_of(v, "verifier_key"));
    struct str bytes = str_fmt(test_arena(), STR_FMT "\n" STR_FMT "\n", STR_ARG(text_of(v, "text")),
                               STR_ARG(text_of(v, "signature_line")));
    CHECK_EQ(tlog_note_parse(test_arena(), bytes, &fault, &note), OK, "%s", fault.message);
    CHECK_EQ(tlog_note_check(test_arena(), &testkit_crypto, &note, &key, 1, &fault, &by), OK);
    CHECK(by);
}

/* ---- canonical JSON ---- */

TEST(vectors_canonical_json)
{
    /* Our values are text, truth and whole numbers; what has others must be refused. */
    static const struct {
        const char *name;
        bool ours;
    } files[] = { { "arrays", true }, { "unicode", true }, { "structures", false },
                  { "values", false } };
    for (size_t i = 0; i < COUNT(files); i++) {
        struct fault fault = { 0 };
        const char *name = files[i].name;
        const char *in = str_cstr(test_arena(), str_fmt(test_arena(), "jcs/input/%s.json", name));
        const char *out = str_cstr(test_arena(),
            str_fmt(test_arena(), QIBING_VECTORS "/jcs/output/%s.json", name));
        struct str got, want;
        enum err e = json_canonical(test_arena(), load(in), &fault, &got);
        CHECK_EQ(e, files[i].ours ? OK : ERR_INVALID, "%s", name);
        CHECK_EQ(io_read_file(test_arena(), out, 1 << 20, &fault, &want), OK);
        if (!e)
            CHECK_STR(got, want, "%s", name);
    }
}
