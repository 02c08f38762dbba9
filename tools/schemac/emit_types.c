/* emit_types.c - ids, enums, names: the small headers that everybody includes. */
#include "desc.h"

static const char banner[] = "/* Made by tools/schemac from the descriptions. Do not edit. */\n";

void c_string(struct buf *out, struct str s)
{
    if (!s.len) {
        buf_cstr(out, "NULL");
        return;
    }
    buf_char(out, '"');
    size_t begun = out->len;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (out->len > begun + 4000 && c != '\n') { /* C17 promises literals of 4095 characters */
            buf_cstr(out, "\"\n    \"");
            begun = out->len;
        }
        if (c == '"' || c == '\\')
            buf_fmt(out, "\\%c", c);
        else if (c == '\n')
            buf_cstr(out, "\\n\"\n    \"");
        else
            buf_char(out, c);
    }
    buf_char(out, '"');
}

static void emit_choice_type(struct all *all, struct buf *out, const struct choice_set *set)
{
    struct str up = upper(all->arena, set->name);
    buf_fmt(out, "/* " STR_FMT " */\nenum " STR_FMT " {\n    NO_" STR_FMT " = 0,\n",
            STR_ARG(set->label.en), STR_ARG(set->name), STR_ARG(up));
    for (size_t i = 0; i < set->count; i++)
        buf_fmt(out, "    " STR_FMT "_" STR_FMT " = %zu, /* " STR_FMT " */\n", STR_ARG(set->prefix),
                STR_ARG(upper(all->arena, set->items[i].code)), i + 1,
                STR_ARG(set->items[i].label.en));
    buf_fmt(out, "};\nextern const struct choices " STR_FMT "_choices;\n", STR_ARG(set->name));
    buf_fmt(out,
            "/* NULL for NO_" STR_FMT ". */\n"
            "static inline const char *" STR_FMT "_code(enum " STR_FMT " v)\n"
            "{\n    return " STR_FMT "_choices.items[v].code;\n}\n\n",
            STR_ARG(up), STR_ARG(set->name), STR_ARG(set->name), STR_ARG(set->name));
}

struct str emit_ids(struct all *all)
{
    struct buf out = buf_in(all->arena);
    buf_cstr(&out, banner);
    buf_cstr(&out, "#pragma once\n\n#include \"entity/model.h\"\n\n");
    for (size_t i = 0; i < all->entities.count; i++)
        buf_fmt(&out, "struct " STR_FMT "_id { int64_t v; };\n",
                STR_ARG(all->entities.items[i]->name));
    buf_cstr(&out, "\nenum entity_number {\n    ENTITY_NUMBER_NONE = 0,\n");
    for (size_t i = 0; i < all->entities.count; i++)
        buf_fmt(&out, "    ENTITY_" STR_FMT " = %d,\n",
                STR_ARG(upper(all->arena, all->entities.items[i]->name)),
                all->entities.items[i]->number);
    buf_cstr(&out, "};\n\n");
    for (size_t i = 0; i < all->choices.count; i++)
        emit_choice_type(all, &out, all->choices.items[i]);
    return buf_view(&out);
}

/* MAY_ and EVENT_ numbers are names of one list, SETTING_ of another: the same shape for all. */
struct str emit_names(struct all *all, const char *what)
{
    struct buf out = buf_in(all->arena);
    bool settings = strcmp(what, "setting") == 0;
    const struct named_list *list = strcmp(what, "may") == 0 ? &all->permissions : &all->events;
    size_t count = settings ? all->settings.count : list->count;
    struct str prefix = upper(all->arena, str_from(what));
    buf_cstr(&out, banner);
    buf_cstr(&out, "#pragma once\n\n");
    buf_fmt(&out, "enum %s_number {\n", strcmp(what, "may") == 0 ? "permission" : what);
    for (size_t i = settings ? 0 : 1; i < count; i++) {
        struct str name = settings ? all->settings.items[i].name : list->items[i].name;
        struct label label = settings ? all->settings.items[i].label : list->items[i].label;
        buf_fmt(&out, "    " STR_FMT "_" STR_FMT " = %zu, /* " STR_FMT " */\n", STR_ARG(prefix),
                STR_ARG(upper(all->arena, name)), i, STR_ARG(label.en));
    }
    buf_fmt(&out, "    " STR_FMT "_COUNT = %zu\n};\n", STR_ARG(prefix), count);
    return buf_view(&out);
}

