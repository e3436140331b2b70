/* conf: what httpd read. Raw directive records for the planner, and the few
 * settings that httpd itself needs before the plan exists or merges per request.
 *
 * Memory: everything here lives in the configuration pool (pconf) that httpd
 * hands to the create and merge functions; nothing is freed by hand.
 */
#ifndef NSS_CONF_H
#define NSS_CONF_H

#include "httpd.h"
#include "http_config.h"
#include "apr_tables.h"

extern module AP_MODULE_DECLARE_DATA nss_module;

/* A switch that was not written is NSS_UNSET, so that merging can tell. */
#define NSS_UNSET (-1)

/* One directive as written. */
typedef struct nss_record_t {
    const char         *name;       /* NSSEngine, as spelt in the table */
    const char         *file;
    unsigned            line;
    const char         *context;    /* "server", or the path of the enclosing section */
    apr_array_header_t *args;       /* const char * */
} nss_record_t;

/* sc: one per virtual host. */
typedef struct nss_srv_t {
    server_rec         *server;
    int                 index;      /* place in httpd's server list, set at check_config */
    int                 engine;     /* NSSEngine: NSS_UNSET, 0, 1; merged */
    int                 proxy_engine;
    apr_array_header_t *records;    /* nss_record_t, this server's own only */
} nss_srv_t;

/* Bits of NSSOptions. */
#define NSS_OPT_STDENVVARS     0x01
#define NSS_OPT_COMPATENVVARS  0x02
#define NSS_OPT_EXPORTCERTDATA 0x04
#define NSS_OPT_FAKEBASICAUTH  0x08
#define NSS_OPT_STRICTREQUIRE  0x10
#define NSS_OPT_OPTRENEGOTIATE 0x20

/* dc: one per directory section, merged by httpd for every request. */
typedef struct nss_dir_t {
    int         options;            /* result of absolute words, or the parent's */
    int         options_add;        /* relative words */
    int         options_del;
    int         options_absolute;   /* an unsigned word was seen: replaces */
    int         require_ssl;        /* NSSRequireSSL */
    int         verify_client;      /* NSS_UNSET or NSS_VERIFY_* */
    const char *cipher_suite;       /* NULL: not written */
    const char *user_name;          /* NSSUserName, NULL: not written */
    apr_array_header_t *requires;   /* NSSRequire expressions as written, const char * */
    apr_size_t  reneg_buffer_size;
    int         reneg_buffer_set;
} nss_dir_t;

void *nss_conf_create_server(apr_pool_t *p, server_rec *s);
void *nss_conf_merge_server(apr_pool_t *p, void *basev, void *addv);
void *nss_conf_create_dir(apr_pool_t *p, char *path);
void *nss_conf_merge_dir(apr_pool_t *p, void *basev, void *addv);

extern const command_rec nss_conf_commands[];

nss_srv_t *nss_conf_server(const server_rec *s);
nss_dir_t *nss_conf_dir(const request_rec *r);

/* True when any server of the list has TLS by NSS to do, in front or behind. */
int nss_conf_wanted(const server_rec *main_server);

/* The value of the last record of a global directive, or NULL. */
const char *nss_conf_global(const server_rec *main_server, const char *name);

#endif
