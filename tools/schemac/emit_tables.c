/* emit_tables.c - the constant tables of one folder: fields, columns, operations, commands. */
#include "desc.h"

static const char *const type_constants[] = {
    [FIELD_REF] = "FIELD_REF",         [FIELD_TEXT] = "FIELD_TEXT",
    [FIELD_SECRET] = "FIELD_SECRET",   [FIELD_INT] = "FIELD_INT",
    [FIELD_MONEY] = "FIELD_MONEY",     [FIELD_RATE] = "FIELD_RATE",
    [FIELD_DECIMAL] = "FIELD_DECIMAL", [FIELD_DATE] = "FIELD_DATE",
    [FIELD_INSTANT] = "FIELD_INSTANT", [FIELD_BOOL] = "FIELD_BOOL",
    [FIELD_ENUM] = "FIELD_ENUM",       [FIELD_STATES] = "FIELD_STATES",
    [FIELD_JSON] = "FIELD_JSON",       [FIELD_FILE] = "FIELD_FILE",
    [FIELD_BYTES] = "FIELD_BYTES",     [FIELD_POINT] = "FIELD_POINT",
    [FIELD_ROWS] = "FIELD_ROWS",
};

/* ".name = "text"," only when there is a text: the rest is NULL by itself. */
static void put_text(struct buf *out, const char *member, struct str s)
{
    if (!s.len)
        return;
    buf_fmt(out, " .%s = ", member);
    c_string(out, s);
    buf_char(out, ',');
}

static void put_number(struct buf *out, const char *member, int64_t v)
{
    if (v == INT64_MIN)
        buf_fmt(out, " .%s = INT64_MIN,", member);
    else if (v)
        buf_fmt(out, " .%s = INT64_C(%lld),", member, (long long)v);
}

static const char *wire_suffix(const struct field *f)
{
    return f->type == FIELD_MONEY ? "_fen" : f->type == FIELD_RATE ? "_ppm" : "";
}

static void emit_field(struct all *all, struct buf *out, struct str table, struct str type,
                       const struct field *f)
{
    (void)all;
    buf_fmt(out, "    { .name = \"" STR_FMT "\", .wire = \"" STR_FMT "%s\",", STR_ARG(f->name),
            STR_ARG(f->name), wire_suffix(f));
    put_text(out, "zh", f->label.zh);
    put_text(out, "en", f->label.en);
    buf_cstr(out, "\n     ");
    put_text(out, "help_zh", f->help.zh);
    put_text(out, "help_en", f->help.en);
    put_text(out, "unit", f->unit);
    buf_fmt(out, " .type = %s, .flags = 0x%x,", type_constants[f->type], f->flags & 0xffffu);
    buf_fmt(out, " .offset = offsetof(struct " STR_FMT ", " STR_FMT "),", STR_ARG(type),
            STR_ARG(f->name));
    put_number(out, "low", f->low);
    put_number(out, "high", f->high);
    put_number(out, "scale", f->scale);
    if (f->target)
        buf_fmt(out, " .target = %d,", f->target->number);
    if (f->choices)
        buf_fmt(out, " .choices = &" STR_FMT "_choices,", STR_ARG(f->choices->name));
    if (f->rows)
        buf_fmt(out, "\n      .rows = &" STR_FMT "_" STR_FMT "_record, .count_offset = "
                     "offsetof(struct " STR_FMT ", " STR_FMT "_count),",
                STR_ARG(table), STR_ARG(f->name), STR_ARG(type), STR_ARG(f->name));
    buf_cstr(out, " },\n");
}

void emit_fields(struct all *all, struct buf *out, struct str table, struct str type,
                 const struct record *r)
{
    if (r->count == 0)
        return;
    buf_fmt(out, "static const struct entity_field " STR_FMT "_fields[] = {\n", STR_ARG(table));
    for (size_t i = 0; i < r->count; i++)
        emit_field(all, out, table, type, &r->items[i]);
    buf_cstr(out, "};\n");
}

