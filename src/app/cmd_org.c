#include "app/app.h"
#include "app/calendars.h"
#include "app/options.h"

#include "base/hex.h"
#include "core/identity/identity.h"
#include "core/playbook/playbook.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: qibing org add CODE NAME [--admin LOGIN] [--playbook CODE] [--data DIR]\n\n"
    "Adds a company and its first administrator. The password is printed once; it must be\n"
    "changed at the first sign-in. CODE is what people type to sign in.\n\n"
    "  --admin LOGIN     login name of the administrator [admin]\n"
    "  --playbook CODE   ditui, weishang, agency or brand [ditui]\n"
    "  --playbooks DIR   folder of the playbooks [playbooks beside the program]\n"
    "  --data DIR        the data folder [./qibing-data]\n"
    "  --database URL    postgres://… instead of DIR/qibing.db\n"
    "  --host NAME       begins the name of the proof log: NAME/log/CODE [localhost]\n\n"
    "examples:\n"
    "  qibing org add qibing 奇兵地推 --playbook ditui\n"
    "  qibing org add acme \"Acme Ltd\" --admin lihua --host pay.example.cn --data /srv/qibing\n";

struct adding {
    struct company_new company;
    struct login_new admin;
    const struct playbook_source *playbook;
    int64_t org;
};

static enum err add(struct cx *cx, void *arg)
{
    struct adding *adding = arg;
    int64_t login;
    TRY(identity_add_company(cx, &adding->company));
    adding->org = cx->org;
    TRY(playbook_install(cx, adding->playbook));
    TRY(calendars_install(cx));
    adding->admin.role = "admin";
    return identity_add_login(cx, &adding->admin, &login);
}

/* 20 characters of a 32-letter alphabet without look-alikes: 100 bits. */
static struct str make_password(struct arena *arena)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    char *text = arena_alloc(arena, 25);
    size_t at = 0;
    for (int i = 0; i < 20; i++) {
        if (i && i % 5 == 0)
            text[at++] = '-';
        text[at++] = letters[randombytes_uniform(32)];
    }
    return (struct str){ text, at };
}

static enum err add_company(struct app *app, struct adding *adding, const char *playbooks,
                            struct str password, struct fault *fault)
{
    TRY(playbook_read_folder(app->arena, playbooks, str_cstr(app->arena, adding->company.playbook),
                             fault, &adding->playbook));
    TRY(password_hash(app->core.passwords, app->arena, password, fault,
                      &adding->admin.password_hash));
    return core_write_alone(&app->core, &(struct call){ 0 }, add, adding, fault);
}

int cmd_org(int argc, char **argv)
{
    struct data_options options = { 0 };
    const char *admin = "admin", *playbook = "ditui", *playbooks = NULL;
    const struct option_spec specs[] = {
        { "data", &options.data, NULL },     { "database", &options.database, NULL },
        { "host", &options.host, NULL },     { "admin", &admin, NULL },
        { "playbook", &playbook, NULL },     { "playbooks", &playbooks, NULL },
        { 0 },
    };
    /* "add CODE NAME" may stand before the options. */
    char *words[3];
    int word_count = 0, rest = 1, code;
    while (argc > 1 && word_count < 3 && strncmp(argv[1], "--", 2) != 0) {
        words[word_count++] = argv[1];
        argv[1] = argv[0];
        argv++;
        argc--;
    }
    if ((code = options_read(argc, argv, specs, help, &rest)) >= 0)
        return code;
    while (rest < argc && word_count < 3)
        words[word_count++] = argv[rest++];
    if (word_count != 3 || rest != argc || strcmp(words[0], "add") != 0) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    struct app app;
    struct fault fault = { 0 };
    if (app_open(&app, &options, APP_CREATE | APP_SIGN, &fault))
        return command_failed("org", &fault);
    struct adding adding = { .company = { str_from(words[1]), str_from(words[2]),
                                          str_from(playbook) },
                             .admin = { .name = str_from(admin), .must_change = true } };
    struct str password = make_password(app.arena);
    const char *folder = playbooks ? playbooks : playbook_folder(app.arena);
    if (add_company(&app, &adding, folder, password, &fault)) {
        app_close(&app);
        return command_failed("org", &fault);
    }
    printf("company  %s\nlogin    %s\npassword " STR_FMT "\n", words[1], admin,
           STR_ARG(password));
    app_close(&app);
    return EXIT_DONE;
}
