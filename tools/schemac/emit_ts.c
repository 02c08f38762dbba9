/*
 * emit_ts.c - types of the rows and inputs for the pages, the codes of errors, and the same
 * description of each resource that GET /api/v1/meta gives (ui/src/kit/meta.ts), uncut.
 */
#include "desc.h"

static const struct {
    const char *code;
} errors[] = {
#define ERROR(name, status, code, english, chinese) { code },
#include "base/errors.def"
#undef ERROR
};

static const char *const op_names[OP_COUNT] = { "list",   "get",    "create", "update", "archive",
                                                "import", "export", "bulk",   "reveal" };

/* sales_order -> SalesOrder */
static struct str pascal(struct arena *arena, struct str s)
{
    char *out = arena_alloc(arena, s.len + 1);
    size_t len = 0;
    bool up = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '_')
            up = true;
        else {
            out[len++] = up && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
            up = false;
        }
    }
    return (struct str){ out, len };
}

static void put_quoted(struct buf *out, struct str s)
{
    buf_char(out, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '\'' || s.data[i] == '\\')
            buf_char(out, '\\');
        buf_char(out, s.data[i]);
    }
    buf_char(out, '\'');
}

static void put_label(struct buf *out, const char *key, struct label label)
{
    if (!label.zh.len)
        return;
    buf_fmt(out, ", %s: { zh: ", key);
    put_quoted(out, label.zh);
    buf_cstr(out, ", en: ");
    put_quoted(out, label.en);
    buf_cstr(out, " }");
}

static const char *suffix(const struct field *f)
{
    return f->type == FIELD_MONEY ? "_fen" : f->type == FIELD_RATE ? "_ppm" : "";
}

/* ---- types ---- */

static void put_members(struct all *all, struct buf *out, const struct record *r, bool row);

static void put_type(struct all *all, struct buf *out, const struct field *f)
{
    switch (f->type) {
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE: buf_cstr(out, "number"); return;
    case FIELD_BOOL: buf_cstr(out, "boolean"); return;
    case FIELD_ENUM:
    case FIELD_STATES: buf_str(out, pascal(all->arena, f->choices->name)); return;
    case FIELD_JSON: buf_cstr(out, "unknown"); return;
    case FIELD_POINT: buf_cstr(out, "[number, number]"); return;
    case FIELD_ROWS:
        buf_cstr(out, "{\n");
        put_members(all, out, f->rows, false);
        buf_cstr(out, "}[]");
        return;
    case FIELD_REF:
    case FIELD_FILE:
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_DECIMAL:
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_BYTES: break;
    }
    buf_cstr(out, "string");
}

static void put_members(struct all *all, struct buf *out, const struct record *r, bool row)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct field *f = &r->items[i];
        bool always = (f->flags & (FIELD_REQUIRED | FIELD_DEFAULT)) || f->type == FIELD_BOOL;
        bool demanded = (f->flags & FIELD_REQUIRED) && !(f->flags & FIELD_DEFAULT);
        if (f->flags & FIELD_HIDDEN)
            continue;
        buf_fmt(out, "  " STR_FMT "%s%s: ", STR_ARG(f->name), suffix(f),
                (row ? always : demanded) && !(f->flags & FIELD_SENSITIVE) ? "" : "?");
        put_type(all, out, f);
        buf_cstr(out, always ? "\n" : " | null\n");
    }
}

static void put_interface(struct all *all, struct buf *out, struct str name, struct str en,
                          const struct record *r, bool row)
{
    buf_fmt(out, "\n/** " STR_FMT " */\nexport interface " STR_FMT " {\n", STR_ARG(en),
            STR_ARG(pascal(all->arena, name)));
    put_members(all, out, r, row);
    buf_cstr(out, "}\n");
}

