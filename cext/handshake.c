/* handshake: from the first byte to a connection that may be used, in this order:
 *
 *     peek the ClientHello            until it is whole, plain HTTP, or not for us to read
 *     choose the virtual host         by httpd's rules, from the name in it
 *     choose the application protocol httpd's ap_select_protocol, from the list in it
 *     import the model socket         certificate, suites, versions, client authentication
 *     let NSS run                     blocking, under httpd's time-outs
 *     check what came of it           above all of a resumed session
 *
 * The virtual host is chosen before NSS is given a byte because NSS fixes version and
 * cipher suite before its own SNI callback runs.
 *
 * Resumption. A session carries the trust of the handshake that made it, and NSS's cache
 * is one for all virtual hosts. What NSS 3.87 itself checks: TLS 1.3, the name is the same;
 * a virtual host that requires a client certificate does not resume a session without one.
 * What it does not: TLS 1.2, the name (RFC 6066 section 3 demands it); and whether the
 * client's certificate would pass the verification of this virtual host. Both are checked
 * here, when the handshake is over and nothing has been served.
 */
#include "conn.h"

#include <cert.h>
#include <keyhi.h>
#include <prerror.h>
#include <secerr.h>
#include <sslerr.h>
#include <string.h>

#include "apr_strings.h"
#include "http_log.h"
#include "http_protocol.h"
#include "scoreboard.h"

#include "client.h"
#include "conf.h"
#include "failure.h"
#include "io.h"
#include "nss_messages.h"
#include "select.h"

APLOG_USE_MODULE(nss);

#define CLOSE_NOTIFY 0           /* RFC 8446 section 6.1; in no public header of NSS */

/* ---- callbacks of NSS --------------------------------------------------- */

/* Its result makes NSS write the name into the session, which is then not resumed under
 * another one. Which virtual host serves the name is settled already. */
static PRInt32 PR_CALLBACK hs_on_sni(PRFileDesc *fd, const SECItem *names, PRUint32 n,
                                     void *arg)
{
    const nss_conn_t *cc = arg;

    (void)fd;
    (void)names;
    (void)n;
    /* A name that chose no virtual host must not be found in the session as if it had. */
    return cc->sni ? 0 : SSL_SNI_CURRENT_CONFIG_IS_USED;
}

/* Set only when there is a protocol to answer with. */
static SECStatus PR_CALLBACK hs_on_alpn(void *arg, PRFileDesc *fd, const unsigned char *protos,
                                        unsigned int protos_len, unsigned char *out,
                                        unsigned int *out_len, unsigned int out_max)
{
    const nss_conn_t *cc = arg;
    size_t len = strlen(cc->alpn);

    (void)fd;
    (void)protos;
    (void)protos_len;
    if (len > out_max) {
        PR_SetError(SEC_ERROR_OUTPUT_LEN, 0);
        return SECFailure;
    }
    memcpy(out, cc->alpn, len);
    *out_len = (unsigned int)len;
    return SECSuccess;
}

static void PR_CALLBACK hs_on_alert_sent(const PRFileDesc *fd, void *arg, const SSLAlert *alert)
{
    nss_conn_t *cc = arg;

    (void)fd;
    if (alert->description != CLOSE_NOTIFY) {
        cc->alert_sent = alert->description;
    }
}

static void PR_CALLBACK hs_on_alert_received(const PRFileDesc *fd, void *arg,
                                             const SSLAlert *alert)
{
    nss_conn_t *cc = arg;

    (void)fd;
    if (alert->description == CLOSE_NOTIFY) {
        cc->io->close_received = 1;
    }
    else {
        cc->alert_received = alert->description;
    }
}

static int hs_judge(nss_conn_t *cc, int resumed);

/* A renegotiation may bring another certificate, or resume another session. The first
 * handshake is judged by whoever waits for it. */
static void PR_CALLBACK hs_on_done(PRFileDesc *fd, void *arg)
{
    nss_conn_t *cc = arg;
    SSLChannelInfo info;

    if (cc->state != NSS_CONN_OPEN) {
        return;
    }
    if (SSL_GetChannelInfo(fd, &info, sizeof(info)) != SECSuccess) {
        nss_failure_record(cc, PR_GetError());
        return;
    }
    (void)hs_judge(cc, info.resumed);
}

/* ---- before NSS --------------------------------------------------------- */

/* httpd's modules choose among what the client offers; with no choice of theirs the
 * protocol in force (http/1.1) is the answer when it was offered. Otherwise the extension
 * is ignored, as by a server that does not know it (RFC 7301 section 3.2 would allow to
 * refuse; clients with unknown protocols only would then be cut off). */
