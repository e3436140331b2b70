/* pincache: the parent's side of nss_pcache, the program that keeps PINs across restarts.
 *
 * Children and planner talk to it themselves (nsspy); the parent starts it, sees that it
 * lives, and tells it which user may ask. The protocol stands in pcache.c.
 */
#ifndef NSS_PINCACHE_H
#define NSS_PINCACHE_H

#include <sys/types.h>

#include "httpd.h"

/* fd: -1 when there is none. pid: it stops being our child when httpd detaches, so it may be another's by now
 * unless it began when this one did (ticks since boot, 0: unknown). */
typedef struct nss_pincache_t {
    int   fd;
    pid_t pid;
    unsigned long long began;
} nss_pincache_t;

/* Starts nss_pcache for root, the parent's user and uid. NULL, or why not. */
const char *nss_pincache_start(nss_pincache_t *cache, apr_pool_t *p, uid_t uid);

/* True when it answers and hears uid. */
int nss_pincache_serves(const nss_pincache_t *cache, uid_t uid);

/* Closes this process's end; if it is the last one and nss_pcache a child of ours, waits
 * until it is gone. */
void nss_pincache_close(nss_pincache_t *cache);

/* For one that serves no more: closes it, and kills it if it still lives, so that its PINs do not stay behind.
 * Returns what became of it, in words that follow its name. */
const char *nss_pincache_end(nss_pincache_t *cache);

#endif
