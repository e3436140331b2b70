/* pincache: the parent's side of nss_pcache, the program that keeps PINs across restarts.
 *
 * Children and planner talk to it themselves (nsspy); the parent starts it, sees that it
 * lives, and tells it which user may ask. The protocol stands in pcache.c.
 */
#ifndef NSS_PINCACHE_H
#define NSS_PINCACHE_H

#include <sys/types.h>

#include "httpd.h"

/* Starts nss_pcache for root, the parent's user and uid. The socket, close-on-exec, or -1
 * and *pwhy. */
int nss_pincache_start(apr_pool_t *p, uid_t uid, const char **pwhy);

/* True when it answers and hears uid. */
int nss_pincache_serves(int fd, uid_t uid);

#endif
