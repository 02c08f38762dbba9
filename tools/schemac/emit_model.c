/* emit_model.c - the source of a folder, and the one table that reaches everything. */
#include "desc.h"

static const char banner[] = "/* Made by tools/schemac from the descriptions. Do not edit. */\n";

struct str emit_folder_source(struct all *all, const struct folder *folder)
{
    struct buf out = buf_in(all->arena);
    buf_cstr(&out, banner);
    buf_fmt(&out, "#include \"" STR_FMT ".gen.h\"\n\n#include \"entity/statement.h\"\n",
            STR_ARG(folder->last));
    for (size_t i = 0; i < all->entities.count; i++)
        if (all->entities.items[i]->folder == folder)
            emit_entity_source(all, &out, all->entities.items[i]);
    for (size_t i = 0; i < all->queries.count; i++)
        if (all->queries.items[i]->folder == folder)
            emit_query_source(all, &out, all->queries.items[i]);
    return buf_view(&out);
}

struct str emit_model_header(struct all *all)
{
    struct buf out = buf_in(all->arena);
    buf_cstr(&out, banner);
    buf_fmt(&out,
            "#pragma once\n\n#include \"db/migrate.h\"\n#include \"entity/model.h\"\n\n"
            "extern const struct model " STR_FMT "_model;\n\n"
            "/* The texts of the migrations, for db_migrate(). */\n"
            "extern const struct db_migration " STR_FMT "_migrations[];\n"
            "extern const int " STR_FMT "_migration_count;\n\n"
            "/* Every named statement, for the test that prepares them all. */\n"
            "extern const struct db_statement *const " STR_FMT "_statements[];\n"
            "extern const int " STR_FMT "_statement_count;\n",
            STR_ARG(all->name), STR_ARG(all->name), STR_ARG(all->name), STR_ARG(all->name),
            STR_ARG(all->name));
    return buf_view(&out);
}

struct str emit_migrations(struct all *all)
{
    struct buf out = buf_in(all->arena);
    buf_cstr(&out, banner);
    buf_fmt(&out,
            "#include \"model.gen.h\"\n\nconst int " STR_FMT "_migration_count = %zu;\n"
            "const struct db_migration " STR_FMT "_migrations[] = {\n",
            STR_ARG(all->name), all->migrations.count, STR_ARG(all->name));
    for (size_t i = 0; i < all->migrations.count; i++) {
        const struct migration *m = &all->migrations.items[i];
        buf_fmt(&out, "    { %zu, \"" STR_FMT "\",\n    ", i + 1, STR_ARG(m->name));
        c_string(&out, m->text);
        buf_cstr(&out, " },\n");
    }
    buf_cstr(&out, "    { 0 },\n};\n");
    return buf_view(&out);
}

static void emit_names_table(struct buf *out, const char *type, const char *name,
                             const struct named_list *list)
{
    buf_fmt(out, "\nstatic const struct %s %s[] = {\n    { 0 },\n", type, name);
    bool events = strcmp(name, "events") == 0;
    for (size_t i = 1; i < list->count; i++) {
        const struct named *n = &list->items[i];
        buf_fmt(out, "    { \"" STR_FMT "\", ", STR_ARG(n->name));
        c_string(out, n->label.zh);
        buf_cstr(out, ", ");
        c_string(out, n->label.en);
        if (events)
            buf_fmt(out, ", %d, %s", n->entity ? n->entity->number : 0,
                    n->proof ? "true" : "false");
        buf_cstr(out, " },\n");
    }
    buf_cstr(out, "};\n");
}