/* What stands in a blank member; nothing when zero bytes are right. */
static void emit_blank_member(struct buf *out, const struct field *f)
{
    bool has = f->flags & FIELD_DEFAULT;
    long long v = (long long)f->default_number;
    struct str n = f->name;
    switch (f->type) {
    case FIELD_INT:
    case FIELD_DECIMAL:
        if (has)
            buf_fmt(out, " ." STR_FMT " = INT64_C(%lld),", STR_ARG(n), v);
        else
            buf_fmt(out, " ." STR_FMT " = ABSENT,", STR_ARG(n));
        break;
    case FIELD_MONEY:
    case FIELD_RATE:
        if (has)
            buf_fmt(out, " ." STR_FMT " = { INT64_C(%lld) },", STR_ARG(n), v);
        else
            buf_fmt(out, " ." STR_FMT " = { ABSENT },", STR_ARG(n));
        break;
    case FIELD_DATE:
        if (has)
            buf_fmt(out, " ." STR_FMT " = { %lld },", STR_ARG(n), v);
        else
            buf_fmt(out, " ." STR_FMT " = { DATE_ABSENT },", STR_ARG(n));
        break;
    case FIELD_POINT: buf_fmt(out, " ." STR_FMT " = { ABSENT, ABSENT },", STR_ARG(n)); break;
    case FIELD_BOOL:
        if (has && v)
            buf_fmt(out, " ." STR_FMT " = true,", STR_ARG(n));
        break;
    case FIELD_ENUM:
    case FIELD_STATES:
        if (has && f->choices)
            buf_fmt(out, " ." STR_FMT " = (enum " STR_FMT ")%lld,", STR_ARG(n),
                    STR_ARG(f->choices->name), v);
        break;
    case FIELD_TEXT:
        if (has) {
            buf_fmt(out, " ." STR_FMT " = { ", STR_ARG(n));
            c_string(out, f->default_text.len ? f->default_text : STR_NONE);
            buf_fmt(out, ", %zu },", f->default_text.len);
        }
        break;
    case FIELD_REF:
    case FIELD_SECRET:
    case FIELD_INSTANT:
    case FIELD_JSON:
    case FIELD_FILE:
    case FIELD_BYTES:
    case FIELD_ROWS: break;
    }
}

void emit_blank(struct buf *out, struct str type, struct str name, const struct record *r)
{
    struct buf body = buf_in(out->arena);
    for (size_t i = 0; i < r->count; i++)
        if (!(r->items[i].flags & FIELD_SYSTEM))
            emit_blank_member(&body, &r->items[i]);
    buf_fmt(out, "const struct " STR_FMT " " STR_FMT "_blank = {" STR_FMT "%s };\n", STR_ARG(type),
            STR_ARG(name), STR_ARG(buf_view(&body)), body.len ? "" : " 0");
}

static void emit_rows_record(struct buf *out, struct str name, const struct record *r)
{
    buf_fmt(out,
            "static const struct entity_record " STR_FMT "_record = {\n    sizeof(struct " STR_FMT
            "), %zu, " STR_FMT "_fields, &" STR_FMT "_blank\n};\n",
            STR_ARG(name), STR_ARG(name), r->count, STR_ARG(name), STR_ARG(name));
}

/* Fields and blank of an input or answer; those of its rows first. */
void emit_record_tables(struct all *all, struct buf *out, struct str name, const struct record *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct field *f = &r->items[i];
        if (!f->rows)
            continue;
        struct str below =
            str_fmt(all->arena, STR_FMT "_" STR_FMT, STR_ARG(name), STR_ARG(f->name));
        emit_record_tables(all, out, below, f->rows);
        emit_rows_record(out, below, f->rows);
    }
    emit_fields(all, out, name, name, r);
    buf_cstr(out, "static ");
    emit_blank(out, name, name, r);
}

static void emit_columns(struct buf *out, struct str n, const struct columns *columns)
{
    buf_fmt(out, "static const struct entity_column " STR_FMT "_columns[] = {\n", STR_ARG(n));
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *c = &columns->items[i];
        buf_fmt(out, "    { \"" STR_FMT "\", %s, offsetof(struct " STR_FMT ", " STR_FMT "), ",
                STR_ARG(c->name), c->kind, STR_ARG(n), STR_ARG(c->member));
        if (c->field_number < 0)
            buf_cstr(out, "NO_FIELD");
        else
            buf_fmt(out, "%d", c->field_number);
        buf_fmt(out, ", %s },\n", c->nullable ? "true" : "false");
    }
    buf_cstr(out, "};\n");
}

static struct str key_name(struct all *all, const struct entity *e, const struct key *k)
{
    struct buf out = buf_in(all->arena);
    buf_fmt(&out, STR_FMT "_%s", STR_ARG(e->name), k->unique ? "u" : "i");
    for (size_t i = 0; i < k->fields.count; i++)
        buf_fmt(&out, "_" STR_FMT, STR_ARG(k->fields.items[i].s));
    return buf_view(&out);
}

