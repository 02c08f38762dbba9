/* conn_io.c - bytes in and out of a connection, with or without TLS. */
#include "http/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define OWN_MIN 2048
/* More than a head never waits here: the scanner refuses before. Pipelined requests beyond it stay
 * in the kernel's buffer, which makes the client wait. */
#define OWN_MAX (HTTP_HEAD_MAX + LOOP_SCRATCH)

static ssize_t plain_read(struct conn *c, char *room, size_t size)
{
    ssize_t n;
    do
        n = recv(c->fd, room, size, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
    /* A short read means that the socket is drained and the next bytes bring a new edge; but an
     * end of file that was already announced brings none. */
    if (n > 0 && (size_t)n < size && !c->peer_closed)
        c->readable = false;
    return n;
}

ssize_t conn_read(struct conn *c, char *room, size_t size)
{
    if (!c->readable)
        return -1;
    ssize_t n = c->ssl ? tls_read(c->ssl, room, size) : plain_read(c, room, size);
    if (n > 0)
        counter_add(&c->loop->counters.bytes_in, (uint64_t)n);
    else if (n == -1)
        c->readable = false;
    return n;
}

static ssize_t plain_write(struct conn *c, const struct str *parts, int count_of, bool more)
{
    struct iovec iov[4];
    assert(count_of <= (int)COUNT(iov));
    for (int i = 0; i < count_of; i++)
        iov[i] = (struct iovec){ (void *)(uintptr_t)parts[i].data, parts[i].len };
    struct msghdr message = { .msg_iov = iov, .msg_iovlen = (size_t)count_of };
    ssize_t n;
    do
        n = sendmsg(c->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
}

/* One record for head and small body instead of three. The copy goes through a buffer of its own,
 * because the loop's scratch may hold the next request. */
static ssize_t sealed_write(struct conn *c, const struct str *parts, int count_of)
{
    char room[4096];
    if (count_of == 1 || parts[0].len >= sizeof room)
        return tls_write(c->ssl, parts[0]);
    size_t n = 0;
    for (int i = 0; i < count_of && n < sizeof room; i++) {
        size_t take = MIN(parts[i].len, sizeof room - n);
        memcpy(room + n, parts[i].data, take);
        n += take;
    }
    return tls_write(c->ssl, (struct str){ room, n });
}

ssize_t conn_write(struct conn *c, const struct str *parts, int count_of, bool more)
{
    ssize_t n = c->ssl ? sealed_write(c, parts, count_of) : plain_write(c, parts, count_of, more);
    if (n > 0)
        counter_add(&c->loop->counters.bytes_out, (uint64_t)n);
    else if (n == -1)
        c->writable = false;
    return n;
}

static void drop_own(struct conn *c)
{
    free(c->own);
    c->own = NULL;
    c->own_size = 0;
}

/* Moves the waiting input to memory of the connection, with room for `more`. */
static bool own_input(struct conn *c, size_t more)
{
    size_t need = c->in_len + more;
    if (c->own && (size_t)(c->in - c->own) + need <= c->own_size)
        return true;
    if (need > OWN_MAX)
        return false;
    size_t size = MAX((size_t)OWN_MIN, need);
    char *room = malloc(size);
    if (!room)
        return false;
    memcpy(room, c->in, c->in_len);
    drop_own(c);
    c->own = room;
    c->own_size = size;
    c->in = room;
    return true;
}

bool conn_keep_input(struct conn *c)
{
    if (c->in_len)
        return c->own || own_input(c, 0);
    drop_own(c);
    c->in = NULL;
    return true;
}

void conn_consume(struct conn *c, size_t n)
{
    assert(n <= c->in_len);
    c->in += n;
    c->in_len -= n;
}

enum step conn_fill(struct conn *c)
{
    if (!c->readable)
        return STEP_WAIT;
    char *room = c->loop->scratch;
    size_t size = LOOP_SCRATCH;
    if (c->in_len) {
        if (!own_input(c, OWN_MIN))
            return STEP_CLOSE;
        room = c->own + (c->in - c->own) + c->in_len;
        size = c->own_size - (size_t)(room - c->own);
    } else {
        drop_own(c);
    }
    ssize_t n = conn_read(c, room, size);
    if (n == -1)
        return STEP_WAIT;
    if (n <= 0)
        return STEP_CLOSE;
    if (!c->in_len)
        c->in = room;
    c->in_len += (size_t)n;
    c->progress_ms = c->loop->now_ms;
    return STEP_AGAIN;
}
