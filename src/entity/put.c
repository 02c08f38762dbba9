#include "entity/put.h"

#include "base/hex.h"
#include "entity/model.h"

#include <sodium.h>

void put_label(struct json_writer *w, const char *key, struct str zh, struct str en)
{
    json_key(w, key);
    json_begin_object(w);
    json_key(w, "zh");
    json_put_str(w, zh);
    json_key(w, "en");
    json_put_str(w, en.len ? en : zh);
    json_end_object(w);
}

void put_ref(struct json_writer *w, const char *key, int64_t id, struct str name)
{
    json_key(w, key);
    if (!id) {
        json_put_null(w);
        return;
    }
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, id);
    json_key(w, "name");
    json_put_str(w, name);
    json_end_object(w);
}

void put_number(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    json_put_i64(w, v);
}

void put_text(struct json_writer *w, const char *key, struct str v)
{
    json_key(w, key);
    json_put_str(w, v);
}

void put_day(struct cx *cx, struct json_writer *w, const char *key, struct date day)
{
    json_key(w, key);
    if (day.day == DATE_ABSENT)
        json_put_null(w);
    else
        json_put_str(w, date_text(cx->arena, day));
}

void put_instant(struct cx *cx, struct json_writer *w, const char *key, struct instant at)
{
    json_key(w, key);
    if (!at.us)
        json_put_null(w);
    else
        json_put_str(w, instant_text(cx->arena, at));
}

struct str sha256_hex(struct arena *arena, struct str text)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)text.data, text.len);
    return hex_encode(arena, digest, sizeof digest);
}
