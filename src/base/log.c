#include "base/log.h"

#include "base/date.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* The one process-wide setting below app: a log level cannot be passed through every call. */
static _Atomic(int) threshold = LOG_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

void log_line(enum log_level level, const char *area, const char *format, ...)
{
    if ((int)level < atomic_load(&threshold))
        return;
    static const char *const names[] = { "debug", "info", "warning", "error" };
    char line[2048];
    struct timespec t;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &parts);
    size_t used = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &parts);
    used += (size_t)snprintf(line + used, sizeof line - used, ".%03ldZ %s %s: ",
                             t.tv_nsec / 1000000, names[level], area);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + used, sizeof line - used - 1, format, args);
    va_end(args);
    used += (size_t)MAX(more, 0);
    used = MIN(used, sizeof line - 2);
    line[used++] = '\n';
    /* One write, so that lines of two threads never mix. A lost log line is not worth an error. */
    ssize_t ignored = write(STDERR_FILENO, line, used);
    (void)ignored;
}
