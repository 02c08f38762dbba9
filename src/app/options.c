#include "app/options.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec *find(const struct option_spec *specs, const char *word,
                                      const char **value)
{
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    *value = equals ? equals + 1 : NULL;
    for (const struct option_spec *s = specs; s->name; s++)
        if (strlen(s->name) == len && memcmp(s->name, word, len) == 0)
            return s;
    return NULL;
}

static int wrong(const char *command, const char *what, const char *why)
{
    fprintf(stderr, "qibing %s: %s %s; `qibing %s --help` tells more\n", command, what, why,
            command);
    return EXIT_USAGE;
}

int options_read(int argc, char **argv, const struct option_spec *specs, const char *help,
                 int *rest)
{
    int at = 1;
    for (; at < argc; at++) {
        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            fputs(help, stdout);
            return EXIT_DONE;
        }
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (strncmp(argv[at], "--", 2) != 0)
            break;
        const char *value;
        const struct option_spec *s = find(specs, argv[at] + 2, &value);
        if (!s)
            return wrong(argv[0], argv[at], "is no option of it");
        if (s->flag) {
            if (value)
                return wrong(argv[0], argv[at], "takes no value");
            *s->flag = true;
            continue;
        }
        if (!value && at + 1 == argc)
            return wrong(argv[0], argv[at], "needs a value");
        *s->value = value ? value : argv[++at];
    }
    *rest = at;
    return -1;
}

bool options_number(const char *text, int64_t low, int64_t high, int64_t *ret)
{
    return str_to_i64(str_from(text), ret) && *ret >= low && *ret <= high;
}

bool options_address(struct arena *arena, const char *text, const char **host, int *port)
{
    struct str s = str_from(text);
    const char *colon = strrchr(text, ':');
    const char *number = colon ? colon + 1 : text;
    int64_t value;
    if (!options_number(number, 0, 65535, &value))
        return false;
    struct str name = colon ? str_cut(s, 0, (size_t)(colon - text)) : STR_NONE;
    if (name.len >= 2 && name.data[0] == '[' && name.data[name.len - 1] == ']')
        name = str_cut(name, 1, name.len - 1);
    *host = name.len ? str_cstr(arena, name) : "127.0.0.1";
    *port = (int)value;
    return true;
}
