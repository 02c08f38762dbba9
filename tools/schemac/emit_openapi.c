/*
 * emit_openapi.c - the routes of entities as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0).
 * Routes that are no operation of an entity are added by the server (`qibing openapi`).
 *
 * `x-permission` names what the caller must hold; the test that walks all routes reads it.
 */
#include "openapi.h"

struct path {
    struct all *all;
    struct json_writer *w;
    const struct entity *entity;
};

static void put_ref(struct json_writer *w, struct str name)
{
    put_str(w, "$ref", str_fmt(w->out->arena, "#/components/schemas/" STR_FMT, STR_ARG(name)));
}

static void begin_content(struct json_writer *w)
{
    begin(w, "content");
    begin(w, "application/json");
    begin(w, "schema");
}

static void end_content(struct json_writer *w)
{
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
}

static void put_parameter(struct json_writer *w, const char *in, struct str name,
                          const struct field *f)
{
    json_begin_object(w);
    put(w, "in", in);
    put_str(w, "name", name);
    if (strcmp(in, "path") == 0) {
        json_key(w, "required");
        json_put_bool(w, true);
    }
    begin(w, "schema");
    if (f && (f->type == FIELD_INT || f->type == FIELD_MONEY || f->type == FIELD_RATE))
        schema_integer(w, f, "int64");
    else
        put(w, "type", "string"); /* lists: value[,value…] */
    json_end_object(w);
    json_end_object(w);
}

static bool by_range(enum field_type type)
{
    return type == FIELD_INT || type == FIELD_MONEY || type == FIELD_RATE ||
           type == FIELD_DECIMAL || type == FIELD_DATE || type == FIELD_INSTANT;
}

static void put_filters(struct json_writer *w, const struct entity *e)
{
    const struct operation *list = &e->ops[OP_LIST];
    static const char *const always[] = { "limit", "cursor", "sort" };
    for (size_t i = 0; i < COUNT(always); i++)
        put_parameter(w, "query", str_from(always[i]), NULL);
    if (e->flags & ENTITY_SEARCH)
        put_parameter(w, "query", STR("search"), NULL);
    if (e->flags & ENTITY_ARCHIVE)
        put_parameter(w, "query", STR("archived"), NULL);
    for (size_t i = 0; i < list->fields.count; i++) {
        const struct field *f = &e->fields.items[list->fields.items[i].resolved];
        put_parameter(w, "query", f->name, NULL);
        if (!by_range(f->type))
            continue;
        struct arena *arena = w->out->arena;
        put_parameter(w, "query", str_fmt(arena, STR_FMT "_from", STR_ARG(f->name)), NULL);
        put_parameter(w, "query", str_fmt(arena, STR_FMT "_to", STR_ARG(f->name)), NULL);
    }
}

static void begin_operation(const struct path *p, const char *method, struct str id,
                            const struct word *may, struct str summary, bool on_row)
{
    struct json_writer *w = p->w;
    begin(w, method);
    put_str(w, "operationId", id);
    put_str(w, "summary", summary);
    json_key(w, "tags");
    json_begin_array(w);
    json_put_str(w, p->entity->name);
    json_end_array(w);
    put_str(w, "x-permission", may->s);
    put_str(w, "x-entity", p->entity->name);
    json_key(w, "security");
    json_begin_array(w);
    json_put_raw(w, STR("{\"session\":[]}"));
    json_put_raw(w, STR("{\"token\":[]}"));
    json_end_array(w);
    json_key(w, "parameters");
    json_begin_array(w);
    if (on_row)
        put_parameter(w, "path", STR("id"), NULL);
}

static void end_parameters(const struct path *p, const char *body_schema, struct str body)
{
    json_end_array(p->w);
    if (!body_schema)
        return;
    begin(p->w, "requestBody");
    json_key(p->w, "required");
    json_put_bool(p->w, true);
    begin_content(p->w);
    if (body.len)
        put_ref(p->w, body);
    else
        put(p->w, "type", body_schema);
    end_content(p->w);
    json_end_object(p->w);
}

