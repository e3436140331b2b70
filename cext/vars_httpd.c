/* Names that mod_nss answered beside SSL_*: what httpd knows of request, connection and
 * clock. Kept for old log formats and for mod_rewrite's and mod_headers' look-ups. */
#include "vars.h"

#include <stdlib.h>

#include "apr_strings.h"
#include "ap_release.h"
#include "ap_mmn.h"
#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"

typedef enum {
    FIELD_USER_AGENT, FIELD_REFERER, FIELD_COOKIE, FIELD_FORWARDED, FIELD_HOST, FIELD_PROXY_CONNECTION,
    FIELD_ACCEPT, REQUEST_METHOD, REQUEST_SCHEME, REQUEST_URI, REQUEST_FILENAME, REMOTE_USER_HOST,
    REMOTE_IDENT, REMOTE_USER, SERVER_ADMIN, SERVER_NAME, SERVER_PORT, SERVER_PROTOCOL, PATH_INFO,
    QUERY_STRING, IS_SUBREQ, DOCUMENT_ROOT, AUTH_TYPE, THE_REQUEST,
    /* from here on a request is not needed */
    REMOTE_ADDR, SERVER_SOFTWARE, API_VERSION, TIME_YEAR, TIME_MON, TIME_DAY, TIME_HOUR, TIME_MIN,
    TIME_SEC, TIME_WDAY, TIME_ALL
} name_t;

static const struct {
    const char *name;
    name_t      which;
} NAMES[] = {
    { "HTTP_USER_AGENT", FIELD_USER_AGENT },    { "HTTP_REFERER", FIELD_REFERER },
    { "HTTP_COOKIE", FIELD_COOKIE },            { "HTTP_FORWARDED", FIELD_FORWARDED },
    { "HTTP_HOST", FIELD_HOST },                { "HTTP_PROXY_CONNECTION", FIELD_PROXY_CONNECTION },
    { "HTTP_ACCEPT", FIELD_ACCEPT },            { "REQUEST_METHOD", REQUEST_METHOD },
    { "REQUEST_SCHEME", REQUEST_SCHEME },       { "REQUEST_URI", REQUEST_URI },
    { "REQUEST_FILENAME", REQUEST_FILENAME },   { "SCRIPT_FILENAME", REQUEST_FILENAME },
    { "REMOTE_HOST", REMOTE_USER_HOST },        { "REMOTE_IDENT", REMOTE_IDENT },
    { "REMOTE_USER", REMOTE_USER },             { "SERVER_ADMIN", SERVER_ADMIN },
    { "SERVER_NAME", SERVER_NAME },             { "SERVER_PORT", SERVER_PORT },
    { "SERVER_PROTOCOL", SERVER_PROTOCOL },     { "PATH_INFO", PATH_INFO },
    { "QUERY_STRING", QUERY_STRING },           { "IS_SUBREQ", IS_SUBREQ },
    { "DOCUMENT_ROOT", DOCUMENT_ROOT },         { "AUTH_TYPE", AUTH_TYPE },
    { "THE_REQUEST", THE_REQUEST },             { "REMOTE_ADDR", REMOTE_ADDR },
    { "SERVER_SOFTWARE", SERVER_SOFTWARE },     { "API_VERSION", API_VERSION },
    { "TIME_YEAR", TIME_YEAR },                 { "TIME_MON", TIME_MON },
    { "TIME_DAY", TIME_DAY },                   { "TIME_HOUR", TIME_HOUR },
    { "TIME_MIN", TIME_MIN },                   { "TIME_SEC", TIME_SEC },
    { "TIME_WDAY", TIME_WDAY },                 { "TIME", TIME_ALL },
};

static const char *field(const request_rec *r, const char *name)
{
    return apr_table_get(r->headers_in, name);
}

