#include "access.h"

#include "apr_lib.h"
#include "apr_strings.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "http_ssl.h"

#include "conf.h"
#include "conn.h"
#include "failure.h"
#include "nss_messages.h"
#include "vars.h"

APLOG_USE_MODULE(nss);

/* Set on a request that a demand of NSS* refused; mod_ssl's modules know it too. */
#define NOTE_FORBIDDEN "ssl-access-forbidden"

/* ---- plain HTTP on the TLS port -------------------------------------------- */

/* Names come from the client: what is no host name must not get into a link. */
static int is_host(const char *name)
{
    const char *at;

    if (name == NULL || *name == '\0') {
        return 0;
    }
    for (at = name; *at; at++) {
        if (!apr_isalnum(*at) && *at != '.' && *at != '-' && *at != '_' && *at != ':') {
            return 0;
        }
    }
    return at - name <= NSS_HELLO_MAX_NAME;
}

/* Where the client wanted to go: https://host[:port]/ */
static const char *https_url(request_rec *r)
{
    const char *host = is_host(r->hostname) ? r->hostname : r->server->server_hostname;
    apr_port_t  port = r->connection->local_addr->port;

    if (!is_host(host)) {
        host = r->connection->local_ip;
    }
    if (strchr(host, ':') != NULL) {
        host = apr_pstrcat(r->pool, "[", host, "]", NULL);
    }
    return apr_pstrcat(r->pool, "https://", host, port == 443 ? "" : apr_psprintf(r->pool, ":%u", (unsigned)port),
                       "/", NULL);
}

static int refuse_plain(request_rec *r)
{
    const char *url = ap_escape_html(r->pool, https_url(r));

    r->connection->keepalive = AP_CONN_CLOSE;
    apr_table_setn(r->notes, "error-notes",
                   apr_pstrcat(r->pool, "This port is for HTTPS, and the request came in plain HTTP.<br />\n"
                               "Please use <a href=\"", url, "\"><b>", url, "</b></a> instead.<br />\n", NULL));
    ap_log_rerror(APLOG_MARK, NSS0500_LEVEL, 0, r, NSS0500, (unsigned)r->connection->local_addr->port);
    return HTTP_BAD_REQUEST;
}

/* ---- the Host of the request against the handshake ------------------------- */

/* The settings of a virtual host in the snapshot of this connection. */
static const nss_vhost_t *vhost_of(const nss_conn_t *cc, const server_rec *s)
{
    const nss_vhost_t *vhost = cc->snapshot ? nss_snapshot_vhost(cc->snapshot, nss_conf_server(s)->index) : NULL;

    return vhost && vhost->model ? vhost : NULL;
}

static const char *difference(const nss_vhost_t *a, const nss_vhost_t *b)
{
    if (a->verify_client != b->verify_client) {
        return "client authentication";
    }
    if (a->renegotiation != b->renegotiation) {
        return "renegotiation";
    }
    return "certificate, protocol versions, cipher suites or groups";
}

static const char *shown(const char *name)
{
    return name ? name : "(none)";
}

/* Any client can bring these lines about, as often as it likes. */
static int level_of(const request_rec *r, int level)
{
    return nss_failure_may_log(r->connection) ? level : APLOG_DEBUG;
}

/* The handshake was another virtual host's: fine where both have the same TLS settings,
 * since the client could have come in by either; the wrong place everywhere else. NSSSNI off
 * changes nothing here: it lifts the comparison of names, never that of settings. */
static int compare_vhosts(request_rec *r, const nss_conn_t *cc)
{
    const nss_vhost_t *wanted = vhost_of(cc, r->server);

    if (wanted == NULL) {
        ap_log_rerror(APLOG_MARK, level_of(r, NSS0503_LEVEL), 0, r, NSS0503, shown(r->hostname),
                      r->server->server_hostname, shown(cc->sni));
        return HTTP_MISDIRECTED_REQUEST;
    }
    if (cc->vhost != NULL && wanted->policy == cc->vhost->policy) {
        return DECLINED;
    }
    ap_log_rerror(APLOG_MARK, level_of(r, NSS0502_LEVEL), 0, r, NSS0502, shown(r->hostname),
                  r->server->server_hostname, shown(cc->sni), cc->server ? cc->server->server_hostname : "(unknown)",
                  cc->vhost ? difference(wanted, cc->vhost) : "unknown settings");
    return HTTP_MISDIRECTED_REQUEST;
}

/* The client sent a name, but the request has none to compare it with. */
static int without_host(request_rec *r, const nss_conn_t *cc)
{
    const nss_vhost_t *wanted = vhost_of(cc, r->server);

    if (wanted != NULL && !wanted->sni) {
        return DECLINED;
    }
    ap_log_rerror(APLOG_MARK, level_of(r, NSS0501_LEVEL), 0, r, NSS0501, cc->sni);
    return HTTP_BAD_REQUEST;
}

/* The client sent no name where the address has several. */
static int without_sni(request_rec *r, const nss_conn_t *cc)
{
    const nss_vhost_t *wanted = vhost_of(cc, r->server);

    if ((wanted == NULL || !wanted->strict_sni) && (cc->vhost == NULL || !cc->vhost->strict_sni)) {
        return DECLINED;
    }
    apr_table_setn(r->notes, "error-notes",
                   "This server needs to be told the host name in the TLS handshake (SNI), and your client did not "
                   "send one that it could use.<br />\n");
    ap_log_rerror(APLOG_MARK, level_of(r, NSS0504_LEVEL), 0, r, NSS0504, shown(r->hostname));
    return HTTP_FORBIDDEN;
}