static void put_types(struct all *all, struct buf *out)
{
    for (size_t i = 0; i < all->choices.count; i++) {
        const struct choice_set *set = all->choices.items[i];
        buf_fmt(out, "\n/** " STR_FMT " */\nexport type " STR_FMT " =", STR_ARG(set->label.en),
                STR_ARG(pascal(all->arena, set->name)));
        for (size_t n = 0; n < set->count; n++)
            buf_fmt(out, "%s '" STR_FMT "'", n ? " |" : "", STR_ARG(set->items[n].code));
        buf_char(out, '\n');
    }
    for (size_t i = 0; i < all->entities.count; i++) {
        const struct entity *e = all->entities.items[i];
        if (!e->route.len)
            continue;
        put_interface(all, out, e->name, e->label.en, &e->fields, true);
        for (size_t c = 0; c < e->commands.count; c++) {
            const struct command *command = &e->commands.items[c];
            struct str base = str_fmt(all->arena, STR_FMT "_" STR_FMT, STR_ARG(e->name),
                                      STR_ARG(command->name));
            put_interface(all, out, str_fmt(all->arena, STR_FMT "_in", STR_ARG(base)),
                          command->label.en, &command->in, false);
            if (command->out.count)
                put_interface(all, out, str_fmt(all->arena, STR_FMT "_out", STR_ARG(base)),
                              command->label.en, &command->out, true);
        }
    }
}

/* ---- descriptions ---- */

static void put_field(struct all *all, struct buf *out, const struct field *f, int indent)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } flags[] = { { FIELD_REQUIRED, "required" },   { FIELD_READONLY, "readonly" },
                  { FIELD_IMMUTABLE, "immutable" }, { FIELD_SENSITIVE, "sensitive" },
                  { FIELD_SYSTEM, "system" } };
    if (f->flags & FIELD_HIDDEN)
        return;
    buf_fmt(out, "%*s{ name: '" STR_FMT "', wire: '" STR_FMT "%s', type: '%s'", indent, "",
            STR_ARG(f->name), STR_ARG(f->name), suffix(f), type_word(f->type));
    put_label(out, "label", f->label);
    put_label(out, "help", f->help);
    for (size_t i = 0; i < COUNT(flags); i++)
        if (f->flags & flags[i].flag)
            buf_fmt(out, ", %s: true", flags[i].word);
    if (f->unit.len) {
        buf_cstr(out, ", unit: ");
        put_quoted(out, f->unit);
    }
    const int64_t exact = INT64_C(1) << 53; /* a number of JavaScript is exact below */
    if (f->ranged && f->low > -exact)
        buf_fmt(out, ", low: %lld", (long long)f->low);
    if (!(f->flags & FIELD_SYSTEM) && f->high > 0 && f->high < exact)
        buf_fmt(out, ", high: %lld", (long long)f->high);
    if (f->type == FIELD_DECIMAL)
        buf_fmt(out, ", scale: %d", f->scale);
    if (f->target)
        buf_fmt(out, ", target: '" STR_FMT "'", STR_ARG(f->target->name));
    if (f->choices)
        buf_fmt(out, ", choices: '" STR_FMT "'", STR_ARG(f->choices->name));
    if (f->rows) {
        buf_cstr(out, ", rows: [\n");
        for (size_t i = 0; i < f->rows->count; i++)
            put_field(all, out, &f->rows->items[i], indent + 2);
        buf_fmt(out, "%*s]", indent, "");
    }
    buf_cstr(out, " },\n");
}

static void put_when(struct buf *out, const struct words *when)
{
    if (!when->count)
        return;
    buf_cstr(out, ", when: [");
    for (size_t i = 0; i < when->count; i++)
        buf_fmt(out, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(when->items[i].s));
    buf_cstr(out, "]");
}

static void put_operation(struct buf *out, const char *name, const struct operation *o)
{
    buf_fmt(out, "      %s: { permission: '" STR_FMT "'", name, STR_ARG(o->may.s));
    if (o->fields.count) {
        buf_cstr(out, ", fields: [");
        for (size_t i = 0; i < o->fields.count; i++)
            buf_fmt(out, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(o->fields.items[i].s));
        buf_cstr(out, "]");
    }
    if (o->sorts.count) {
        buf_cstr(out, ", sorts: [");
        for (size_t i = 0; i < o->sorts.count; i++)
            buf_fmt(out, "%s{ field: '" STR_FMT "'%s }", i ? ", " : "",
                    STR_ARG(o->sorts.items[i].s), o->sorts.items[i].down ? ", down: true" : "");
        buf_cstr(out, "]");
    }
    put_when(out, &o->when);
    buf_cstr(out, " },\n");
}

