/*
 * Passwords, one-time passwords and tokens: what changes how a login proves itself. Hashing happens
 * on a worker (.before), the change on the writer.
 */
#include "core/identity/identity.h"

#include "base/hex.h"
#include "core/identity/grants.h"
#include "core/identity/identity.gen.h"
#include "core/org/org.gen.h"
#include "core/identity/token.h"
#include "core/identity/totp.h"
#include "entity/secret.h"
#include "may.gen.h"

struct new_password {
    struct str hash;
};

static enum err text_of(struct cx *cx, const struct request *in, const char *name, struct str *ret)
{
    const struct json *v = json_get(in->json, name);
    if (!v || v->type != JSON_STRING)
        problem(cx, name, "required", "%s is needed", "请填写 %s", name);
    else
        *ret = v->text;
    return problems_end(cx);
}

static enum err hash_new(struct cx *cx, struct str password, struct str login_name, void **ret)
{
    struct new_password *made = arena_new(cx->arena, struct new_password);
    TRY(password_check(password, login_name, &cx->fault));
    TRY(password_hash(cx_core(cx)->passwords, cx->arena, password, &cx->fault, &made->hash));
    *ret = made;
    return OK;
}

/* A login out of reach looks like one that is not there. One without a person is of the company. */
static enum err reach_login(struct cx *cx, struct login_id id, struct login *ret)
{
    struct person person = person_blank;
    struct unit unit = unit_blank;
    TRY(login_get(cx, id, ret));
    if (ret->person.v) {
        TRY(person_get(cx, ret->person, &person));
        TRY(unit_get(cx, person.unit, &unit));
    }
    if (cx_reaches(cx, MAY_LOGIN_MANAGE, ret->person.v, unit.path))
        return OK;
    return refuse(cx, ERR_NOT_FOUND, "there is no such login", "没有找到该账号");
}

static enum err set_password_before(struct cx *cx, const struct request *in, void **ret)
{
    int64_t id;
    struct login login;
    struct str password;
    TRY(request_id(cx, in, "id", &id));
    TRY(reach_login(cx, (struct login_id){ id }, &login));
    TRY(text_of(cx, in, "password", &password));
    return hash_new(cx, password, login.name, ret);
}

static enum err keep_password(struct cx *cx, struct login *login, const struct new_password *made,
                              bool must_change)
{
    login->password_hash = made->hash;
    login->password_at = cx->now;
    login->must_change = must_change;
    TRY(login_update(cx, login));
    /* Whoever knew the old password is out. */
    return session_end_all(cx, (struct session_end_all_in){ login->id, cx->now }, NULL);
}

static enum err set_password(struct cx *cx, const struct request *in, struct reply *out)
{
    int64_t id;
    struct login login;
    TRY(request_id(cx, in, "id", &id));
    TRY(reach_login(cx, (struct login_id){ id }, &login));
    out->status = 204;
    return keep_password(cx, &login, in->before, true);
}

static enum err own_password_before(struct cx *cx, const struct request *in, void **ret)
{
    struct login login;
    struct str old, password;
    TRY(text_of(cx, in, "old", &old));
    TRY(text_of(cx, in, "password", &password));
    TRY(login_get(cx, (struct login_id){ cx->actor.login }, &login));
    bool good;
    TRY(password_verify(cx_core(cx)->passwords, old, login.password_hash, &cx->fault, &good));
    if (!good) {
        problem(cx, "old", "wrong", "the present password is wrong", "原密码有误");
        return problems_end(cx);
    }
    return hash_new(cx, password, login.name, ret);
}

static enum err own_password(struct cx *cx, const struct request *in, struct reply *out)
{
    struct login login;
    TRY(login_get(cx, (struct login_id){ cx->actor.login }, &login));
    out->status = 204;
    return keep_password(cx, &login, in->before, false);
}