static void hs_select_alpn(nss_conn_t *cc)
{
    conn_rec *c = cc->c;
    apr_array_header_t *offers;
    const char *chosen;
    size_t i;

    if (cc->hello.nalpn == 0) {
        return;
    }
    offers = apr_array_make(c->pool, (int)cc->hello.nalpn, sizeof(const char *));
    for (i = 0; i < cc->hello.nalpn; i++) {
        const nss_hello_str_t *one = &cc->hello.alpn[i];

        APR_ARRAY_PUSH(offers, const char *) = apr_pstrmemdup(c->pool, (const char *)one->data,
                                                              one->len);
    }
    chosen = ap_select_protocol(c, NULL, cc->server, offers);
    if (!chosen) {
        chosen = ap_get_protocol(c);
    }
    if (chosen && ap_array_str_contains(offers, chosen)) {
        cc->alpn = apr_pstrdup(c->pool, chosen);
    }
}

/* The virtual host that a name chooses: none but the first one of the address where that one
 * says NSSSNI off. */
static server_rec *hs_select_server(const nss_conn_t *cc, const char *name)
{
    const nss_vhost_t *first = NULL;

    if (cc->snapshot) {
        first = nss_snapshot_vhost(cc->snapshot, nss_conf_server(cc->c->base_server)->index);
    }
    return first && !first->sni ? cc->c->base_server : nss_select_server(cc->c, name);
}

/* Reads until the hello can be judged. APR_SUCCESS with state PLAIN: no TLS at all. */
static apr_status_t hs_read_hello(nss_conn_t *cc)
{
    unsigned char scratch[NSS_HELLO_MAX_BYTES];
    nss_hello_status_t status;

    do {
        const unsigned char *buf;
        apr_size_t len;
        apr_status_t rv = nss_io_peek(cc->io, &buf, &len);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        status = nss_hello_parse(buf, len, scratch, sizeof(scratch), &cc->hello);
        if (len >= NSS_HELLO_MAX_BYTES && status == NSS_HELLO_MORE) {
            status = NSS_HELLO_OTHER;
        }
        if (status == NSS_HELLO_COMPLETE) {
            cc->sni = *cc->hello.sni ? cc->hello.sni : NULL;
            cc->snapshot = nss_snapshot_acquire();
            cc->server = hs_select_server(cc, cc->sni);
            hs_select_alpn(cc);
        }
    } while (status == NSS_HELLO_MORE);
    if (status == NSS_HELLO_PLAIN_HTTP) {
        cc->state = NSS_CONN_PLAIN;
    }
    /* They pointed into buffers that end here. */
    cc->hello.nalpn = 0;
    return APR_SUCCESS;
}

/* The virtual host as this child has opened it. 0: it cannot be served, and the client
 * has been told. */
static int hs_find_model(nss_conn_t *cc)
{
    if (!cc->snapshot) {
        cc->snapshot = nss_snapshot_acquire();
    }
    if (!cc->snapshot) {
        nss_failure_no_model(cc, "this child has opened no keys");
        return 0;
    }
    cc->vhost = nss_snapshot_vhost(cc->snapshot, nss_conf_server(cc->server)->index);
    if (!cc->vhost || !cc->vhost->model) {
        nss_failure_no_model(cc, "its certificate or key could not be opened");
        return 0;
    }
    return 1;
}

static SECStatus hs_import(nss_conn_t *cc)
{
    PRFileDesc *fd = SSL_ImportFD(cc->vhost->model, nss_io_descriptor(cc->io));

    if (!fd) {
        return SECFailure;
    }
    nss_io_taken(cc->io);
    cc->fd = fd;
    if (SSL_SNISocketConfigHook(fd, hs_on_sni, cc) != SECSuccess ||
        SSL_AlertSentCallback(fd, hs_on_alert_sent, cc) != SECSuccess ||
        SSL_AlertReceivedCallback(fd, hs_on_alert_received, cc) != SECSuccess ||
        SSL_HandshakeCallback(fd, hs_on_done, cc) != SECSuccess || !nss_client_prepare(cc) ||
        (cc->alpn && SSL_SetNextProtoCallback(fd, hs_on_alpn, cc) != SECSuccess)) {
        return SECFailure;
    }
    return SSL_ResetHandshake(fd, PR_TRUE);
}

/* ---- after NSS ---------------------------------------------------------- */

/* Which of the virtual host's certificates was served, by its bytes: a nickname is no
 * identity. */
static void hs_find_certificate(nss_conn_t *cc)
{
    CERTCertificate *cert = SSL_LocalCertificate(cc->fd);
    apr_size_t i;

    for (i = 0; cert && i < cc->vhost->ncerts; i++) {
        if (SECITEM_ItemsAreEqual(&cert->derCert, &cc->vhost->certs[i].der)) {
            cc->server_cert = &cc->vhost->certs[i];
            break;
        }
    }
    if (cert) {
        CERT_DestroyCertificate(cert);
    }
}

/* True when a session made under session_name may be used for this virtual host: it is
 * the same one, or one of the same TLS settings. */
