/*
 * cmd_settle_write.c - outputs side by side: workers print portions of rows into their own buffers
 * and write them at the offset that follows from the portions before.
 */
#include "app/cmd_settle.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORTION_BYTES ((size_t)4 << 20)

struct writing {
    struct settle *s;
    int output, fd;
    size_t rows, portion, next;  /* next: the portion to print, under the lock */
    size_t due;                  /* the portion whose offset is known, under the lock */
    off_t offset;                /* of portion `due` */
    char **buffers;
    pthread_mutex_t lock;
    pthread_cond_t turned;
    bool failed;
    struct fault fault;
};

static bool write_at(struct writing *w, const char *data, size_t len, off_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(w->fd, data, len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
        at += n;
    }
    return true;
}

/* Waits for the portions before; false when one of them failed. */
static bool take_offset(struct writing *w, size_t portion, size_t len, off_t *ret)
{
    pthread_mutex_lock(&w->lock);
    while (w->due != portion && !w->failed)
        pthread_cond_wait(&w->turned, &w->lock);
    bool good = !w->failed;
    if (good) {
        *ret = w->offset;
        w->offset += (off_t)len;
        w->due++;
        pthread_cond_broadcast(&w->turned);
    }
    pthread_mutex_unlock(&w->lock);
    return good;
}

static void fail(struct writing *w)
{
    struct fault fault;
    fault_errno(&fault, "writing " STR_FMT, STR_ARG(plan_output(w->s->plan, w->output).file));
    pthread_mutex_lock(&w->lock);
    if (!w->failed)
        w->fault = fault;
    w->failed = true;
    pthread_cond_broadcast(&w->turned);
    pthread_mutex_unlock(&w->lock);
}

static void write_task(void *arg, int index)
{
    struct writing *w = arg;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        size_t portion = w->next++;
        pthread_mutex_unlock(&w->lock);
        size_t from = portion * w->portion;
        if (from >= w->rows)
            return;
        size_t len = plan_print_rows(w->s->data, w->output, from, MIN(w->portion, w->rows - from),
                                     w->buffers[index]);
        off_t at;
        if (!take_offset(w, portion, len, &at))
            return;
        if (!write_at(w, w->buffers[index], len, at)) {
            fail(w);
            return;
        }
    }
}

static enum err write_output(struct settle *s, int output, int fd, struct fault *fault)
{
    struct str header = plan_output_header(s->plan, s->arena, output);
    TRY(io_write_all(fd, header.data, header.len, fault));
    struct writing w = { .s = s, .output = output, .fd = fd, .offset = (off_t)header.len,
                         .rows = plan_rows(s->data, plan_output(s->plan, output).table),
                         .lock = PTHREAD_MUTEX_INITIALIZER, .turned = PTHREAD_COND_INITIALIZER };
    size_t width = plan_output_width(s->data, output);
    w.portion = MAX((size_t)1, PORTION_BYTES / width);
    w.buffers = arena_array(s->arena, char *, (size_t)s->threads);
    for (int i = 0; i < s->threads; i++)
        w.buffers[i] = arena_alloc(s->arena, w.portion * width);
    s->tasks.run(s->tasks.ctx, s->threads, write_task, &w);
    if (w.failed)
        *fault = w.fault;
    return w.failed ? fault->code : OK;
}

static enum err write_all(struct settle *s, char **temporary, struct fault *fault)
{
    int outputs = plan_about(s->plan).outputs;
    for (int i = 0; i < outputs; i++) {
        CLOSE_ON_EXIT int fd = open(temporary[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
            return fault_errno(fault, "%s", temporary[i]);
        TRY(write_output(s, i, fd, fault));
        int closing = fd;
        fd = -1;
        if (close(closing) != 0)
            return fault_errno(fault, "%s", temporary[i]);
    }
    return OK;
}

static enum err rename_all(char **temporary, char **final, int count, struct fault *fault)
{
    for (int i = 0; i < count; i++)
        if (rename(temporary[i], final[i]) != 0)
            return fault_errno(fault, "%s", final[i]);
    return OK;
}

/* A folder that we made for nothing goes again. */
static enum err make_out(const char *folder, bool *made, struct fault *fault)
{
    *made = !io_exists(folder);
    return *made ? io_make_folder(folder, fault) : OK;
}

enum err settle_write(struct settle *s, const char *folder, struct fault *fault)
{
    int outputs = plan_about(s->plan).outputs;
    char **temporary = arena_array(s->arena, char *, (size_t)outputs);
    char **final = arena_array(s->arena, char *, (size_t)outputs);
    for (int i = 0; i < outputs; i++) {
        struct str name = plan_output(s->plan, i).file;
        struct str path = str_fmt(s->arena, "%s/" STR_FMT, folder, STR_ARG(name));
        final[i] = (char *)str_cstr(s->arena, path);
        temporary[i] = (char *)str_cstr(s->arena,
                                        str_fmt(s->arena, "%s/." STR_FMT ".%d.part", folder,
                                                STR_ARG(name), (int)getpid()));
    }
    bool made;
    TRY(make_out(folder, &made, fault));
    /* The renames come last and must not stop half way: look for what would stop them now. */
    for (int i = 0; i < outputs; i++) {
        struct stat st;
        if (stat(final[i], &st) == 0 && !S_ISREG(st.st_mode))
            return fault_set(fault, ERR_INVALID, "%s: is not a file", final[i]);
    }
    enum err e = write_all(s, temporary, fault);
    if (e == OK)
        e = rename_all(temporary, final, outputs, fault);
    for (int i = 0; e && i < outputs; i++)
        unlink(temporary[i]);
    if (e && made)
        rmdir(folder);
    return e;
}
