/* conf: see conf.h. Handlers record what they are given and judge only what httpd may meet
 * in a .htaccess file, where no planner looks. */
#include "conf.h"

#include <limits.h>
#include <stdlib.h>

#include "apr_lib.h"
#include "apr_strings.h"
#include "http_log.h"
#include "bridge.h"
#include "nss_messages.h"

typedef struct nss_option_t {
    const char *word;
    int         bit;
} nss_option_t;

static const nss_option_t nss_conf_option_words[] = {
    { "StdEnvVars",     NSS_OPT_STDENVVARS },
    { "CompatEnvVars",  NSS_OPT_COMPATENVVARS },
    { "ExportCertData", NSS_OPT_EXPORTCERTDATA },
    { "FakeBasicAuth",  NSS_OPT_FAKEBASICAUTH },
    { "StrictRequire",  NSS_OPT_STRICTREQUIRE },
    { "OptRenegotiate", NSS_OPT_OPTRENEGOTIATE },
};

static const nss_option_t nss_conf_verify_words[] = {
    { "none",           NSS_VERIFY_NONE },
    { "off",            NSS_VERIFY_NONE },
    { "optional",       NSS_VERIFY_OPTIONAL },
    { "require",        NSS_VERIFY_REQUIRE },
    { "on",             NSS_VERIFY_REQUIRE },
    { "optional_no_ca", NSS_VERIFY_OPTIONAL_NO_CA },
};

#define NSS_CONF_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int nss_conf_word(const nss_option_t *table, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcasecmp(table[i].word, word)) {
            return table[i].bit;
        }
    }
    return -1;
}

/* ---- create and merge ---------------------------------------------------- */

void *nss_conf_create_server(apr_pool_t *p, server_rec *s)
{
    nss_srv_t *sc = apr_pcalloc(p, sizeof(*sc));

    sc->server = s;
    sc->engine = NSS_UNSET;
    sc->proxy_engine = NSS_UNSET;
    sc->records = apr_array_make(p, 8, sizeof(nss_record_t));
    return sc;
}

void *nss_conf_merge_server(apr_pool_t *p, void *basev, void *addv)
{
    const nss_srv_t *base = basev;
    const nss_srv_t *add = addv;
    nss_srv_t *sc = apr_pmemdup(p, add, sizeof(*add));

    sc->engine = add->engine == NSS_UNSET ? base->engine : add->engine;
    sc->proxy_engine = add->proxy_engine == NSS_UNSET ? base->proxy_engine : add->proxy_engine;
    return sc;
}

void *nss_conf_create_dir(apr_pool_t *p, char *path)
{
    nss_dir_t *dc = apr_pcalloc(p, sizeof(*dc));

    (void)path;
    dc->verify_client = NSS_UNSET;
    dc->requires = apr_array_make(p, 0, sizeof(const char *));
    return dc;
}

/* Sections are merged among themselves before they are merged into the request's, so the
 * relative words are kept apart from their result. */
static void nss_conf_merge_options(nss_dir_t *dc, const nss_dir_t *base, const nss_dir_t *add)
{
    if (add->options_absolute) {
        dc->options = add->options;
        dc->options_add = add->options_add;
        dc->options_del = add->options_del;
        dc->options_absolute = 1;
        return;
    }
    dc->options = (base->options & ~add->options_del) | add->options_add;
    dc->options_add = (base->options_add & ~add->options_del) | add->options_add;
    dc->options_del = (base->options_del & ~add->options_add) | add->options_del;
    dc->options_absolute = base->options_absolute;
}

void *nss_conf_merge_dir(apr_pool_t *p, void *basev, void *addv)
{
    const nss_dir_t *base = basev;
    const nss_dir_t *add = addv;
    nss_dir_t *dc = apr_pcalloc(p, sizeof(*dc));

    nss_conf_merge_options(dc, base, add);
    dc->require_ssl = base->require_ssl || add->require_ssl;
    dc->verify_client = add->verify_client == NSS_UNSET ? base->verify_client : add->verify_client;
    dc->cipher_suite = add->cipher_suite ? add->cipher_suite : base->cipher_suite;
    dc->user_name = add->user_name ? add->user_name : base->user_name;
    dc->requires = apr_array_append(p, add->requires, base->requires);
    dc->reneg_buffer_set = add->reneg_buffer_set || base->reneg_buffer_set;
    dc->reneg_buffer_size = add->reneg_buffer_set ? add->reneg_buffer_size : base->reneg_buffer_size;
    return dc;
}

