#include "vars.h"

#include <stdlib.h>
#include <strings.h>

#include <nss.h>
#include <secport.h>
#include <sslproto.h>

#include "apr_base64.h"
#include "apr_optional.h"
#include "apr_strings.h"
#include "http_log.h"
#include "http_ssl.h"
#include "mod_log_config.h"

#include "conf.h"

APLOG_USE_MODULE(nss);

typedef struct suite_t {
    unsigned    code;
    const char *iana;
    const char *openssl;
    const char *mod_nss;
    const char *key_exchange;
    const char *authentication;
    const char *encryption;
    const char *mac;
    int         bits;
    int         algorithm_bits;
} suite_t;

static const suite_t SUITES[] = {
#include "nss_suites.inc"
};

/* IANA TLS Supported Groups. */
static const struct {
    unsigned    number;
    const char *name;
} GROUPS[] = {
    { 19, "secp192r1" },     { 21, "secp224r1" },     { 22, "secp256k1" },
    { 23, "secp256r1" },     { 24, "secp384r1" },     { 25, "secp521r1" },
    { 29, "x25519" },        { 30, "x448" },
    { 256, "ffdhe2048" },    { 257, "ffdhe3072" },    { 258, "ffdhe4096" },
    { 259, "ffdhe6144" },    { 260, "ffdhe8192" },
    { 4587, "SecP256r1MLKEM768" }, { 4588, "X25519MLKEM768" }, { 4589, "SecP384r1MLKEM1024" },
    { 25497, "X25519Kyber768Draft00" },
};

/* ---- values of a connection ---------------------------------------------- */

static const char *protocol_name(unsigned version)
{
    switch (version) {
    case SSL_LIBRARY_VERSION_3_0:     return "SSLv3";
    case SSL_LIBRARY_VERSION_TLS_1_0: return "TLSv1";
    case SSL_LIBRARY_VERSION_TLS_1_1: return "TLSv1.1";
    case SSL_LIBRARY_VERSION_TLS_1_2: return "TLSv1.2";
    case SSL_LIBRARY_VERSION_TLS_1_3: return "TLSv1.3";
    default:                          return "UNKNOWN";
    }
}

/* Groups above 16 bits are NSS's own words for "none" and "custom"; those below that are
 * not in the table are shown by number, so that a newer NSS is not silent. */
static const char *group_name(apr_pool_t *p, unsigned group)
{
    apr_size_t i;

    for (i = 0; i < sizeof(GROUPS) / sizeof(GROUPS[0]); i++) {
        if (GROUPS[i].number == group) {
            return GROUPS[i].name;
        }
    }
    return group > 0 && group <= 0xFFFF ? apr_psprintf(p, "0x%04X", group) : NULL;
}

static int by_code(const void *key, const void *row)
{
    unsigned code = *(const unsigned *)key;
    unsigned other = ((const suite_t *)row)->code;

    return code < other ? -1 : code > other;
}

/* mod_http2 knows the suites that RFC 9113 forbids by their OpenSSL names only. A suite
 * without one keeps IANA's, which matches none of them: TLS 1.3 does not need to. */
static const char *openssl_name(const nss_conn_t *cc)
{
    unsigned       code = cc->info.cipherSuite;
    const suite_t *row = bsearch(&code, SUITES, sizeof(SUITES) / sizeof(SUITES[0]), sizeof(SUITES[0]), by_code);

    return row && row->openssl && *row->openssl ? row->openssl : cc->suite.cipherSuiteName;
}

/* The original names key exchange and authentication of the suite. A suite of TLS 1.3
 * names neither, so there it is what the handshake used. */
static const char *key_exchange(const nss_conn_t *cc)
{
    if (cc->suite.keaType != ssl_kea_tls13_any) {
        return cc->suite.keaTypeName;
    }
    switch (cc->info.keaType) {
    case ssl_kea_dh:
    case ssl_kea_dh_psk: return "DHE";
    default:             return "ECDHE";
    }
}

