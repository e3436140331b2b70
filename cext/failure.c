/* failure: one line per failed connection: who, which name, what was offered, which alert,
 * NSS's word for it, and what an administrator can do.
 *
 * Scanners make such lines by the thousand, so a child writes at most FAILURES_PER_SECOND
 * of them; the next one after a silence tells how many were left out.
 */
#include "failure.h"

#include "apr_atomic.h"
#include "apr_strings.h"
#include "http_connection.h"
#include "http_log.h"
#include <secerr.h>
#include <sslerr.h>

#include "io.h"
#include "nss_messages.h"

APLOG_USE_MODULE(nss);

#define FAILURES_PER_SECOND 10

typedef struct words_t {
    int         number;
    const char *words;
} words_t;

/* RFC 8446 section 6, RFC 5246 section 7.2. */
static const words_t alert_names[] = {
    { 10, "unexpected_message" },       { 20, "bad_record_mac" },
    { 21, "decryption_failed" },        { 22, "record_overflow" },
    { 30, "decompression_failure" },    { 40, "handshake_failure" },
    { 41, "no_certificate" },           { 42, "bad_certificate" },
    { 43, "unsupported_certificate" },  { 44, "certificate_revoked" },
    { 45, "certificate_expired" },      { 46, "certificate_unknown" },
    { 47, "illegal_parameter" },        { 48, "unknown_ca" },
    { 49, "access_denied" },            { 50, "decode_error" },
    { 51, "decrypt_error" },            { 60, "export_restriction" },
    { 70, "protocol_version" },         { 71, "insufficient_security" },
    { 80, "internal_error" },           { 86, "inappropriate_fallback" },
    { 90, "user_canceled" },            { 100, "no_renegotiation" },
    { 109, "missing_extension" },       { 110, "unsupported_extension" },
    { 112, "unrecognized_name" },       { 113, "bad_certificate_status_response" },
    { 115, "unknown_psk_identity" },    { 116, "certificate_required" },
    { 120, "no_application_protocol" }, { 0, NULL }
};

#define HINT_UNTRUSTED "the client does not trust this server's certificate; give the client the CA, or the server a" \
                       " certificate of a CA that the client knows, with its intermediates in the database"
#define HINT_CLIENT_CA "the issuer of the client's certificate is not trusted here; import the CA with trust flags T" \
                       " (certutil -A -t T,,)"
#define HINT_BROKEN    "the bytes were no valid TLS: a scanner, a broken client or a middlebox; nothing need be done" \
                       " unless a real client is concerned"

