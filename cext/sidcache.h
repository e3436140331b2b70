/* sidcache: the TLS session cache that all children share.
 *
 * It is made in the parent before children exist, and they have it by fork. It outlives
 * graceful and hard restarts as long as its measures stay, so that clients resume. libssl
 * runs one thread for it in the parent, which frees locks that a killed child held.
 */
#ifndef NSS_SIDCACHE_H
#define NSS_SIDCACHE_H

#include "httpd.h"

typedef struct nss_sidcache_t {
    int   made;
    pid_t owner;        /* the process that made it, and alone may shut it down */
    long  entries;
    long  seconds;
} nss_sidcache_t;

/* Makes the cache, or leaves it when it has these measures. 1: there is one; otherwise the
 * reason was logged. */
int nss_sidcache_ensure(nss_sidcache_t *cache, server_rec *s, long entries, long seconds);

/* In the process that made it; does nothing in others, where pool cleanups run as well. */
void nss_sidcache_shutdown(nss_sidcache_t *cache);

#endif
