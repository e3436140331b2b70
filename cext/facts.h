/* facts: httpd's configuration as records for the planner (nsspy/conf/wire.py): the server,
 * its virtual hosts, their names and addresses, and every directive as it was written.
 */
#ifndef NSS_FACTS_H
#define NSS_FACTS_H

#include "httpd.h"
#include "wire.h"

/* One record "httpd KEY VALUE". */
void nss_facts_add(nss_wire_t *wire, const char *key, const char *value);

/* Everything that stays the same from one reading of the configuration to the next, if
 * nobody changed it. */
void nss_facts_describe(nss_wire_t *wire, apr_pool_t *p, server_rec *main_server);

#endif
