/*
 * hmac_sha1.h - the one use of SHA-1, which authenticator apps demand (RFC 6238). Apart from the
 * rest because OpenSSL's headers claim names of ours.
 */
#pragma once

#include <stddef.h>

void hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
               unsigned char mac[20]);
