#include "app/app.h"
#include "app/modules.h"
#include "app/options.h"

#include <stdio.h>

static const char help[] =
    "usage: qibing migrate [--data DIR] [--database URL]\n\n"
    "Brings the database up to this program: applies the numbered migrations that are missing,\n"
    "each in a transaction of its own. Kill it and run it again: it goes on where it stopped.\n"
    "An already applied migration that differs, or a database of a newer program, is refused.\n\n"
    "  --data DIR       the data folder [./qibing-data]\n"
    "  --database URL   postgres://… instead of DIR/qibing.db\n\n"
    "examples:\n"
    "  qibing migrate --data /srv/qibing\n"
    "  qibing migrate --data /srv/qibing --database postgres://qibing@/qibing\n";

int cmd_migrate(int argc, char **argv)
{
    struct data_options options = { 0 };
    const struct option_spec specs[] = {
        { "data", &options.data, NULL },
        { "database", &options.database, NULL },
        { 0 },
    };
    int rest;
    int code = options_read(argc, argv, specs, help, &rest);
    if (code >= 0)
        return code;
    struct app app;
    struct fault fault = { 0 };
    if (app_open(&app, &options, APP_CREATE | APP_MIGRATE, &fault))
        return command_failed("migrate", &fault);
    int number;
    enum err e = db_schema_number(app.db, &fault, &number);
    app_close(&app);
    if (e)
        return command_failed("migrate", &fault);
    printf("the database is at migration %d of %d\n", number, qibing_migration_count);
    return EXIT_DONE;
}
