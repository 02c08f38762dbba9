/*
 * pg_connect.c - reaching a server.
 *
 * libpq ignores connect_timeout when it connects without blocking, and blocks without limit when it
 * does not: so we go through the hosts ourselves, each with a deadline of its own. With several
 * hosts the one that takes writes is wanted (target_session_attrs), as after a failover.
 */
#include "db/pg.h"

#include <poll.h>
#include <stdlib.h>

#define OPTIONS_MAX 64
#define HOST_WAIT_MS 3000

struct options {
    const char *key[OPTIONS_MAX + 8], *value[OPTIONS_MAX + 8];
    int count;
};

static void option_set(struct options *o, const char *key, const char *value)
{
    for (int i = 0; i < o->count; i++) {
        if (strcmp(o->key[i], key) == 0) {
            o->value[i] = value;
            return;
        }
    }
    assert(o->count < OPTIONS_MAX + 7);
    o->key[o->count] = key;
    o->value[o->count++] = value;
}

static void option_default(struct options *o, const char *key, const char *value)
{
    for (int i = 0; i < o->count; i++)
        if (strcmp(o->key[i], key) == 0)
            return;
    option_set(o, key, value);
}

static const char *option_get(const struct options *o, const char *key)
{
    for (int i = 0; i < o->count; i++)
        if (strcmp(o->key[i], key) == 0)
            return o->value[i];
    return "";
}

static enum err drive(PGconn *link, int64_t deadline, struct fault *fault)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        int64_t left_ms = (deadline - db_now_us()) / 1000;
        if (left_ms <= 0)
            return fault_set(fault, ERR_UNAVAILABLE, "PostgreSQL at %s port %s does not answer",
                             PQhost(link), PQport(link));
        struct pollfd p = {
            .fd = PQsocket(link), .events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
        };
        if (p.fd >= 0 && poll(&p, 1, (int)left_ms) == 0)
            continue;
        state = PQconnectPoll(link);
        if (state == PGRES_POLLING_FAILED)
            return fault_set(fault, ERR_UNAVAILABLE, "PostgreSQL: %s", PQerrorMessage(link));
    }
    return OK;
}

/* The n-th of a comma-separated list; the only one serves for all. */
static bool nth(const char *list, int n, char *out, size_t room)
{
    struct str rest = str_from(list), part = STR("");
    bool single = !strchr(list, ',');
    for (int i = 0; i <= (single ? 0 : n); i++)
        if (!str_split(&rest, ',', &part))
            return n == 0 && (out[0] = '\0') == '\0';
    if (part.len >= room)
        return false;
    memcpy(out, part.data, part.len);
    out[part.len] = '\0';
    return true;
}

static enum err one_host(struct options o, int n, int64_t deadline, struct fault *fault,
                         PGconn **ret)
{
    char host[256], port[16], address[64];
    if (!nth(option_get(&o, "host"), n, host, sizeof(host)) ||
        !nth(option_get(&o, "port"), n, port, sizeof(port)) ||
        !nth(option_get(&o, "hostaddr"), n, address, sizeof(address)))
        return fault_set(fault, ERR_INVALID, "the hosts and ports of the database do not pair");
    if (host[0])
        option_set(&o, "host", host);
    if (port[0])
        option_set(&o, "port", port);
    if (address[0])
        option_set(&o, "hostaddr", address);
    PGconn *link = PQconnectStartParams(o.key, o.value, 0);
    if (!link)
        return db_no_memory(fault);
    enum err e = PQstatus(link) == CONNECTION_BAD
                     ? fault_set(fault, ERR_UNAVAILABLE, "PostgreSQL: %s", PQerrorMessage(link))
                     : drive(link, deadline, fault);
    if (e) {
        PQfinish(link);
        return e;
    }
    *ret = link;
    return OK;
}

static int host_count(const struct options *o)
{
    int count = 1;
    for (const char *p = option_get(o, "host"); *p; p++)
        count += *p == ',';
    return count;
}

enum err pg_connect(const char *url, int wait_ms, struct fault *fault, PGconn **ret)
{
    char *words = NULL;
    PQconninfoOption *parsed = PQconninfoParse(url, &words);
    if (!parsed) {
        enum err e = fault_set(fault, ERR_INVALID, "database address: %s", words ? words : "");
        PQfreemem(words);
        return e;
    }
    struct options o = { 0 };
    for (PQconninfoOption *p = parsed; p->keyword && o.count < OPTIONS_MAX; p++)
        if (p->val && p->val[0])
            option_set(&o, p->keyword, p->val);
    int hosts = host_count(&o);
    option_set(&o, "client_encoding", "UTF8");
    option_default(&o, "application_name", "qibing");
    option_default(&o, "keepalives_idle", "15");
    option_default(&o, "keepalives_interval", "5");
    option_default(&o, "keepalives_count", "3");
    option_default(&o, "tcp_user_timeout", "30000");
    if (hosts > 1)
        option_default(&o, "target_session_attrs", "read-write");

    int64_t last = db_now_us() + (int64_t)wait_ms * 1000;
    enum err e = ERR_UNAVAILABLE;
    for (int n = 0; n < hosts && e == ERR_UNAVAILABLE; n++) {
        int64_t deadline = MIN(last, db_now_us() + HOST_WAIT_MS * 1000);
        e = one_host(o, n, deadline, fault, ret);
    }
    PQconninfoFree(parsed);
    return e;
}