/* ---- recording ----------------------------------------------------------- */

/* In a .htaccess file cmd->pool is a request's: nothing is recorded then, other threads
 * may do the same at this moment and the planner has long spoken. */
static int nss_conf_at_start(const cmd_parms *cmd)
{
    return cmd->pool == cmd->server->process->pconf;
}

static void nss_conf_record(cmd_parms *cmd, const char *const *args, int nargs)
{
    nss_srv_t *sc = ap_get_module_config(cmd->server->module_config, &nss_module);
    nss_record_t *record;

    if (!nss_conf_at_start(cmd)) {
        return;
    }
    record = apr_array_push(sc->records);
    record->name = cmd->cmd->name;
    record->file = cmd->directive && cmd->directive->filename ? cmd->directive->filename : "";
    record->line = cmd->directive && cmd->directive->line_num > 0 ? (unsigned)cmd->directive->line_num : 0;
    record->context = cmd->path ? apr_pstrdup(cmd->pool, cmd->path) : "server";
    record->args = apr_array_make(cmd->pool, nargs, sizeof(const char *));
    for (int i = 0; i < nargs; i++) {
        APR_ARRAY_PUSH(record->args, const char *) = apr_pstrdup(cmd->pool, args[i]);
    }
}

static const char *nss_conf_flag(cmd_parms *cmd, void *dcv, int on)
{
    nss_srv_t *sc = ap_get_module_config(cmd->server->module_config, &nss_module);
    const char *arg = on ? "on" : "off";

    (void)dcv;
    if (!strcasecmp(cmd->cmd->name, "NSSEngine")) {
        sc->engine = on;
    }
    else if (!strcasecmp(cmd->cmd->name, "NSSProxyEngine")) {
        sc->proxy_engine = on;
    }
    nss_conf_record(cmd, &arg, 1);
    return NULL;
}

static const char *nss_conf_take1(cmd_parms *cmd, void *dcv, const char *arg)
{
    (void)dcv;
    nss_conf_record(cmd, &arg, 1);
    return NULL;
}

static const char *nss_conf_take23(cmd_parms *cmd, void *dcv, const char *one, const char *two,
                                   const char *three)
{
    const char *args[3] = { one, two, three };

    (void)dcv;
    nss_conf_record(cmd, args, three ? 3 : 2);
    return NULL;
}

static const char *nss_conf_raw(cmd_parms *cmd, void *dcv, const char *line)
{
    (void)dcv;
    nss_conf_record(cmd, &line, 1);
    return NULL;
}

/* ---- directives of directory sections ------------------------------------ */

static const char *nss_conf_empty(const cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, NSS0403, cmd->cmd->name);
}

/* One word of NSSOptions. The first unsigned word of a line replaces what was there, the
 * ones after it add to it: "A B" is both. */
static const char *nss_conf_option(cmd_parms *cmd, nss_dir_t *dc, const char *word, int *seen)
{
    char sign = *word == '+' || *word == '-' ? *word++ : 0;
    int bit = nss_conf_word(nss_conf_option_words, NSS_CONF_COUNT(nss_conf_option_words), word);

    if (bit < 0) {
        return apr_psprintf(cmd->pool, NSS0400, word);
    }
    if (!sign && !*seen) {
        dc->options = dc->options_add = dc->options_del = 0;
        dc->options_absolute = 1;
        *seen = 1;
    }
    if (sign == '-') {
        dc->options &= ~bit;
        dc->options_add &= ~bit;
        dc->options_del |= bit;
    }
    else {
        dc->options |= bit;
        dc->options_add |= bit;
        dc->options_del &= ~bit;
    }
    return NULL;
}

