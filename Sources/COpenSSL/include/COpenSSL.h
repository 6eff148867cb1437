#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// What Swift cannot call because OpenSSL spells it as a macro, and a few steps that are one idea.

/// A context with the house's rules: versions of TLS, no renegotiation, no compression, moving write buffers; NULL on failure.
SSL_CTX *perigee_ssl_context(int is_server, int minimum_version, int maximum_version, int security_level);

/// Binds a session to two memory BIOs; they belong to the session. Returns 1 or 0.
int perigee_ssl_attach(SSL *ssl, BIO **from_network, BIO **to_network);

/// Name or address that the peer's certificate must bear, and SNI for names. Returns 1 or 0.
int perigee_ssl_expect_host(SSL *ssl, const char *host, int is_address);

/// Adds every certificate of a PEM text to the trusted ones; returns how many, or -1.
int perigee_ssl_trust_pem(SSL_CTX *context, const void *pem, int length);

/// Certificate chain and key of a server, from PEM texts. Returns 1 or 0.
int perigee_ssl_identity_pem(SSL_CTX *context, const void *chain, int chain_length, const void *key, int key_length);

/// No core file of this process, and nobody but root reads its memory. Returns 1 or 0.
int perigee_refuse_dumps(void);

size_t perigee_bio_pending(BIO *bio);

/// Offers "http/1.1" by ALPN.
int perigee_ssl_offer_http1(SSL_CTX *context);

/// Which end refused: the number of a TLS alert in a packed error, or -1.
int perigee_error_alert(unsigned long error);

/// A keyed HMAC that signs many messages; NULL on failure. `digest` is "SHA256" or "SHA512".
EVP_MAC_CTX *perigee_hmac_new(const char *digest, const void *key, size_t key_length);

/// Writes the code of one message; returns its length or 0.
size_t perigee_hmac_sign(EVP_MAC_CTX *context, const void *message, size_t length, unsigned char *code, size_t capacity);

enum { PERIGEE_CERT_RSA = 0, PERIGEE_CERT_EC = 1 };

/// What a test certificate says. Times are seconds from now.
typedef struct {
    const char *common_name;
    /// As in openssl.cnf: "DNS:localhost,IP:127.0.0.1"; NULL for none.
    const char *alternative_names;
    long not_before;
    long not_after;
    int key_kind;
    int key_bits;
    int is_authority;
    /// PEM of the issuer, NULL for a self-signed certificate.
    const void *issuer_certificate;
    int issuer_certificate_length;
    const void *issuer_key;
    int issuer_key_length;
} perigee_certificate_request;

/// Makes a key and a certificate as PEM in two new memory BIOs that the caller frees. Returns 1 or 0.
int perigee_make_certificate(const perigee_certificate_request *request, BIO **certificate, BIO **key);
