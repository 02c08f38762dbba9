/*
 * The descriptions give the part of the entities (gen/openapi.json); here the routes of the modules
 * join it. Paths are relative to /api/v1; what lies elsewhere carries its own `servers`.
 */
#include "app/openapi.h"

#include "base/map.h"
#include "entity/model.h"
#include "model.gen.h"

static const char *const method_names[] = { [GET] = "get", [POST] = "post", [PUT] = "put",
                                            [PATCH] = "patch", [DELETE] = "delete" };

static bool at_root(const struct route *r)
{
    return r->path[0] == '/' && r->path[1] == '/';
}

/* "{rest*}" is our word for the rest of a path; OpenAPI knows plain names only. */
static struct str plain_path(struct arena *arena, const struct route *r)
{
    struct buf out = buf_in(arena);
    for (const char *at = at_root(r) ? r->path + 1 : r->path; *at; at++)
        if (*at != '*')
            buf_char(&out, *at);
    return buf_view(&out);
}

static void put_parameters(struct json_writer *w, struct str path)
{
    json_key(w, "parameters");
    json_begin_array(w);
    for (ptrdiff_t open; (open = str_find_char(path, '{')) >= 0;) {
        path = str_cut(path, (size_t)open + 1, path.len);
        ptrdiff_t close = str_find_char(path, '}');
        if (close < 0)
            break;
        json_begin_object(w);
        json_key(w, "in");
        json_put_cstr(w, "path");
        json_key(w, "name");
        json_put_str(w, str_cut(path, 0, (size_t)close));
        json_key(w, "required");
        json_put_bool(w, true);
        json_key(w, "schema");
        json_put_raw(w, STR("{\"type\":\"string\"}"));
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_body(struct json_writer *w, unsigned body)
{
    static const struct {
        unsigned kind;
        const char *type, *schema;
    } kinds[] = {
        { BODY_JSON, "application/json", "{\"type\":\"object\"}" },
        { BODY_CSV, "text/csv", "{\"type\":\"string\"}" },
        { BODY_XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
          "{\"type\":\"string\",\"format\":\"binary\"}" },
        { BODY_BYTES, "application/octet-stream", "{\"type\":\"string\",\"format\":\"binary\"}" },
    };
    if (!body)
        return;
    json_key(w, "requestBody");
    json_begin_object(w);
    json_key(w, "content");
    json_begin_object(w);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!(body & kinds[i].kind))
            continue;
        json_key(w, kinds[i].type);
        json_begin_object(w);
        json_key(w, "schema");
        json_put_raw(w, str_from(kinds[i].schema));
        json_end_object(w);
    }
    json_end_object(w);
    json_end_object(w);
}

static void put_security(struct json_writer *w, const struct route *r)
{
    json_key(w, "security");
    if (r->may == MAY_ANYONE) {
        json_put_raw(w, STR("[]"));
        json_key(w, "x-why-public");
        json_put_cstr(w, r->why);
        return;
    }
    json_put_raw(w, STR("[{\"session\":[]},{\"token\":[]}]"));
    json_key(w, "x-permission");
    json_put_cstr(w, r->may > 0 ? qibing_model.permissions[r->may].name : "signed_in");
}

static void put_operation(struct arena *arena, struct json_writer *w, const struct route *r)
{
    json_key(w, method_names[r->method]);
    json_begin_object(w);
    if (r->about) {
        json_key(w, "summary");
        json_put_cstr(w, r->about);
    }
    if (r->about_zh) {
        json_key(w, "x-summary-zh");
        json_put_cstr(w, r->about_zh);
    }
    if (at_root(r)) {
        json_key(w, "servers");
        json_put_raw(w, STR("[{\"url\":\"/\"}]"));
    }
    put_security(w, r);
    put_parameters(w, plain_path(arena, r));
    put_body(w, r->body);
    json_key(w, "responses");
    json_put_raw(w, STR("{\"200\":{\"description\":\"Done\"},"
                        "\"default\":{\"$ref\":\"#/components/responses/problem\"}}"));
    json_end_object(w);
}

static void put_routes_of(struct arena *arena, struct json_writer *w,
                          const struct route *const *tables, struct str path)
{
    for (const struct route *const *table = tables; *table; table++)
        for (const struct route *r = *table; r->path; r++)
            if (str_eq(plain_path(arena, r), path))
                put_operation(arena, w, r);
}

static void put_paths(struct arena *arena, struct json_writer *w, const struct json *paths,
                      const struct route *const *tables)
{
    struct str_map done = str_map_in(arena);
    json_begin_object(w);
    for (const struct json *p = paths->first; p; p = p->next) {
        *str_map_at(&done, p->key, true) = w;
        json_key_str(w, p->key);
        json_begin_object(w);
        for (const struct json *method = p->first; method; method = method->next) {
            json_key_str(w, method->key);
            json_put_tree(w, method);
        }
        put_routes_of(arena, w, tables, p->key);
        json_end_object(w);
    }
    for (const struct route *const *table = tables; *table; table++)
        for (const struct route *r = *table; r->path; r++) {
            struct str path = plain_path(arena, r);
            void **seen = str_map_at(&done, path, true);
            if (*seen)
                continue;
            *seen = w;
            json_key_str(w, path);
            json_begin_object(w);
            put_routes_of(arena, w, tables, path);
            json_end_object(w);
        }
    json_end_object(w);
}

/* What the entity engine mounts by itself beside the operations of entities. */
static const struct route engine_routes[] = {
    { GET, "/meta", NULL, .may = MAY_SIGNED_IN, .about = "Descriptions of what the caller may use",
      .about_zh = "当前账号可用的资源说明" },
    { 0 },
};

static const struct route *const *with_engine(struct arena *arena,
                                              const struct route *const *tables)
{
    size_t count = 0;
    while (tables[count])
        count++;
    const struct route **all = arena_array(arena, const struct route *, count + 2);
    all[0] = engine_routes;
    memcpy(all + 1, tables, count * sizeof *all);
    return all;
}

enum err openapi_print(struct arena *arena, const struct route *const *tables,
                       struct fault *fault, struct str *ret)
{
    tables = with_engine(arena, tables);
    const struct json *document;
    TRY(json_read(arena, qibing_model.openapi, (struct json_limits){ 0 }, fault, &document));
    struct buf out = buf_in(arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    for (const struct json *part = document->first; part; part = part->next) {
        json_key_str(&w, part->key);
        if (str_is(part->key, "paths"))
            put_paths(arena, &w, part, tables);
        else
            json_put_tree(&w, part);
    }
    json_end_object(&w);
    *ret = buf_view(&out);
    return OK;
}
