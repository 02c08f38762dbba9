/* A company takes a playbook: at its beginning, and each newer version as a draft. */
#include "core/playbook/internal.h"

#include "core/org/org.gen.h"
#include "core/playbook/playbook.gen.h"
#include "entity/cx.h"

enum err playbook_install(struct cx *cx, const struct playbook_source *source)
{
    struct playbook_newest_row newest;
    struct playbook_newest_in in = { source->code };
    enum err e = playbook_newest(cx, in, &newest);
    if (!e)
        return refuse(cx, ERR_CONFLICT, "the company has the playbook " STR_FMT " already",
                      "公司已有策略包 " STR_FMT, STR_ARG(source->code));
    if (e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    TRY(playbook_check_permissions(cx, source));
    struct playbook row = playbook_blank;
    row.number = 1;
    row.status = PLAYBOOK_PUBLISHED;
    row.effective_from = cx->today;
    row.published_at = cx->now;
    row.published_by.v = cx->actor.login;
    TRY(playbook_store(cx, source, &row));
    TRY(playbook_apply(cx, NULL, source, cx->today));
    return playbook_apply_plans(cx, NULL, source, (struct date){ DATE_ABSENT });
}

/* Nothing new compared with the newest version that was not dropped? */
static enum err says_the_same(struct cx *cx, const struct playbook_newest_row *newest,
                              const struct playbook_source *source, bool *ret)
{
    const struct playbook_source *stored;
    playbook_differences differences = { 0 };
    *ret = false;
    if (newest->status == PLAYBOOK_DROPPED)
        return OK;
    TRY(playbook_stored(cx, newest->id.v, &stored));
    TRY(playbook_compare(cx->arena, stored->entries, stored->count, source->entries,
                         source->count, &cx->fault, &differences));
    *ret = !differences.count;
    return OK;
}

enum err playbook_load_draft(struct cx *cx, const struct playbook_source *source,
                             struct playbook *ret)
{
    struct playbook_newest_row newest = { 0 };
    enum err e = playbook_newest(cx, (struct playbook_newest_in){ source->code }, &newest);
    if (e && e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    TRY(playbook_check_permissions(cx, source));
    bool same = false;
    if (!e)
        TRY(says_the_same(cx, &newest, source, &same));
    if (same)
        return refuse(cx, ERR_CONFLICT, "version %lld says the same",
                      "与第 %lld 版内容相同", (long long)newest.number);
    *ret = playbook_blank;
    ret->number = newest.number + 1;
    ret->effective_from.day = DATE_ABSENT;
    return playbook_store(cx, source, ret);
}

/* ---- the template of the tree ---- */

static enum unit_level level_of(struct str word)
{
    return str_is(word, "core")     ? UNIT_LEVEL_CORE
           : str_is(word, "middle") ? UNIT_LEVEL_MIDDLE
                                    : UNIT_LEVEL_EXECUTION;
}

static enum err make_unit(struct cx *cx, const struct playbook_source *source,
                          const struct playbook_entry *e, int sort)
{
    const struct playbook_entry *kind =
        playbook_entry_of(source, "kind", playbook_word(e->json, "kind"));
    struct str parent = playbook_word(e->json, "parent");
    struct unit unit = unit_blank;
    if (parent.len) {
        struct unit_by_code_row above;
        TRY(unit_by_code(cx, (struct unit_by_code_in){ parent }, &above));
        unit.parent = above.id;
    }
    unit.code = e->code;
    unit.name = e->name;
    unit.name_en = e->name_en;
    unit.level = level_of(playbook_word(kind->json, "level"));
    unit.kind = kind->code;
    unit.audience = playbook_zh(e->json, "audience");
    unit.planned = playbook_bound(kind->json, "people", "max", ABSENT);
    unit.sort = sort;
    return unit_insert(cx, &unit);
}

static bool parent_stands(const struct playbook_source *source, const bool *done,
                          const struct playbook_entry *e)
{
    struct str parent = playbook_word(e->json, "parent");
    return !parent.len || done[playbook_entry_of(source, "unit", parent) - source->entries];
}

/* Parents first, whatever the order in the file: each round makes those whose parent stands. The
 * tree was checked, so each round makes at least one. */
enum err playbook_make_units(struct cx *cx, const struct playbook_source *source, int *made)
{
    bool *done = arena_array(cx->arena, bool, source->count + 1);
    *made = 0;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < source->count; i++) {
            const struct playbook_entry *e = &source->entries[i];
            if (!str_is(e->section, "unit") || done[i] || !parent_stands(source, done, e))
                continue;
            struct unit_by_code_row found;
            enum err err = unit_by_code(cx, (struct unit_by_code_in){ e->code }, &found);
            if (err && err != ERR_NOT_FOUND)
                return err;
            fault_clear(&cx->fault);
            if (err) {
                TRY(make_unit(cx, source, e, (int)i));
                ++*made;
            }
            done[i] = more = true;
        }
    }
    return OK;
}
