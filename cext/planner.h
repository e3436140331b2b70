/* planner: runs the short-lived Python process that compiles and proves the configuration.
 *
 * Memory: an outcome owns malloc'd bytes (the planner's whole answer); everything it names
 * points into them. It outlives httpd's configuration pools.
 */
#ifndef NSS_PLANNER_H
#define NSS_PLANNER_H

#include "httpd.h"
#include "wire.h"

typedef struct nss_outcome_t {
    nss_wire_t       answer;
    nss_wire_field_t plan;              /* empty without one */
    long             cache_size;        /* entries; 0: NSS's own */
    long             cache_timeout;     /* seconds; 0: NSS's own */
    int              ok;
} nss_outcome_t;

/* What one run is given. console: a person reads the messages, not a log. */
typedef struct nss_planner_job_t {
    apr_pool_t *pool;           /* for what lives as long as the run */
    server_rec *main_server;
    const char *mode;           /* "check", "start", "restart" */
    unsigned    generation;
    int         pcache_fd;      /* -1: none */
    int         console;
} nss_planner_job_t;

/* Runs it. 1: it spoke its verdict, see poutcome->ok; 0: it did not, and why was logged. */
int nss_planner_run(const nss_planner_job_t *job, const nss_wire_t *facts, nss_outcome_t *poutcome);

/* Logs the messages of an outcome: to the console in the form of httpd -t, or each to its
 * server. */
void nss_planner_log(const nss_outcome_t *outcome, server_rec *main_server, int console);

void nss_planner_forget(nss_outcome_t *outcome);

#endif