static void end_operation(const struct path *p, const char *status, struct str schema, bool list)
{
    struct json_writer *w = p->w;
    begin(w, "responses");
    begin(w, status);
    put(w, "description", "Done");
    if (schema.len) {
        begin_content(w);
        if (list) {
            put(w, "type", "object");
            begin(w, "properties");
            begin(w, "items");
            put(w, "type", "array");
            begin(w, "items");
            put_ref(w, schema);
            json_end_object(w);
            json_end_object(w);
            json_key(w, "next");
            json_put_raw(w, STR("{\"type\":[\"string\",\"null\"]}"));
            json_end_object(w);
        } else {
            put_ref(w, schema);
        }
        end_content(w);
    }
    json_end_object(w);
    json_key(w, "default");
    json_put_raw(w, STR("{\"$ref\":\"#/components/responses/problem\"}"));
    json_end_object(w);
    json_end_object(w);
}

static struct str named(const struct path *p, const char *suffix)
{
    return str_fmt(p->all->arena, STR_FMT "_%s", STR_ARG(p->entity->name), suffix);
}

static void put_collection(const struct path *p)
{
    const struct entity *e = p->entity;
    json_key_str(p->w, str_fmt(p->all->arena, "/" STR_FMT, STR_ARG(e->route)));
    json_begin_object(p->w);
    if (e->ops[OP_LIST].offered) {
        begin_operation(p, "get", named(p, "list"), &e->ops[OP_LIST].may, e->label.en, false);
        put_filters(p->w, e);
        end_parameters(p, NULL, STR_NONE);
        end_operation(p, "200", e->name, true);
    }
    if (e->ops[OP_CREATE].offered) {
        begin_operation(p, "post", named(p, "create"), &e->ops[OP_CREATE].may, e->label.en, false);
        end_parameters(p, "object", named(p, "create"));
        end_operation(p, "201", e->name, false);
    }
    json_end_object(p->w);
}

static void put_row_path(const struct path *p)
{
    const struct entity *e = p->entity;
    if (!e->ops[OP_GET].offered && !e->ops[OP_UPDATE].offered)
        return;
    json_key_str(p->w, str_fmt(p->all->arena, "/" STR_FMT "/{id}", STR_ARG(e->route)));
    json_begin_object(p->w);
    if (e->ops[OP_GET].offered) {
        begin_operation(p, "get", named(p, "get"), &e->ops[OP_GET].may, e->label.en, true);
        end_parameters(p, NULL, STR_NONE);
        end_operation(p, "200", e->name, false);
    }
    if (e->ops[OP_UPDATE].offered) {
        begin_operation(p, "patch", named(p, "update"), &e->ops[OP_UPDATE].may, e->label.en, true);
        put_parameter(p->w, "header", STR("If-Match"), NULL);
        end_parameters(p, "object", named(p, "update"));
        end_operation(p, "200", e->name, false);
    }
    json_end_object(p->w);
}

/* A path of its own for one operation: /visits/import, /visits/{id}/archive. */
static void put_single(const struct path *p, enum entity_op op, const char *method,
                       const char *path, bool on_row, const char *body)
{
    const struct entity *e = p->entity;
    const struct operation *o = &e->ops[op];
    if (!o->offered)
        return;
    const struct word *may = op == OP_BULK ? &e->ops[OP_LIST].may : &o->may;
    json_key_str(p->w, str_fmt(p->all->arena, "/" STR_FMT "%s/%s", STR_ARG(e->route),
                               on_row ? "/{id}" : "", path));
    json_begin_object(p->w);
    begin_operation(p, method, named(p, path), may, e->label.en, on_row);
    if (op == OP_EXPORT)
        put_filters(p->w, e);
    if (op == OP_ARCHIVE)
        put_parameter(p->w, "header", STR("If-Match"), NULL);
    end_parameters(p, body, STR_NONE);
    end_operation(p, "200", STR_NONE, false);
    json_end_object(p->w);
}

