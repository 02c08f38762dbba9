/*
 * Signing in and out. The password is verified on a worker before the writer is asked (route
 * .before): a hash takes 20 ms, and the writer serves everybody.
 *
 * A wrong password must be counted, so its transaction commits: the handler answers 401 itself
 * instead of failing.
 */
#include "core/identity/identity.h"

#include "base/hex.h"
#include "core/identity/identity.gen.h"
#include "core/identity/totp.h"
#include "core/identity/token.h"
#include "core/setting/setting.h"
#include "entity/secret.h"
#include "setting.gen.h"

#include <sodium.h>

struct attempt {
    struct str company, name, password, code;
    struct login login; /* id 0: there is none of that name */
    bool good;
    bool needs_code;
    struct instant not_before; /* of the throttle; in the future: not even looked at */
    int64_t org;
    int64_t step; /* of the one-time code; 0: none was given */
};

static enum err read_body(struct cx *cx, const struct request *in, struct attempt *attempt)
{
    static const char *const names[] = { "org", "name", "password", "totp" };
    struct str *const values[] = { &attempt->company, &attempt->name, &attempt->password,
                                   &attempt->code };
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct json *v = json_get(in->json, names[i]);
        if (json_is_null(v) && i < 3)
            problem(cx, names[i], "required", "%s is needed", "请填写 %s", names[i]);
        else if (!json_is_null(v) && v->type != JSON_STRING)
            problem(cx, names[i], "type", "%s must be a text", "%s 应为文本", names[i]);
        else if (v)
            *values[i] = v->text;
    }
    return problems_end(cx);
}

/* How failures are counted: per name and per address, so that neither one login nor many logins
 * from one place can be guessed at. */
static struct str subject(struct cx *cx, const char *kind, struct str who)
{
    return str_fmt(cx->arena, "%s:" STR_FMT, kind, STR_ARG(str_cut(who, 0, 100)));
}

static enum err throttle_get(struct cx *cx, struct str key, struct sign_in_throttle *ret)
{
    struct throttle_of_row row;
    enum err e = throttle_of(cx, (struct throttle_of_in){ .subject = key }, &row);
    *ret = sign_in_throttle_blank;
    ret->subject = key;
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        return OK;
    }
    TRY(e);
    return sign_in_throttle_get(cx, row.id, ret);
}

static enum err find_login(struct cx *cx, struct attempt *attempt)
{
    struct login_by_name_row row;
    enum err e = login_by_name(cx, (struct login_by_name_in){ .name = attempt->name }, &row);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        return OK;
    }
    TRY(e);
    return login_get(cx, row.id, &attempt->login);
}

static enum err verify_code(struct cx *cx, struct attempt *attempt)
{
    if (!attempt->good || !attempt->login.totp_on)
        return OK;
    struct str secret, bytes;
    TRY(identity_totp_secret(cx, &attempt->login, &secret));
    attempt->needs_code = attempt->code.len == 0;
    attempt->good = hex_decode(cx->arena, secret, &bytes) &&
                    totp_verify(bytes, attempt->code, cx->now, &attempt->step);
    return OK;
}

static enum err sign_in_before(struct cx *cx, const struct request *in, void **ret)
{
    struct attempt *attempt = arena_new(cx->arena, struct attempt);
    *ret = attempt;
    attempt->login = login_blank;
    TRY(read_body(cx, in, attempt));
    struct company_by_code_row company;
    enum err e = company_by_code(cx, (struct company_by_code_in){ .code = attempt->company },
                                 &company);
    if (e && e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    if (e == OK) {
        cx->org = attempt->org = company.id.v;
        cx->zone_minutes = (int)company.zone;
        cx->today = instant_date(cx->now, cx->zone_minutes);
        struct sign_in_throttle by_name, by_address;
        TRY(throttle_get(cx, subject(cx, "login", attempt->name), &by_name));
        TRY(throttle_get(cx, subject(cx, "address", in->address), &by_address));
        attempt->not_before.us = MAX(by_name.until.us, by_address.until.us);
        if (attempt->not_before.us > cx->now.us)
            return OK;
        TRY(find_login(cx, attempt));
    }
    bool usable = attempt->login.status == LOGIN_ACTIVE && attempt->login.id.v;
    TRY(password_verify(cx_core(cx)->passwords, attempt->password,
                        usable ? attempt->login.password_hash : STR_NONE, &cx->fault,
                        &attempt->good));
    return verify_code(cx, attempt);
}

/* The n-th failure beyond the allowed ones doubles the wait: 1 s, 2 s, 4 s … up to the limit. */
static enum err count_failure(struct cx *cx, struct str key, int64_t allowed)
{
    struct sign_in_throttle t;
    TRY(throttle_get(cx, key, &t));
    int64_t forget = setting_number(cx, SETTING_SIGN_IN_FORGET) * INT64_C(60000000);
    if (t.last_on.us && cx->now.us - t.last_on.us > forget)
        t.failures = 0;
    t.failures++;
    t.last_on = cx->now;
    int64_t beyond = t.failures - allowed;
    if (beyond >= 0) {
        int64_t longest = setting_number(cx, SETTING_SIGN_IN_WAIT_MAX);
        int64_t seconds = MIN(longest, INT64_C(1) << MIN(beyond, (int64_t)30));
        t.until.us = cx->now.us + seconds * 1000000;
    }
    return t.id.v ? sign_in_throttle_update(cx, &t) : sign_in_throttle_insert(cx, &t);
}

static enum err answer_failure(struct cx *cx, struct reply *out, enum err code, const char *word,
                               const char *text)
{
    out->status = err_info(code)->http_status;
    out->type = "application/problem+json";
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "type");
    json_put_cstr(&w, "about:blank");
    json_key(&w, "title");
    json_put_cstr(&w, cx_say(cx, err_info(code)->english, err_info(code)->chinese));
    json_key(&w, "status");
    json_put_i64(&w, out->status);
    json_key(&w, "code");
    json_put_cstr(&w, word);
    json_key(&w, "detail");
    json_put_cstr(&w, text);
    json_key(&w, "errors");
    json_begin_array(&w);
    json_end_array(&w);
    json_end_object(&w);
    return OK;
}

