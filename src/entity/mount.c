/* mount.c - the routes that follow from the descriptions. */
#include "entity/api.h"

struct mounting {
    struct api *api;
    const struct entity_model *model;
};

static const struct op_target *target_of(const struct mounting *m,
                                         const struct entity_command *command)
{
    struct op_target *target = arena_new(m->api->arena, struct op_target);
    target->model = m->model;
    target->command = command;
    return target;
}

static const char *path_of(const struct mounting *m, const char *tail)
{
    return str_fmt(m->api->arena, "/%s%s", m->model->route, tail).data;
}

static void mount(const struct mounting *m, int may, const char *tail, struct route route)
{
    if (!may)
        return; /* not offered */
    route.path = path_of(m, tail);
    route.may = may;
    if (!route.state)
        route.state = target_of(m, NULL);
    api_mount(m->api, &route);
}

static void mount_rows(const struct mounting *m)
{
    const struct entity_operation *ops = m->model->ops;
    mount(m, ops[OP_LIST].may, "", (struct route){ GET, .run = op_list, .about = "List" });
    mount(m, ops[OP_GET].may, "/{id}", (struct route){ GET, .run = op_get, .about = "Get" });
    mount(m, ops[OP_GET].may, "/{id}/history",
          (struct route){ GET, .run = op_history, .about = "History" });
    mount(m, ops[OP_CREATE].may, "",
          (struct route){ POST, .run = op_create, .body = BODY_JSON, .about = "Create" });
    mount(m, ops[OP_UPDATE].may, "/{id}",
          (struct route){ PATCH, .run = op_update, .body = BODY_JSON, .versioned = true,
                          .about = "Update" });
    mount(m, ops[OP_ARCHIVE].may, "/{id}/archive",
          (struct route){ POST, .run = op_archive, .body = BODY_JSON, .about = "Archive" });
    mount(m, ops[OP_ARCHIVE].may, "/{id}/restore",
          (struct route){ POST, .run = op_restore, .body = BODY_JSON, .about = "Restore" });
    mount(m, ops[OP_REVEAL].may, "/{id}/reveal",
          (struct route){ POST, .run = op_reveal, .body = BODY_JSON, .unkeyed = true,
                          .about = "Reveal one field" });
}

static void mount_many(const struct mounting *m)
{
    const struct entity_operation *ops = m->model->ops;
    mount(m, ops[OP_IMPORT].may, "/import",
          (struct route){ POST, .run = op_import, .body = BODY_CSV | BODY_XLSX,
                          .no_tx = true, .about = "Import a sheet" });
    mount(m, ops[OP_EXPORT].may, "/export",
          (struct route){ GET, .run = op_export, .about = "Export a sheet" });
    /* Each thing that is done asks for its own permission, see op_bulk(). */
    mount(m, ops[OP_BULK].may, "/bulk",
          (struct route){ POST, .run = op_bulk, .body = BODY_JSON, .about = "Many at once" });
}

static void mount_commands(const struct mounting *m)
{
    for (uint16_t i = 0; i < m->model->command_count; i++) {
        const struct entity_command *c = &m->model->commands[i];
        bool on_all = c->flags & COMMAND_COLLECTION;
        const char *tail = str_fmt(m->api->arena, on_all ? "/%s" : "/{id}/%s", c->route).data;
        mount(m, c->may, tail,
              (struct route){ POST, .run = on_all ? op_command_on_all : op_command,
                              .body = BODY_JSON, .about = c->en, .about_zh = c->zh,
                              .state = target_of(m, c) });
    }
}

void api_mount_entities(struct api *api, const struct model *model)
{
    static const struct route meta = {
        GET, "/meta", op_meta, .may = MAY_SIGNED_IN,
        .about = "Descriptions of what the caller may use",
    };
    api_mount(api, &meta);
    for (uint16_t i = 1; i < model->entity_count; i++) {
        struct mounting m = { api, model->entities[i] };
        if (!m.model || !m.model->route)
            continue;
        mount_rows(&m);
        mount_many(&m);
        mount_commands(&m);
    }
}