static int hs_name_fits(nss_conn_t *cc, const SECItem *session_name)
{
    const nss_vhost_t *other;
    const server_rec *s;
    char *name = NULL;

    if (session_name && session_name->len) {
        apr_size_t len = session_name->len;

        len -= session_name->data[len - 1] == '.';
        name = apr_pstrmemdup(cc->c->pool, (const char *)session_name->data, len);
        ap_str_tolower(name);
    }
    s = hs_select_server(cc, name);
    if (s == cc->server) {
        return 1;
    }
    other = nss_snapshot_vhost(cc->snapshot, nss_conf_server(s)->index);
    return other && other->policy == cc->vhost->policy;
}

static int hs_check_name(nss_conn_t *cc)
{
    SECItem *name = SSL_GetNegotiatedHostInfo(cc->fd);
    int fits = hs_name_fits(cc, name);

    if (!fits) {
        nss_failure_refused(cc, NSS0554_LEVEL, NSS0554, cc->sni ? cc->sni : "none");
    }
    if (name) {
        SECITEM_FreeItem(name, PR_TRUE);
    }
    return fits;
}

/* The handshake is over, the first one or a renegotiation: what may be served on it? */
static int hs_judge(nss_conn_t *cc, int resumed)
{
    return (!resumed || hs_check_name(cc)) && nss_client_judge(cc, resumed);
}

static apr_status_t hs_finish(nss_conn_t *cc)
{
    conn_rec *c = cc->c;

    if (SSL_GetChannelInfo(cc->fd, &cc->info, sizeof(cc->info)) != SECSuccess ||
        SSL_GetCipherSuiteInfo(cc->info.cipherSuite, &cc->suite, sizeof(cc->suite)) != SECSuccess) {
        nss_failure_handshake(cc, PR_GetError());
        return APR_ECONNABORTED;
    }
    cc->resumed = cc->info.resumed;
    if (!hs_judge(cc, cc->resumed)) {
        return APR_ECONNABORTED;
    }
    hs_find_certificate(cc);
    cc->state = NSS_CONN_OPEN;
    ap_update_child_status_from_server(c->sbh, SERVER_BUSY_READ, c, cc->server);
    ap_log_cserror(APLOG_MARK, APLOG_DEBUG, 0, c, cc->server,
                   "handshake done: %s, SNI %s, version 0x%04x, %s%s, ALPN %s",
                   cc->server->server_hostname ? cc->server->server_hostname : "-",
                   cc->sni ? cc->sni : "none", cc->info.protocolVersion,
                   cc->suite.cipherSuiteName, cc->resumed ? ", resumed" : "",
                   cc->alpn ? cc->alpn : "none");
    if (cc->alpn && strcmp(cc->alpn, ap_get_protocol(c)) != 0 &&
        ap_switch_protocol(c, NULL, cc->server, cc->alpn) != APR_SUCCESS) {
        /* The client has been promised a protocol that nobody here speaks. */
        nss_failure_handshake(cc, SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL);
        return APR_ECONNABORTED;
    }
    return APR_SUCCESS;
}

static SECStatus hs_force(nss_conn_t *cc)
{
    SECStatus rv;

    cc->in_nss = 1;
    rv = SSL_ForceHandshake(cc->fd);
    cc->in_nss = 0;
    return rv;
}

static apr_status_t hs_run_nss(nss_conn_t *cc)
{
    cc->state = NSS_CONN_HANDSHAKE;
    if (hs_import(cc) != SECSuccess) {
        nss_failure_handshake(cc, PR_GetError());
        return APR_ECONNABORTED;
    }
    while (hs_force(cc) != SECSuccess) {
        PRErrorCode error = PR_GetError();

        /* Reads block, so this means: a record was read that did not end the handshake. */
        if (error != PR_WOULD_BLOCK_ERROR) {
            apr_status_t network = nss_io_status(cc->io);

            nss_failure_handshake(cc, error);
            return network != APR_SUCCESS ? network : APR_ECONNABORTED;
        }
    }
    return hs_finish(cc);
}

apr_status_t nss_conn_handshake(nss_conn_t *cc)
{
    apr_status_t rv;

    switch (cc->state) {
    case NSS_CONN_OPEN:
    case NSS_CONN_PLAIN:
    case NSS_CONN_CLOSED:
        return APR_SUCCESS;
    case NSS_CONN_NEW:
        break;
    default:
        return APR_ECONNABORTED;
    }
    cc->io->block = APR_BLOCK_READ;
    rv = hs_read_hello(cc);
    if (rv != APR_SUCCESS) {
        nss_failure_network(cc, rv);
        return rv;
    }
    if (cc->state == NSS_CONN_PLAIN) {
        nss_io_replay(cc->io);
        return APR_SUCCESS;
    }
    return hs_find_model(cc) ? hs_run_nss(cc) : APR_ECONNABORTED;
}