static const char *authentication(const nss_conn_t *cc)
{
    if (cc->suite.authType != ssl_auth_tls13_any) {
        return cc->suite.authAlgorithmName;
    }
    switch (cc->info.authType) {
    case ssl_auth_ecdsa:        return "ECDSA";
    case ssl_auth_rsa_decrypt:
    case ssl_auth_rsa_sign:
    case ssl_auth_rsa_pss:      return "RSA";
    case ssl_auth_psk:          return "PSK";
    default:                    return "UNKNOWN";
    }
}

static const char *session_id(apr_pool_t *p, const nss_conn_t *cc)
{
    apr_size_t len = cc->info.sessionIDLength;
    char      *text;

    if (len == 0 || len > sizeof(cc->info.sessionID)) {
        return NULL;
    }
    text = apr_palloc(p, (apr_size_t)apr_base64_encode_len((int)len));
    apr_base64_encode_binary(text, cc->info.sessionID, (int)len);
    return text;
}

const char *nss_vars_client_verify(const nss_conn_t *cc)
{
    return cc->client_verify ? cc->client_verify : "NONE";
}

/* Whole days from now, "0" once over. */
static const char *days_left(apr_pool_t *p, apr_time_t not_after)
{
    apr_time_t left = not_after - apr_time_now();

    return left > 0 ? apr_psprintf(p, "%d", (int)(apr_time_sec(left) / 86400)) : "0";
}

static const char *client_days_left(apr_pool_t *p, const nss_conn_t *cc)
{
    CERTCertificate *peer = cc->fd ? SSL_PeerCertificate(cc->fd) : NULL;
    PRTime           not_before, not_after;
    const char      *days = NULL;

    if (peer != NULL) {
        if (CERT_GetCertTimes(peer, &not_before, &not_after) == SECSuccess) {
            days = days_left(p, (apr_time_t)not_after);    /* both count microseconds since 1970 */
        }
        CERT_DestroyCertificate(peer);
    }
    return days;
}

static void set(apr_table_t *env, const char *name, const char *value)
{
    if (value != NULL && *value != '\0') {
        apr_table_addn(env, name, value);
    }
}

/* NSS's own short name of the bulk cipher, as the original shows it (AES-128-GCM). */
static void set_cipher(apr_pool_t *p, apr_table_t *env, const nss_conn_t *cc)
{
    char *name = NULL;
    int   on, algorithm_bits = 0, secret_bits = 0;

    if (cc->fd == NULL
        || SSL_SecurityStatus(cc->fd, &on, &name, &algorithm_bits, &secret_bits, NULL, NULL) != SECSuccess
        || name == NULL) {
        return;
    }
    set(env, "SSL_CIPHER", apr_pstrdup(p, name));
    set(env, "SSL_CIPHER_EXPORT", secret_bits < 56 ? "true" : "false");
    set(env, "SSL_CIPHER_USEKEYSIZE", apr_itoa(p, secret_bits));
    set(env, "SSL_CIPHER_ALGKEYSIZE", apr_itoa(p, algorithm_bits));
    PORT_Free(name);
}

static const char *version_variable(apr_pool_t *p, const char *name)
{
    if (!ap_cstr_casecmp(name, "SSL_VERSION_INTERFACE") || !ap_cstr_casecmp(name, "SSL_VERSION_PRODUCT")) {
        return "mod_nss/" NSS_MODULE_VERSION;
    }
    if (!ap_cstr_casecmp(name, "SSL_VERSION_LIBRARY")) {
        return apr_pstrcat(p, "NSS/", NSS_GetVersion(), NULL);
    }
    return NULL;
}

/* All that NSSOptions +StdEnvVars exports of the connection itself, in p. Every name
 * once, since the table is searched and copied, never changed. */