static void put_command(struct all *all, struct buf *out, const struct command *c)
{
    buf_fmt(out, "      { name: '" STR_FMT "', route: '" STR_FMT "', permission: '" STR_FMT "'",
            STR_ARG(c->name), STR_ARG(dashed(all->arena, c->name)), STR_ARG(c->may.s));
    put_label(out, "label", c->label);
    put_when(out, &c->when);
    buf_cstr(out, c->flags & COMMAND_COLLECTION ? ", collection: true" : "");
    buf_cstr(out, c->flags & COMMAND_ASYNC ? ", async: true" : "");
    buf_cstr(out, ", fields: [\n");
    for (size_t i = 0; i < c->in.count; i++)
        put_field(all, out, &c->in.items[i], 8);
    buf_cstr(out, "      ] },\n");
}

static void put_resource(struct all *all, struct buf *out, const struct entity *e)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } flags[] = { { ENTITY_FACT, "fact" },
                  { ENTITY_ARCHIVE, "archive" },
                  { ENTITY_SEARCH, "search" },
                  { ENTITY_TREE, "tree" } };
    struct str n = e->name;
    buf_fmt(out, "  " STR_FMT ": {\n    name: '" STR_FMT "', route: '" STR_FMT "'", STR_ARG(n),
            STR_ARG(n), STR_ARG(e->route));
    put_label(out, "label", e->label);
    put_label(out, "about", e->about);
    for (size_t i = 0; i < COUNT(flags); i++)
        if (e->flags & flags[i].flag)
            buf_fmt(out, ", %s: true", flags[i].word);
    if (e->title_field >= 0)
        buf_fmt(out, ", title: '" STR_FMT "'", STR_ARG(e->fields.items[e->title_field].name));
    if (e->state_field >= 0)
        buf_fmt(out, ", state: '" STR_FMT "'", STR_ARG(e->fields.items[e->state_field].name));
    buf_cstr(out, ",\n    fields: [\n");
    for (size_t i = 0; i < e->fields.count; i++)
        put_field(all, out, &e->fields.items[i], 6);
    buf_cstr(out, "    ],\n    operations: {\n");
    for (int op = 0; op < OP_COUNT; op++)
        if (e->ops[op].offered)
            put_operation(out, op_names[op], &e->ops[op]);
    buf_cstr(out, "    },\n    commands: [\n");
    for (size_t i = 0; i < e->commands.count; i++)
        put_command(all, out, &e->commands.items[i]);
    buf_cstr(out, "    ],\n  },\n");
}

static void put_choices(struct buf *out, const struct choice_set *set)
{
    buf_fmt(out, "  " STR_FMT ": [\n", STR_ARG(set->name));
    for (size_t i = 0; i < set->count; i++) {
        const struct choice_item *item = &set->items[i];
        buf_fmt(out, "    { code: '" STR_FMT "'", STR_ARG(item->code));
        put_label(out, "label", item->label);
        if (set->states) {
            buf_cstr(out, ", next: [");
            for (size_t n = 0; n < item->next.count; n++)
                buf_fmt(out, "%s'" STR_FMT "'", n ? ", " : "", STR_ARG(item->next.items[n].s));
            buf_cstr(out, "]");
        }
        buf_cstr(out, " },\n");
    }
    buf_cstr(out, "  ],\n");
}

struct str emit_typescript(struct all *all)
{
    struct buf out = buf_in(all->arena);
    buf_cstr(&out, "// Made by tools/schemac from the descriptions. Do not edit.\n\n"
                   "export type ErrorCode =");
    for (size_t i = 0; i < COUNT(errors); i++)
        buf_fmt(&out, "%s '%s'", i ? " |" : "", errors[i].code);
    buf_cstr(&out, "\n\nexport type Permission =");
    for (size_t i = 1; i < all->permissions.count; i++)
        buf_fmt(&out, "%s '" STR_FMT "'", i > 1 ? " |" : "",
                STR_ARG(all->permissions.items[i].name));
    buf_cstr(&out, all->permissions.count > 1 ? "\n" : " never\n");
    put_types(all, &out);
    buf_cstr(&out, "\nexport const resources = {\n");
    for (size_t i = 0; i < all->entities.count; i++)
        if (all->entities.items[i]->route.len)
            put_resource(all, &out, all->entities.items[i]);
    buf_cstr(&out, "}\n\nexport const choices = {\n");
    for (size_t i = 0; i < all->choices.count; i++)
        put_choices(&out, all->choices.items[i]);
    buf_cstr(&out, "}\n");
    return buf_view(&out);
}
