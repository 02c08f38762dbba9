/* From a cookie or bearer token to the actor of a call. */
#include "core/identity/grants.h"
#include "core/identity/identity.gen.h"
#include "core/org/org.gen.h"
#include "core/identity/identity.h"
#include "core/identity/known.h"
#include "core/identity/token.h"

/* What session and token rows have in common. */
struct holder {
    struct login_id login;
    struct str login_name;
    enum login_locale locale;
    struct person_id person;
    struct str person_name;
    struct unit_id unit;
    struct str unit_path;
    struct post_id post;
    int64_t zone;
};

static enum err add_roles(struct cx *cx, struct login_id login, struct post_id post)
{
    struct role_of_login_cursor granted;
    const struct role_of_login_row *grant;
    TRY(role_of_login(cx, (struct role_of_login_in){ .login = login, .today = cx->today },
                      &granted));
    for (;;) {
        TRY(role_of_login_next(cx, &granted, &grant));
        if (!grant)
            break;
        TRY(grants_add(cx, str_copy(cx->arena, grant->permissions),
                       str_copy(cx->arena, grant->unit_path)));
    }
    if (!post.v)
        return OK;
    struct role_of_post_cursor held;
    const struct role_of_post_row *role;
    TRY(role_of_post(cx, (struct role_of_post_in){ .post = post }, &held));
    for (;;) {
        TRY(role_of_post_next(cx, &held, &role));
        if (!role)
            return OK;
        TRY(grants_add(cx, str_copy(cx->arena, role->permissions), STR_NONE));
    }
}

static enum err become(struct cx *cx, const struct holder *who)
{
    cx->zone_minutes = (int)who->zone;
    cx->today = instant_date(cx->now, cx->zone_minutes);
    cx->actor = (struct actor){
        .login = who->login.v,
        .person = who->person.v,
        .unit = who->unit.v,
        .unit_path = str_copy(cx->arena, who->unit_path),
        .name = str_copy(cx->arena, who->person.v ? who->person_name : who->login_name),
    };
    return add_roles(cx, who->login, who->post);
}

static enum err no_session(struct cx *cx)
{
    cx->org = 0;
    return refuse(cx, ERR_UNAUTHENTICATED, "sign in first", "请先登录");
}

struct str identity_cookie(const struct request *in, const char *name)
{
    struct str rest = request_header(in, "cookie"), pair, key;
    while (str_split(&rest, ';', &pair)) {
        pair = str_trim(pair);
        if (str_split(&pair, '=', &key) && str_is(key, name))
            return pair;
    }
    return STR_NONE;
}

static bool writes(const struct request *in)
{
    return in->method != GET;
}

/* A password that somebody else has seen opens only the door to a new one. */
static bool open_before_change(const struct request *in)
{
    static const char *const paths[] = { "/api/v1/me", "/api/v1/me/password", "/api/v1/session",
                                         "/api/v1/meta" };
    for (size_t i = 0; i < COUNT(paths); i++)
        if (str_is(in->path, paths[i]))
            return true;
    return false;
}

static enum err read_session(struct cx *cx, struct str hash, struct known_caller *ret)
{
    struct session_by_token_row row;
    enum err e = session_by_token(cx, (struct session_by_token_in){ .token_hash = hash }, &row);
    if (e == ERR_NOT_FOUND)
        return no_session(cx);
    TRY(e);
    if (row.ended_at.us || row.expires_at.us <= cx->now.us || row.status != LOGIN_ACTIVE)
        return no_session(cx);
    ret->expires = row.expires_at;
    ret->csrf = str_copy(cx->arena, row.csrf);
    ret->must_change = row.must_change;
    return become(cx, &(struct holder){ row.login, row.login_name, row.locale, row.person,
                                        row.person_name, row.unit, row.unit_path, row.post,
                                        row.zone });
}

static enum err read_api_token(struct cx *cx, struct str hash, struct known_caller *ret)
{
    struct api_token_by_hash_row row;
    enum err e = api_token_by_hash(cx, (struct api_token_by_hash_in){ .token_hash = hash }, &row);
    if (e == ERR_NOT_FOUND)
        return no_session(cx);
    TRY(e);
    bool expired = row.expires_at.us && row.expires_at.us <= cx->now.us;
    if (row.ended_at.us || expired || row.status != LOGIN_ACTIVE)
        return no_session(cx);
    ret->expires = row.expires_at;
    return become(cx, &(struct holder){ row.login, row.login_name, row.locale, row.person,
                                        row.person_name, row.unit, row.unit_path, row.post,
                                        row.zone });
}

/* Becomes the holder of the token, from memory when nothing has changed since. */
static enum err become_holder(struct cx *cx, struct str hash, bool program,
                              struct known_caller *caller)
{
    uint64_t epoch = known_epoch(cx);
    if (known_find(cx, hash, epoch, caller) && caller->program == program) {
        cx->actor = caller->actor;
        cx->zone_minutes = caller->zone_minutes;
        cx->today = caller->today;
        return OK;
    }
    *caller = (struct known_caller){ .program = program };
    TRY(program ? read_api_token(cx, hash, caller) : read_session(cx, hash, caller));
    caller->actor = cx->actor;
    caller->zone_minutes = cx->zone_minutes;
    caller->today = cx->today;
    known_keep(cx, hash, epoch, caller);
    return OK;
}

/* What a session needs beside its cookie. */
static enum err check_session(struct cx *cx, const struct request *in,
                              const struct known_caller *caller)
{
    /* A page elsewhere can make the browser send the cookie; it cannot know this token. */
    if (writes(in) && !str_eq_secret(request_header(in, "x-csrf-token"), caller->csrf))
        return refuse(cx, ERR_FORBIDDEN, "the page is out of date: reload it (CSRF token)",
                      "页面已过期，请刷新后重试（CSRF 令牌不符）");
    if (caller->must_change && !open_before_change(in)) {
        cx->code = "must_change";
        return refuse(cx, ERR_FORBIDDEN, "change your password first", "请先修改密码");
    }
    return OK;
}

enum err identity_authenticate(struct cx *cx, const struct request *in)
{
    struct known_caller caller;
    struct str bearer = request_header(in, "authorization"), hash;
    bool program = str_starts(bearer, STR("Bearer "));
    struct str text = program ? str_cut(bearer, 7, bearer.len) : identity_cookie(in, "qibing");
    if (!token_read(cx->arena, text, &cx->org, &hash))
        return no_session(cx);
    TRY(become_holder(cx, hash, program, &caller));
    return program ? OK : check_session(cx, in, &caller);
}

enum err identity_load_actor(struct cx *cx, int64_t id)
{
    struct login login;
    struct person person = person_blank;
    struct unit unit = unit_blank;
    TRY(login_get(cx, (struct login_id){ id }, &login));
    if (login.person.v)
        TRY(person_get(cx, login.person, &person));
    if (person.unit.v)
        TRY(unit_get(cx, person.unit, &unit));
    return become(cx, &(struct holder){ { id }, login.name, login.locale, login.person, person.name,
                                        person.unit, unit.path, person.post, cx->zone_minutes });
}
