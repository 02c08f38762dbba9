/* tls.c - OpenSSL on a non-blocking socket; nobody else sees its types. */
#define ERR_STATE openssl_err_state /* a type of OpenSSL that nobody here uses */
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#include "http/internal.h"

#define RECORD 16384 /* plaintext of one TLS record */

static struct ssl_ctx_st *fail_tls(SSL_CTX *tls, struct fault *fault, const char *what,
                                   const char *path)
{
    char why[200];
    ERR_error_string_n(ERR_get_error(), why, sizeof why);
    fault_set(fault, ERR_INVALID, "%s %s: %s", what, path, why);
    SSL_CTX_free(tls);
    ERR_clear_error();
    return NULL;
}

struct ssl_ctx_st *tls_make(const char *cert, const char *key, struct fault *fault)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls)
        return fail_tls(tls, fault, "TLS", "");
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    /* A write that must wait is repeated with the same bytes, not from the same address; an idle
     * connection keeps no record buffers. */
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_cipher_list(tls, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF); /* tickets do */
    if (SSL_CTX_use_certificate_chain_file(tls, cert) != 1)
        return fail_tls(tls, fault, "certificate", cert);
    if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        return fail_tls(tls, fault, "key", key);
    if (SSL_CTX_check_private_key(tls) != 1)
        return fail_tls(tls, fault, "the key does not belong to the certificate", cert);
    return tls;
}

void tls_free(struct ssl_ctx_st *tls)
{
    SSL_CTX_free(tls);
}

struct ssl_st *tls_accept(struct http_server *server, int fd)
{
    pthread_mutex_lock(&server->lock);
    SSL *ssl = SSL_new(server->tls);
    pthread_mutex_unlock(&server->lock);
    if (!ssl)
        return NULL;
    if (SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

void tls_end(struct ssl_st *ssl)
{
    ERR_clear_error();
    if (SSL_is_init_finished(ssl))
        SSL_shutdown(ssl);
    ERR_clear_error();
}

void tls_drop(struct ssl_st *ssl)
{
    SSL_free(ssl);
}

static ssize_t outcome(SSL *ssl, int n)
{
    int error = SSL_get_error(ssl, n);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return -1;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -2;
}

ssize_t tls_read(struct ssl_st *ssl, char *room, size_t size)
{
    int n = SSL_read(ssl, room, (int)MIN(size, (size_t)INT32_MAX));
    return n > 0 ? n : outcome(ssl, n);
}

ssize_t tls_write(struct ssl_st *ssl, struct str data)
{
    int n = SSL_write(ssl, data.data, (int)MIN(data.len, (size_t)RECORD));
    if (n > 0)
        return n;
    ssize_t result = outcome(ssl, n);
    return result == 0 ? -2 : result;
}