static const words_t hints[] = {
    { SSL_ERROR_NO_CYPHER_OVERLAP, "no cipher suite, group or signature in common with the client; compare NSSCipherSuite and"
                                   " the certificate's key type with what the client offers" },
    { SSL_ERROR_UNSUPPORTED_VERSION, "no protocol version in common; NSSProtocol does not include what the client offers" },
    { SSL_ERROR_PROTOCOL_VERSION_ALERT, "the client refuses the protocol version; compare NSSProtocol with the client's settings" },
    { SSL_ERROR_INAPPROPRIATE_FALLBACK_ALERT, "the client came back with a lower version than both can speak; an earlier try failed" },
    { SSL_ERROR_UNKNOWN_CA_ALERT, HINT_UNTRUSTED },
    { SSL_ERROR_BAD_CERT_ALERT, HINT_UNTRUSTED },
    { SSL_ERROR_CERTIFICATE_UNKNOWN_ALERT, HINT_UNTRUSTED },
    { SSL_ERROR_UNSUPPORTED_CERT_ALERT, "the client cannot use this server's kind of certificate; offer one of another key type" },
    { SSL_ERROR_EXPIRED_CERT_ALERT, "the client holds this server's certificate for expired; renew it, or mend the client's clock" },
    { SSL_ERROR_REVOKED_CERT_ALERT, "the client holds this server's certificate for revoked; replace it" },
    { SSL_ERROR_HANDSHAKE_FAILURE_ALERT, "the client found nothing in common, or wants a certificate it did not get" },
    { SSL_ERROR_NO_CERTIFICATE, "NSSVerifyClient require, and the client has sent no certificate; install one in the client" },
    { SEC_ERROR_UNKNOWN_ISSUER, HINT_CLIENT_CA },
    { SEC_ERROR_UNTRUSTED_ISSUER, HINT_CLIENT_CA },
    { SEC_ERROR_CA_CERT_INVALID, HINT_CLIENT_CA },
    { SEC_ERROR_EXPIRED_CERTIFICATE, "the client's certificate has expired or is not valid yet; renew it, or mend this server's clock" },
    { SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE, "a CA certificate of the client's chain has expired; import the renewed one" },
    { SEC_ERROR_REVOKED_CERTIFICATE, "the client's certificate is revoked" },
    { SEC_ERROR_CERT_USAGES_INVALID, "the client's certificate is not made for client authentication (extendedKeyUsage)" },
    { SEC_ERROR_INADEQUATE_CERT_TYPE, "the client's certificate is not made for client authentication (extendedKeyUsage)" },
    { SEC_ERROR_INADEQUATE_KEY_USAGE, "the client's certificate may not sign (keyUsage)" },
    { SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL, "the protocol chosen by ALPN is spoken by no module; compare Protocols with the modules loaded" },
    { SSL_ERROR_UNSAFE_NEGOTIATION, "the client does not know secure renegotiation (RFC 5746), which NSSRequireSafeNegotiation demands" },
    { SSL_ERROR_RENEGOTIATION_NOT_ALLOWED, "the client started a renegotiation, which is always refused; it must do without" },
    { SSL_ERROR_NO_SUPPORTED_SIGNATURE_ALGORITHM, "no signature algorithm in common; offer a certificate of another key type" },
    { SSL_ERROR_UNSUPPORTED_SIGNATURE_ALGORITHM, "no signature algorithm in common; offer a certificate of another key type" },
    { SSL_ERROR_MISSING_EXTENDED_MASTER_SECRET, "the client resumed a session in a way that RFC 7627 forbids" },
    { SSL_ERROR_RX_RECORD_TOO_LONG, HINT_BROKEN },
    { SSL_ERROR_RX_MALFORMED_CLIENT_HELLO, HINT_BROKEN },
    { SSL_ERROR_RX_UNEXPECTED_RECORD_TYPE, HINT_BROKEN },
    { SSL_ERROR_RX_UNKNOWN_RECORD_TYPE, HINT_BROKEN },
    { SSL_ERROR_BAD_CLIENT, HINT_BROKEN },
    { SSL_ERROR_BAD_MAC_READ, "a record was damaged on its way, by the network or on purpose" },
    { PR_END_OF_FILE_ERROR, "the client hung up; likely it did not like the certificate or was a port check" },
    { PR_CONNECT_RESET_ERROR, "the client or the network broke the connection" },
    { PR_IO_TIMEOUT_ERROR, "the client was too slow (Timeout, RequestReadTimeout handshake=)" },
    { 0, NULL }
};

static const char *failure_words(const words_t *table, int number)
{
    for (; table->words; table++) {
        if (table->number == number) {
            return table->words;
        }
    }
    return NULL;
}

/* What can be done about it. NSS gives one code for broken bytes and for a TLS 1.3 session
 * resumed under another name (RFC 8446 section 4.6.1); the alert tells them apart. */
static const char *failure_hint(const nss_conn_t *cc, PRErrorCode error)
{
    const char *hint;

    if (error == SSL_ERROR_RX_MALFORMED_CLIENT_HELLO && cc->alert_sent == 40) {
        return "the client resumed a session that it had made under another name; it will start anew";
    }
    hint = failure_words(hints, error);
    return hint ? hint : "see the NSS error";
}

static const char *failure_alert(apr_pool_t *p, unsigned alert)
{
    const char *name;

    if (alert > 255) {
        return "none";
    }
    name = failure_words(alert_names, (int)alert);
    return name ? name : apr_psprintf(p, "%u", alert);
}

static const char *failure_versions(apr_pool_t *p, const nss_hello_t *hello)
{
    const char *text = "";
    size_t i;

    if (hello->nversions == 0) {
        return hello->legacy_version ? apr_psprintf(p, "up to 0x%04x", hello->legacy_version)
                                     : "not read";
    }
    for (i = 0; i < hello->nversions; i++) {
        if ((hello->versions[i] & 0x0f0f) != 0x0a0a) {          /* RFC 8701: no version */
            text = apr_pstrcat(p, text, *text ? "," : "",
                               apr_psprintf(p, "0x%04x", hello->versions[i]), NULL);
        }
    }
    return text;
}

/* True when this line may be written at INFO. Two threads at the turn of a second may
 * write one line too many; nothing worse. */
int nss_failure_may_log(const conn_rec *c)
{
    static apr_uint32_t second, count, left_out;
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t missed;

    if (apr_atomic_read32(&second) != now) {
        apr_atomic_set32(&second, now);
        apr_atomic_set32(&count, 0);
    }
    if (apr_atomic_inc32(&count) >= FAILURES_PER_SECOND) {
        apr_atomic_inc32(&left_out);
        return 0;
    }
    missed = apr_atomic_xchg32(&left_out, 0);
    if (missed) {
        ap_log_cerror(APLOG_MARK, NSS0552_LEVEL, 0, c, NSS0552, (unsigned)missed);
    }
    return 1;
}