static void emit_setting(struct buf *out, const struct field *f)
{
    static const char *const types[] = {
        [FIELD_INT] = "FIELD_INT",   [FIELD_MONEY] = "FIELD_MONEY", [FIELD_RATE] = "FIELD_RATE",
        [FIELD_BOOL] = "FIELD_BOOL", [FIELD_DATE] = "FIELD_DATE",   [FIELD_TEXT] = "FIELD_TEXT",
        [FIELD_ENUM] = "FIELD_ENUM",
    };
    const struct str texts[] = { f->name,    f->label.zh, f->label.en,
                                 f->help.zh, f->help.en,  f->unit };
    buf_cstr(out, "    { ");
    for (size_t i = 0; i < COUNT(texts); i++) {
        c_string(out, texts[i]);
        buf_cstr(out, ", ");
    }
    buf_fmt(out, "%s, INT64_C(%lld), INT64_C(%lld), INT64_C(%lld), ", types[f->type],
            (long long)f->low, (long long)f->high, (long long)f->default_number);
    if (f->type == FIELD_TEXT && f->default_text.len)
        c_string(out, f->default_text);
    else
        buf_cstr(out, f->type == FIELD_TEXT ? "\"\"" : "NULL");
    if (f->choices)
        buf_fmt(out, ", &" STR_FMT "_choices },\n", STR_ARG(f->choices->name));
    else
        buf_cstr(out, ", NULL },\n");
}

static void emit_statements(struct all *all, struct buf *out)
{
    for (size_t i = 0; i < all->queries.count; i++)
        buf_fmt(out, "extern const struct db_statement " STR_FMT "_statement;\n",
                STR_ARG(all->queries.items[i]->name));
    buf_fmt(out, "const int " STR_FMT "_statement_count = %zu;\nconst struct db_statement *const "
                 STR_FMT "_statements[] = {\n",
            STR_ARG(all->name), all->queries.count, STR_ARG(all->name));
    for (size_t i = 0; i < all->queries.count; i++)
        buf_fmt(out, "    &" STR_FMT "_statement,\n", STR_ARG(all->queries.items[i]->name));
    buf_cstr(out, "    NULL,\n};\n");
}

struct str emit_model_source(struct all *all, struct str openapi)
{
    struct buf out = buf_in(all->arena);
    buf_cstr(&out, banner);
    buf_cstr(&out, "#include \"model.gen.h\"\n\n#include \"ids.gen.h\"\n\n");
    for (size_t i = 0; i < all->entities.count; i++)
        buf_fmt(&out, "extern const struct entity_model " STR_FMT "_model;\n",
                STR_ARG(all->entities.items[i]->name));
    buf_cstr(&out, "static const struct entity_model *const entities[] = {\n    NULL,\n");
    for (size_t i = 0; i < all->entities.count; i++)
        buf_fmt(&out, "    &" STR_FMT "_model,\n", STR_ARG(all->entities.items[i]->name));
    buf_cstr(&out, "};\n\nstatic const struct choices *const choices[] = {\n");
    for (size_t i = 0; i < all->choices.count; i++)
        buf_fmt(&out, "    &" STR_FMT "_choices,\n", STR_ARG(all->choices.items[i]->name));
    buf_cstr(&out, "    NULL,\n};\n");
    emit_names_table(&out, "permission", "permissions", &all->permissions);
    emit_names_table(&out, "event_kind", "events", &all->events);
    buf_cstr(&out, "\nstatic const struct setting settings[] = {\n");
    for (size_t i = 0; i < all->settings.count; i++)
        emit_setting(&out, &all->settings.items[i]);
    buf_cstr(&out, "    { 0 },\n};\n\n");
    emit_statements(all, &out);
    buf_cstr(&out, "\nstatic const char openapi[] =\n    ");
    c_string(&out, openapi);
    buf_fmt(&out,
            ";\n\nconst struct model " STR_FMT "_model = {\n    entities, %zu, permissions, %zu, "
            "events, %zu, settings, %zu,\n    choices, %zu, { openapi, sizeof(openapi) - 1 },\n"
            "};\n",
            STR_ARG(all->name), all->entities.count + 1, all->permissions.count,
            all->events.count, all->settings.count, all->choices.count);
    return buf_view(&out);
}
