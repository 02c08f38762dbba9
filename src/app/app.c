#include "app/app.h"

#include "app/demo.h"
#include "app/modules.h"
#include "base/io.h"
#include "base/log.h"
#include "core/file/file.h"
#include "core/identity/known.h"
#include "core/job/job.h"
#include "core/proof/proof.h"
#include "core/setting/setting.h"
#include "mod/settlement/month.h"
#include "mod/settlement/shown.h"
#include "model.gen.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { NODE = 0 };

static enum err org_key(struct cx *cx, enum key_use use, uint8_t key[32])
{
    const struct app *app = (const struct app *)(uintptr_t)cx_core(cx)->app;
    keys_derive(app->keys, cx->org, use, key);
    return OK;
}

static struct services services_of(struct app *app)
{
    return (struct services){
        .model = &qibing_model,
        .listeners = qibing_listeners,
        .setting_int = setting_number,
        .setting_text = setting_words,
        .proof_append = proof_append,
        .job_enqueue = job_enqueue,
        .org_key = org_key,
        .file_open = file_service_open,
        .file_keep = file_service_keep,
        .random = randombytes_buf,
        .temp_folder = str_fmt(app->arena, "%s/tmp", app->options.data).data,
        .core = &app->core,
    };
}

/* What the memories of the process were read from. */
static const char *const *watched_tables(struct arena *arena)
{
    VEC(const char *) names = { 0 };
    for (const char *const *name = known_tables; *name; name++)
        vec_add(arena, &names, *name);
    for (const char *const *name = shown_tables; *name; name++)
        vec_add(arena, &names, *name);
    vec_add(arena, &names, NULL);
    return names.items;
}

static enum err open_database(struct app *app, unsigned flags, struct fault *fault)
{
    const struct db_config *tuning = app->options.tuning;
    struct db_config config = tuning ? *tuning : (struct db_config){ 0 };
    config.url = app->options.database;
    config.watch = watched_tables(app->arena);
    if (!config.url) {
        app->database_path = str_fmt(app->arena, "%s/qibing.db", app->options.data).data;
        config.url = app->database_path;
        config.must_exist = !(flags & APP_CREATE);
        if (config.must_exist && !io_exists(config.url))
            return fault_set(fault, ERR_NOT_FOUND,
                             "there is no database in %s: `qibing demo` makes "
                             "a company to look at, `qibing org add` an empty one",
                             app->options.data);
    }
    TRY(db_open(&config, fault, &app->db));
    if (flags & (APP_CREATE | APP_MIGRATE))
        return db_migrate(app->db, qibing_migrations, qibing_migration_count, instant_now(),
                          fault);
    enum err e = db_migrate_check(app->db, qibing_migrations, qibing_migration_count, fault);
    return e ? fault_explain(fault, e, "run `qibing migrate` first") : OK;
}

static enum err open_parts(struct app *app, unsigned flags, struct fault *fault)
{
    const char *data = app->options.data;
    if (!(flags & APP_DEMO) && demo_unfinished(data))
        return fault_set(fault, ERR_CONFLICT, "the demo company in %s is not finished: "
                         "`qibing demo --data %s` begins it anew", data, data);
    if (flags & APP_CREATE)
        TRY(io_make_folder(data, fault));
    TRY(open_database(app, flags, fault));
    TRY(keys_open(app->arena, data, flags & APP_CREATE, fault, &app->keys));
    TRY(io_make_folder(str_fmt(app->arena, "%s/tmp", data).data, fault));
    app->core.files_folder = str_fmt(app->arena, "%s/files", data).data;
    TRY(io_make_folder(app->core.files_folder, fault));
    app->core.ids = id_source_open(NODE);
    app->core.passwords = password_gate_open();
    app->core.months = month_cache_open();
    app->core.known = known_open();
    app->core.shown = shown_open();
    if (!app->core.ids || !app->core.passwords || !app->core.months || !app->core.known ||
        !app->core.shown)
        return fault_set(fault, ERR_NO_MEMORY, "no memory to start");
    if (flags & APP_SIGN) {
        const char *host = app->options.host ? app->options.host : "localhost";
        TRY(proof_keeper_open(data, host, fault, &app->core.proof));
    }
    return OK;
}

enum err app_open(struct app *app, const struct data_options *options, unsigned flags,
                  struct fault *fault)
{
    *app = (struct app){ .options = *options, .arena = arena_open(64 << 20) };
    umask(077); /* what a data folder holds is for nobody else, whoever made the folder */
    if (!app->arena)
        return fault_set(fault, ERR_NO_MEMORY, "no memory to start");
    if (!app->options.data)
        app->options.data = "./qibing-data";
    enum err e = open_parts(app, flags, fault);
    if (e) {
        app_close(app);
        return e;
    }
    app->services = services_of(app);
    app->core.db = app->db;
    app->core.services = &app->services;
    app->core.model = &qibing_model;
    app->core.playbooks = &qibing_playbook_hooks;
    app->core.clock = instant_now;
    app->core.data_folder = app->options.data;
    app->core.app = app;
    return OK;
}

void app_close(struct app *app)
{
    proof_keeper_close(app->core.proof);
    db_close(app->db);
    month_cache_close(app->core.months);
    shown_close(app->core.shown);
    known_close(app->core.known);
    id_source_close(app->core.ids);
    password_gate_close(app->core.passwords);
    keys_wipe(app->keys);
    arena_close(app->arena);
    *app = (struct app){ 0 };
}
