/* put.h - what answers say again and again, written one way: labels, references, days, times. */
#pragma once

#include "entity/cx.h"

#include "base/json.h"

/* {"zh", "en"}; a text without English is given in Chinese. */
void put_label(struct json_writer *w, const char *key, struct str zh, struct str en);
/* {"id", "name"}; id 0: null. */
void put_ref(struct json_writer *w, const char *key, int64_t id, struct str name);
void put_number(struct json_writer *w, const char *key, int64_t v);
void put_text(struct json_writer *w, const char *key, struct str v);
void put_day(struct cx *cx, struct json_writer *w, const char *key, struct date day);
void put_instant(struct cx *cx, struct json_writer *w, const char *key, struct instant at);

/* SHA-256 in lower-case hexadecimal: by this name a text is known in facts and answers. */
struct str sha256_hex(struct arena *arena, struct str text);
