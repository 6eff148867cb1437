#include "COpenSSL.h"
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int perigee_refuse_dumps(void) {
    struct rlimit none = {0, 0};
    int limited = setrlimit(RLIMIT_CORE, &none);
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limited == 0;
}

SSL_CTX *perigee_ssl_context(int is_server, int minimum_version, int maximum_version, int security_level) {
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (context == NULL) return NULL;
    SSL_CTX_set_security_level(context, security_level);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (!SSL_CTX_set_min_proto_version(context, minimum_version) ||
        !SSL_CTX_set_max_proto_version(context, maximum_version)) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

int perigee_ssl_attach(SSL *ssl, BIO **from_network, BIO **to_network) {
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    if (in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return 0;
    }
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(ssl, in, out);
    *from_network = in;
    *to_network = out;
    return 1;
}

int perigee_ssl_expect_host(SSL *ssl, const char *host, int is_address) {
    if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
}

int perigee_ssl_trust_pem(SSL_CTX *context, const void *pem, int length) {
    BIO *bio = BIO_new_mem_buf(pem, length);
    if (bio == NULL) return -1;
    int count = 0;
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        int added = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
        X509_free(certificate);
        if (!added) {
            BIO_free(bio);
            return -1;
        }
        count++;
    }
    ERR_clear_error();
    BIO_free(bio);
    return count;
}

int perigee_ssl_identity_pem(SSL_CTX *context, const void *chain, int chain_length, const void *key, int key_length) {
    BIO *bio = BIO_new_mem_buf(chain, chain_length);
    BIO *key_bio = BIO_new_mem_buf(key, key_length);
    X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *private_key = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL) : NULL;
    int done = leaf != NULL && private_key != NULL && SSL_CTX_use_certificate(context, leaf) == 1;
    X509 *next;
    while (done && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        if (!SSL_CTX_add0_chain_cert(context, next)) {
            X509_free(next);
            done = 0;
        }
    }
    if (done) ERR_clear_error();
    done = done && SSL_CTX_use_PrivateKey(context, private_key) == 1 && SSL_CTX_check_private_key(context) == 1;
    X509_free(leaf);
    EVP_PKEY_free(private_key);
    BIO_free(bio);
    BIO_free(key_bio);
    return done;
}

size_t perigee_bio_pending(BIO *bio) { return BIO_ctrl_pending(bio); }

int perigee_ssl_offer_http1(SSL_CTX *context) {
    static const unsigned char protocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    return SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols) == 0;
}
