/* body.c - receiving a request's body into memory or a file, within the limits. */
#include "http/internal.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_ROOM 65536
#define FILLS_AT_ONCE 16

static int open_spool(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    char path[4096]; /* a file system without O_TMPFILE */
    snprintf(path, sizeof path, "%s/upload-XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

enum step body_begin(struct conn *c)
{
    struct exchange *x = c->x;
    c->state = CONN_BODY;
    c->since_ms = c->progress_ms = c->loop->now_ms;
    c->moved = 0;
    c->chunked = (struct http_chunked){ 0 };
    c->body_left = x->head.chunked ? -1 : x->head.content_length;
    if (!x->pub.route->spool)
        return STEP_AGAIN;
    x->pub.body_fd = open_spool(x->server->config.spool_folder);
    if (x->pub.body_fd >= 0)
        return STEP_AGAIN;
    log_line(LOG_ERROR, "http", "%s: no spool file in %s: %s", x->id,
             x->server->config.spool_folder, strerror(errno));
    return conn_refuse(c, 500, "");
}

/* Counts memory before it is taken, over all connections. */
static bool count_memory(struct exchange *x, int64_t more)
{
    struct http_server *server = x->server;
    int64_t before = atomic_fetch_add_explicit(&server->body_memory, more, memory_order_relaxed);
    if (before + more <= server->config.body_memory_max) {
        x->body_counted += more;
        return true;
    }
    atomic_fetch_sub_explicit(&server->body_memory, more, memory_order_relaxed);
    return false;
}

static int take_room(struct exchange *x, size_t room)
{
    jmp_buf out;
    if (setjmp(out))
        return 507;
    arena_guard(x->pub.arena, &out);
    x->body_room = arena_grow(x->pub.arena, x->body_room, x->body_capacity, room);
    arena_guard(x->pub.arena, NULL);
    x->body_capacity = room;
    return 0;
}

/* Room grows with what came, not with what was announced: a client that promises 8 MB and sends
 * ten bytes holds 64 KB. 0, 503 or 507. */
static int grow(struct exchange *x, size_t need)
{
    if (need <= x->body_capacity)
        return 0;
    size_t room = MAX(x->body_capacity * 2, (size_t)FIRST_ROOM);
    while (room < need)
        room *= 2;
    if (x->head.content_length >= 0)
        room = MIN(room, (size_t)x->head.content_length);
    if (!count_memory(x, (int64_t)(room - x->body_capacity)))
        return 503;
    return take_room(x, room);
}

static int spool(struct exchange *x, struct str data)
{
    while (data.len) {
        ssize_t n = write(x->pub.body_fd, data.data, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            log_line(LOG_ERROR, "http", "%s: spool: %s", x->id, strerror(errno));
            return errno == ENOSPC || errno == EDQUOT ? 507 : 500;
        }
        data = str_cut(data, (size_t)n, data.len);
    }
    return 0;
}

static int append(struct conn *c, struct str data)
{
    struct exchange *x = c->x;
    if (x->pub.body_len + (int64_t)data.len > x->pub.route->body_max)
        return 413;
    int status = x->pub.body_fd >= 0 ? spool(x, data)
                                     : grow(x, (size_t)x->pub.body_len + data.len);
    if (status)
        return status;
    if (x->pub.body_fd < 0 && data.len)
        memcpy(x->body_room + x->pub.body_len, data.data, data.len);
    x->pub.body_len += (int64_t)data.len;
    c->moved = x->pub.body_len;
    return 0;
}

/* Takes what is in the input. 0: the body is complete; HTTP_MORE; or a status. */
static int take(struct conn *c)
{
    if (c->body_left >= 0) {
        size_t n = (size_t)MIN((int64_t)c->in_len, c->body_left);
        int status = append(c, (struct str){ c->in, n });
        conn_consume(c, n);
        c->body_left -= (int64_t)n;
        return status ? status : c->body_left ? HTTP_MORE : 0;
    }
    while (c->in_len) {
        size_t used;
        struct str data;
        int result = http_chunked_take(&c->chunked, c->in, c->in_len, &used, &data);
        int status = data.len ? append(c, data) : 0;
        conn_consume(c, used);
        if (status || result != HTTP_MORE)
            return status ? status : result;
    }
    return HTTP_MORE;
}

static enum step complete(struct conn *c)
{
    struct exchange *x = c->x;
    x->pub.body = (struct str){ x->body_room ? x->body_room : "", (size_t)x->pub.body_len };
    if (x->pub.body_fd < 0)
        return dispatch_handler(c);
    x->pub.body = STR("");
    if (lseek(x->pub.body_fd, 0, SEEK_SET) != 0)
        return conn_refuse(c, 500, "");
    return dispatch_handler(c);
}

enum step body_run(struct conn *c)
{
    for (int i = 0; i < FILLS_AT_ONCE; i++) {
        int status = take(c);
        if (status == 0)
            return complete(c);
        if (status != HTTP_MORE)
            return conn_refuse(c, status, status == 400 ? "bad chunk" : "");
        enum step step = conn_fill(c);
        if (step != STEP_AGAIN)
            return step;
    }
    return STEP_AGAIN;
}
