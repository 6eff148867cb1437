#include "COpenSSL.h"
#include <string.h>

static EVP_PKEY *new_key(int kind, int bits) {
    if (kind == PERIGEE_CERT_EC) return EVP_EC_gen("P-256");
    return EVP_RSA_gen(bits);
}

static int add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL) return 0;
    int done = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return done;
}

static int set_serial(X509 *certificate) {
    unsigned char bytes[8];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return 0;
    bytes[0] &= 0x7f;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    int done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static int fill(X509 *certificate, X509 *issuer, EVP_PKEY *key, const perigee_certificate_request *request) {
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, 2) && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), request->not_before) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), request->not_after) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)request->common_name, -1, -1, 0) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) && X509_set_pubkey(certificate, key) &&
           add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
           (issuer == certificate || add_extension(certificate, issuer, NID_authority_key_identifier, "keyid")) &&
           add_extension(certificate, issuer, NID_basic_constraints,
                         request->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
           (!request->is_authority || add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign")) &&
           (request->alternative_names == NULL ||
            add_extension(certificate, issuer, NID_subject_alt_name, request->alternative_names));
}

int perigee_make_certificate(const perigee_certificate_request *request, BIO **certificate_out, BIO **key_out) {
    int done = 0;
    EVP_PKEY *key = new_key(request->key_kind, request->key_bits);
    X509 *certificate = X509_new();
    X509 *issuer = NULL;
    EVP_PKEY *issuer_key = NULL;
    *certificate_out = BIO_new(BIO_s_mem());
    *key_out = BIO_new(BIO_s_mem());
    if (request->issuer_certificate != NULL) {
        BIO *bio = BIO_new_mem_buf(request->issuer_certificate, request->issuer_certificate_length);
        issuer = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        BIO_free(bio);
        bio = BIO_new_mem_buf(request->issuer_key, request->issuer_key_length);
        issuer_key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
        BIO_free(bio);
        if (issuer == NULL || issuer_key == NULL) goto end;
    }
    if (key == NULL || certificate == NULL || *certificate_out == NULL || *key_out == NULL) goto end;
    if (!fill(certificate, issuer ? issuer : certificate, key, request)) goto end;
    if (!X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256())) goto end;
    done = PEM_write_bio_X509(*certificate_out, certificate) &&
           PEM_write_bio_PKCS8PrivateKey(*key_out, key, NULL, NULL, 0, NULL, NULL);
end:
    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    X509_free(certificate);
    X509_free(issuer);
    if (!done) {
        BIO_free(*certificate_out);
        BIO_free(*key_out);
        *certificate_out = NULL;
        *key_out = NULL;
    }
    return done;
}
