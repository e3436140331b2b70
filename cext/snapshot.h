/* snapshot: a plan plus opened keys, as the connections of one child see it.
 *
 * Memory: a snapshot owns a pool of its own (a child of nothing), its model
 * sockets and its certificates' variables. It is reference counted: the child
 * holds one reference for the current one, each connection one for the snapshot
 * that it started with. The last to let go destroys it.
 *
 * Threads: acquire and release take no lock. publish is called by one thread.
 */
#ifndef NSS_SNAPSHOT_H
#define NSS_SNAPSHOT_H

#include <nspr.h>
#include <cert.h>
#include "httpd.h"
#include "bridge.h"

typedef struct nss_var_t {
    const char *name;
    const char *value;
    int         exported;
} nss_var_t;

typedef struct nss_cert_t {
    SECItem          der;
    apr_time_t       not_after;
    const nss_var_t *vars;          /* sorted by name, case-insensitively */
    apr_size_t       nvars;
} nss_cert_t;

typedef struct nss_vhost_t {
    PRFileDesc       *model;        /* NULL: this vhost cannot do TLS in this child */
    apr_uint32_t      policy;
    int               sni;
    int               strict_sni;
    int               verify_client;
    int               renegotiation;
    const nss_cert_t *certs;
    apr_size_t        ncerts;
} nss_vhost_t;

/* The current snapshot with a reference for the caller, or NULL before one was
 * published. */
nss_snapshot_t *nss_snapshot_acquire(void);
void nss_snapshot_release(nss_snapshot_t *snapshot);

/* The vhost of httpd's server number index; NULL when the snapshot has none. */
const nss_vhost_t *nss_snapshot_vhost(const nss_snapshot_t *snapshot, int index);

/* Counts up with each snapshot published in this child, from 1. */
unsigned nss_snapshot_generation(const nss_snapshot_t *snapshot);

#endif
