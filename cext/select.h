/* select: which virtual host a connection is for, by the name in the ClientHello. */
#ifndef NSS_SELECT_H
#define NSS_SELECT_H

#include "httpd.h"

/* The virtual host that httpd would choose for a request with this Host, among those of
 * the connection's address that have NSSEngine on; the address's first one when no name
 * was sent or none matches. Never NULL. name is lower case. */
server_rec *nss_select_server(conn_rec *c, const char *name);

#endif
