/* conn: one TLS connection, from the first byte to close_notify.
 *
 * Memory: nss_conn_t lives in the connection's pool. It holds one reference to a
 * snapshot and the NSPR descriptor of NSS's socket; a pool cleanup closes both.
 * Threads: a connection is used by one thread at a time (httpd's own rule), so
 * nothing here is locked.
 */
#ifndef NSS_CONN_H
#define NSS_CONN_H

#include <signal.h>
#include <nspr.h>
#include <ssl.h>
#include "httpd.h"
#include "http_config.h"
#include "util_filter.h"
#include "snapshot.h"
#include "hello.h"

typedef enum {
    NSS_CONN_NEW,           /* nothing read yet */
    NSS_CONN_HANDSHAKE,     /* NSS has the first bytes */
    NSS_CONN_OPEN,          /* application data flows */
    NSS_CONN_PLAIN,         /* plain HTTP on the TLS port: answered with 400, nothing else */
    NSS_CONN_FAILED,        /* handshake or record failed: not one byte more, either way */
    NSS_CONN_CLOSED         /* close_notify sent */
} nss_conn_state_t;

typedef struct nss_io_t nss_io_t;     /* io.c */

typedef struct nss_conn_t {
    conn_rec           *c;
    nss_conn_state_t    state;
    server_rec         *server;       /* whose settings the handshake used */
    nss_snapshot_t     *snapshot;     /* referenced */
    const nss_vhost_t  *vhost;
    PRFileDesc         *fd;           /* NSS's socket, NULL before the hello was read */
    volatile sig_atomic_t in_nss;     /* a call on fd is under way: NSS holds its locks */
    nss_io_t           *io;
    nss_hello_t         hello;
    const char         *sni;          /* name the client sent, NULL when none */
    const char         *alpn;         /* protocol chosen, NULL when none */
    SSLChannelInfo      info;         /* valid once OPEN */
    SSLCipherSuiteInfo  suite;
    const nss_cert_t   *server_cert;  /* the one that was served, NULL when unknown */
    int                 resumed;
    const char         *client_verify;  /* client.c: as SSL_CLIENT_VERIFY, NULL before OPEN */
    unsigned            alert_sent;       /* description, 256: none */
    unsigned            alert_received;
    apr_table_t        *env;          /* vars.c: computed once, NULL before */
} nss_conn_t;

/* The record of a connection or of its master (HTTP/2 streams), NULL when the
 * connection is not ours. */
nss_conn_t *nss_conn_get(const conn_rec *c);

/* Hooks, registered in mod_nss.c. */
int nss_conn_pre_connection(conn_rec *c, void *csd);
int nss_conn_process_connection(conn_rec *c);
int nss_conn_is_ssl(conn_rec *c);

/* Brings the handshake to its end (blocking, under the connection's time-outs).
 * APR_SUCCESS once OPEN or PLAIN. The filters call it on the first read or write. */
apr_status_t nss_conn_handshake(nss_conn_t *cc);

#endif
