#include "core/identity/hmac_sha1.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

void hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
               unsigned char mac[20])
{
    unsigned mac_len = 0;
    unsigned char *done = HMAC(EVP_sha1(), key, (int)key_len, data, len, mac, &mac_len);
    assert(done && mac_len == 20);
}