static const char *of_request(apr_pool_t *p, request_rec *r, name_t which)
{
    switch (which) {
    case FIELD_USER_AGENT:       return field(r, "User-Agent");
    case FIELD_REFERER:          return field(r, "Referer");
    case FIELD_COOKIE:           return field(r, "Cookie");
    case FIELD_FORWARDED:        return field(r, "Forwarded");
    case FIELD_HOST:             return field(r, "Host");
    case FIELD_PROXY_CONNECTION: return field(r, "Proxy-Connection");
    case FIELD_ACCEPT:           return field(r, "Accept");
    case REQUEST_METHOD:         return r->method;
    case REQUEST_SCHEME:         return ap_http_scheme(r);
    case REQUEST_URI:            return r->uri;
    case REQUEST_FILENAME:       return r->filename;
    case REMOTE_USER_HOST:       return ap_get_useragent_host(r, REMOTE_NAME, NULL);
    case REMOTE_IDENT:           return ap_get_remote_logname(r);
    case REMOTE_USER:            return r->user;
    case SERVER_ADMIN:           return r->server->server_admin;
    case SERVER_NAME:            return ap_get_server_name(r);
    case SERVER_PORT:            return apr_psprintf(p, "%u", ap_get_server_port(r));
    case SERVER_PROTOCOL:        return r->protocol;
    case PATH_INFO:              return r->path_info;
    case QUERY_STRING:           return r->args;
    case IS_SUBREQ:              return r->main ? "true" : "false";
    case DOCUMENT_ROOT:          return ap_document_root(r);
    case AUTH_TYPE:              return r->ap_auth_type;
    case THE_REQUEST:            return r->the_request;
    default:                     return NULL;
    }
}

static const char *of_clock(apr_pool_t *p, name_t which)
{
    apr_time_exp_t t;

    apr_time_exp_lt(&t, apr_time_now());
    switch (which) {
    case TIME_YEAR: return apr_psprintf(p, "%04d", t.tm_year + 1900);
    case TIME_MON:  return apr_psprintf(p, "%02d", t.tm_mon + 1);
    case TIME_DAY:  return apr_psprintf(p, "%02d", t.tm_mday);
    case TIME_HOUR: return apr_psprintf(p, "%02d", t.tm_hour);
    case TIME_MIN:  return apr_psprintf(p, "%02d", t.tm_min);
    case TIME_SEC:  return apr_psprintf(p, "%02d", t.tm_sec);
    case TIME_WDAY: return apr_psprintf(p, "%d", t.tm_wday);
    default:
        return apr_psprintf(p, "%04d%02d%02d%02d%02d%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                            t.tm_hour, t.tm_min, t.tm_sec);
    }
}

/* ENV:name is a note, a variable of the request, or one of the process, in this order. */
static const char *of_environment(const request_rec *r, const char *name)
{
    const char *value = NULL;

    if (r != NULL) {
        value = apr_table_get(r->notes, name);
        if (value == NULL) {
            value = apr_table_get(r->subprocess_env, name);
        }
    }
    return value ? value : getenv(name);
}

const char *nss_vars_httpd(apr_pool_t *p, conn_rec *c, request_rec *r, const char *name)
{
    apr_size_t i;

    if (!ap_cstr_casecmpn(name, "HTTP:", 5)) {
        return r ? field(r, name + 5) : NULL;
    }
    if (!ap_cstr_casecmpn(name, "ENV:", 4)) {
        return of_environment(r, name + 4);
    }
    for (i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (!ap_cstr_casecmp(name, NAMES[i].name)) {
            break;
        }
    }
    if (i == sizeof(NAMES) / sizeof(NAMES[0])) {
        return NULL;
    }
    switch (NAMES[i].which) {
    case REMOTE_ADDR:     return c ? c->client_ip : NULL;
    case SERVER_SOFTWARE: return ap_get_server_banner();
    case API_VERSION:     return apr_itoa(p, MODULE_MAGIC_NUMBER_MAJOR);
    default:
        if (NAMES[i].which >= TIME_YEAR) {
            return of_clock(p, NAMES[i].which);
        }
        return r ? of_request(p, r, NAMES[i].which) : NULL;
    }
}
