/* cx.c - stories, problems, permissions: what every call needs. */
#include "entity/cx.h"

#include "entity/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ stories */

static void tell(struct fault *fault, enum err e, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static void tell(struct fault *fault, enum err e, const char *format, va_list args)
{
    fault_clear(fault);
    fault->code = e;
    vsnprintf(fault->message, sizeof fault->message, format, args);
}

enum err fail(struct cx *cx, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(&cx->fault, e, format, args);
    va_end(args);
    return e;
}

enum err refuse(struct cx *cx, enum err e, const char *english, const char *chinese, ...)
{
    va_list args;
    va_start(args, chinese);
    if (cx->lang == LANG_EN)
        tell(&cx->fault, e, english, args);
    else
        tell(&cx->fault, e, chinese, args);
    va_end(args);
    return e;
}

enum err fail_errno(struct cx *cx, const char *format, ...)
{
    int number = errno;
    char what[FAULT_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    errno = number;
    return fault_errno(&cx->fault, "%s", what);
}

enum err explain(struct cx *cx, enum err e, const char *format, ...)
{
    char what[FAULT_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return fault_explain(&cx->fault, e, "%s", what);
}

static struct str say(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static struct str say(struct arena *arena, const char *format, va_list args)
{
    return str_vfmt(arena, format, args);
}

void problem(struct cx *cx, const char *field, const char *code, const char *english,
             const char *chinese, ...)
{
    if (cx->problems.count >= PROBLEMS_MAX)
        return;
    va_list args;
    va_start(args, chinese);
    struct str message = cx->lang == LANG_EN ? say(cx->arena, english, args)
                                             : say(cx->arena, chinese, args);
    va_end(args);
    vec_add(cx->arena, &cx->problems, ((struct problem){
        .field = str_copy(cx->arena, str_from(field)),
        .code = code,
        .message = message,
    }));
}

enum err problems_end(struct cx *cx)
{
    if (cx->problems.count == 0)
        return OK;
    const struct problem *first = &cx->problems.items[0];
    fail(cx, ERR_INVALID, STR_FMT "%s" STR_FMT, STR_ARG(first->field),
         first->field.len ? ": " : "", STR_ARG(first->message));
    snprintf(cx->fault.field, sizeof cx->fault.field, STR_FMT, STR_ARG(first->field));
    return ERR_INVALID;
}

const char *cx_say(const struct cx *cx, const char *english, const char *chinese)
{
    return cx->lang == LANG_EN ? english : chinese;
}

/* ------------------------------------------------------------------ permissions */

const struct grant *cx_grant(const struct cx *cx, int permission)
{
    static const struct grant all = { .org = true };
    if (permission == MAY_ANYONE || cx->actor.system)
        return &all;
    if (permission == MAY_SIGNED_IN)
        return cx->actor.login ? &all : NULL;
    if (permission <= 0 || permission >= cx->actor.grant_count)
        return NULL;
    const struct grant *grant = &cx->actor.grants[permission];
    return grant->org || grant->own || grant->unit_count > 0 ? grant : NULL;
}

bool cx_may(const struct cx *cx, int permission)
{
    return cx_grant(cx, permission) != NULL;
}

enum err cx_require(struct cx *cx, int permission)
{
    if (cx_may(cx, permission))
        return OK;
    if (!cx->actor.login)
        return refuse(cx, ERR_UNAUTHENTICATED, "sign in first", "请先登录");
    const struct model *model = cx->model;
    if (!model || permission <= 0 || permission >= model->permission_count)
        return refuse(cx, ERR_FORBIDDEN, "nobody may do this", "此操作不对任何人开放");
    const struct permission *p = &model->permissions[permission];
    return refuse(cx, ERR_FORBIDDEN, "this needs the permission “%s” (%s)", "需要权限“%s”（%s）",
                  cx_say(cx, p->en, p->zh), p->name);
}

bool cx_reaches(const struct cx *cx, int permission, int64_t person, struct str unit_path)
{
    const struct grant *grant = cx_grant(cx, permission);
    if (!grant)
        return false;
    if (grant->org || (grant->own && person && person == cx->actor.person))
        return true;
    for (int i = 0; i < grant->unit_count; i++)
        if (str_starts(unit_path, grant->units[i]))
            return true;
    return false;
}

/* ------------------------------------------------------------------ ids and randomness */

int64_t cx_new_id(struct cx *cx)
{
    return id_next(cx->ids, cx->now);
}

const char *id_text(struct cx *cx, int64_t id)
{
    return str_fmt(cx->arena, "%lld", (long long)id).data;
}

void cx_random(struct cx *cx, void *bytes, size_t len)
{
    assert(cx->services && cx->services->random);
    cx->services->random(bytes, len);
}
