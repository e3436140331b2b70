/* select: httpd's rules for names, applied before there is a request: within the address,
 * in the order of the configuration, the first server whose ServerName or ServerAlias
 * (wildcards included) matches; failing that, the first that <VirtualHost name:port> gives
 * the name of its address to. */
#include "select.h"

#include "http_config.h"
#include "http_vhost.h"

#include "conf.h"

typedef struct select_t {
    const char *name;
    server_rec *found;
    server_rec *by_address;
} select_t;

static int select_names(const apr_array_header_t *names, const char *name, int wild)
{
    int i;

    for (i = 0; names && i < names->nelts; i++) {
        const char *one = APR_ARRAY_IDX(names, i, const char *);

        if (one && (wild ? !ap_strcasecmp_match(name, one) : !ap_cstr_casecmp(name, one))) {
            return 1;
        }
    }
    return 0;
}

/* True when the server has this connection's address by the name. */
static int select_address(const conn_rec *c, const server_rec *s, const char *name)
{
    const server_addr_rec *one;

    for (one = s->addrs; one; one = one->next) {
        if ((one->host_port == 0 || one->host_port == c->local_addr->port) &&
            one->virthost && !ap_cstr_casecmp(name, one->virthost) &&
            apr_sockaddr_equal(one->host_addr, c->local_addr)) {
            return 1;
        }
    }
    return 0;
}

static int select_one(void *baton, conn_rec *c, server_rec *s)
{
    select_t *sel = baton;
    const nss_srv_t *sc = nss_conf_server(s);

    if (!sc || sc->engine != 1) {
        return 0;
    }
    if ((s->server_hostname && !ap_cstr_casecmp(sel->name, s->server_hostname)) ||
        select_names(s->names, sel->name, 0) || select_names(s->wild_names, sel->name, 1)) {
        sel->found = s;
        return 1;
    }
    if (!sel->by_address && select_address(c, s, sel->name)) {
        sel->by_address = s;
    }
    return 0;
}

server_rec *nss_select_server(conn_rec *c, const char *name)
{
    select_t sel = { name, NULL, NULL };

    if (name && *name) {
        (void)ap_vhost_iterate_given_conn(c, select_one, &sel);
    }
    if (!sel.found) {
        sel.found = sel.by_address;
    }
    return sel.found ? sel.found : c->base_server;
}