static size_t emit_uniques(struct all *all, struct buf *out, const struct entity *e)
{
    struct buf table = buf_in(all->arena);
    size_t count = 0;
    for (size_t i = 0; i < e->keys.count; i++) {
        const struct key *k = &e->keys.items[i];
        if (!k->unique)
            continue;
        struct str name = key_name(all, e, k);
        buf_fmt(out, "static const uint16_t " STR_FMT "[] = {", STR_ARG(name));
        for (size_t f = 0; f < k->fields.count; f++)
            buf_fmt(out, " %d,", k->fields.items[f].resolved);
        buf_cstr(out, " };\n");
        buf_fmt(&table, "    { \"" STR_FMT "\", " STR_FMT ", %zu },\n", STR_ARG(name),
                STR_ARG(name), k->fields.count);
        count++;
    }
    if (count)
        buf_fmt(out, "static const struct entity_unique " STR_FMT "_uniques[] = {\n" STR_FMT "};\n",
                STR_ARG(e->name), STR_ARG(buf_view(&table)));
    return count;
}

/* Arrays that the operations point to. */
static void emit_op_lists(struct buf *out, const struct entity *e)
{
    for (int op = 0; op < OP_COUNT; op++) {
        const struct operation *o = &e->ops[op];
        if (o->offered && o->fields.count) {
            buf_fmt(out, "static const uint16_t " STR_FMT "_op%d[] = {", STR_ARG(e->name), op);
            for (size_t i = 0; i < o->fields.count; i++)
                buf_fmt(out, " %d,", o->fields.items[i].resolved);
            buf_cstr(out, " };\n");
        }
        if (o->offered && o->sorts.count) {
            buf_fmt(out, "static const struct entity_sort " STR_FMT "_sorts[] = {",
                    STR_ARG(e->name));
            for (size_t i = 0; i < o->sorts.count; i++)
                buf_fmt(out, " { %d, %s },", o->sorts.items[i].resolved,
                        o->sorts.items[i].down ? "true" : "false");
            buf_cstr(out, " };\n");
        }
    }
}

static int op_may(const struct entity *e, int op)
{
    const struct operation *o = &e->ops[op];
    if (!o->offered)
        return 0;
    return op == OP_BULK ? e->ops[OP_LIST].may.resolved : o->may.resolved;
}

static void emit_ops(struct buf *out, const struct entity *e)
{
    static const char *const names[OP_COUNT] = { "OP_LIST",    "OP_GET",    "OP_CREATE",
                                                 "OP_UPDATE",  "OP_ARCHIVE", "OP_IMPORT",
                                                 "OP_EXPORT",  "OP_BULK",   "OP_REVEAL" };
    buf_cstr(out, "    .ops = {\n");
    for (int op = 0; op < OP_COUNT; op++) {
        const struct operation *o = &e->ops[op];
        if (!o->offered)
            continue;
        buf_fmt(out, "        [%s] = { .may = %d,", names[op], op_may(e, op));
        if (o->when_mask)
            buf_fmt(out, " .when = UINT64_C(%llu),", (unsigned long long)o->when_mask);
        if (o->fields.count)
            buf_fmt(out, " .fields = " STR_FMT "_op%d, .field_count = %zu,", STR_ARG(e->name), op,
                    o->fields.count);
        if (o->sorts.count)
            buf_fmt(out, " .sorts = " STR_FMT "_sorts, .sort_count = %zu,", STR_ARG(e->name),
                    o->sorts.count);
        buf_cstr(out, " },\n");
    }
    buf_cstr(out, "    },\n");
}

static void emit_command_thunk(struct all *all, struct buf *out, const struct entity *e,
                               const struct command *c)
{
    struct str name = str_fmt(all->arena, STR_FMT "_" STR_FMT, STR_ARG(e->name), STR_ARG(c->name));
    emit_record_tables(all, out, str_fmt(all->arena, STR_FMT "_in", STR_ARG(name)), &c->in);
    if (c->out.count)
        emit_record_tables(all, out, str_fmt(all->arena, STR_FMT "_out", STR_ARG(name)), &c->out);
    buf_fmt(out,
            "static enum err run_" STR_FMT "(struct cx *cx, void *row, const void *in, void *out)\n"
            "{\n",
            STR_ARG(name));
    buf_cstr(out, c->flags & COMMAND_COLLECTION ? "    (void)row;\n" : "");
    buf_cstr(out, c->out.count ? "" : "    (void)out;\n");
    buf_fmt(out, "    return " STR_FMT "(cx, %sin%s);\n}\n", STR_ARG(name),
            c->flags & COMMAND_COLLECTION ? "" : "row, ", c->out.count ? ", out" : "");
}

