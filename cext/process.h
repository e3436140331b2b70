/* process: what happens in the parent. The planner is run at check_config, nss_pcache
 * is started once and kept, the session cache is made before the children are.
 *
 * Memory: what must outlive a restart (nss_pcache's socket and process id, the plan,
 * the measures of the session cache) hangs on the process pool; httpd unloads and
 * reloads the module at restarts, so no static variable counts on it.
 */
#ifndef NSS_PROCESS_H
#define NSS_PROCESS_H

#include "httpd.h"

int nss_process_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);
int nss_process_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/* For python.c, in the child. */
const unsigned char *nss_process_plan(apr_size_t *plen);
int nss_process_pcache_fd(void);

#endif
