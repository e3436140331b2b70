/* process: see process.h.
 *
 * httpd reads its configuration twice at start, and once more at each restart; httpd -t and
 * httpd -k read it once and end. The planner runs in check_config of the first reading,
 * where messages still reach the console and a PIN can still be typed; the second reading
 * finds the same records and takes its plan over. Every restart plans anew. */
#include "process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nss.h>
#include <prinit.h>

#include "apr_getopt.h"
#include "apr_strings.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_main.h"
#include "unixd.h"
#include "conf.h"
#include "facts.h"
#include "nss_messages.h"
#include "pincache.h"
#include "planner.h"
#include "python_embed.h"
#include "sidcache.h"

APLOG_USE_MODULE(nss);

#define NSS_PROCESS_KEY "nss_process"

/* What outlives a restart. On the process pool, its contents malloc'd. */
typedef struct nss_process_t {
    nss_wire_t     facts;           /* what the kept plan was made from */
    nss_outcome_t  outcome;         /* the plan in force; ok is 0 before the first */
    int            fresh;           /* planned in the first reading, not yet taken over */
    int            said;            /* its messages went to the servers' logs */
    nss_pincache_t pcache;
    int            pcache_started;
    nss_sidcache_t cache;
    unsigned       generation;      /* number of configurations that went into service */
} nss_process_t;

/* Why the configuration is being read. */
typedef enum {
    NSS_READ_NOT_OURS,      /* a dump, or httpd -k stop: nothing is planned */
    NSS_READ_CHECK,         /* httpd -t, or the process that sends a signal */
    NSS_READ_FIRST,         /* start, before httpd detaches */
    NSS_READ_SECOND,        /* start, the reading that counts */
    NSS_READ_RESTART
} nss_read_t;

/* Found again on the process pool at every reading; children have it by fork. */
static nss_process_t *nss_process_state;

/* Runs in the parent, and in every child that exits; what is the parent's alone knows that. */
static apr_status_t nss_process_end(void *statev)
{
    nss_process_t *state = statev;

    nss_sidcache_shutdown(&state->cache);
    nss_pincache_close(&state->pcache);
    return APR_SUCCESS;
}

static nss_process_t *nss_process_find(process_rec *process)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, NSS_PROCESS_KEY, process->pool);
    if (!found) {
        nss_process_t *state = apr_pcalloc(process->pool, sizeof(*state));
        state->pcache.fd = -1;
        apr_pool_userdata_setn(state, NSS_PROCESS_KEY, NULL, process->pool);
        apr_pool_cleanup_register(process->pool, state, nss_process_end, apr_pool_cleanup_null);
        found = state;
    }
    nss_process_state = found;
    return found;
}

/* ---- which reading is it ------------------------------------------------------- */

/* The command line as it was: httpd takes -k out of the copy that modules see. */
static char *nss_process_command_line(apr_pool_t *p, apr_size_t *plen)
{
    apr_size_t size = 65536;
    char *text = apr_palloc(p, size);
    apr_size_t len = 0;
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;

    while (fd >= 0 && len < size - 1 && (got = read(fd, text + len, size - 1 - len)) > 0) {
        len += (apr_size_t)got;
    }
    if (fd >= 0) {
        close(fd);
    }
    text[len] = 0;
    *plen = len;
    return text;
}

/* The argument of httpd's option -k, or NULL. */
static const char *nss_process_signal_word(apr_pool_t *p)
{
    apr_size_t len;
    const char *text = nss_process_command_line(p, &len);
    apr_array_header_t *argv = apr_array_make(p, 8, sizeof(const char *));
    apr_getopt_t *options;
    const char *value;
    char option;

    for (const char *word = text; word < text + len; word += strlen(word) + 1) {
        APR_ARRAY_PUSH(argv, const char *) = word;
    }
    if (argv->nelts < 2
        || apr_getopt_init(&options, p, argv->nelts, (const char *const *)argv->elts) != APR_SUCCESS) {
        return NULL;
    }
    options->errfn = NULL;
    while (apr_getopt(options, AP_SERVER_BASEARGS "k:", &option, &value) == APR_SUCCESS) {
        if (option == 'k') {
            return value;
        }
    }
    return NULL;
}

