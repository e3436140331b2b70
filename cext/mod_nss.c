/* mod_nss: the hooks and the module record. What they do is told in the files that the
 * names point to: conf, process (parent), python_embed (child), conn, io, access, vars. */
#include "httpd.h"
#include "http_config.h"
#include "http_connection.h"
#include "http_protocol.h"
#include "http_request.h"
#include "http_ssl.h"

#include "access.h"
#include "conf.h"
#include "conn.h"
#include "io.h"
#include "process.h"
#include "python_embed.h"
#include "vars.h"

static int nss_mod_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    nss_vars_register_log_formats(pconf);
    return OK;
}

static int nss_mod_serves(const server_rec *s)
{
    return nss_conf_server(s)->engine == 1;
}

static const char *nss_mod_http_scheme(const request_rec *r)
{
    return nss_mod_serves(r->server) ? "https" : NULL;
}

static apr_port_t nss_mod_default_port(const request_rec *r)
{
    return nss_mod_serves(r->server) ? 443 : 0;
}

/* Children of a server without TLS by NSS never see Python. */
static void nss_mod_child_init(apr_pool_t *pchild, server_rec *s)
{
    if (nss_conf_wanted(s)) {
        apr_size_t len = 0;
        const unsigned char *plan = nss_process_plan(&len);

        nss_python_start_child(pchild, s, plan, len, nss_process_pcache_fd());
    }
}

static void nss_mod_register_hooks(apr_pool_t *p)
{
    /* mod_http2 must find the handshake done and the protocol chosen. */
    static const char *const before_http2[] = { "mod_http2.c", NULL };
    /* mod_proxy asks for outgoing TLS while it configures itself. */
    static const char *const before_proxy[] = { "mod_proxy.c", "mod_http2.c", NULL };
    /* An interpreter that mod_wsgi did not start is one that it does not finalise rightly. */
    static const char *const after_wsgi[] = { "mod_wsgi.c", NULL };
    static const char *const after_setenvif[] = { "mod_setenvif.c", NULL };
    /* The last to register a log format owns it. */
    static const char *const after_log_formats[] = { "mod_log_config.c", "mod_ssl.c", NULL };

    nss_io_register_filters(p);

    ap_hook_pre_config(nss_mod_pre_config, after_log_formats, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(nss_process_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(nss_process_post_config, NULL, before_proxy, APR_HOOK_MIDDLE);
    ap_hook_child_init(nss_mod_child_init, after_wsgi, NULL, APR_HOOK_REALLY_LAST);

    ap_hook_pre_connection(nss_conn_pre_connection, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_process_connection(nss_conn_process_connection, NULL, before_http2, APR_HOOK_MIDDLE);
    ap_hook_http_scheme(nss_mod_http_scheme, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_default_port(nss_mod_default_port, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_ssl_conn_is_ssl(nss_conn_is_ssl, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_ssl_var_lookup(nss_vars_lookup, NULL, NULL, APR_HOOK_MIDDLE);

    ap_hook_post_read_request(nss_access_post_read_request, after_setenvif, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_access(nss_access_check_access, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(nss_access_check_strict, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(nss_access_check_strict, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_fixups(nss_vars_fixups, NULL, NULL, APR_HOOK_MIDDLE);
}

/* The one symbol that leaves the file; all others are hidden. */
#pragma GCC visibility push(default)
extern module AP_MODULE_DECLARE_DATA nss_module;
#pragma GCC visibility pop

AP_DECLARE_MODULE(nss) = {
    STANDARD20_MODULE_STUFF,
    nss_conf_create_dir,
    nss_conf_merge_dir,
    nss_conf_create_server,
    nss_conf_merge_server,
    nss_conf_commands,
    nss_mod_register_hooks,
    AP_MODULE_FLAG_NONE
};
