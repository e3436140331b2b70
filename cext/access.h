/* access: who gets in. Host against SNI, plain HTTP on the TLS port, per-directory
 * demands. Everything here fails closed. */
#ifndef NSS_ACCESS_H
#define NSS_ACCESS_H

#include "httpd.h"

int nss_access_post_read_request(request_rec *r);
int nss_access_check_access(request_rec *r);

/* check_authn and check_authz: with NSSOptions +StrictRequire, "Satisfy any" does not lift
 * what check_access refused. */
int nss_access_check_strict(request_rec *r);

#endif
