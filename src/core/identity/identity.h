/*
 * identity.h - who is asking, and how far their permissions reach.
 *
 * A browser holds a session cookie, a program a bearer token. Both are 40 bytes in base64url: the
 * company's id and 32 random bytes, of which only a hash is stored. A cookie must come with the
 * session's CSRF token on everything that writes.
 *
 * Permissions come from roles: those granted to the login, and the role of the post the person
 * holds. A role names its permissions with a reach (own, squad, region, whole company); the grant's
 * unit, else the person's, says which squad and region that is.
 */
#pragma once

#include "core/core.h"
#include "core/job/job.h"
#include "entity/route.h"

extern const struct module identity_module;
extern const struct job_kind identity_jobs[];
extern const struct route sign_in_routes[], me_routes[], account_routes[];

/* For api_config.authenticate. */
enum err identity_authenticate(struct cx *cx, const struct request *in);
/* Fills cx->actor with the name, person and grants of a login; for the CLI and for tests too. */
NODISCARD enum err identity_load_actor(struct cx *cx, int64_t login);

struct company_new {
    struct str code, name, playbook;
};
/* Makes the company row and becomes it (cx->org). ERR_CONFLICT: the code is taken. */
NODISCARD enum err identity_add_company(struct cx *cx, const struct company_new *in);

struct login_new {
    struct str name, password_hash; /* of password_hash() */
    int64_t person;                 /* 0: stands for no person */
    const char *role;               /* code; NULL: none */
    int64_t unit;                   /* of the grant; 0: the person's */
    bool must_change;
};
NODISCARD enum err identity_add_login(struct cx *cx, const struct login_new *in, int64_t *ret);
/* The value of one cookie of a request; STR_NONE if absent. */
struct str identity_cookie(const struct request *in, const char *name);
/* Writes the `Me` object of the caller (ui/API.md §2). */
NODISCARD enum err identity_me(struct cx *cx, struct str csrf, struct reply *out);
struct login;
/* The opened one-time password secret of a login, as hexadecimal text. */
NODISCARD enum err identity_totp_secret(struct cx *cx, const struct login *login, struct str *ret);
