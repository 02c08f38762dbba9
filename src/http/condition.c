/* condition.c - conditional and range requests (RFC 9110 §13, §14). */
#include "http/internal.h"

#include <stdio.h>
#include <time.h>

static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

void http_date_text(int64_t s, char out[30])
{
    struct tm t;
    time_t time = (time_t)s;
    gmtime_r(&time, &t);
    /* Not strftime: its names follow the locale. The year has four digits until 9999. */
    snprintf(out, 30, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[t.tm_wday % 7],
             (unsigned)t.tm_mday % 100u, months[t.tm_mon % 12],
             (unsigned)(t.tm_year + 1900) % 10000u, (unsigned)t.tm_hour % 100u,
             (unsigned)t.tm_min % 100u, (unsigned)t.tm_sec % 100u);
}

/* Only the form that HTTP sends today; an old form counts as no condition at all. */
bool http_date_parse(struct str text, int64_t *ret)
{
    if (text.len != 29 || memcmp(text.data + 25, " GMT", 4) != 0)
        return false;
    struct tm t = { .tm_mon = -1 };
    char copy[30] = { 0 };
    memcpy(copy, text.data, 29);
    char month[4];
    if (sscanf(copy + 4, " %2d %3s %4d %2d:%2d:%2d", &t.tm_mday, month, &t.tm_year, &t.tm_hour,
               &t.tm_min, &t.tm_sec) != 6)
        return false;
    for (int i = 0; i < 12; i++)
        if (strcmp(months[i], month) == 0)
            t.tm_mon = i;
    if (t.tm_mon < 0)
        return false;
    t.tm_year -= 1900;
    *ret = (int64_t)timegm(&t);
    return true;
}

static struct str without_weak(struct str tag)
{
    return str_starts(tag, STR("W/")) ? str_cut(tag, 2, tag.len) : tag;
}

static bool none_match(struct str list, struct str etag)
{
    struct str item;
    while (http_list_next(&list, &item))
        if (str_is(item, "*") || str_eq(without_weak(item), without_weak(etag)))
            return false;
    return true;
}

static bool not_modified(const struct exchange *x)
{
    const struct http_reply *reply = &x->pub.reply;
    struct str tags = http_header(&x->pub, "if-none-match");
    if (tags.data)
        return reply->etag.len && !none_match(tags, reply->etag);
    struct str since = http_header(&x->pub, "if-modified-since");
    int64_t s;
    return reply->modified_s && since.data && http_date_parse(since, &s) && reply->modified_s <= s;
}

static bool is_read(const struct exchange *x)
{
    return x->pub.method == HTTP_GET || x->pub.method == HTTP_HEAD;
}

void reply_conditions(struct exchange *x)
{
    if (!is_read(x) || x->status != 200 || !not_modified(x))
        return;
    x->status = 304;
    reply_release(&x->pub.reply);
    x->pub.reply.body = STR_NONE;
    x->kind = BODY_NONE;
}

/* If-Range: the part is wanted only of the same version; a weak tag never proves that. */
static bool range_applies(const struct exchange *x)
{
    const struct http_reply *reply = &x->pub.reply;
    struct str condition = http_header(&x->pub, "if-range");
    if (!condition.data)
        return true;
    int64_t s;
    if (http_date_parse(condition, &s))
        return reply->modified_s && reply->modified_s == s;
    return reply->etag.len && !str_starts(condition, STR("W/")) && str_eq(condition, reply->etag);
}

static bool digits(struct str s, int64_t *ret)
{
    return s.len >= 1 && s.len <= 18 && s.data[0] != '-' && str_to_i64(s, ret);
}

/* One byte range. 0: not a range that we answer (the whole body is legal then); 1: `*from` and
 * `*length`; -1: beyond the end. */
static int read_range(struct str text, int64_t size, int64_t *from, int64_t *length)
{
    if (!str_starts(text, STR("bytes=")) || str_find_char(text, ',') >= 0)
        return 0;
    text = str_cut(text, 6, text.len);
    ptrdiff_t dash = str_find_char(text, '-');
    if (dash < 0)
        return 0;
    struct str first = str_cut(text, 0, (size_t)dash);
    struct str last = str_cut(text, (size_t)dash + 1, text.len);
    int64_t a, b;
    if (first.len == 0) { /* the last b bytes */
        if (!digits(last, &b))
            return 0;
        *length = MIN(b, size);
        *from = size - *length;
        return *length > 0 ? 1 : -1;
    }
    if (!digits(first, &a) || (last.len && !digits(last, &b)))
        return 0;
    if (last.len == 0 || b >= size)
        b = size - 1;
    else if (b < a)
        return 0;
    *from = a;
    *length = b - a + 1;
    return a < size ? 1 : -1;
}

void reply_range(struct exchange *x)
{
    struct http_reply *reply = &x->pub.reply;
    struct str text = http_header(&x->pub, "range");
    if (!reply->ranges || !is_read(x) || x->status != 200 || !text.data || !range_applies(x))
        return;
    int64_t from, length, size = x->kind == BODY_FILE ? reply->fd_len : (int64_t)reply->body.len;
    int result = read_range(text, size, &from, &length);
    if (result < 0) {
        reply_replace(x, 416, "");
        x->status = 416;
        x->content_range = str_fmt(x->pub.arena, "bytes */%lld", (long long)size);
        x->kind = BODY_BYTES;
    } else if (result > 0) {
        x->status = 206;
        x->content_range = str_fmt(x->pub.arena, "bytes %lld-%lld/%lld", (long long)from,
                                   (long long)(from + length - 1), (long long)size);
        if (x->kind == BODY_FILE)
            reply->fd_from += from, reply->fd_len = length;
        else
            reply->body = str_cut(reply->body, (size_t)from, (size_t)(from + length));
    }
}
