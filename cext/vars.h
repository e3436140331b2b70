/* vars: the SSL_* variables, by look-up and in the environment of a request.
 * Values are computed once per certificate (by Python, at snapshot time) or once
 * per connection (here).
 *
 * Memory: a value looked up lives as long as the connection, or in the pool given.
 * Threads: requests of one HTTP/2 connection run in several threads and only read; the
 * table of the connection is made by the thread that owns the connection.
 */
#ifndef NSS_VARS_H
#define NSS_VARS_H

#include "httpd.h"
#include "conn.h"

/* Hook of http_ssl.h. NULL: not ours, ask the next. */
const char *nss_vars_lookup(apr_pool_t *p, server_rec *s, conn_rec *c, request_rec *r,
                            const char *name);
int nss_vars_fixups(request_rec *r);

/* What is known of the client's certificate: "NONE", "SUCCESS"; and where optional_no_ca let
 * it in unverified "GENEROUS" (nobody trusted vouches for it) or "FAILED:" and the reason of
 * NSS (expired, of another purpose ...). Never NULL. */
const char *nss_vars_client_verify(const nss_conn_t *cc);

/* Names that need no TLS (HTTP_HOST, REMOTE_ADDR, TIME_YEAR ...), vars_httpd.c. r, c may
 * be NULL. NULL when the name is none of those or has no value. */
const char *nss_vars_httpd(apr_pool_t *p, conn_rec *c, request_rec *r, const char *name);

/* For pre_config, after mod_log_config's and mod_ssl's own: the log formats %{NAME}x and
 * %{what}c. The last to register a letter owns it. Ours of x answers for every module's TLS
 * (mod_ssl's does not), so it is always registered; c stays mod_ssl's where mod_ssl is loaded. */
void nss_vars_register_log_formats(apr_pool_t *p);

#endif