static nss_read_t nss_process_reading(const nss_process_t *state, apr_pool_t *p)
{
    int mode = ap_state_query(AP_SQ_RUN_MODE);
    const char *word;

    if (mode == AP_SQ_RM_CONFIG_TEST) {
        return NSS_READ_CHECK;
    }
    if (mode != AP_SQ_RM_NORMAL) {
        return NSS_READ_NOT_OURS;
    }
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        return state->generation ? NSS_READ_RESTART : NSS_READ_SECOND;
    }
    word = nss_process_signal_word(p);
    if (word && (!strcmp(word, "stop") || !strcmp(word, "graceful-stop"))) {
        return NSS_READ_NOT_OURS;
    }
    return word && strcmp(word, "start") ? NSS_READ_CHECK : NSS_READ_FIRST;
}

/* Before logs are open; at the second reading and at restarts, standard error is the log. */
static int nss_process_on_console(nss_read_t reading)
{
    return reading == NSS_READ_CHECK || reading == NSS_READ_FIRST;
}

static const char *nss_process_mode(nss_read_t reading)
{
    return reading == NSS_READ_CHECK ? "check" : reading == NSS_READ_RESTART ? "restart" : "start";
}

/* ---- nss_pcache ------------------------------------------------------------------ */

/* Started once; looked after at each restart. False: it could not be started. */
static int nss_process_keep_pcache(nss_process_t *state, apr_pool_t *p, int console)
{
    uid_t uid = geteuid() ? geteuid() : ap_unixd_config.user_id;
    const char *end;
    const char *why;

    if (state->pcache.fd >= 0 && nss_pincache_serves(&state->pcache, uid)) {
        return 1;
    }
    end = nss_pincache_end(&state->pcache);
    why = nss_pincache_start(&state->pcache, p, uid);
    if (why) {
        ap_log_error(APLOG_MARK, console ? NSS0420_LEVEL | APLOG_STARTUP : NSS0420_LEVEL, 0, NULL, NSS0420, why);
        return 0;
    }
    if (state->pcache_started) {
        ap_log_error(APLOG_MARK, NSS0421_LEVEL, 0, NULL, NSS0421, end,
                     nss_python_beside_module(p, "nss_pcache"));
        /* The keys of session tickets lie in the cache, wrapped by a key pair that is gone now:
         * with it NSS refuses every handshake of TLS 1.3. post_config makes a new cache. */
        nss_sidcache_shutdown(&state->cache);
    }
    state->pcache_started = 1;
    return 1;
}

/* ---- check_config ------------------------------------------------------------------ */

static int nss_process_same_facts(const nss_process_t *state, const nss_wire_t *facts)
{
    return state->outcome.ok && state->facts.len == facts->len
           && !memcmp(state->facts.data, facts->data, facts->len);
}

static int nss_process_count_engines(const server_rec *main_server)
{
    int count = 0;

    for (const server_rec *s = main_server; s; s = s->next) {
        count += nss_conf_server(s)->engine == 1;
    }
    return count;
}

/* Takes over facts and outcome, and gives the former ones back. */
static void nss_process_keep(nss_process_t *state, nss_wire_t *facts, nss_outcome_t *outcome)
{
    nss_wire_free(&state->facts);
    nss_planner_forget(&state->outcome);
    state->facts = *facts;
    state->outcome = *outcome;
    state->said = 0;
    memset(facts, 0, sizeof(*facts));
    memset(outcome, 0, sizeof(*outcome));
}

