/* conn: httpd's side of a TLS connection: when it begins, who asks for it, when it ends.
 * What happens in between is in handshake.c and io.c. */
#include "conn.h"

#include <prerror.h>

#include "http_connection.h"
#include "http_log.h"
#include "http_ssl.h"

#include "conf.h"
#include "io.h"
#include "nss_messages.h"

APLOG_USE_MODULE(nss);

#define NO_ALERT 256

nss_conn_t *nss_conn_get(const conn_rec *c)
{
    return ap_get_module_config((c->master ? c->master : c)->conn_config, &nss_module);
}

/* The filters below may be gone: whatever NSS would still say is thrown away. close_notify
 * was sent with httpd's end-of-connection bucket, or the connection broke.
 *
 * prefork ends its child out of a signal handler: then this may run in the middle of an NSS
 * call on this very thread, most often one that waits for the client. NSS's locks are held
 * and not recursive; nothing may be closed, and nothing need be: the process ends. */
static apr_status_t conn_cleanup(void *data)
{
    nss_conn_t *cc = data;

    if (cc->in_nss) {
        return APR_SUCCESS;
    }
    nss_io_mute(cc->io);
    if (cc->fd) {
        PR_Close(cc->fd);
    }
    else if (nss_io_descriptor(cc->io)) {
        PR_Close(nss_io_descriptor(cc->io));
    }
    cc->fd = NULL;
    if (cc->snapshot) {
        nss_snapshot_release(cc->snapshot);
        cc->snapshot = NULL;
    }
    return APR_SUCCESS;
}

int nss_conn_pre_connection(conn_rec *c, void *csd)
{
    const nss_srv_t *sc = nss_conf_server(c->base_server);
    nss_conn_t *cc;

    (void)csd;
    if (c->master || c->outgoing || !sc || sc->engine != 1 || ap_ssl_conn_is_ssl(c)) {
        return DECLINED;
    }
    cc = apr_pcalloc(c->pool, sizeof(*cc));
    cc->c = c;
    cc->server = c->base_server;
    cc->alert_sent = NO_ALERT;
    cc->alert_received = NO_ALERT;
    cc->io = nss_io_attach(cc);
    if (!cc->io) {
        ap_log_cerror(APLOG_MARK, NSS0556_LEVEL, 0, c, NSS0556, (int)PR_GetError());
        return HTTP_INTERNAL_SERVER_ERROR;      /* httpd drops the connection */
    }
    apr_pool_cleanup_register(c->pool, cc, conn_cleanup, apr_pool_cleanup_null);
    ap_set_module_config(c->conn_config, &nss_module, cc);
    return OK;
}

/* Before mod_http2's: it must find the handshake done and the protocol switched. */
int nss_conn_process_connection(conn_rec *c)
{
    nss_conn_t *cc = c->master ? NULL : nss_conn_get(c);
    apr_bucket_brigade *bb;

    if (!cc || cc->state != NSS_CONN_NEW) {
        return DECLINED;
    }
    /* Through the whole chain, so that mod_reqtimeout keeps its clock for handshakes. */
    bb = apr_brigade_create(c->pool, c->bucket_alloc);
    (void)ap_get_brigade(c->input_filters, bb, AP_MODE_INIT, APR_BLOCK_READ, 0);
    apr_brigade_destroy(bb);
    if (cc->state == NSS_CONN_OPEN || cc->state == NSS_CONN_PLAIN) {
        return DECLINED;
    }
    /* No request will come of it: without this, httpd would log a 408 that never was. */
    c->keepalive = AP_CONN_CLOSE;
    if (c->cs) {
        c->cs->state = CONN_STATE_LINGER;
    }
    return OK;
}

int nss_conn_is_ssl(conn_rec *c)
{
    const nss_conn_t *cc = nss_conn_get(c);

    return cc && cc->state != NSS_CONN_PLAIN ? OK : DECLINED;
}