static apr_table_t *describe(apr_pool_t *p, const nss_conn_t *cc)
{
    apr_table_t *env = apr_table_make(p, 20);
    const char  *kea = key_exchange(cc);
    const char  *auth = authentication(cc);

    set(env, "SSL_VERSION_INTERFACE", version_variable(p, "SSL_VERSION_INTERFACE"));
    set(env, "SSL_VERSION_LIBRARY", version_variable(p, "SSL_VERSION_LIBRARY"));
    set(env, "SSL_VERSION_PRODUCT", version_variable(p, "SSL_VERSION_PRODUCT"));
    set(env, "SSL_PROTOCOL", protocol_name(cc->info.protocolVersion));
    set(env, "SSL_SECURE_RENEG", cc->vhost && cc->vhost->renegotiation ? "true" : "false");
    set_cipher(p, env, cc);
    set(env, "SSL_CIPHER_NAME", cc->suite.cipherSuiteName);
    set(env, "SSL_KEX_GROUP", group_name(p, (unsigned)cc->info.keaGroup));
    set(env, "SSL_COMPRESS_METHOD", "NULL");
    set(env, "SSL_SESSION_ID", session_id(p, cc));
    set(env, "SSL_SESSION_RESUMED", cc->resumed ? "Resumed" : "Initial");
    set(env, "SSL_CLIENT_VERIFY", nss_vars_client_verify(cc));
    if (kea && auth) {
        set(env, "SSL_SERVER_A_KEY", apr_pstrcat(p, kea, "_", auth, NULL));
        set(env, "SSL_SERVER_A_SIG", apr_pstrcat(p, cc->suite.macAlgorithmName, "-", auth, NULL));
    }
    return env;
}

/* The table of the connection, kept on it. A request on a stream of HTTP/2 may not write
 * to the connection, which belongs to another thread; mod_http2 looks SSL_PROTOCOL up before
 * it starts streams, so for those the table is there, and made anew in p should it not be. */
static const apr_table_t *environment(apr_pool_t *p, nss_conn_t *cc, const conn_rec *c)
{
    if (cc->env != NULL) {
        return cc->env;
    }
    if (c != cc->c) {
        return describe(p, cc);
    }
    return cc->env = describe(cc->c->pool, cc);
}

/* The comparison by which the snapshot has sorted them. */
static int by_name(const void *key, const void *row)
{
    return strcasecmp(key, ((const nss_var_t *)row)->name);
}

static const char *certificate_variable(const nss_cert_t *cert, const char *name)
{
    const nss_var_t *var = NULL;

    if (cert != NULL && cert->nvars > 0) {
        var = bsearch(name, cert->vars, cert->nvars, sizeof(cert->vars[0]), by_name);
    }
    return var ? var->value : NULL;
}

/* ---- look-up -------------------------------------------------------------- */

static const char *lookup_ssl(apr_pool_t *p, nss_conn_t *cc, const conn_rec *c, int for_request,
                              const char *name)
{
    const char *value;

    if (!for_request && !ap_cstr_casecmp(name, "SSL_CIPHER")) {
        return openssl_name(cc);
    }
    if (!ap_cstr_casecmp(name, "SSL_TLS_SNI")) {
        return cc->sni;
    }
    if (!ap_cstr_casecmp(name, "SSL_CLIENT_VERIFY")) {
        return nss_vars_client_verify(cc);
    }
    if (!ap_cstr_casecmp(name, "SSL_CLIENT_V_REMAIN")) {
        return client_days_left(p, cc);
    }
    if (!ap_cstr_casecmp(name, "SSL_SERVER_V_REMAIN")) {
        return cc->server_cert ? days_left(p, cc->server_cert->not_after) : NULL;
    }
    value = apr_table_get(environment(p, cc, c), name);
    return value ? value : certificate_variable(cc->server_cert, name);
}

const char *nss_vars_lookup(apr_pool_t *p, server_rec *s, conn_rec *c, request_rec *r,
                            const char *name)
{
    nss_conn_t *cc;

    if (c == NULL && r != NULL) {
        c = r->connection;
    }
    if (c == NULL) {
        return s != NULL && nss_conf_server(s)->engine == 1 ? version_variable(p, name) : NULL;
    }
    cc = nss_conn_get(c);
    if (cc == NULL || cc->info.cipherSuite == 0) {
        return NULL;                    /* not ours, or no handshake done */
    }
    if (!ap_cstr_casecmpn(name, "SSL_", 4)) {
        return lookup_ssl(p, cc, c, r != NULL, name);
    }
    if (!ap_cstr_casecmp(name, "HTTPS")) {
        return "on";
    }
    return nss_vars_httpd(p, c, r, name);
}

