/* fixture.h - a small company behind a running api, on one engine. */
#pragma once

#include "base/test.h"
#include "db/db_testing.h"
#include "entity/route.h"

/* Who can ask; authenticated by the header "x-who". */
enum who { NOBODY, BOSS, ANNA, BERT, LEAD, CLERK, OTHER_BOSS };

struct company {
    struct db_fixture db;
    struct api *api;
    struct id_source *ids;
    struct fault fault;
    VEC(struct arena *) arenas; /* of the replies */
};

extern const struct model sample_model;

/* Orgs 7 and 8. Units of 7: /101/ (all), /101/102/ (north), /101/103/ (south). People: ANNA in
 * north, BERT in south, LEAD leads north, BOSS all, CLERK may read only. */
bool company_open(struct company *c, enum db_engine engine);
void company_close(struct company *c);

struct call_options {
    const char *key;      /* Idempotency-Key */
    const char *if_match;
    const char *type;     /* of the body; NULL: JSON */
    const char *language; /* NULL: en */
};
/* "GET /api/v1/shops?q=x"; body may be NULL. */
const struct reply *ask_with(struct company *c, enum who who, enum method method,
                             const char *target, struct str body, struct call_options options);
const struct reply *ask(struct company *c, enum who who, enum method method, const char *target,
                        const char *body);
/* The reply as JSON; fails the test when it is none. */
const struct json *answer(const struct reply *reply);
/* Text of a member, "" when absent: field(answer(r), "code"). A path may have dots and indexes:
 * "items.0.name". */
struct str field(const struct json *v, const char *path);
struct str body_of(const struct reply *reply);

#define CHECK_STATUS(asked, want)                                                   \
    do {                                                                            \
        const struct reply *reply_ = (asked);                                       \
        CHECK_EQ(reply_->status ? reply_->status : 200, want, STR_FMT,              \
                 STR_ARG(body_of(reply_)));                                         \
    } while (0)
