/* emit_dictionary.c - the data dictionary: every table, field and code in both languages. */
#include "desc.h"

/* A bar would end the cell of a table. */
static void cell(struct buf *out, struct str s)
{
    buf_cstr(out, " ");
    for (size_t i = 0; i < s.len; i++)
        buf_fmt(out, "%s%c", s.data[i] == '|' ? "\\" : "", s.data[i]);
    buf_cstr(out, " |");
}

static struct str type_text(struct all *all, const struct field *f)
{
    const char *word = type_word(f->type);
    struct arena *a = all->arena;
    switch (f->type) {
    case FIELD_REF:
        return f->target ? str_fmt(a, "ref [" STR_FMT "](#" STR_FMT ")", STR_ARG(f->of.s),
                                   STR_ARG(f->of.s))
                         : STR("id");
    case FIELD_ENUM:
    case FIELD_STATES:
        return str_fmt(a, "%s [" STR_FMT "](#" STR_FMT ")", word, STR_ARG(f->of.s),
                       STR_ARG(f->of.s));
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_JSON:
    case FIELD_BYTES: return str_fmt(a, "%s %lld", word, (long long)f->high);
    case FIELD_DECIMAL: return str_fmt(a, "decimal %d", f->scale);
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
        if (f->ranged)
            return str_fmt(a, "%s %lld..%lld", word, (long long)f->low, (long long)f->high);
        break;
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_BOOL:
    case FIELD_FILE:
    case FIELD_POINT:
    case FIELD_ROWS: break;
    }
    return str_from(word);
}

static struct str notes(struct all *all, const struct field *f)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } flags[] = { { FIELD_REQUIRED, "required" },   { FIELD_UNIQUE, "unique" },
                  { FIELD_READONLY, "readonly" },   { FIELD_IMMUTABLE, "immutable" },
                  { FIELD_SENSITIVE, "sensitive" }, { FIELD_HIDDEN, "hidden" },
                  { FIELD_SEARCH, "search" } };
    struct buf out = buf_in(all->arena);
    for (size_t i = 0; i < COUNT(flags); i++)
        if (f->flags & flags[i].flag)
            buf_fmt(&out, "%s%s", out.len ? ", " : "", flags[i].word);
    if (f->flags & FIELD_DEFAULT)
        buf_fmt(&out, "%s= " STR_FMT, out.len ? ", " : "", STR_ARG(f->default_text));
    if (f->unit.len)
        buf_fmt(&out, "%sunit " STR_FMT, out.len ? ", " : "", STR_ARG(f->unit));
    if (f->help.zh.len)
        buf_fmt(&out, "%s" STR_FMT " / " STR_FMT, out.len ? "; " : "", STR_ARG(f->help.zh),
                STR_ARG(f->help.en));
    return buf_view(&out);
}

static void put_entity(struct all *all, struct buf *out, const struct entity *e)
{
    buf_fmt(out, "\n## " STR_FMT "\n\n**" STR_FMT " | " STR_FMT "**", STR_ARG(e->name),
            STR_ARG(e->label.zh), STR_ARG(e->label.en));
    if (e->about.zh.len)
        buf_fmt(out, ": " STR_FMT " / " STR_FMT, STR_ARG(e->about.zh), STR_ARG(e->about.en));
    if (e->flags & ENTITY_FACT)
        buf_cstr(out, " (fact)");
    if (e->flags & ENTITY_GLOBAL)
        buf_fmt(out, " (global: " STR_FMT ")", STR_ARG(e->global_why));
    buf_cstr(out, "\n\n| field | 中文 | English | type | |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < e->own; i++) {
        const struct field *f = &e->fields.items[i];
        buf_cstr(out, "|");
        cell(out, f->name);
        cell(out, f->label.zh);
        cell(out, f->label.en);
        cell(out, type_text(all, f));
        cell(out, notes(all, f));
        buf_char(out, '\n');
    }
    for (size_t i = 0; i < e->keys.count; i++) {
        const struct key *k = &e->keys.items[i];
        buf_fmt(out, "%s%s:", i ? " · " : "\n", k->unique ? "unique" : "index");
        for (size_t f = 0; f < k->fields.count; f++)
            buf_fmt(out, " " STR_FMT, STR_ARG(k->fields.items[f].s));
        if (i + 1 == e->keys.count)
            buf_char(out, '\n');
    }
}

static void put_choices(struct buf *out, const struct choice_set *set)
{
    buf_fmt(out, "\n## " STR_FMT "\n\n**" STR_FMT " | " STR_FMT "**\n\n| code | 中文 | English |%s\n",
            STR_ARG(set->name), STR_ARG(set->label.zh), STR_ARG(set->label.en),
            set->states ? " then |\n|---|---|---|---|" : "\n|---|---|---|");
    for (size_t i = 0; i < set->count; i++) {
        const struct choice_item *item = &set->items[i];
        buf_cstr(out, "|");
        cell(out, item->code);
        cell(out, item->label.zh);
        cell(out, item->label.en);
        for (size_t n = 0; n < item->next.count; n++)
            buf_fmt(out, " " STR_FMT, STR_ARG(item->next.items[n].s));
        buf_cstr(out, set->states ? " |\n" : "\n");
    }
}

static void put_names(struct buf *out, const char *title, const struct named_list *list)
{
    buf_fmt(out, "\n# %s\n\n| name | 中文 | English |\n|---|---|---|\n", title);
    for (size_t i = 1; i < list->count; i++) {
        buf_cstr(out, "|");
        cell(out, list->items[i].name);
        cell(out, list->items[i].label.zh);
        cell(out, list->items[i].label.en);
        buf_char(out, '\n');
    }
}

struct str emit_dictionary(struct all *all)
{
    struct buf out = buf_in(all->arena);
    buf_cstr(&out, "# 数据字典 | Data dictionary\n\nMade from the descriptions; see "
                   "docs/DESCRIPTIONS.md for the words. Every record also has id, version and who "
                   "made and changed it when.\n");
    for (size_t i = 0; i < all->entities.count; i++)
        put_entity(all, &out, all->entities.items[i]);
    buf_cstr(&out, "\n# 代码表 | Codes\n");
    for (size_t i = 0; i < all->choices.count; i++)
        put_choices(&out, all->choices.items[i]);
    put_names(&out, "权限 | Permissions", &all->permissions);
    put_names(&out, "事件 | Events", &all->events);
    buf_cstr(&out, "\n# 设置 | Settings\n\n| name | 中文 | English | type | |\n"
                   "|---|---|---|---|---|\n");
    for (size_t i = 0; i < all->settings.count; i++) {
        const struct field *f = &all->settings.items[i];
        buf_cstr(&out, "|");
        cell(&out, f->name);
        cell(&out, f->label.zh);
        cell(&out, f->label.en);
        cell(&out, type_text(all, f));
        cell(&out, notes(all, f));
        buf_char(&out, '\n');
    }
    return buf_view(&out);
}