static void emit_command_row(struct all *all, struct buf *out, const struct entity *e,
                             const struct command *c)
{
    struct str name = str_fmt(all->arena, STR_FMT "_" STR_FMT, STR_ARG(e->name), STR_ARG(c->name));
    buf_fmt(out, "    { .name = \"" STR_FMT "\", .route = \"" STR_FMT "\",", STR_ARG(c->name),
            STR_ARG(dashed(all->arena, c->name)));
    put_text(out, "zh", c->label.zh);
    put_text(out, "en", c->label.en);
    buf_fmt(out, "\n      .may = %d, .when = UINT64_C(%llu), .flags = 0x%x, .event = %d,",
            c->may.resolved, (unsigned long long)c->when_mask, c->flags,
            event_find(all, STR_FMT "." STR_FMT, STR_ARG(e->name), STR_ARG(c->name)));
    static const char *const sides[] = { "in", "out" };
    const struct record *records[] = { &c->in, &c->out };
    for (int i = 0; i < 2; i++) {
        size_t count = records[i]->count;
        if (i == 1 && count == 0)
            continue;
        buf_fmt(out, "\n      .%s = { sizeof(struct " STR_FMT "_%s), %zu, ", sides[i],
                STR_ARG(name), sides[i], count);
        if (count)
            buf_fmt(out, STR_FMT "_%s_fields", STR_ARG(name), sides[i]);
        else
            buf_cstr(out, "NULL");
        buf_fmt(out, ", &" STR_FMT "_%s_blank },", STR_ARG(name), sides[i]);
    }
    buf_fmt(out, "\n      .run = run_" STR_FMT " },\n", STR_ARG(name));
}

static void emit_commands(struct all *all, struct buf *out, const struct entity *e)
{
    for (size_t i = 0; i < e->commands.count; i++)
        emit_command_thunk(all, out, e, &e->commands.items[i]);
    if (!e->commands.count)
        return;
    buf_fmt(out, "static const struct entity_command " STR_FMT "_commands[] = {\n",
            STR_ARG(e->name));
    for (size_t i = 0; i < e->commands.count; i++)
        emit_command_row(all, out, e, &e->commands.items[i]);
    buf_cstr(out, "};\n");
}

static void emit_state_events(struct all *all, struct buf *out, const struct entity *e)
{
    if (e->state_field < 0)
        return;
    const struct choice_set *set = e->fields.items[e->state_field].choices;
    buf_fmt(out, "static const int " STR_FMT "_state_events[] = { 0,", STR_ARG(e->name));
    for (size_t i = 0; i < set->count; i++)
        buf_fmt(out, " %d,", event_find(all, STR_FMT "." STR_FMT, STR_ARG(e->name),
                                        STR_ARG(set->items[i].code)));
    buf_cstr(out, " };\n");
}

static void emit_hooks(struct buf *out, const struct entity *e)
{
    struct str n = e->name;
    if (e->hook_check)
        buf_fmt(out,
                "static enum err hook_" STR_FMT "_check(struct cx *cx, const void *old, "
                "const void *row)\n{\n    return " STR_FMT "_check(cx, old, row);\n}\n",
                STR_ARG(n), STR_ARG(n));
    if (e->hook_fill)
        buf_fmt(out,
                "static enum err hook_" STR_FMT "_fill(struct cx *cx, const void *old, "
                "void *row)\n{\n    return " STR_FMT "_fill(cx, old, row);\n}\n",
                STR_ARG(n), STR_ARG(n));
}

static struct str select_list(struct all *all, const struct columns *columns)
{
    struct buf out = buf_in(all->arena);
    for (size_t i = 0; i < columns->count; i++)
        buf_fmt(&out, "%s" STR_FMT, i ? ", " : "", STR_ARG(columns->items[i].name));
    return buf_view(&out);
}

static void emit_sql(struct all *all, struct buf *out, const struct entity *e,
                     const struct columns *columns, size_t updated)
{
    bool global = e->flags & ENTITY_GLOBAL;
    struct str list = select_list(all, columns);
    struct str where = global ? STR("id = $1") : STR("org = $1 AND id = $2");
    buf_fmt(out, "    .select = \"" STR_FMT "\",\n", STR_ARG(list));
    buf_fmt(out, "    .sql_get = \"SELECT " STR_FMT " FROM " STR_FMT " WHERE " STR_FMT "\",\n",
            STR_ARG(list), STR_ARG(e->name), STR_ARG(where));
    buf_fmt(out, "    .sql_insert = \"INSERT INTO " STR_FMT " (" STR_FMT ") VALUES (",
            STR_ARG(e->name), STR_ARG(list));
    for (size_t i = 0; i < columns->count; i++)
        buf_fmt(out, "%s$%zu", i ? ", " : "", i + 1);
    buf_fmt(out, ")\",\n    .sql_update = \"UPDATE " STR_FMT " SET version = version + 1",
            STR_ARG(e->name));
    for (size_t i = global ? 2 : 3; i < updated; i++)
        buf_fmt(out, ", " STR_FMT " = $%zu", STR_ARG(columns->items[i].name), i + 1);
    buf_fmt(out, " WHERE " STR_FMT " AND version = $%d\",\n", STR_ARG(where), global ? 2 : 3);
}

