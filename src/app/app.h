/*
 * app.h - the parts of the program put together over one data folder: database, keys, files, core,
 * modules. Commands open one, use it, close it.
 *
 * DIR (0700) holds qibing.db, files/, keys/ (0600) and the signer's state. With --database the rows
 * live in PostgreSQL; files and keys stay in DIR.
 */
#pragma once

#include "app/command.h"
#include "app/keys.h"
#include "core/core.h"
#include "db/db.h"

struct app {
    struct data_options options;
    struct arena *arena; /* lives as long as the app */
    struct db *db;
    struct keys *keys;
    struct services services;
    struct core core;
    const char *database_path; /* NULL on PostgreSQL */
};

enum app_flag {
    APP_CREATE = 1 << 0,  /* make the folder, keys and tables when they are not there */
    APP_MIGRATE = 1 << 1, /* apply what is missing; without it an old database is refused */
    APP_SIGN = 1 << 2,    /* open the signer of the proof log */
    APP_DEMO = 1 << 3,    /* we make the demo company: its mark does not stop us */
};

NODISCARD enum err app_open(struct app *app, const struct data_options *options, unsigned flags,
                            struct fault *fault);
void app_close(struct app *app);