static enum err refuse_attempt(struct cx *cx, const struct request *in,
                               const struct attempt *attempt, struct reply *out)
{
    if (attempt->not_before.us > cx->now.us) {
        int64_t seconds = (attempt->not_before.us - cx->now.us) / 1000000 + 1;
        reply_header(cx, out, "Retry-After", str_fmt(cx->arena, "%lld", (long long)seconds));
        struct str text = cx->lang == LANG_EN
                              ? str_fmt(cx->arena, "too many failures: try again in %lld s",
                                        (long long)seconds)
                              : str_fmt(cx->arena, "失败次数过多，请在 %lld 秒后重试",
                                        (long long)seconds);
        return answer_failure(cx, out, ERR_TOO_MANY, "too_many", text.data);
    }
    if (attempt->needs_code)
        return answer_failure(cx, out, ERR_UNAUTHENTICATED, "totp_required",
                              cx_say(cx, "type the code of your authenticator app",
                                     "请输入动态验证码"));
    if (attempt->org) {
        TRY(count_failure(cx, subject(cx, "login", attempt->name),
                          setting_number(cx, SETTING_SIGN_IN_FAILURES)));
        TRY(count_failure(cx, subject(cx, "address", in->address),
                          setting_number(cx, SETTING_SIGN_IN_FAILURES) * 10));
    }
    return answer_failure(cx, out, ERR_UNAUTHENTICATED, "unauthenticated",
                          cx_say(cx, "company, name or password is wrong",
                                 "公司代号、登录名或密码有误"));
}

static void set_cookie(struct cx *cx, struct reply *out, struct str value, int64_t seconds)
{
    reply_header(cx, out, "Set-Cookie",
                 str_fmt(cx->arena, "qibing=" STR_FMT "; Path=/; HttpOnly; SameSite=Lax; "
                         "Max-Age=%lld%s", STR_ARG(value), (long long)seconds,
                         cx_core(cx)->secure_cookie ? "; Secure" : ""));
}

static enum err open_session(struct cx *cx, const struct request *in, struct login_id login,
                             struct reply *out, struct str *csrf)
{
    struct token token = token_make(cx);
    unsigned char random[24];
    cx_random(cx, random, sizeof random);
    int64_t hours = setting_number(cx, SETTING_SIGN_IN_HOURS);
    struct session s = session_blank;
    s.login = login;
    s.token_hash = token.hash;
    s.csrf = *csrf = base64url_encode(cx->arena, random, sizeof random);
    s.expires_at.us = cx->now.us + hours * INT64_C(3600000000);
    s.address = str_cut(in->address, 0, 64);
    s.agent = str_cut(request_header(in, "user-agent"), 0, 200);
    if (!utf8_valid(s.agent))
        s.agent = STR_NONE;
    TRY(session_insert(cx, &s));
    set_cookie(cx, out, token.text, hours * 3600);
    return OK;
}

static enum err sign_in(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct attempt *attempt = in->before;
    cx->org = attempt->org;
    if (!attempt->good)
        return refuse_attempt(cx, in, attempt, out);
    struct login login;
    struct str csrf;
    TRY(login_get(cx, attempt->login.id, &login));
    /* Asked here, on the writer: of two that come with one code, one is refused. */
    if (login.totp_on && login.totp_step != ABSENT && attempt->step <= login.totp_step)
        return refuse_attempt(cx, in, attempt, out);
    if (login.totp_on)
        login.totp_step = attempt->step;
    login.last_at = cx->now;
    TRY(login_update(cx, &login));
    TRY(throttle_clear(cx,
                       (struct throttle_clear_in){ subject(cx, "login", attempt->name) }, NULL));
    TRY(open_session(cx, in, login.id, out, &csrf));
    TRY(identity_load_actor(cx, login.id.v));
    return identity_me(cx, csrf, out);
}

static enum err sign_out(struct cx *cx, const struct request *in, struct reply *out)
{
    struct str hash;
    int64_t org;
    if (token_read(cx->arena, identity_cookie(in, "qibing"), &org, &hash) && org == cx->org) {
        struct session_by_token_row row;
        TRY(session_by_token(cx, (struct session_by_token_in){ .token_hash = hash }, &row));
        TRY(session_end(cx, (struct session_end_in){ .id = row.id, .at = cx->now }, NULL));
    }
    set_cookie(cx, out, STR_NONE, 0);
    out->status = 204;
    return OK;
}

const struct route sign_in_routes[] = {
    { POST, "/session", sign_in, .may = MAY_ANYONE, .body = BODY_JSON, .unkeyed = true,
      .before = sign_in_before, .why = "this is where one signs in; failures are throttled",
      .about = "Sign in", .about_zh = "登录" },
    { DELETE, "/session", sign_out, .may = MAY_SIGNED_IN, .unkeyed = true, .about = "Sign out",
      .about_zh = "退出登录" },
    { 0 },
};