static void put_field_number(struct buf *out, const char *member, int field)
{
    if (field >= 0)
        buf_fmt(out, "    .%s = %d,\n", member, field);
    else
        buf_fmt(out, "    .%s = NO_FIELD,\n", member);
}

static void emit_model_head(struct buf *out, const struct entity *e)
{
    buf_fmt(out, "const struct entity_model " STR_FMT "_model = {\n    .name = \"" STR_FMT "\",",
            STR_ARG(e->name), STR_ARG(e->name));
    put_text(out, "route", e->route);
    put_text(out, "zh", e->label.zh);
    put_text(out, "en", e->label.en);
    put_text(out, "about_zh", e->about.zh);
    put_text(out, "about_en", e->about.en);
    buf_fmt(out,
            "\n    .number = %d, .flags = 0x%x, .size = sizeof(struct " STR_FMT "), .blank = &"
            STR_FMT "_blank,\n    .fields = " STR_FMT "_fields, .field_count = %zu, .own_count = "
            "%zu,\n",
            e->number, e->flags, STR_ARG(e->name), STR_ARG(e->name), STR_ARG(e->name),
            e->fields.count, e->own);
    if (e->flags & ENTITY_EXTRA)
        buf_fmt(out, "    .extra_offset = offsetof(struct " STR_FMT ", extra),\n",
                STR_ARG(e->name));
    put_field_number(out, "state_field", e->state_field);
    put_field_number(out, "tree_parent", e->tree_parent);
    put_field_number(out, "tree_path", e->tree_path);
    put_field_number(out, "title_field", e->title_field);
    put_field_number(out, "scope_field", e->scope_field);
}

void emit_entity_source(struct all *all, struct buf *out, const struct entity *e)
{
    static const char *const scopes[] = { "NONE", "PERSON", "UNIT", "VIA", "ORG" };
    struct columns columns = { 0 };
    size_t updated;
    columns_of(all, e, &columns, &updated);
    buf_fmt(out, "\n/* ---- " STR_FMT " ---- */\n\n", STR_ARG(e->name));
    emit_fields(all, out, e->name, e->name, &e->fields);
    emit_blank(out, e->name, e->name, &e->fields);
    emit_columns(out, e->name, &columns);
    size_t uniques = emit_uniques(all, out, e);
    emit_op_lists(out, e);
    emit_commands(all, out, e);
    emit_state_events(all, out, e);
    emit_hooks(out, e);
    emit_model_head(out, e);
    buf_fmt(out, "    .columns = " STR_FMT "_columns, .column_count = %zu, .update_count = %zu,\n",
            STR_ARG(e->name), columns.count, updated);
    emit_sql(all, out, e, &columns, updated);
    if (uniques)
        buf_fmt(out, "    .uniques = " STR_FMT "_uniques, .unique_count = %zu,\n",
                STR_ARG(e->name), uniques);
    buf_fmt(out, "    .scope = SCOPE_%s,\n", scopes[e->scope]);
    emit_ops(out, e);
    if (e->commands.count)
        buf_fmt(out, "    .commands = " STR_FMT "_commands, .command_count = %zu,\n",
                STR_ARG(e->name), e->commands.count);
    buf_fmt(out, "    .event_created = %d, .event_changed = %d, .event_archived = %d,\n",
            event_find(all, STR_FMT ".created", STR_ARG(e->name)),
            event_find(all, STR_FMT ".changed", STR_ARG(e->name)),
            event_find(all, STR_FMT ".archived", STR_ARG(e->name)));
    if (e->state_field >= 0)
        buf_fmt(out, "    .state_events = " STR_FMT "_state_events,\n", STR_ARG(e->name));
    if (e->hook_check)
        buf_fmt(out, "    .check = hook_" STR_FMT "_check,\n", STR_ARG(e->name));
    if (e->hook_fill)
        buf_fmt(out, "    .fill = hook_" STR_FMT "_fill,\n", STR_ARG(e->name));
    buf_cstr(out, "};\n");
}