/* What NSS has left for the client goes out, then the connection is dumb and deaf. */
static void failure_close(nss_conn_t *cc)
{
    conn_rec *c = cc->c;
    apr_status_t network = nss_io_status(cc->io);

    if (network == APR_SUCCESS || APR_STATUS_IS_TIMEUP(network)) {
        (void)nss_io_flush(cc->io);
    }
    else if (!APR_STATUS_IS_EOF(network)) {
        c->aborted = 1;
    }
    nss_io_mute(cc->io);
    cc->state = NSS_CONN_FAILED;
    c->keepalive = AP_CONN_CLOSE;
}

static void failure_log(nss_conn_t *cc, PRErrorCode error, int level, const char *format)
{
    conn_rec *c = cc->c;
    const char *name = PR_ErrorToName(error);

    ap_log_cserror(APLOG_MARK, level, 0, c, cc->server, format,
                   cc->sni ? cc->sni : "none", failure_versions(c->pool, &cc->hello),
                   failure_alert(c->pool, cc->alert_sent),
                   failure_alert(c->pool, cc->alert_received),
                   failure_hint(cc, error), name ? name : "NSS", (int)error);
}

/* A port check connects and leaves: not worth more than a DEBUG line. */
static int failure_is_silence(const nss_conn_t *cc, PRErrorCode error)
{
    return cc->fd == NULL && error == PR_END_OF_FILE_ERROR;
}

void nss_failure_handshake(nss_conn_t *cc, PRErrorCode error)
{
    int level = APLOG_DEBUG;

    if (!failure_is_silence(cc, error) && nss_failure_may_log(cc->c)) {
        level = NSS0550_LEVEL;
    }
    failure_log(cc, error, level, NSS0550);
    failure_close(cc);
}

void nss_failure_network(nss_conn_t *cc, apr_status_t rv)
{
    PRErrorCode error = PR_CONNECT_RESET_ERROR;

    if (APR_STATUS_IS_EOF(rv)) {
        error = PR_END_OF_FILE_ERROR;
    }
    else if (APR_STATUS_IS_TIMEUP(rv)) {
        error = PR_IO_TIMEOUT_ERROR;
    }
    cc->io->status = rv;
    nss_failure_handshake(cc, error);
}

void nss_failure_record(nss_conn_t *cc, PRErrorCode error)
{
    /* A client that breaks the connection is everyday life; a broken record is not. */
    int network = error == PR_CONNECT_RESET_ERROR || error == PR_IO_TIMEOUT_ERROR;
    int level = !network && nss_failure_may_log(cc->c) ? NSS0551_LEVEL : APLOG_DEBUG;

    failure_log(cc, error, level, NSS0551);
    failure_close(cc);
}

void nss_failure_no_model(nss_conn_t *cc, const char *why)
{
    /* RFC 8446 section 6: alert, legacy version, length 2, fatal, internal_error. */
    static const unsigned char alert[] = { 21, 3, 3, 0, 2, 2, 80 };

    if (nss_failure_may_log(cc->c)) {
        ap_log_cserror(APLOG_MARK, NSS0553_LEVEL, 0, cc->c, cc->server, NSS0553,
                       cc->server->server_hostname ? cc->server->server_hostname : "-",
                       cc->server->defn_name ? cc->server->defn_name : "-",
                       cc->server->defn_line_number, why);
    }
    cc->alert_sent = 80;
    (void)nss_io_send_raw(cc->io, alert, sizeof(alert));
    failure_close(cc);
}

void nss_failure_refused(nss_conn_t *cc, int level, const char *format, const char *object)
{
    if (nss_failure_may_log(cc->c)) {
        ap_log_cserror(APLOG_MARK, level, 0, cc->c, cc->server, format, object);
    }
    /* The session would be refused again: out of the cache with it. A ticket is the client's to forget. NSS sends
     * no alert at our wish but this one. Within a call of NSS its locks are held. */
    if (!cc->in_nss) {
        cc->in_nss = 1;
        (void)SSL_InvalidateSession(cc->fd);
        (void)PR_Shutdown(cc->fd, PR_SHUTDOWN_SEND);
        cc->in_nss = 0;
    }
    failure_close(cc);
}

void nss_failure_truncated(nss_conn_t *cc)
{
    ap_log_cerror(APLOG_MARK, APLOG_TRACE1, 0, cc->c,
                  "client closed the connection without close_notify");
}
