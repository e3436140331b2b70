/* spawn: starts a program from httpd's parent with exactly the descriptors it is to have.
 *
 * httpd's own process functions pass on every descriptor that was not marked; here
 * everything above the last one named is closed in the child.
 */
#ifndef NSS_SPAWN_H
#define NSS_SPAWN_H

#include <sys/types.h>

#define NSS_SPAWN_MAX_FDS 3

typedef struct nss_spawn_t {
    const char        *program;     /* path */
    const char *const *argv;        /* ended by NULL */
    int                fds[NSS_SPAWN_MAX_FDS];  /* become 3, 4, 5 */
    int                nfds;
    int                session;     /* in a session of its own: no terminal, no group signals */
} nss_spawn_t;

/* 0 and *ppid, or an errno value: also when exec failed in the child. */
int nss_spawn_start(const nss_spawn_t *what, pid_t *ppid);

#endif
