#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void base_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static const struct err_info infos[ERR_COUNT] = {
    [OK] = { "ok", "Done", "成功", 200 },
#define ERROR(name, status, code, english, chinese) \
    [ERR_##name] = { code, english, chinese, status },
#include "base/errors.def"
#undef ERROR
};

const struct err_info *err_info(enum err e)
{
    assert((unsigned)e < ERR_COUNT);
    return &infos[e];
}

PRINTF_LIKE(3, 0)
static void fault_vset(struct fault *fault, enum err code, const char *format, va_list args)
{
    assert(code != OK);
    fault->code = code;
    fault->field[0] = '\0';
    fault->line = fault->column = 0;
    vsnprintf(fault->message, sizeof fault->message, format, args);
}

enum err fault_set(struct fault *fault, enum err code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_vset(fault, code, format, args);
    va_end(args);
    return code;
}

enum err fault_set_field(struct fault *fault, enum err code, const char *field, const char *format,
                         ...)
{
    va_list args;
    va_start(args, format);
    fault_vset(fault, code, format, args);
    va_end(args);
    snprintf(fault->field, sizeof fault->field, "%s", field);
    return code;
}

/* Puts `prefix: ` before the message; the innermost words are cut first when it is too long. */
static void fault_prefix(struct fault *fault, const char *prefix)
{
    char old[FAULT_MESSAGE_MAX];
    memcpy(old, fault->message, sizeof old);
    int used = snprintf(fault->message, sizeof fault->message, "%s: ", prefix);
    if (used < 0 || (size_t)used >= sizeof fault->message)
        return;
    size_t kept = MIN(strlen(old), sizeof fault->message - 1 - (size_t)used);
    memcpy(fault->message + used, old, kept);
    fault->message[(size_t)used + kept] = '\0';
}

enum err fault_explain(struct fault *fault, enum err code, const char *format, ...)
{
    char prefix[FAULT_MESSAGE_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    fault_prefix(fault, prefix);
    fault->code = code;
    return code;
}

enum err fault_errno(struct fault *fault, const char *format, ...)
{
    int number = errno;
    enum err code = ERR_IO;
    if (number == ENOSPC || number == EDQUOT)
        code = ERR_FULL;
    if (number == ENOMEM)
        code = ERR_NO_MEMORY;
    char what[FAULT_MESSAGE_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
#ifdef __wasm__ /* one thread, and a strerror_r of the other kind */
    return fault_set(fault, code, "%s: %s", what, strerror(number));
#else
    char text[128];
    return fault_set(fault, code, "%s: %s", what, strerror_r(number, text, sizeof text));
#endif
}

void fault_clear(struct fault *fault)
{
    *fault = (struct fault){ 0 };
}
