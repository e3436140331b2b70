/* select: httpd's rules for names, applied before there is a request: within the address,
 * in the order of the configuration, the first server whose ServerName or ServerAlias
 * (wildcards included) matches. */
#include "select.h"

#include "http_config.h"
#include "http_vhost.h"

#include "conf.h"

typedef struct select_t {
    const char *name;
    server_rec *found;
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

static int select_one(void *baton, conn_rec *c, server_rec *s)
{
    select_t *sel = baton;
    const nss_srv_t *sc = nss_conf_server(s);

    (void)c;
    if (!sc || sc->engine != 1) {
        return 0;
    }
    if ((s->server_hostname && !ap_cstr_casecmp(sel->name, s->server_hostname)) ||
        select_names(s->names, sel->name, 0) || select_names(s->wild_names, sel->name, 1)) {
        sel->found = s;
        return 1;
    }
    return 0;
}

server_rec *nss_select_server(conn_rec *c, const char *name)
{
    select_t sel = { name, NULL };

    if (name && *name) {
        (void)ap_vhost_iterate_given_conn(c, select_one, &sel);
    }
    return sel.found ? sel.found : c->base_server;
}
