/*
 * The demo's clock and randomness. A demo that is the same each time can be compared byte by byte,
 * photographed and talked about. Its keys follow from the seed and are therefore no secret.
 */
#include "app/demo_parts.h"

#include <sodium.h>
#include <string.h>

/* State of the process, as is libsodium's own generator: there is one demo per process. */
static struct rand source;
static struct instant now;

static const char *name(void)
{
    return "qibing-demo";
}

static void fill(void *const to, const size_t len)
{
    uint8_t *bytes = to;
    for (size_t at = 0; at < len;) {
        uint64_t word = rand_u64(&source);
        size_t part = MIN(len - at, sizeof word);
        memcpy(bytes + at, &word, part);
        at += part;
    }
}

static uint32_t word(void)
{
    return (uint32_t)rand_u64(&source);
}

static struct randombytes_implementation seeded = {
    .implementation_name = name, .random = word, .buf = fill,
};

void demo_seed(uint64_t seed)
{
    source = rand_seeded(seed);
    randombytes_set_implementation(&seeded);
}

struct instant demo_clock(void)
{
    return now;
}

void demo_set_clock(struct date day, int hour, int minute)
{
    now = date_start(day, ZONE_SHANGHAI_MINUTES);
    now.us += (hour * INT64_C(3600) + minute * INT64_C(60)) * 1000000;
}
