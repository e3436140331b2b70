#include "client.h"

#include <cert.h>
#include <prerror.h>
#include <secerr.h>
#include <ssl.h>

#include "apr_strings.h"
#include "http_log.h"

#include "failure.h"
#include "nss_messages.h"

APLOG_USE_MODULE(nss);

/* Instead of NSS's own check in the handshake. That the client holds the private key NSS
 * proves all the same; who vouches for it is judged when the handshake is over. */
static SECStatus PR_CALLBACK client_take_any(void *arg, PRFileDesc *fd, PRBool check_sig, PRBool is_server)
{
    (void)arg;
    (void)fd;
    (void)check_sig;
    (void)is_server;
    return SECSuccess;
}

int nss_client_prepare(nss_conn_t *cc)
{
    return cc->vhost->verify_client != NSS_VERIFY_OPTIONAL_NO_CA
        || SSL_AuthCertificateHook(cc->fd, client_take_any, NULL) == SECSuccess;
}

/* Errors that mean "nobody we trust vouches for it", which optional_no_ca is there for. */
static int client_is_stranger(PRErrorCode error)
{
    switch (error) {
    case SEC_ERROR_UNKNOWN_ISSUER:
    case SEC_ERROR_UNTRUSTED_ISSUER:
    case SEC_ERROR_UNTRUSTED_CERT:
    case SEC_ERROR_CA_CERT_INVALID:
        return 1;
    default:
        return 0;
    }
}

static const char *client_failure(nss_conn_t *cc, PRErrorCode error)
{
    const char *name = PR_ErrorToName(error);

    if (client_is_stranger(error)) {
        return "GENEROUS";
    }
    return apr_pstrcat(cc->c->pool, "FAILED:", name ? name : apr_itoa(cc->c->pool, error), NULL);
}

int nss_client_judge(nss_conn_t *cc, int resumed)
{
    CERTCertificate *cert = SSL_PeerCertificate(cc->fd);
    int              mode = cc->vhost->verify_client;
    int              demands = mode == NSS_VERIFY_OPTIONAL || mode == NSS_VERIFY_REQUIRE;
    PRErrorCode      error = 0;

    cc->client_verify = "NONE";
    if (!cert) {
        if (mode == NSS_VERIFY_REQUIRE) {
            nss_failure_refused(cc, NSS0555_LEVEL, NSS0555, "no certificate");
            return 0;
        }
        return 1;
    }
    /* A new handshake of a virtual host that demands one was NSS's to verify. */
    if ((resumed || !demands)
        && CERT_VerifyCertificateNow(CERT_GetDefaultCertDB(), cert, PR_TRUE, certificateUsageSSLClient,
                                     SSL_RevealPinArg(cc->fd), NULL) != SECSuccess) {
        error = PR_GetError();
        error = error ? error : SEC_ERROR_UNTRUSTED_CERT;
    }
    CERT_DestroyCertificate(cert);
    cc->client_verify = error ? client_failure(cc, error) : "SUCCESS";
    if (error && demands) {
        nss_failure_refused(cc, NSS0555_LEVEL, NSS0555, PR_ErrorToName(error));
        return 0;
    }
    return 1;
}