/* ---- environment ---------------------------------------------------------- */

/* Counts on the values outliving the request: those of the connection lie in its pool,
 * those of the certificate in the snapshot that the connection holds. */
int nss_vars_fixups(request_rec *r)
{
    nss_conn_t       *cc = nss_conn_get(r->connection);
    const nss_cert_t *cert;
    int               options;
    apr_size_t        i;

    if (cc == NULL || cc->state != NSS_CONN_OPEN) {
        return DECLINED;
    }
    options = nss_conf_dir(r)->options;
    cert = cc->server_cert;
    apr_table_setn(r->subprocess_env, "HTTPS", "on");
    if (cc->sni != NULL) {
        apr_table_setn(r->subprocess_env, "SSL_TLS_SNI", cc->sni);
    }
    if (options & NSS_OPT_STDENVVARS) {
        const apr_array_header_t *rows = apr_table_elts(environment(r->pool, cc, r->connection));
        const apr_table_entry_t  *row = (const apr_table_entry_t *)rows->elts;
        int                       n;

        for (n = 0; n < rows->nelts; n++) {
            apr_table_setn(r->subprocess_env, row[n].key, row[n].val);
        }
    }
    for (i = 0; cert != NULL && i < cert->nvars; i++) {
        int when = cert->vars[i].exported;

        if (when == NSS_EXPORT_ALWAYS
            || (when == NSS_EXPORT_STD && (options & NSS_OPT_STDENVVARS))
            || (when == NSS_EXPORT_CERTDATA && (options & NSS_OPT_EXPORTCERTDATA))) {
            apr_table_setn(r->subprocess_env, cert->vars[i].name, cert->vars[i].value);
        }
    }
    return DECLINED;
}

/* ---- log formats ---------------------------------------------------------- */

static const char *or_nothing(const char *value)
{
    return value && *value ? value : NULL;      /* NULL is logged as "-" */
}

/* %{NAME}x: of the TLS of any module, and of a plain connection as far as it has one. */
static const char *log_variable(request_rec *r, char *name)
{
    const char *value = NULL;

    if (!ap_cstr_casecmp(name, "HTTPS")) {
        return ap_ssl_conn_is_ssl(r->connection) ? "on" : "off";
    }
    if (ap_cstr_casecmpn(name, "SSL_", 4)) {
        value = nss_vars_httpd(r->pool, r->connection, r, name);
    }
    if (value == NULL) {
        value = ap_ssl_var_lookup(r->pool, r->server, r->connection, r, name);
    }
    return or_nothing(value);
}

/* %{what}c, older than %x. */
static const char *log_connection(request_rec *r, char *what)
{
    static const struct {
        const char *word;
        const char *variable;
    } words[] = {
        { "version", "SSL_PROTOCOL" },      { "cipher", "SSL_CIPHER" },
        { "subjectdn", "SSL_CLIENT_S_DN" }, { "clientcert", "SSL_CLIENT_S_DN" },
        { "issuerdn", "SSL_CLIENT_I_DN" },  { "cacert", "SSL_CLIENT_I_DN" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcmp(what, words[i].word)) {
            return or_nothing(ap_ssl_var_lookup(r->pool, r->server, r->connection, r, words[i].variable));
        }
    }
    return NULL;
}

void nss_vars_register_log_formats(apr_pool_t *p)
{
    APR_OPTIONAL_FN_TYPE(ap_register_log_handler) *add = APR_RETRIEVE_OPTIONAL_FN(ap_register_log_handler);

    if (add == NULL) {
        return;                         /* no mod_log_config, no log formats */
    }
    add(p, "x", log_variable, 0);
    if (ap_find_linked_module("mod_ssl.c") == NULL) {
        add(p, "c", log_connection, 0);
    }
}