int nss_access_post_read_request(request_rec *r)
{
    const nss_conn_t *cc = nss_conn_get(r->connection);
    int               status = DECLINED;

    if (cc == NULL) {
        return DECLINED;
    }
    if (cc->state == NSS_CONN_PLAIN) {
        return refuse_plain(r);
    }
    if (cc->state != NSS_CONN_OPEN) {
        r->connection->keepalive = AP_CONN_CLOSE;
        ap_log_rerror(APLOG_MARK, NSS0505_LEVEL, 0, r, NSS0505, (int)cc->state);
        return HTTP_FORBIDDEN;
    }
    if (!ap_is_initial_req(r)) {
        return DECLINED;
    }
    if (cc->sni != NULL && r->hostname == NULL) {
        status = without_host(r, cc);
    }
    else if (cc->sni == NULL && cc->c->vhost_lookup_data != NULL) {
        status = without_sni(r, cc);
    }
    return status == DECLINED && r->server != cc->server ? compare_vhosts(r, cc) : status;
}

/* ---- demands of a directory ------------------------------------------------ */

static int forbid(request_rec *r)
{
    apr_table_setn(r->notes, NOTE_FORBIDDEN, "1");
    return HTTP_FORBIDDEN;
}

/* TLS by any module counts, as the administrator sees it; a connection of ours counts
 * only while it is open. */
static int is_tls(request_rec *r, const nss_conn_t *cc)
{
    return cc ? cc->state == NSS_CONN_OPEN : ap_ssl_conn_is_ssl(r->connection);
}

static int is_verified(const nss_conn_t *cc)
{
    return cc != NULL && cc->state == NSS_CONN_OPEN && !strcmp(nss_vars_client_verify(cc), "SUCCESS");
}

/* True when the handshake asked for a certificate: whoever has none, sent none. */
static int was_asked(const nss_conn_t *cc)
{
    return cc != NULL && cc->state == NSS_CONN_OPEN && cc->vhost != NULL && cc->vhost->verify_client != NSS_VERIFY_NONE;
}

/* NSSUserName: the user is the value of a variable. A colon in it would end the name
 * early in what follows (Basic credentials, logs). A client with a certificate whose
 * variable is not known must not go on as another user that a password names. */
static int name_user(request_rec *r, const nss_conn_t *cc, const char *variable)
{
    const char *user = ap_ssl_var_lookup(r->pool, r->server, r->connection, r, variable);

    if (user != NULL && *user != '\0') {
        if (strchr(user, ':') != NULL) {
            ap_log_rerror(APLOG_MARK, NSS0516_LEVEL, 0, r, NSS0516, variable, user);
            return forbid(r);
        }
        r->user = apr_pstrdup(r->pool, user);
        return DECLINED;
    }
    if (cc != NULL && strcmp(nss_vars_client_verify(cc), "NONE") != 0 && ap_some_authn_required(r)) {
        ap_log_rerror(APLOG_MARK, NSS0515_LEVEL, 0, r, NSS0515, variable, r->uri);
        return forbid(r);
    }
    return DECLINED;
}

int nss_access_check_access(request_rec *r)
{
    const nss_conn_t *cc = nss_conn_get(r->connection);
    const nss_dir_t  *dc = nss_conf_dir(r);

    if (cc != NULL && cc->state != NSS_CONN_OPEN) {
        ap_log_rerror(APLOG_MARK, NSS0505_LEVEL, 0, r, NSS0505, (int)cc->state);
        return forbid(r);
    }
    if (dc->require_ssl == 1 && !is_tls(r, cc)) {
        ap_log_rerror(APLOG_MARK, NSS0510_LEVEL, 0, r, NSS0510, r->uri);
        return forbid(r);
    }
    if (dc->cipher_suite != NULL) {
        ap_log_rerror(APLOG_MARK, NSS0513_LEVEL, 0, r, NSS0513, r->uri);
        return forbid(r);
    }
    if (dc->verify_client == NSS_VERIFY_REQUIRE && !is_verified(cc)) {
        ap_log_rerror(APLOG_MARK, NSS0511_LEVEL, 0, r, NSS0511, r->uri);
        return forbid(r);
    }
    if (dc->verify_client == NSS_VERIFY_OPTIONAL_NO_CA && !was_asked(cc)) {
        ap_log_rerror(APLOG_MARK, NSS0517_LEVEL, 0, r, NSS0517, r->uri);
        return forbid(r);
    }
    if (dc->requires != NULL && dc->requires->nelts > 0) {
        ap_log_rerror(APLOG_MARK, NSS0512_LEVEL, 0, r, NSS0512, r->uri);
        return forbid(r);
    }
    if (dc->options & NSS_OPT_FAKEBASICAUTH) {
        ap_log_rerror(APLOG_MARK, NSS0514_LEVEL, 0, r, NSS0514, r->uri);
        return forbid(r);
    }
    return dc->user_name != NULL ? name_user(r, cc, dc->user_name) : DECLINED;
}

int nss_access_check_strict(request_rec *r)
{
    if ((nss_conf_dir(r)->options & NSS_OPT_STRICTREQUIRE) && apr_table_get(r->notes, NOTE_FORBIDDEN) != NULL) {
        return HTTP_FORBIDDEN;
    }
    return DECLINED;
}