struct str emit_choices(struct all *all)
{
    struct buf out = buf_in(all->arena);
    buf_cstr(&out, banner);
    buf_cstr(&out, "#include \"ids.gen.h\"\n");
    for (size_t i = 0; i < all->choices.count; i++) {
        const struct choice_set *set = all->choices.items[i];
        buf_fmt(&out, "\nstatic const struct choice " STR_FMT "_items[] = {\n    { 0 },\n",
                STR_ARG(set->name));
        for (size_t n = 0; n < set->count; n++) {
            const struct choice_item *item = &set->items[n];
            buf_cstr(&out, "    { ");
            c_string(&out, item->code);
            buf_cstr(&out, ", ");
            c_string(&out, item->label.zh);
            buf_cstr(&out, ", ");
            c_string(&out, item->label.en);
            buf_fmt(&out, ", UINT64_C(%llu) },\n", (unsigned long long)item->mask);
        }
        buf_fmt(&out, "};\nconst struct choices " STR_FMT "_choices = { \"" STR_FMT "\", %s, %zu, "
                      STR_FMT "_items };\n",
                STR_ARG(set->name), STR_ARG(set->name), set->states ? "true" : "false",
                set->count + 1, STR_ARG(set->name));
    }
    return buf_view(&out);
}

/* ---- members and records ---- */

