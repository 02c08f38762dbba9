/*
 * peers.c - how many connections an address holds. Buckets are chains; an address that fills one
 * on purpose needs as many addresses as entries, each of which costs it a connection.
 */
#include "http/internal.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define BUCKETS 4096

/* A count per address that is connected now. Touched twice in a connection's life, so one lock. */
struct peer {
    struct peer *next;
    struct peer_key key;
    int count;
};
struct peers {
    pthread_mutex_t lock;
    struct peer *buckets[BUCKETS];
};

struct peers *peers_open(void)
{
    struct peers *peers = calloc(1, sizeof *peers);
    if (peers)
        pthread_mutex_init(&peers->lock, NULL);
    return peers;
}

void peers_close(struct peers *peers)
{
    if (!peers)
        return;
    for (int i = 0; i < BUCKETS; i++)
        assert(!peers->buckets[i]);
    pthread_mutex_destroy(&peers->lock);
    free(peers);
}

static struct peer **place(struct peers *peers, struct peer_key key)
{
    uint64_t h = str_hash((struct str){ (const char *)key.bytes, sizeof key.bytes });
    struct peer **at = &peers->buckets[(h ^ h >> 32) % BUCKETS];
    while (*at && memcmp((*at)->key.bytes, key.bytes, sizeof key.bytes) != 0)
        at = &(*at)->next;
    return at;
}

bool peers_enter(struct peers *peers, struct peer_key key, int max)
{
    pthread_mutex_lock(&peers->lock);
    struct peer **at = place(peers, key);
    if (!*at) {
        *at = calloc(1, sizeof **at);
        if (*at)
            (*at)->key = key;
    }
    bool room = *at && (*at)->count < max;
    if (room)
        (*at)->count++;
    pthread_mutex_unlock(&peers->lock);
    return room;
}

void peers_leave(struct peers *peers, struct peer_key key)
{
    pthread_mutex_lock(&peers->lock);
    struct peer **at = place(peers, key);
    assert(*at && (*at)->count > 0);
    if (--(*at)->count == 0) {
        struct peer *gone = *at;
        *at = gone->next;
        free(gone);
    }
    pthread_mutex_unlock(&peers->lock);
}

struct peer_key peer_key_of(const struct sockaddr *address)
{
    struct peer_key key = { { 0 } };
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        key.bytes[10] = key.bytes[11] = 0xff;
        memcpy(key.bytes + 12, &in->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
        memcpy(key.bytes, &in6->sin6_addr, mapped ? 16 : 8);
    }
    return key;
}

void peer_text(const struct sockaddr *address, char out[INET6_ADDRSTRLEN])
{
    out[0] = '\0';
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        inet_ntop(AF_INET, &in->sin_addr, out, INET6_ADDRSTRLEN);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
            inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, out, INET6_ADDRSTRLEN);
        else
            inet_ntop(AF_INET6, &in6->sin6_addr, out, INET6_ADDRSTRLEN);
    }
}
