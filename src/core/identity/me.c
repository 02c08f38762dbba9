/* Who am I: what the pages need to know of the caller. */
#include "core/identity/identity.h"

#include "core/identity/identity.gen.h"
#include "core/identity/token.h"
#include "core/org/org.gen.h"
#include "core/proof/proof.h"
#include "entity/model.h"
#include "entity/put.h"

/* Like put_ref, but left open: more fields follow. */
static void begin_ref(struct json_writer *w, const char *key, int64_t id, struct str name)
{
    json_key(w, key);
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, id);
    json_key(w, "name");
    json_put_str(w, name);
}

static void put_role(struct json_writer *w, struct str code, struct str name, struct str name_en)
{
    json_begin_object(w);
    json_key(w, "code");
    json_put_str(w, code);
    put_label(w, "label", name, name_en);
    json_end_object(w);
}

static enum err put_roles(struct cx *cx, struct json_writer *w, struct post_id post)
{
    struct role_of_login_cursor granted;
    struct role_of_post_cursor held;
    const struct role_of_login_row *grant;
    const struct role_of_post_row *role;
    json_key(w, "roles");
    json_begin_array(w);
    TRY(role_of_login(cx, (struct role_of_login_in){ { cx->actor.login }, cx->today }, &granted));
    for (;;) {
        TRY(role_of_login_next(cx, &granted, &grant));
        if (!grant)
            break;
        put_role(w, grant->code, grant->name, grant->name_en);
    }
    if (post.v) {
        TRY(role_of_post(cx, (struct role_of_post_in){ .post = post }, &held));
        for (;;) {
            TRY(role_of_post_next(cx, &held, &role));
            if (!role)
                break;
            put_role(w, role->code, role->name, role->name_en);
        }
    }
    json_end_array(w);
    return OK;
}

static void put_permissions(struct cx *cx, struct json_writer *w)
{
    json_key(w, "permissions");
    json_begin_array(w);
    for (int i = 1; i < cx->model->permission_count; i++)
        if (cx_may(cx, i))
            json_put_cstr(w, cx->model->permissions[i].name);
    json_end_array(w);
}

/* How a phone comes to know the log that its statements are checked against. */
static enum err put_log(struct cx *cx, struct json_writer *w, struct str code)
{
    struct proof_status log = { 0 };
    json_key(w, "log");
    if (cx_core(cx)->proof)
        TRY(proof_status(cx, &log));
    if (!log.number) {
        json_put_null(w);
        return OK;
    }
    json_begin_object(w);
    json_key(w, "origin");
    json_put_str(w, log.origin);
    json_key(w, "vkey");
    json_put_str(w, log.vkey);
    json_key(w, "path");
    json_put_str(w, str_fmt(cx->arena, "/log/" STR_FMT, STR_ARG(code)));
    json_end_object(w);
    return OK;
}

enum err identity_me(struct cx *cx, struct str csrf, struct reply *out)
{
    struct company company;
    struct login login;
    struct person person = person_blank;
    TRY(company_get(cx, (struct company_id){ cx->org }, &company));
    TRY(login_get(cx, (struct login_id){ cx->actor.login }, &login));
    if (login.person.v)
        TRY(person_get(cx, login.person, &person));
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    begin_ref(&w, "org", cx->org, company.name);
    json_key(&w, "code");
    json_put_str(&w, company.code);
    json_end_object(&w);
    begin_ref(&w, "login", login.id.v, login.name);
    json_key(&w, "totp_on");
    json_put_bool(&w, login.totp_on);
    json_key(&w, "must_change");
    json_put_bool(&w, login.must_change);
    json_end_object(&w);
    put_ref(&w, "person", person.id.v, person.name);
    TRY(put_roles(cx, &w, person.post));
    put_permissions(cx, &w);
    json_key(&w, "locale");
    json_put_cstr(&w, login.locale == LOGIN_LOCALE_EN ? "en" : "zh");
    json_key(&w, "csrf");
    json_put_str(&w, csrf);
    TRY(put_log(cx, &w, company.code));
    json_end_object(&w);
    return OK;
}

static enum err me_get(struct cx *cx, const struct request *in, struct reply *out)
{
    struct str hash, csrf = STR_NONE;
    int64_t org;
    if (token_read(cx->arena, identity_cookie(in, "qibing"), &org, &hash) && org == cx->org) {
        struct session_by_token_row row;
        TRY(session_by_token(cx, (struct session_by_token_in){ .token_hash = hash }, &row));
        csrf = str_copy(cx->arena, row.csrf);
    }
    return identity_me(cx, csrf, out);
}

static enum err me_patch(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct json *locale = json_get(in->json, "locale");
    if (!locale || locale->type != JSON_STRING ||
        (!str_is(locale->text, "zh") && !str_is(locale->text, "en")))
        problem(cx, "locale", "choice", "zh or en", "应为 zh 或 en");
    TRY(problems_end(cx));
    struct login login;
    TRY(login_get(cx, (struct login_id){ cx->actor.login }, &login));
    login.locale = str_is(locale->text, "en") ? LOGIN_LOCALE_EN : LOGIN_LOCALE_ZH;
    TRY(login_update(cx, &login));
    return me_get(cx, in, out);
}

const struct route me_routes[] = {
    { GET, "/me", me_get, .may = MAY_SIGNED_IN, .about = "Who am I, and what may I do",
      .about_zh = "当前账号及权限" },
    { PATCH, "/me", me_patch, .may = MAY_SIGNED_IN, .body = BODY_JSON,
      .about = "Change my language", .about_zh = "修改界面语言" },
    { 0 },
};