void emit_member(struct buf *out, const struct field *f, int indent)
{
    buf_fmt(out, "%*s", indent, "");
    switch (f->type) {
    case FIELD_REF:
        buf_fmt(out, "struct " STR_FMT "_id " STR_FMT, STR_ARG(f->of.s), STR_ARG(f->name));
        break;
    case FIELD_FILE: buf_fmt(out, "struct file_id " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_TEXT:
    case FIELD_JSON:
    case FIELD_BYTES: buf_fmt(out, "struct str " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_SECRET: buf_fmt(out, "struct secret " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_INT:
    case FIELD_DECIMAL: buf_fmt(out, "int64_t " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_MONEY: buf_fmt(out, "struct money " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_RATE: buf_fmt(out, "struct rate " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_DATE: buf_fmt(out, "struct date " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_INSTANT: buf_fmt(out, "struct instant " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_BOOL: buf_fmt(out, "bool " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_ENUM:
    case FIELD_STATES:
        buf_fmt(out, "enum " STR_FMT " " STR_FMT, STR_ARG(f->of.s), STR_ARG(f->name));
        break;
    case FIELD_POINT: buf_fmt(out, "struct point " STR_FMT, STR_ARG(f->name)); break;
    case FIELD_ROWS: break; /* emit_record_types knows the record's name */
    }
    if (f->unit.len)
        buf_fmt(out, "; /* " STR_FMT " */\n", STR_ARG(f->unit));
    else if (f->type == FIELD_DECIMAL && f->scale)
        buf_fmt(out, "; /* units of 10^-%d */\n", f->scale);
    else
        buf_cstr(out, ";\n");
}

void emit_record_types(struct all *all, struct buf *out, struct str name, const struct record *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].rows)
            emit_record_types(all, out,
                              str_fmt(all->arena, STR_FMT "_" STR_FMT, STR_ARG(name),
                                      STR_ARG(r->items[i].name)),
                              r->items[i].rows);
    buf_fmt(out, "struct " STR_FMT " {\n", STR_ARG(name));
    if (r->count == 0)
        buf_cstr(out, "    char nothing;\n");
    for (size_t i = 0; i < r->count; i++) {
        const struct field *f = &r->items[i];
        if (f->rows)
            buf_fmt(out,
                    "    const struct " STR_FMT "_" STR_FMT " *" STR_FMT ";\n"
                    "    size_t " STR_FMT "_count;\n",
                    STR_ARG(name), STR_ARG(f->name), STR_ARG(f->name), STR_ARG(f->name));
        else
            emit_member(out, f, 4);
    }
    buf_cstr(out, "};\n");
}

/* ---- the header of a folder ---- */

static void emit_up(struct buf *out, const struct folder *folder)
{
    buf_cstr(out, folder->path.len ? "../" : "");
    for (size_t i = 0; i < folder->path.len; i++)
        if (folder->path.data[i] == '/')
            buf_cstr(out, "../");
}

struct str emit_folder_header(struct all *all, const struct folder *folder)
{
    struct buf out = buf_in(all->arena);
    bool queries = false;
    for (size_t i = 0; i < all->queries.count; i++)
        queries = queries || all->queries.items[i]->folder == folder;
    buf_cstr(&out, banner);
    buf_cstr(&out, "#pragma once\n\n#include \"");
    emit_up(&out, folder);
    buf_cstr(&out, "ids.gen.h\"\n");
    if (queries)
        buf_cstr(&out, "#include \"db/db.h\"\n");
    buf_cstr(&out, "\nstruct cx;\n");
    for (size_t i = 0; i < all->entities.count; i++)
        if (all->entities.items[i]->folder == folder)
            emit_entity_header(all, &out, all->entities.items[i]);
    for (size_t i = 0; i < all->queries.count; i++)
        if (all->queries.items[i]->folder == folder)
            emit_query_header(all, &out, all->queries.items[i]);
    return buf_view(&out);
}

static void emit_command_header(struct all *all, struct buf *out, const struct entity *e,
                                const struct command *c)
{
    struct str name = str_fmt(all->arena, STR_FMT "_" STR_FMT, STR_ARG(e->name), STR_ARG(c->name));
    buf_fmt(out, "\n/* " STR_FMT ". Called in a transaction that may run twice. */\n",
            STR_ARG(c->label.en));
    emit_record_types(all, out, str_fmt(all->arena, STR_FMT "_in", STR_ARG(name)), &c->in);
    if (c->out.count)
        emit_record_types(all, out, str_fmt(all->arena, STR_FMT "_out", STR_ARG(name)), &c->out);
    buf_fmt(out, "NODISCARD enum err " STR_FMT "(struct cx *cx, ", STR_ARG(name));
    if (!(c->flags & COMMAND_COLLECTION))
        buf_fmt(out, "struct " STR_FMT " *row, ", STR_ARG(e->name));
    buf_fmt(out, "const struct " STR_FMT "_in *in", STR_ARG(name));
    if (c->out.count)
        buf_fmt(out, ", struct " STR_FMT "_out *out", STR_ARG(name));
    buf_cstr(out, ");\n");
}

static void emit_wrappers(struct all *all, struct buf *out, const struct entity *e)
{
    static const char *const verbs[] = { "insert", "update" };
    struct str n = e->name;
    (void)all;
    buf_fmt(out,
            "static inline NODISCARD enum err " STR_FMT "_get(struct cx *cx, struct " STR_FMT
            "_id id, struct " STR_FMT " *row)\n"
            "{\n    return entity_row_get(cx, &" STR_FMT "_model, id.v, row);\n}\n",
            STR_ARG(n), STR_ARG(n), STR_ARG(n), STR_ARG(n));
    for (size_t i = 0; i < COUNT(verbs); i++)
        buf_fmt(out,
                "static inline NODISCARD enum err " STR_FMT "_%s(struct cx *cx, struct " STR_FMT
                " *row)\n"
                "{\n    return entity_row_%s(cx, &" STR_FMT "_model, row);\n}\n",
                STR_ARG(n), verbs[i], STR_ARG(n), verbs[i], STR_ARG(n));
    if (e->state_field < 0)
        return;
    buf_fmt(out,
            "static inline NODISCARD enum err " STR_FMT "_move(struct cx *cx, struct " STR_FMT
            " *row, enum " STR_FMT " state)\n"
            "{\n    return entity_row_move(cx, &" STR_FMT "_model, row, (int)state);\n}\n",
            STR_ARG(n), STR_ARG(n), STR_ARG(e->fields.items[e->state_field].of.s), STR_ARG(n));
}

static void emit_row_struct(struct buf *out, const struct entity *e)
{
    struct str n = e->name;
    buf_fmt(out, "struct " STR_FMT " {\n", STR_ARG(n));
    if (!(e->flags & ENTITY_GLOBAL))
        buf_cstr(out, "    int64_t org;\n");
    buf_fmt(out, "    struct " STR_FMT "_id id;\n    int64_t version;\n", STR_ARG(n));
    for (size_t i = 0; i < e->own; i++)
        emit_member(out, &e->fields.items[i], 4);
    if (e->flags & ENTITY_EXTRA)
        buf_cstr(out, "    struct str extra;\n");
    if (e->flags & ENTITY_ARCHIVE)
        buf_cstr(out, "    struct instant archived_at;\n");
    if (!(e->flags & ENTITY_FACT))
        buf_cstr(out, "    struct instant changed_at;\n    int64_t changed_by; /* login */\n");
    buf_cstr(out, "    struct instant created_at;\n    int64_t created_by; /* login */\n};\n");
}

void emit_entity_header(struct all *all, struct buf *out, const struct entity *e)
{
    struct str n = e->name, up = upper(all->arena, n);
    buf_fmt(out, "\n/* ---- " STR_FMT ": " STR_FMT " ---- */\n\n", STR_ARG(n),
            STR_ARG(e->label.en));
    emit_row_struct(out, e);
    buf_fmt(out, "enum " STR_FMT "_field {\n", STR_ARG(n));
    for (size_t i = 0; i < e->fields.count; i++)
        buf_fmt(out, "    " STR_FMT "_FIELD_" STR_FMT " = %zu,\n", STR_ARG(up),
                STR_ARG(upper(all->arena, e->fields.items[i].name)), i);
    buf_fmt(out, "};\nextern const struct " STR_FMT " " STR_FMT "_blank;\n", STR_ARG(n),
            STR_ARG(n));
    buf_fmt(out, "extern const struct entity_model " STR_FMT "_model;\n", STR_ARG(n));
    emit_wrappers(all, out, e);
    if (e->hook_check)
        buf_fmt(out, "NODISCARD enum err " STR_FMT "_check(struct cx *cx, const struct " STR_FMT
                     " *old, const struct " STR_FMT " *row);\n",
                STR_ARG(n), STR_ARG(n), STR_ARG(n));
    if (e->hook_fill)
        buf_fmt(out, "NODISCARD enum err " STR_FMT "_fill(struct cx *cx, const struct " STR_FMT
                     " *old, struct " STR_FMT " *row);\n",
                STR_ARG(n), STR_ARG(n), STR_ARG(n));
    for (size_t i = 0; i < e->commands.count; i++)
        emit_command_header(all, out, e, &e->commands.items[i]);
}
