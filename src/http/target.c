/*
 * target.c - paths, queries and hosts. A path is decoded exactly once, here, and what could mean
 * something else to a second decoder (an encoded slash, a dot segment, bad UTF-8) is refused
 * instead of being cleaned up: a cleaned path is one that two readers may see differently.
 */
#include "http/head.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of an escape at `at`; -1: malformed. */
static int escaped(struct str s, size_t at)
{
    if (at + 2 >= s.len)
        return -1;
    int high = hex_value(s.data[at + 1]), low = hex_value(s.data[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool has_dot_segment(struct str path)
{
    struct str segment;
    while (str_split(&path, '/', &segment))
        if (str_is(segment, ".") || str_is(segment, ".."))
            return true;
    return false;
}

int http_path_decode(struct str raw, char *out, size_t *out_len)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        int c = (unsigned char)raw.data[i];
        if (c == '%') {
            c = escaped(raw, i);
            i += 2;
            /* An encoded slash would make two paths of one for those who decode later. */
            if (c == '/' || c == '\\')
                return 400;
        }
        if (c < 0x20 || c == 0x7f)
            return 400;
        out[n++] = (char)c;
    }
    struct str path = { out, n };
    if (n == 0 || out[0] != '/' || !utf8_valid(path) || has_dot_segment(path))
        return 400;
    *out_len = n;
    return 0;
}

int http_query_check(struct str raw, char *scratch)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        int c = (unsigned char)raw.data[i];
        if (c == '%') {
            c = escaped(raw, i);
            i += 2;
        }
        if (c <= 0)
            return 400;
        scratch[n++] = (char)c;
    }
    return utf8_valid((struct str){ scratch, n }) ? 0 : 400;
}

size_t http_query_decode(struct str raw, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        int c = (unsigned char)raw.data[i];
        if (c == '%' && escaped(raw, i) >= 0) {
            c = escaped(raw, i);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[n++] = (char)c;
    }
    return n;
}

static bool port_valid(struct str port)
{
    int64_t n;
    return port.len >= 1 && port.len <= 5 && port.data[0] != '-' && str_to_i64(port, &n) &&
           n >= 1 && n <= 65535;
}

static bool name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '-' || c == '.' || c == '_';
}

bool http_host_valid(struct str host)
{
    size_t at = 0;
    if (host.len == 0 || host.len > 261) /* 255 of DNS and a port */
        return false;
    if (host.data[0] == '[') {
        for (at = 1; at < host.len && host.data[at] != ']'; at++)
            if (hex_value(host.data[at]) < 0 && host.data[at] != ':' && host.data[at] != '.')
                return false;
        if (at < 3 || at == host.len)
            return false;
        at++;
    } else {
        while (at < host.len && name_char(host.data[at]))
            at++;
        if (at == 0)
            return false;
    }
    if (at == host.len)
        return true;
    return host.data[at] == ':' && port_valid(str_cut(host, at + 1, host.len));
}