static void put_command(const struct path *p, const struct command *c)
{
    const struct entity *e = p->entity;
    bool on_row = !(c->flags & COMMAND_COLLECTION), async = c->flags & COMMAND_ASYNC;
    struct str id = str_fmt(p->all->arena, STR_FMT "_" STR_FMT, STR_ARG(e->name), STR_ARG(c->name));
    json_key_str(p->w, str_fmt(p->all->arena, "/" STR_FMT "%s/" STR_FMT, STR_ARG(e->route),
                               on_row ? "/{id}" : "", STR_ARG(dashed(p->all->arena, c->name))));
    json_begin_object(p->w);
    begin_operation(p, "post", id, &c->may, c->label.en, on_row);
    end_parameters(p, "object", str_fmt(p->all->arena, STR_FMT "_in", STR_ARG(id)));
    struct str answer = c->out.count ? str_fmt(p->all->arena, STR_FMT "_out", STR_ARG(id))
                        : on_row     ? e->name
                                     : STR_NONE;
    end_operation(p, async ? "202" : "200", answer, false);
    json_end_object(p->w);
}

static void put_paths(struct all *all, struct json_writer *w)
{
    begin(w, "paths");
    for (size_t i = 0; i < all->entities.count; i++) {
        struct path p = { all, w, all->entities.items[i] };
        if (!p.entity->route.len)
            continue;
        put_collection(&p);
        put_single(&p, OP_IMPORT, "post", "import", false, NULL);
        put_single(&p, OP_EXPORT, "get", "export", false, NULL);
        put_single(&p, OP_BULK, "post", "bulk", false, "object");
        put_row_path(&p);
        put_single(&p, OP_GET, "get", "history", true, NULL);
        put_single(&p, OP_ARCHIVE, "post", "archive", true, NULL);
        put_single(&p, OP_ARCHIVE, "post", "restore", true, NULL);
        put_single(&p, OP_REVEAL, "post", "reveal", true, "object");
        for (size_t c = 0; c < p.entity->commands.count; c++)
            put_command(&p, &p.entity->commands.items[c]);
    }
    json_end_object(w);
}

static void put_schemas(struct all *all, struct json_writer *w)
{
    begin(w, "schemas");
    json_key(w, "Problem");
    json_put_raw(w, STR("{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\"},"
                        "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
                        "\"code\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"},"
                        "\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"));
    for (size_t i = 0; i < all->entities.count; i++) {
        const struct entity *e = all->entities.items[i];
        struct path p = { all, w, e };
        if (!e->route.len)
            continue;
        json_key_str(w, e->name);
        json_begin_object(w);
        schema_row(w, e);
        json_end_object(w);
        for (int op = OP_CREATE; op <= OP_UPDATE; op++) {
            if (!e->ops[op].offered)
                continue;
            json_key_str(w, named(&p, op == OP_CREATE ? "create" : "update"));
            json_begin_object(w);
            schema_accepted(w, e, (enum entity_op)op);
            json_end_object(w);
        }
        for (size_t c = 0; c < e->commands.count; c++) {
            const struct command *command = &e->commands.items[c];
            const struct record *sides[] = { &command->in, &command->out };
            for (int side = 0; side < 2; side++) {
                if (side == 1 && !command->out.count)
                    continue;
                json_key_str(w, str_fmt(all->arena, STR_FMT "_" STR_FMT "_%s", STR_ARG(e->name),
                                        STR_ARG(command->name), side ? "out" : "in"));
                json_begin_object(w);
                schema_record(w, sides[side]);
                json_end_object(w);
            }
        }
    }
    json_end_object(w);
}

struct str emit_openapi(struct all *all)
{
    struct buf out = buf_in(all->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    put(&w, "openapi", "3.1.0");
    json_key(&w, "info");
    json_put_raw(&w, STR("{\"title\":\"Qibing\",\"version\":\"1\"}"));
    json_key(&w, "servers");
    json_put_raw(&w, STR("[{\"url\":\"/api/v1\"}]"));
    put_paths(all, &w);
    begin(&w, "components");
    json_key(&w, "securitySchemes");
    json_put_raw(&w, STR("{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\","
                         "\"name\":\"session\"},\"token\":{\"type\":\"http\","
                         "\"scheme\":\"bearer\"}}"));
    json_key(&w, "responses");
    json_put_raw(&w, STR("{\"problem\":{\"description\":\"RFC 9457\",\"content\":{"
                         "\"application/problem+json\":{\"schema\":{\"$ref\":"
                         "\"#/components/schemas/Problem\"}}}}}"));
    put_schemas(all, &w);
    json_end_object(&w);
    json_end_object(&w);
    buf_char(&out, '\n');
    return buf_view(&out);
}