/* A secret is made and shown; it counts only when a code proves that the app has it. */
static enum err totp_begin(struct cx *cx, const struct request *in, struct reply *out)
{
    (void)in;
    struct login login;
    unsigned char secret[TOTP_SECRET_BYTES];
    TRY(login_get(cx, (struct login_id){ cx->actor.login }, &login));
    if (login.totp_on)
        return refuse(cx, ERR_STATE, "the one-time password is on already", "动态验证码已启用");
    cx_random(cx, secret, sizeof secret);
    login.totp_secret = (struct secret){ .plain = hex_encode(cx->arena, secret, sizeof secret) };
    TRY(login_update(cx, &login));
    struct str text = totp_base32(cx->arena, (struct str){ (char *)secret, sizeof secret });
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "secret");
    json_put_str(&w, text);
    json_key(&w, "uri");
    json_put_str(&w, str_fmt(cx->arena, "otpauth://totp/Qibing:" STR_FMT "?secret=" STR_FMT
                             "&issuer=Qibing", STR_ARG(login.name), STR_ARG(text)));
    json_end_object(&w);
    return OK;
}

static enum err totp_confirm(struct cx *cx, const struct request *in, struct reply *out)
{
    struct login login;
    struct str code, secret, bytes;
    TRY(text_of(cx, in, "code", &code));
    TRY(login_get(cx, (struct login_id){ cx->actor.login }, &login));
    if (!login.totp_secret.sealed.data)
        return refuse(cx, ERR_STATE, "begin first", "请先开始设置动态验证码");
    TRY(identity_totp_secret(cx, &login, &secret));
    if (!hex_decode(cx->arena, secret, &bytes) || !totp_verify(bytes, code, cx->now, NULL)) {
        problem(cx, "code", "wrong", "the code is wrong", "动态验证码有误");
        return problems_end(cx);
    }
    login.totp_on = true;
    out->status = 204;
    return login_update(cx, &login);
}

static enum err totp_end(struct cx *cx, const struct request *in, struct reply *out)
{
    (void)in;
    struct login login;
    TRY(login_get(cx, (struct login_id){ cx->actor.login }, &login));
    login.totp_on = false;
    login.totp_step = ABSENT;
    login.totp_secret = (struct secret){ 0 };
    out->status = 204;
    return login_update(cx, &login);
}

enum err login_disable(struct cx *cx, struct login *row, const struct login_disable_in *in)
{
    (void)in;
    if (row->id.v == cx->actor.login)
        return refuse(cx, ERR_STATE, "you cannot disable your own login", "不能停用自己的账号");
    TRY(session_end_all(cx, (struct session_end_all_in){ row->id, cx->now }, NULL));
    return login_move(cx, row, LOGIN_DISABLED);
}

enum err login_enable(struct cx *cx, struct login *row, const struct login_enable_in *in)
{
    (void)in;
    return login_move(cx, row, LOGIN_ACTIVE);
}

enum err role_check(struct cx *cx, const struct role *old, const struct role *row)
{
    (void)old;
    return grants_check(cx, row->permissions);
}

enum err api_token_issue(struct cx *cx, const struct api_token_issue_in *in,
                         struct api_token_issue_out *out)
{
    struct login login;
    TRY(reach_login(cx, in->login, &login));
    struct token token = token_make(cx);
    struct api_token row = api_token_blank;
    row.login = in->login;
    row.name = in->name;
    row.token_hash = token.hash;
    row.expires_at = in->expires_at;
    out->token = token.text;
    return api_token_insert(cx, &row);
}

enum err api_token_revoke(struct cx *cx, struct api_token *row,
                          const struct api_token_revoke_in *in)
{
    (void)in;
    row->ended_at = cx->now;
    return api_token_update(cx, row);
}

const struct route account_routes[] = {
    { POST, "/logins/{id}/password", set_password, .may = MAY_LOGIN_MANAGE, .body = BODY_JSON,
      .before = set_password_before, .about = "Set a login's password; it must be changed at the "
      "next sign-in", .about_zh = "重置密码，下次登录须修改" },
    { POST, "/me/password", own_password, .may = MAY_SIGNED_IN, .body = BODY_JSON,
      .before = own_password_before, .about = "Change my password", .about_zh = "修改本人密码" },
    { POST, "/me/totp", totp_begin, .may = MAY_SIGNED_IN, .body = BODY_JSON,
      .about = "Begin with a one-time password", .about_zh = "设置动态验证码" },
    { POST, "/me/totp/confirm", totp_confirm, .may = MAY_SIGNED_IN, .body = BODY_JSON,
      .about = "Turn the one-time password on", .about_zh = "启用动态验证码" },
    { DELETE, "/me/totp", totp_end, .may = MAY_SIGNED_IN,
      .about = "Turn the one-time password off", .about_zh = "停用动态验证码" },
    { 0 },
};
