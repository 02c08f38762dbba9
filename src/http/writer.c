/* writer.c - sending a reply: head, then a body from memory, a file, a function or a stream. */
#include "http/internal.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define WRITES_AT_ONCE 16
#define SENDFILE_STEP (256 * 1024)

static void took(struct conn *c, size_t n)
{
    c->moved += (int64_t)n;
    c->progress_ms = c->loop->now_ms;
    int done = 0;
    while (done < c->out_count && n >= c->out[done].len)
        n -= c->out[done++].len;
    for (int i = done; i < c->out_count; i++)
        c->out[i - done] = c->out[i];
    c->out_count -= done;
    if (c->out_count)
        c->out[0] = str_cut(c->out[0], n, c->out[0].len);
}

static enum step write_out(struct conn *c)
{
    if (!c->writable && !c->ssl)
        return STEP_WAIT;
    ssize_t n = conn_write(c, c->out, c->out_count, !c->out_last && c->x->kind == BODY_FILE);
    if (n < 0)
        return n == -1 ? STEP_WAIT : STEP_CLOSE;
    took(c, (size_t)n);
    return STEP_AGAIN;
}

/* The file became shorter than was promised: only a broken connection can say so now. */
static enum step file_short(struct conn *c)
{
    log_line(LOG_ERROR, "http", "%s: the file ended early", c->x->id);
    return STEP_CLOSE;
}

static enum step send_file(struct conn *c)
{
    struct http_reply *reply = &c->x->pub.reply;
    if (!c->writable)
        return STEP_WAIT;
    off_t at = reply->fd_from;
    ssize_t n = sendfile(c->fd, reply->fd, &at, (size_t)MIN(reply->fd_len, SENDFILE_STEP));
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        c->writable = errno == EINTR;
        return errno == EINTR ? STEP_AGAIN : STEP_WAIT;
    }
    if (n < 0)
        return STEP_CLOSE;
    if (n == 0)
        return file_short(c);
    counter_add(&c->loop->counters.bytes_out, (uint64_t)n);
    reply->fd_from += n;
    reply->fd_len -= n;
    took(c, (size_t)n);
    return STEP_AGAIN;
}

static enum step read_file(struct conn *c)
{
    struct http_reply *reply = &c->x->pub.reply;
    size_t want = (size_t)MIN(reply->fd_len, CHUNK);
    ssize_t n = pread(reply->fd, c->x->chunk, want, reply->fd_from);
    if (n <= 0)
        return file_short(c);
    reply->fd_from += n;
    reply->fd_len -= n;
    c->out[c->out_count++] = (struct str){ c->x->chunk, (size_t)n };
    return STEP_AGAIN;
}

static enum step refill_file(struct conn *c)
{
    if (c->x->pub.reply.fd_len == 0) {
        c->out_last = true;
        return STEP_AGAIN;
    }
    return c->ssl ? read_file(c) : send_file(c);
}

static enum step refill_pull(struct conn *c)
{
    struct exchange *x = c->x;
    char *room = x->chunk + CHUNK_HEAD;
    ssize_t n = x->pub.reply.pull(x->pub.reply.pull_user, room, CHUNK);
    if (n < 0)
        return STEP_CLOSE;
    assert(n <= CHUNK);
    c->out_last = n == 0;
    if (!x->chunked) {
        if (n)
            c->out[c->out_count++] = (struct str){ room, (size_t)n };
    } else if (n == 0) {
        c->out[c->out_count++] = STR("0\r\n\r\n");
    } else {
        char size[CHUNK_HEAD + 1];
        int digits = snprintf(size, sizeof size, "%x\r\n", (unsigned)n & 0xffffu);
        memcpy(room - digits, size, (size_t)digits);
        memcpy(room + n, "\r\n", 2);
        c->out[c->out_count++] = (struct str){ room - digits, (size_t)(digits + n + 2) };
    }
    return STEP_AGAIN;
}

/* Nothing to send: see whether the client has gone. What it says meanwhile is dropped, and with it
 * the order of its requests, so the connection will not be kept. */
static enum step watch_client(struct conn *c)
{
    ssize_t n = conn_read(c, c->loop->scratch, LOOP_SCRATCH);
    if (n > 0) {
        c->close_after = true;
        return STEP_AGAIN;
    }
    return n == -1 ? STEP_WAIT : STEP_CLOSE;
}

static enum step refill_stream(struct conn *c)
{
    struct str data;
    int end = 0;
    if (stream_next(c->x->stream, &data, &end)) {
        c->out[c->out_count++] = data;
        return STEP_AGAIN;
    }
    if (end < 0)
        return STEP_CLOSE;
    if (end > 0) {
        c->out_last = true;
        if (c->x->chunked)
            c->out[c->out_count++] = STR("0\r\n\r\n");
        return STEP_AGAIN;
    }
    return watch_client(c);
}

static enum step refill(struct conn *c)
{
    switch (c->x->kind) {
    case BODY_FILE:
        return refill_file(c);
    case BODY_PULL:
        return refill_pull(c);
    case BODY_STREAM:
        return refill_stream(c);
    case BODY_NONE:
    case BODY_BYTES:
        break;
    }
    c->out_last = true;
    return STEP_AGAIN;
}

static enum step reply_done(struct conn *c)
{
    count_reply(c->x);
    exchange_drop(c->x);
    c->x = NULL;
    if (c->close_after)
        return linger_begin(c);
    c->state = CONN_HEAD;
    c->since_ms = c->loop->now_ms;
    return STEP_AGAIN;
}

enum step writer_run(struct conn *c)
{
    for (int i = 0; i < WRITES_AT_ONCE; i++) {
        if (!c->out_count && c->out_last)
            return reply_done(c);
        enum step step = c->out_count ? write_out(c) : refill(c);
        if (step != STEP_AGAIN)
            return step;
    }
    return STEP_AGAIN;
}
