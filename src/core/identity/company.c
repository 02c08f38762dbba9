/* Making companies and logins: the CLI, the demo and tests. */
#include "core/identity/identity.gen.h"
#include "core/org/org.gen.h"
#include "core/identity/identity.h"

#include "entity/secret.h"

enum err identity_add_company(struct cx *cx, const struct company_new *in)
{
    struct company row = company_blank;
    row.code = in->code;
    row.name = in->name;
    row.playbook = in->playbook;
    TRY(company_insert(cx, &row));
    cx->org = row.id.v;
    cx->zone_minutes = (int)row.zone;
    cx->today = instant_date(cx->now, cx->zone_minutes);
    return OK;
}

static enum err grant_role(struct cx *cx, struct login_id login, const struct login_new *in)
{
    struct role_by_code_row role;
    enum err e = role_by_code(cx, (struct role_by_code_in){ .code = str_from(in->role) }, &role);
    if (e)
        return explain(cx, e, "role %s", in->role);
    struct role_grant row = role_grant_blank;
    row.login = login;
    row.role = role.id;
    row.unit.v = in->unit;
    row.from_on = cx->today;
    return role_grant_insert(cx, &row);
}

enum err identity_add_login(struct cx *cx, const struct login_new *in, int64_t *ret)
{
    struct login row = login_blank;
    row.name = in->name;
    row.person.v = in->person;
    row.password_hash = in->password_hash;
    row.password_at = cx->now;
    row.must_change = in->must_change;
    TRY(login_insert(cx, &row));
    *ret = row.id.v;
    return in->role ? grant_role(cx, row.id, in) : OK;
}

enum err identity_totp_secret(struct cx *cx, const struct login *login, struct str *ret)
{
    return secret_open(cx, &login_model, &login_model.fields[LOGIN_FIELD_TOTP_SECRET], login->id.v,
                       &login->totp_secret, ret);
}
