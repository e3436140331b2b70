/* client: what the client's certificate is worth, judged at the end of every handshake.
 *
 * NSS verifies a certificate in the handshake that brings it, and never again: a resumed
 * session carries it unasked, from another time or from a virtual host that demanded
 * less. So the verdict is made here, once per handshake (renegotiation included), and
 * everybody else reads it off the connection. */
#ifndef NSS_CLIENT_H
#define NSS_CLIENT_H

#include "conn.h"

/* Before the handshake: the socket of a virtual host with optional_no_ca takes any
 * certificate. 0: NSS refused. */
int nss_client_prepare(nss_conn_t *cc);

/* After it: sets cc->client_verify. 0: the virtual host demands more than there is; the
 * connection has been refused and must not be used. resumed: of the handshake just done. */
int nss_client_judge(nss_conn_t *cc, int resumed);

#endif
