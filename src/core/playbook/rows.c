/* A playbook as rows: one of the version, one per entry. */
#include "core/playbook/internal.h"

#include "core/playbook/playbook.gen.h"
#include "entity/cx.h"

static enum err store_item(struct cx *cx, struct playbook_id playbook,
                           const struct playbook_entry *e)
{
    struct playbook_item item = playbook_item_blank;
    item.playbook = playbook;
    item.section = e->section;
    item.code = e->code;
    item.name = e->name;
    item.name_en = e->name_en;
    item.body = e->body;
    return playbook_item_insert(cx, &item);
}

enum err playbook_store(struct cx *cx, const struct playbook_source *source, struct playbook *row)
{
    row->code = source->code;
    row->name = source->name;
    row->name_en = source->name_en;
    row->about_zh = source->about_zh;
    row->about_en = source->about_en;
    row->sha256 = source->sha256;
    TRY(playbook_insert(cx, row));
    for (size_t i = 0; i < source->count; i++)
        TRY(store_item(cx, row->id, &source->entries[i]));
    return OK;
}

typedef VEC(struct playbook_entry) entry_list;

static enum err read_items(struct cx *cx, struct playbook_id playbook, entry_list *ret)
{
    struct playbook_items_cursor cursor;
    const struct playbook_items_row *row;
    TRY(playbook_items(cx, (struct playbook_items_in){ playbook }, &cursor));
    for (;;) {
        TRY(playbook_items_next(cx, &cursor, &row));
        if (!row)
            return OK;
        struct playbook_entry *e = vec_push(cx->arena, ret);
        e->section = str_copy(cx->arena, row->section);
        e->code = str_copy(cx->arena, row->code);
        e->name = str_copy(cx->arena, row->name);
        e->name_en = str_copy(cx->arena, row->name_en);
        e->body = str_copy(cx->arena, row->body);
    }
}

enum err playbook_stored(struct cx *cx, int64_t id, const struct playbook_source **ret)
{
    struct playbook row;
    entry_list entries = { 0 };
    TRY(playbook_get(cx, (struct playbook_id){ id }, &row));
    TRY(read_items(cx, row.id, &entries));
    for (size_t i = 0; i < entries.count; i++) {
        struct playbook_entry *e = &entries.items[i];
        struct json_limits limits = { .bytes = PLAYBOOK_BYTES_MAX };
        enum err err = json_read(cx->arena, e->body, limits, &cx->fault, &e->json);
        if (err)
            return explain(cx, err, "playbook %s, " STR_FMT " " STR_FMT, id_text(cx, id),
                           STR_ARG(e->section), STR_ARG(e->code));
    }
    struct playbook_source *source = arena_new(cx->arena, struct playbook_source);
    *source = (struct playbook_source){
        .code = row.code, .name = row.name, .name_en = row.name_en, .about_zh = row.about_zh,
        .about_en = row.about_en, .sha256 = row.sha256, .entries = entries.items,
        .count = entries.count,
    };
    *ret = source;
    return OK;
}