/* OK when the configuration may go into service. Facts and outcome are used up. */
static int nss_process_decide(nss_process_t *state, server_rec *s, nss_read_t reading, int spoke,
                              nss_wire_t *facts, nss_outcome_t *outcome)
{
    int good = spoke && outcome->ok;

    if (spoke && (!good || nss_process_on_console(reading))) {
        nss_planner_log(outcome, s, nss_process_on_console(reading));
    }
    if (good && reading != NSS_READ_CHECK) {
        nss_process_keep(state, facts, outcome);
        state->fresh = reading == NSS_READ_FIRST;
        return OK;
    }
    if (!good && reading == NSS_READ_RESTART && nss_process_same_facts(state, facts)) {
        ap_log_error(APLOG_MARK, NSS0415_LEVEL, 0, NULL, NSS0415, nss_process_count_engines(s));
        return OK;
    }
    return good ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static int nss_process_plan_now(nss_process_t *state, apr_pool_t *p, server_rec *s, nss_read_t reading)
{
    nss_wire_t facts = { 0 };
    nss_outcome_t outcome = { 0 };
    nss_planner_job_t job = { .pool = p, .main_server = s, .mode = nss_process_mode(reading),
                              .generation = state->generation + 1, .pcache_fd = -1,
                              .console = nss_process_on_console(reading) };
    int status;
    int spoke;

    nss_facts_describe(&facts, p, s);
    if (reading == NSS_READ_SECOND && state->fresh && nss_process_same_facts(state, &facts)) {
        state->fresh = 0;
        nss_wire_free(&facts);
        return OK;
    }
    if (reading != NSS_READ_CHECK && !nss_process_keep_pcache(state, p, job.console)) {
        nss_wire_free(&facts);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    job.pcache_fd = reading == NSS_READ_CHECK ? -1 : state->pcache.fd;
    spoke = nss_planner_run(&job, &facts, &outcome);
    status = nss_process_decide(state, s, reading, spoke, &facts, &outcome);
    nss_wire_free(&facts);
    nss_planner_forget(&outcome);
    return status;
}

int nss_process_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    nss_process_t *state;
    nss_read_t reading;
    int index = 0;

    (void)pconf;
    (void)plog;
    for (server_rec *one = s; one; one = one->next) {
        nss_conf_server(one)->index = index++;
    }
    if (!nss_conf_wanted(s)) {
        return OK;
    }
    state = nss_process_find(s->process);
    reading = nss_process_reading(state, ptemp);
    return reading == NSS_READ_NOT_OURS ? OK : nss_process_plan_now(state, ptemp, s, reading);
}

/* ---- post_config ---------------------------------------------------------------------- */

int nss_process_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    nss_process_t *state;
    const char *why;

    (void)plog;
    if (!nss_conf_wanted(s) || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    state = nss_process_find(s->process);
    if (!state->said) {
        nss_planner_log(&state->outcome, s, 0);
        state->said = 1;
    }
    if (!nss_sidcache_ensure(&state->cache, s, state->outcome.cache_size, state->outcome.cache_timeout)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ap_add_version_component(pconf, "mod_nss/" NSS_MODULE_VERSION);
    ap_add_version_component(pconf, apr_psprintf(pconf, "NSS/%s", NSS_GetVersion()));
    ap_log_error(APLOG_MARK, NSS0450_LEVEL, 0, s, NSS0450, NSS_MODULE_VERSION, NSS_GetVersion(), PR_GetVersion(),
                 nss_python_version(ptemp), nss_python_executable(ptemp, s, &why));
    state->generation++;
    return OK;
}

/* ---- in the child ------------------------------------------------------------------------ */

const unsigned char *nss_process_plan(apr_size_t *plen)
{
    if (!nss_process_state || !nss_process_state->outcome.ok) {
        return NULL;
    }
    *plen = nss_process_state->outcome.plan.len;
    return nss_process_state->outcome.plan.data;
}

int nss_process_pcache_fd(void)
{
    return nss_process_state ? nss_process_state->pcache.fd : -1;
}
