/* failure: a TLS connection that went wrong, told in one line that names the cause.
 *
 * Each function but the last two leaves the connection FAILED: NSS's alert is sent, then
 * nothing more in either direction.
 */
#ifndef NSS_FAILURE_H
#define NSS_FAILURE_H

#include "conn.h"

/* The handshake ended with error (of PR_GetError). */
void nss_failure_handshake(nss_conn_t *cc, PRErrorCode error);

/* The network failed before the ClientHello was whole. */
void nss_failure_network(nss_conn_t *cc, apr_status_t rv);

/* A record could not be read or written once the connection was OPEN. */
void nss_failure_record(nss_conn_t *cc, PRErrorCode error);

/* The virtual host cannot do TLS; NSS was not asked yet. */
void nss_failure_no_model(nss_conn_t *cc, const char *why);

/* A finished handshake that must not be used: format is one of the rows, with object as
 * its argument. Its session leaves the cache, and the client is sent close_notify. */
void nss_failure_refused(nss_conn_t *cc, int level, const char *format, const char *object);

/* False when this child has said enough about what clients did wrong in this second. What is
 * left out is counted, and told with the next line. */
int nss_failure_may_log(const conn_rec *c);

/* The client closed TCP without close_notify. */
void nss_failure_truncated(nss_conn_t *cc);

#endif
