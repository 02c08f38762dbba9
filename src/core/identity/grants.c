#include "core/identity/grants.h"

#include "core/identity/identity.gen.h"
#include "entity/model.h"

static int permission_number(const struct model *model, struct str name)
{
    for (int i = 1; i < model->permission_count; i++)
        if (str_is(name, model->permissions[i].name))
            return i;
    return 0;
}

static enum reach reach_of(struct str code)
{
    static const struct {
        const char *code;
        enum reach reach;
    } words[] = { { "own", REACH_OWN }, { "squad", REACH_SQUAD },
                  { "region", REACH_REGION }, { "org", REACH_ORG } };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_is(code, words[i].code))
            return words[i].reach;
    return NO_REACH;
}

/* The nearest unit of the middle level at or above `path`: a person's region. Who stands in none
 * (head office) has the squad's reach only; head office roles say `org`. */
static enum err region_path(struct cx *cx, struct str path, struct str *ret)
{
    struct unit_levels_above_cursor cursor;
    const struct unit_levels_above_row *row;
    *ret = path;
    TRY(unit_levels_above(cx, (struct unit_levels_above_in){ .path = path }, &cursor));
    bool found = false;
    for (;;) {
        TRY(unit_levels_above_next(cx, &cursor, &row));
        if (!row)
            return OK;
        if (!found && row->level == UNIT_LEVEL_MIDDLE) {
            *ret = str_copy(cx->arena, row->path);
            found = true;
        }
    }
}

static void add_unit(struct cx *cx, struct grant *grant, struct str path)
{
    if (!path.len)
        return;
    for (int i = 0; i < grant->unit_count; i++)
        if (str_starts(path, grant->units[i]))
            return; /* covered already */
    struct str *units = arena_array(cx->arena, struct str, (size_t)grant->unit_count + 1);
    if (grant->unit_count)
        memcpy(units, grant->units, (size_t)grant->unit_count * sizeof *units);
    units[grant->unit_count] = path;
    grant->units = units;
    grant->unit_count++;
}

static struct grant *grants_of(struct cx *cx)
{
    if (!cx->actor.grants) {
        cx->actor.grant_count = cx->model->permission_count;
        cx->actor.grants = arena_array(cx->arena, struct grant,
                                       (size_t)cx->model->permission_count);
    }
    return (struct grant *)(uintptr_t)cx->actor.grants; /* ours until the handler runs */
}

static void add_reach(struct cx *cx, struct grant *grant, enum reach reach, struct str squad,
                      struct str region)
{
    switch (reach) {
    case REACH_OWN: grant->own = true; return;
    case REACH_SQUAD: grant->own = true; add_unit(cx, grant, squad); return;
    case REACH_REGION: grant->own = true; add_unit(cx, grant, region); return;
    case REACH_ORG: grant->org = true; return;
    case NO_REACH: return;
    }
}

enum err grants_add(struct cx *cx, struct str permissions, struct str unit_path)
{
    const struct json *role;
    TRY(json_read(cx->arena, permissions, (struct json_limits){ 0 }, &cx->fault, &role));
    struct str squad = unit_path.len ? unit_path : cx->actor.unit_path, region;
    TRY(region_path(cx, squad, &region));
    struct grant *grants = grants_of(cx);
    for (const struct json *p = role->first; p; p = p->next) {
        enum reach reach = reach_of(p->text);
        int one = permission_number(cx->model, p->key);
        bool all = str_is(p->key, "*");
        for (int i = all ? 1 : one; i && i < cx->model->permission_count && (all || i == one); i++)
            add_reach(cx, &grants[i], reach, squad, region);
    }
    return OK;
}

enum err grants_check(struct cx *cx, struct str permissions)
{
    const struct json *role;
    TRY(json_read(cx->arena, permissions, (struct json_limits){ 0 }, &cx->fault, &role));
    if (role->type != JSON_OBJECT)
        return refuse(cx, ERR_UNPROCESSABLE, "permissions are an object {permission: reach}",
                      "权限应为对象 {权限: 范围}");
    for (const struct json *p = role->first; p; p = p->next) {
        if (!str_is(p->key, "*") && !permission_number(cx->model, p->key))
            problem(cx, "permissions", "unknown", "there is no permission " STR_FMT,
                    "没有权限 " STR_FMT, STR_ARG(p->key));
        if (p->type != JSON_STRING || reach_of(p->text) == NO_REACH)
            problem(cx, "permissions", "reach", STR_FMT ": own, squad, region or org",
                    STR_FMT "：应为 own、squad、region 或 org", STR_ARG(p->key));
    }
    return problems_end(cx);
}
