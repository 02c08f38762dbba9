#include "app/app.h"
#include "app/modules.h"
#include "app/openapi.h"
#include "app/options.h"

#include <stdio.h>

static const char help[] =
    "usage: qibing openapi\n\n"
    "Prints the OpenAPI 3.1 description of the whole API: what the entities offer and the routes\n"
    "of the modules, each with the permission it needs; public routes have `security: []`.\n\n"
    "example:\n"
    "  qibing openapi > openapi.json\n";

int cmd_openapi(int argc, char **argv)
{
    int rest;
    const struct option_spec specs[] = { { 0 } };
    int code = options_read(argc, argv, specs, help, &rest);
    if (code >= 0)
        return code;
    struct arena *arena = arena_open((size_t)256 << 20);
    struct fault fault = { 0 };
    struct str text;
    if (!arena)
        return EXIT_FAILED;
    if (openapi_print(arena, qibing_routes, &fault, &text))
        return command_failed("openapi", &fault);
    fwrite(text.data, 1, text.len, stdout);
    fputc('\n', stdout);
    arena_close(arena);
    return EXIT_DONE;
}
