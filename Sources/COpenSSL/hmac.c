#include "COpenSSL.h"
#include <openssl/core_names.h>
#include <openssl/params.h>

int perigee_error_alert(unsigned long error) {
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) return -1;
    int reason = ERR_GET_REASON(error);
    return reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256 ? reason - SSL_AD_REASON_OFFSET : -1;
}

EVP_MAC_CTX *perigee_hmac_new(const char *digest, const void *key, size_t key_length) {
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac == NULL) return NULL;
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (context == NULL) return NULL;
    OSSL_PARAM parameters[2];
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0);
    parameters[1] = OSSL_PARAM_construct_end();
    static const unsigned char empty[1] = {0};
    if (EVP_MAC_init(context, key_length ? key : empty, key_length, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        return NULL;
    }
    return context;
}

size_t perigee_hmac_sign(EVP_MAC_CTX *context, const void *message, size_t length, unsigned char *code, size_t capacity) {
    // OpenSSL before 3.0.3 did not begin anew on a NULL key: each message is signed in a copy of the keyed context.
    EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(context);
    if (copy == NULL) return 0;
    size_t written = 0;
    int done = EVP_MAC_update(copy, message, length) == 1 && EVP_MAC_final(copy, code, &written, capacity) == 1;
    EVP_MAC_CTX_free(copy);
    return done ? written : 0;
}
