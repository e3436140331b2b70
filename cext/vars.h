/* vars: the SSL_* variables, by look-up and in the environment of a request.
 * Values are computed once per certificate (by Python, at snapshot time) or once
 * per connection (here). */
#ifndef NSS_VARS_H
#define NSS_VARS_H

#include "httpd.h"
#include "conn.h"

/* Hook of http_ssl.h. NULL: not ours, ask the next. */
const char *nss_vars_lookup(apr_pool_t *p, server_rec *s, conn_rec *c, request_rec *r,
                            const char *name);
int nss_vars_fixups(request_rec *r);

#endif
