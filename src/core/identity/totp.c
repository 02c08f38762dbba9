#include "core/identity/totp.h"

#include "core/identity/hmac_sha1.h"

#include <stdio.h>

enum { STEP_SECONDS = 30, DIGITS = 6 };

void totp_code(struct str secret, int64_t step, char ret[7])
{
    unsigned char counter[8], mac[20];
    for (int i = 0; i < 8; i++)
        counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
    hmac_sha1(secret.data, secret.len, counter, sizeof counter, mac);
    /* Dynamic truncation, RFC 4226 §5.3. */
    unsigned at = mac[19] & 15u;
    uint32_t number = (uint32_t)(mac[at] & 0x7fu) << 24 | (uint32_t)mac[at + 1] << 16 |
                      (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    snprintf(ret, 7, "%06u", number % 1000000);
}

bool totp_verify(struct str secret, struct str code, struct instant now, int64_t *step)
{
    if (code.len != DIGITS)
        return false;
    int64_t current = now.us / 1000000 / STEP_SECONDS;
    bool fits = false;
    for (int64_t s = current - 1; s <= current + 1; s++) {
        char expected[7];
        totp_code(secret, s, expected);
        if (str_eq_secret(code, str_from(expected))) {
            fits = true;
            if (step)
                *step = s;
        }
    }
    return fits;
}

struct str totp_base32(struct arena *arena, struct str secret)
{
    char *text = arena_alloc(arena, secret.len * 8 / 5 + 2);
    size_t out = 0;
    uint32_t group = 0;
    int bits = 0;
    for (size_t i = 0; i < secret.len; i++) {
        group = group << 8 | (unsigned char)secret.data[i];
        for (bits += 8; bits >= 5; bits -= 5)
            text[out++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[group >> (bits - 5) & 31];
    }
    if (bits)
        text[out++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[group << (5 - bits) & 31];
    return (struct str){ text, out };
}
