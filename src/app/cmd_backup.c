#include "app/app.h"
#include "app/archive.h"
#include "app/options.h"

#include "base/io.h"
#include "core/proof/proof.h"
#include "db/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char backup_help[] =
    "usage: qibing backup FILE [--with-keys] [--data DIR] [--database URL]\n\n"
    "Writes rows and files to one file, consistent as of one moment, while the server works.\n"
    "Keys stay out unless asked for: keep them apart, but do keep them (DIR/keys): without\n"
    "master.key personal data cannot be read again.\n\n"
    "  --with-keys      put the keys into the backup\n"
    "  --data DIR       the data folder [./qibing-data]\n"
    "  --database URL   postgres://… instead of DIR/qibing.db\n\n"
    "example:\n"
    "  qibing backup /backup/qibing-2026-11-01.zip --data /srv/qibing\n";

static const char restore_help[] =
    "usage: qibing restore FILE --data DIR [--database URL]\n\n"
    "Makes a data folder from a backup. DIR must not hold a database yet. Afterwards the proof\n"
    "log refuses to sign until `qibing log resume` has shown that the last published checkpoint\n"
    "still holds. Copy DIR/keys from where you keep the keys if the backup has none.\n\n"
    "example:\n"
    "  qibing restore /backup/qibing-2026-11-01.zip --data /srv/qibing-new\n";

static void show(int per_mille, const char *what)
{
    progress_show(what, per_mille);
}

int cmd_backup(int argc, char **argv)
{
    struct data_options options = { 0 };
    bool with_keys = false;
    const struct option_spec specs[] = { { "data", &options.data, NULL },
                                         { "database", &options.database, NULL },
                                         { "with-keys", NULL, &with_keys },
                                         { 0 } };
    const char *path = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    int skip = path ? 1 : 0, rest;
    argv[skip] = argv[0];
    int code = options_read(argc - skip, argv + skip, specs, backup_help, &rest);
    if (code >= 0)
        return code;
    if (!path && rest + 1 == argc)
        path = argv[rest++];
    if (!path || rest + skip != argc) {
        fputs(backup_help, stderr);
        return EXIT_USAGE;
    }
    struct app app;
    struct fault fault = { 0 };
    if (app_open(&app, &options, 0, &fault))
        return command_failed("backup", &fault);
    enum err e = archive_write(&app, path, with_keys, show, &fault);
    app_close(&app);
    if (e)
        return command_failed("backup", &fault);
    progress_end();
    printf("%s%s\n", path, with_keys ? "" : "  (without keys: keep DIR/keys apart)");
    return EXIT_DONE;
}

struct dump_source {
    int fd;
};

static enum err read_dump(void *from, char *into, size_t room, size_t *len, struct fault *fault)
{
    const struct dump_source *source = from;
    ssize_t got = read(source->fd, into, room);
    if (got < 0)
        return fault_errno(fault, "read the dump");
    *len = (size_t)got;
    return OK;
}

static enum err load_dump(const struct data_options *options, const char *dump_path,
                          struct fault *fault)
{
    CLOSE_ON_EXIT int fd = open(dump_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault_errno(fault, "open %s", dump_path);
    struct app app;
    TRY(app_open(&app, options, APP_CREATE, fault));
    struct dump_source source = { fd };
    enum err e = db_load(app.db, read_dump, &source, fault);
    app_close(&app);
    return e;
}

static enum err restore(struct arena *arena, const char *path, const struct data_options *options,
                        bool *has_keys, struct fault *fault)
{
    const char *database = str_fmt(arena, "%s/qibing.db", options->data).data;
    const char *dump_path = str_fmt(arena, "%s/restore.dump", options->data).data;
    if (io_exists(database))
        return fault_set(fault, ERR_CONFLICT, "%s is there already: restore into a new folder",
                         database);
    TRY(io_make_folder(options->data, fault));
    const char *key = str_fmt(arena, "%s/keys/master.key", options->data).data;
    enum err e = archive_unpack(arena, path, options->data, dump_path, has_keys, fault);
    bool had_key = io_exists(key);
    if (!e)
        e = load_dump(options, dump_path, fault);
    /* Opening has made a key that opens nothing of the backup. Without it the program asks for the
     * one that was kept, instead of sealing new rows with another. */
    if (!had_key)
        unlink(key);
    unlink(dump_path);
    return e ? e : proof_forget_signer(options->data, fault);
}

int cmd_restore(int argc, char **argv)
{
    struct data_options options = { 0 };
    const struct option_spec specs[] = { { "data", &options.data, NULL },
                                         { "database", &options.database, NULL },
                                         { 0 } };
    const char *path = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    int skip = path ? 1 : 0, rest;
    argv[skip] = argv[0];
    int code = options_read(argc - skip, argv + skip, specs, restore_help, &rest);
    if (code >= 0)
        return code;
    if (!path || rest + skip != argc || !options.data) {
        fputs(restore_help, stderr);
        return EXIT_USAGE;
    }
    struct fault fault = { 0 };
    struct arena *arena = arena_open(64 << 20);
    bool has_keys = false;
    if (!arena || restore(arena, path, &options, &has_keys, &fault))
        return command_failed("restore", &fault);
    arena_close(arena);
    printf("restored into %s\n%snext: qibing check --data %s, then qibing log resume\n",
           options.data, has_keys ? "" : "copy the keys you kept into its keys folder\n",
           options.data);
    return EXIT_DONE;
}