static const char *nss_conf_options(cmd_parms *cmd, void *dcv, const char *line)
{
    const char *rest = line;
    int seen = 0;

    nss_conf_record(cmd, &line, 1);
    if (!*line) {
        return nss_conf_empty(cmd);
    }
    while (*rest) {
        const char *error = nss_conf_option(cmd, dcv, ap_getword_conf(cmd->temp_pool, &rest), &seen);
        if (error) {
            return error;
        }
    }
    return NULL;
}

static const char *nss_conf_require_ssl(cmd_parms *cmd, void *dcv)
{
    nss_dir_t *dc = dcv;

    dc->require_ssl = 1;
    nss_conf_record(cmd, NULL, 0);
    return NULL;
}

static const char *nss_conf_require(cmd_parms *cmd, void *dcv, const char *expression)
{
    nss_dir_t *dc = dcv;

    nss_conf_record(cmd, &expression, 1);
    if (!*expression) {
        return nss_conf_empty(cmd);
    }
    APR_ARRAY_PUSH(dc->requires, const char *) = apr_pstrdup(cmd->pool, expression);
    return NULL;
}

static const char *nss_conf_user_name(cmd_parms *cmd, void *dcv, const char *variable)
{
    nss_dir_t *dc = dcv;

    dc->user_name = apr_pstrdup(cmd->pool, variable);
    nss_conf_record(cmd, &variable, 1);
    return NULL;
}

static const char *nss_conf_reneg_buffer_size(cmd_parms *cmd, void *dcv, const char *arg)
{
    nss_dir_t *dc = dcv;
    char *end = NULL;
    apr_int64_t size;

    nss_conf_record(cmd, &arg, 1);
    errno = 0;
    size = apr_strtoi64(arg, &end, 10);
    if (!apr_isdigit(*arg) || errno || *end || size > INT_MAX) {
        return apr_psprintf(cmd->pool, NSS0402, arg);
    }
    dc->reneg_buffer_size = (apr_size_t)size;
    dc->reneg_buffer_set = 1;
    return NULL;
}

/* NSSVerifyClient and NSSCipherSuite speak of the server, or of a section: cmd->path says. */
static const char *nss_conf_verify_client(cmd_parms *cmd, void *dcv, const char *arg)
{
    nss_dir_t *dc = dcv;
    int mode = nss_conf_word(nss_conf_verify_words, NSS_CONF_COUNT(nss_conf_verify_words), arg);

    nss_conf_record(cmd, &arg, 1);
    if (mode < 0) {
        return apr_psprintf(cmd->pool, NSS0401, arg);
    }
    if (cmd->path) {
        dc->verify_client = mode;
    }
    return NULL;
}

static const char *nss_conf_cipher_suite(cmd_parms *cmd, void *dcv, const char *list)
{
    nss_dir_t *dc = dcv;

    nss_conf_record(cmd, &list, 1);
    if (!*list) {
        return nss_conf_empty(cmd);
    }
    if (cmd->path) {
        dc->cipher_suite = apr_pstrdup(cmd->pool, list);
    }
    return NULL;
}

/* Made from nsspy/conf/directives.py. */
const command_rec nss_conf_commands[] = {
#include "nss_commands.inc"
    { NULL }
};

/* ---- looking it up ------------------------------------------------------- */

nss_srv_t *nss_conf_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &nss_module);
}

nss_dir_t *nss_conf_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &nss_module);
}

int nss_conf_wanted(const server_rec *main_server)
{
    for (const server_rec *s = main_server; s; s = s->next) {
        const nss_srv_t *sc = nss_conf_server(s);
        if (sc->engine == 1 || sc->proxy_engine == 1) {
            return 1;
        }
    }
    return 0;
}

const char *nss_conf_global(const server_rec *main_server, const char *name)
{
    const char *value = NULL;

    for (const server_rec *s = main_server; s; s = s->next) {
        const nss_srv_t *sc = nss_conf_server(s);
        for (int i = 0; i < sc->records->nelts; i++) {
            const nss_record_t *record = &APR_ARRAY_IDX(sc->records, i, nss_record_t);
            if (record->args->nelts > 0 && !strcasecmp(record->name, name)) {
                value = APR_ARRAY_IDX(record->args, 0, const char *);
            }
        }
    }
    return value;
}
