/* bridge.h: THE boundary between the C shim and the Python engine.
 *
 * The shim executes, Python decides. Everything that crosses is declared here
 * and nowhere else; cffi reads this very file when the shim is built
 * (build_shim.py), so C and Python cannot disagree about it.
 *
 * The rules, each with its reason:
 *
 *  1. Python runs in httpd's children only, never in the parent. An interpreter
 *     in the parent leaks at every restart and dies at the 1,024th.
 *  2. Every function that Python implements returns 1 for done, 2 for decline,
 *     a negative number for an error. 0 means "Python did not run": it is what
 *     cffi returns when no function is attached, and it is httpd's OK, so it
 *     must never be read as success. Access decisions fail closed on it.
 *  3. No exception crosses: nsspy/bridge.py logs code and traceback as one
 *     record and returns an error.
 *  4. Data crosses as bytes plus length or as the flat structs below. The caller
 *     owns the memory; the callee copies what it keeps. Python keeps no pointer,
 *     C keeps no PyObject. One exception, and it is named: the PRFileDesc of a
 *     model socket changes hands in nss_snapshot_add_vhost.
 *  5. Nothing slow under the GIL: the functions that Python calls here neither
 *     block nor call back into Python.
 *  6. A gate (python.c) is shut first when a child ends; after that no call
 *     enters Python any more. The interpreter is never finalised.
 */
#ifndef NSS_BRIDGE_H
#define NSS_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

/* When a variable of a certificate is exported to the environment. */
#define NSS_EXPORT_LOOKUP   0   /* by look-up only */
#define NSS_EXPORT_ALWAYS   1   /* on every TLS request (the SAN entries) */
#define NSS_EXPORT_STD      2   /* with NSSOptions +StdEnvVars */
#define NSS_EXPORT_CERTDATA 3   /* with NSSOptions +ExportCertData */

/* NSSVerifyClient */
#define NSS_VERIFY_NONE           0
#define NSS_VERIFY_OPTIONAL       1
#define NSS_VERIFY_REQUIRE        2
#define NSS_VERIFY_OPTIONAL_NO_CA 3

/* cffi: begin */

typedef struct nss_snapshot_t nss_snapshot_t;

/* One exported variable: full name (SSL_SERVER_S_DN_CN), value without NUL. */
typedef struct nss_var_spec_t {
    const char *name;
    const char *value;
    int         exported;           /* NSS_EXPORT_* */
} nss_var_spec_t;

/* A server certificate and what is known of it, computed once. */
typedef struct nss_cert_spec_t {
    const unsigned char  *der;
    size_t                der_len;
    int64_t               not_after;        /* seconds since the epoch */
    const nss_var_spec_t *vars;
    size_t                nvars;
} nss_cert_spec_t;

/* What one virtual host does; server is its place in httpd's server list. */
typedef struct nss_vhost_spec_t {
    int                    server;
    void                  *model;           /* PRFileDesc *, see rule 4 */
    uint32_t               policy;          /* equal numbers: the same TLS settings */
    int                    sni;             /* NSSSNI: compare Host with SNI */
    int                    strict_sni;      /* NSSStrictSNIVHostCheck on was written */
    int                    verify_client;   /* NSS_VERIFY_* */
    int                    renegotiation;   /* NSSRenegotiation: value of SSL_SECURE_RENEG */
    const nss_cert_spec_t *certs;
    size_t                 ncerts;
} nss_vhost_spec_t;

/* ---- what C offers to Python ------------------------------------------- */

/* One line into the error log of a server (-1: the main log). level is 3 error,
 * 4 warning, 6 info, 7 debug, as syslog and httpd count them. */
void nss_bridge_log(int level, int server, const char *text, size_t len);

/* A new, empty snapshot for a child with nservers virtual hosts; NULL without
 * memory. Until published it belongs to the caller. */
nss_snapshot_t *nss_snapshot_create(int nservers);

/* Copies the spec in. 1: done, and the model socket now belongs to the
 * snapshot; several virtual hosts of one snapshot may have the same. Negative:
 * refused, and the model still belongs to the caller (unless added before). */
int nss_snapshot_add_vhost(nss_snapshot_t *snapshot, const nss_vhost_spec_t *spec);

/* Makes it the snapshot of all connections to come. The one before lives until
 * its last connection ends. Ownership passes. */
int nss_snapshot_publish(nss_snapshot_t *snapshot);

/* Destroys a snapshot that was never published, with its model sockets. */
void nss_snapshot_discard(nss_snapshot_t *snapshot);

/* cffi: end */

/* ---- what Python offers to C ------------------------------------------- */

/* cffi: embedding */

/* child_init: opens the NSS databases, logs in to the tokens, builds and
 * publishes the first snapshot. plan: the planner's bytes; pcache_fd: the socket
 * of nss_pcache, or -1. Called once, on the child's first thread. */
int nss_python_child_init(const unsigned char *plan, size_t plan_len, int pcache_fd);

/* cffi: end */

#endif
