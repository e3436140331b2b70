/* facts: see facts.h. */
#include "facts.h"

#include <unistd.h>

#include "apr_strings.h"
#include "apr_user.h"
#include "ap_mpm.h"
#include "http_config.h"
#include "http_main.h"
#include "unixd.h"
#include "conf.h"
#include "python_embed.h"

void nss_facts_add(nss_wire_t *wire, const char *key, const char *value)
{
    nss_wire_t fields = { 0 };

    nss_wire_add_text(&fields, "httpd");
    nss_wire_add_text(&fields, key);
    nss_wire_add_text(&fields, value);
    nss_wire_add_record(wire, &fields);
    nss_wire_free(&fields);
}

/* Started without privileges, httpd's children run as whoever started it. */
static void nss_facts_user(nss_wire_t *wire, apr_pool_t *p)
{
    uid_t uid = geteuid() ? geteuid() : ap_unixd_config.user_id;
    gid_t gid = geteuid() ? getegid() : ap_unixd_config.group_id;
    char *name = NULL;

    if (apr_uid_name_get(&name, uid, p) != APR_SUCCESS) {
        name = NULL;
    }
    nss_facts_add(wire, "user_id", apr_psprintf(p, "%lu", (unsigned long)uid));
    nss_facts_add(wire, "group_id", apr_psprintf(p, "%lu", (unsigned long)gid));
    nss_facts_add(wire, "user_name", name);
}

static void nss_facts_names(nss_wire_t *wire, nss_wire_t *fields, int index, const apr_array_header_t *names)
{
    for (int i = 0; names && i < names->nelts; i++) {
        nss_wire_add_text(fields, "alias");
        nss_wire_add_number(fields, index);
        nss_wire_add_text(fields, APR_ARRAY_IDX(names, i, const char *));
        nss_wire_add_record(wire, fields);
    }
}

static void nss_facts_server(nss_wire_t *wire, nss_wire_t *fields, const server_rec *s, int index)
{
    nss_wire_add_text(fields, "server");
    nss_wire_add_number(fields, index);
    nss_wire_add_text(fields, s->defn_name);
    nss_wire_add_number(fields, (long)s->defn_line_number);
    nss_wire_add_text(fields, s->server_hostname);
    nss_wire_add_number(fields, s->port);
    nss_wire_add_record(wire, fields);
    nss_facts_names(wire, fields, index, s->names);
    nss_facts_names(wire, fields, index, s->wild_names);
    for (const server_addr_rec *one = s->addrs; one; one = one->next) {
        nss_wire_add_text(fields, "address");
        nss_wire_add_number(fields, index);
        nss_wire_add_text(fields, one->virthost);
        nss_wire_add_number(fields, one->host_port);
        nss_wire_add_record(wire, fields);
    }
}

static void nss_facts_directives(nss_wire_t *wire, nss_wire_t *fields, const nss_srv_t *sc, int index)
{
    for (int i = 0; i < sc->records->nelts; i++) {
        const nss_record_t *record = &APR_ARRAY_IDX(sc->records, i, nss_record_t);

        nss_wire_add_text(fields, "directive");
        nss_wire_add_number(fields, index);
        nss_wire_add_text(fields, record->name);
        nss_wire_add_text(fields, record->file);
        nss_wire_add_number(fields, (long)record->line);
        nss_wire_add_text(fields, record->context);
        for (int j = 0; j < record->args->nelts; j++) {
            nss_wire_add_text(fields, APR_ARRAY_IDX(record->args, j, const char *));
        }
        nss_wire_add_record(wire, fields);
    }
}

void nss_facts_describe(nss_wire_t *wire, apr_pool_t *p, server_rec *main_server)
{
    nss_wire_t fields = { 0 };
    int index = 0;

    nss_facts_add(wire, "server_root", ap_server_root);
    nss_facts_add(wire, "mpm", ap_show_mpm());
    nss_facts_add(wire, "module_path", nss_python_module_path());
    nss_facts_user(wire, p);
    for (const server_rec *s = main_server; s; s = s->next, index++) {
        nss_facts_server(wire, &fields, s, index);
        nss_facts_directives(wire, &fields, nss_conf_server(s), index);
    }
    wire->failed |= fields.failed;
    nss_wire_free(&fields);
}
