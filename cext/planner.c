/* planner: see planner.h. The records are described in nsspy/conf/wire.py. */
#include "planner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apr_strings.h"
#include "http_log.h"
#include "facts.h"
#include "nss_messages.h"
#include "python_embed.h"
#include "spawn.h"

APLOG_USE_MODULE(nss);

#define NSS_PLANNER_SECONDS    300
#define NSS_PLANNER_MAX_ANSWER (256u * 1024 * 1024)
#define NSS_PLANNER_MAX_FIELDS 8

/* ---- the process ---------------------------------------------------------------- */

typedef struct nss_planner_t {
    const nss_planner_job_t *job;
    const char *executable;
    pid_t       pid;
    int         requests;       /* our end of the planner's descriptor 3, -1 once all is sent */
    int         answers;        /* and of 4 */
    int         gone;           /* pid was waited for */
    int         status;
} nss_planner_t;

/* On the console a message stands alone, without time and process. */
static int nss_planner_level(const nss_planner_job_t *job, int level)
{
    return job->console ? level | APLOG_STARTUP : level;
}

/* What differs from run to run, and is no reason to plan anew. */
static void nss_planner_describe_run(nss_wire_t *wire, const nss_planner_job_t *job)
{
    nss_facts_add(wire, "mode", job->mode);
    nss_facts_add(wire, "generation", apr_psprintf(job->pool, "%u", job->generation));
}

static int nss_planner_start(nss_planner_t *planner)
{
    int pcache_fd = planner->job->pcache_fd;
    const char *argv[] = { planner->executable, "-I", "-m", "nsspy.plan", NULL };
    nss_spawn_t what = { .program = planner->executable, .argv = argv, .nfds = pcache_fd >= 0 ? 3 : 2 };
    int down[2];
    int up[2];
    int error;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, down)) {
        return errno;
    }
    if (pipe2(up, O_CLOEXEC)) {
        error = errno;
        close(down[0]);
        close(down[1]);
        return error;
    }
    what.fds[0] = down[1];
    what.fds[1] = up[1];
    what.fds[2] = pcache_fd;
    error = nss_spawn_start(&what, &planner->pid);
    close(down[1]);
    close(up[1]);
    planner->requests = down[0];
    planner->answers = up[0];
    return error;
}

static void nss_planner_close(int *pfd)
{
    if (*pfd >= 0) {
        close(*pfd);
        *pfd = -1;
    }
}

static void nss_planner_feed(nss_planner_t *planner, const nss_wire_t *request, size_t *psent)
{
    ssize_t done = send(planner->requests, request->data + *psent, request->len - *psent,
                        MSG_NOSIGNAL | MSG_DONTWAIT);

    if (done > 0) {
        *psent += (size_t)done;
    }
    /* A planner that reads no further says why in its answer, or by how it ends. */
    if (*psent == request->len || (done < 0 && errno != EAGAIN && errno != EINTR)) {
        nss_planner_close(&planner->requests);
    }
}

/* True while there may be more. */
static int nss_planner_drain(nss_planner_t *planner, nss_wire_t *answer)
{
    unsigned char chunk[16384];
    ssize_t got = read(planner->answers, chunk, sizeof(chunk));

    if (got > 0) {
        nss_wire_add(answer, chunk, (size_t)got);
    }
    return (got > 0 && answer->len <= NSS_PLANNER_MAX_ANSWER) || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

static void nss_planner_look(nss_planner_t *planner, int options)
{
    while (!planner->gone) {
        pid_t pid = waitpid(planner->pid, &planner->status, options);
        if (pid == planner->pid || (pid < 0 && errno != EINTR)) {
            planner->gone = 1;
        }
        else if (pid == 0) {
            return;
        }
    }
}

/* A person at the terminal may take his time over a PIN; nothing else may. */
static int nss_planner_patience(void)
{
    return isatty(STDIN_FILENO) ? 0 : NSS_PLANNER_SECONDS;
}

/* Moves bytes both ways until the planner has closed its end. False: it took too long. */
static int nss_planner_converse(nss_planner_t *planner, const nss_wire_t *request, nss_wire_t *answer)
{
    int patience = nss_planner_patience();
    apr_time_t end = apr_time_now() + apr_time_from_sec(patience);
    size_t sent = 0;

    for (;;) {
        struct pollfd wait[2] = { { .fd = planner->answers, .events = POLLIN },
                                  { .fd = planner->requests, .events = POLLOUT } };
        int ready = poll(wait, planner->requests >= 0 ? 2 : 1, 1000);

        if (ready > 0 && wait[1].revents && planner->requests >= 0) {
            nss_planner_feed(planner, request, &sent);
        }
        if (ready > 0 && wait[0].revents && !nss_planner_drain(planner, answer)) {
            return 1;
        }
        if (ready == 0) {
            nss_planner_look(planner, WNOHANG);
            if (planner->gone) {
                return 1;       /* somebody it started keeps the pipe open */
            }
        }
        if (patience && apr_time_now() > end) {
            return 0;
        }
    }
}

static const char *nss_planner_end(const nss_planner_t *planner)
{
    if (WIFSIGNALED(planner->status)) {
        return apr_psprintf(planner->job->pool, "ended by signal %d", WTERMSIG(planner->status));
    }
    return apr_psprintf(planner->job->pool, "exit status %d", WEXITSTATUS(planner->status));
}

/* What most likely lies behind such an end; *premedy: what to do. */
static const char *nss_planner_cause(const nss_planner_t *planner, const char **premedy)
{
    switch (WIFSIGNALED(planner->status) ? WTERMSIG(planner->status) : 0) {
    case 0:
        *premedy = apr_psprintf(planner->job->pool, "run '%s -I -m nsspy.plan' to see it start", planner->executable);
        return "nsspy is not installed for this Python or an error in it was written to the lines above";
    case SIGKILL:
    case SIGTERM:
    case SIGINT:
    case SIGHUP:
        *premedy = "look into the kernel's log, then try again";
        return "somebody or the out-of-memory killer ended it";
    default:
        *premedy = "look into the kernel's log and for a core file";
        return "NSS, a PKCS#11 module or Python crashed";
    }
}

/* ---- records in ------------------------------------------------------------------- */

static void nss_planner_take_number(nss_outcome_t *outcome, const nss_wire_field_t *fields)
{
    if (nss_wire_is(&fields[1], "session_cache_size")) {
        outcome->cache_size = nss_wire_number(&fields[2], 0);
    }
    else if (nss_wire_is(&fields[1], "session_cache_timeout")) {
        outcome->cache_timeout = nss_wire_number(&fields[2], 0);
    }
}

/* NULL, or what is wrong. *pverdict is set by the last record. */
static const char *nss_planner_read(nss_outcome_t *outcome, int *pverdict)
{
    nss_wire_field_t fields[NSS_PLANNER_MAX_FIELDS];
    nss_wire_field_t record;
    size_t at = 0;
    int more;

    while ((more = nss_wire_next(outcome->answer.data, outcome->answer.len, &at, &record)) == 1) {
        int count = nss_wire_split(&record, fields, NSS_PLANNER_MAX_FIELDS);

        if (count < 2) {
            return "a record without fields";
        }
        if (nss_wire_is(&fields[0], "plan")) {
            outcome->plan = fields[1];
        }
        else if (nss_wire_is(&fields[0], "number") && count == 3) {
            nss_planner_take_number(outcome, fields);
        }
        else if (nss_wire_is(&fields[0], "verdict")) {
            *pverdict = 1;
            outcome->ok = nss_wire_is(&fields[1], "ok");
        }
        else if (!nss_wire_is(&fields[0], "message") || count != 5) {
            return "a record of an unknown kind";
        }
    }
    if (more < 0) {
        return "a field is cut short";
    }
    return outcome->ok && !outcome->plan.len ? "a verdict without a plan" : NULL;
}

static int nss_planner_judge(nss_planner_t *planner, nss_outcome_t *outcome)
{
    const nss_planner_job_t *job = planner->job;
    int verdict = 0;
    const char *cause;
    const char *remedy;
    const char *why = outcome->answer.failed ? "no memory for it" : nss_planner_read(outcome, &verdict);

    if (!why && verdict) {
        return 1;
    }
    outcome->ok = 0;
    nss_planner_log(outcome, job->main_server, job->console);
    if (verdict || (WIFEXITED(planner->status) && !WEXITSTATUS(planner->status) && why)) {
        ap_log_error(APLOG_MARK, nss_planner_level(job, NSS0414_LEVEL), 0, NULL, NSS0414, why);
    }
    else {
        cause = nss_planner_cause(planner, &remedy);
        ap_log_error(APLOG_MARK, nss_planner_level(job, NSS0412_LEVEL), 0, NULL, NSS0412,
                     nss_planner_end(planner), planner->executable, cause, remedy);
    }
    return 0;
}

/* False when it took too long. The planner is gone afterwards. */
static int nss_planner_talk(nss_planner_t *planner, const nss_wire_t *request, nss_wire_t *answer)
{
    int in_time = nss_planner_converse(planner, request, answer);

    nss_planner_close(&planner->requests);
    nss_planner_close(&planner->answers);
    if (!in_time) {
        kill(planner->pid, SIGKILL);
    }
    nss_planner_look(planner, 0);
    return in_time;
}

int nss_planner_run(const nss_planner_job_t *job, const nss_wire_t *facts, nss_outcome_t *poutcome)
{
    nss_planner_t planner = { .job = job, .requests = -1, .answers = -1 };
    nss_wire_t request = { 0 };
    const char *why = NULL;
    int error;
    int spoke = 0;

    memset(poutcome, 0, sizeof(*poutcome));
    planner.executable = nss_python_executable(job->pool, job->main_server, &why);
    if (!planner.executable) {
        ap_log_error(APLOG_MARK, nss_planner_level(job, NSS0410_LEVEL), 0, NULL, NSS0410, why);
        return 0;
    }
    nss_planner_describe_run(&request, job);
    nss_wire_add(&request, facts->data, facts->len);
    error = request.failed || facts->failed ? ENOMEM : nss_planner_start(&planner);
    if (error) {
        nss_planner_close(&planner.requests);
        nss_planner_close(&planner.answers);
        ap_log_error(APLOG_MARK, nss_planner_level(job, NSS0411_LEVEL), 0, NULL, NSS0411,
                     apr_psprintf(job->pool, "%s: %s", planner.executable, strerror(error)));
    }
    else if (nss_planner_talk(&planner, &request, &poutcome->answer)) {
        spoke = nss_planner_judge(&planner, poutcome);
    }
    else {
        ap_log_error(APLOG_MARK, nss_planner_level(job, NSS0413_LEVEL), 0, NULL, NSS0413, NSS_PLANNER_SECONDS,
                     planner.executable);
    }
    nss_wire_free(&request);
    return spoke;
}

/* ---- messages ------------------------------------------------------------------------ */

static void nss_planner_say(const nss_wire_field_t *fields, server_rec *main_server, int console)
{
    int level = (int)nss_wire_number(&fields[2], APLOG_ERR);
    long index = nss_wire_number(&fields[3], -1);
    server_rec *s = main_server;

    if (level < APLOG_EMERG || level > APLOG_TRACE8) {
        level = APLOG_ERR;
    }
    while (index-- > 0 && s) {
        s = s->next;
    }
    ap_log_error(APLOG_MARK, console ? level | APLOG_STARTUP : level, 0,
                 console ? NULL : s ? s : main_server, "%.*s", (int)fields[4].len, (const char *)fields[4].data);
}

void nss_planner_log(const nss_outcome_t *outcome, server_rec *main_server, int console)
{
    nss_wire_field_t fields[NSS_PLANNER_MAX_FIELDS];
    nss_wire_field_t record;
    size_t at = 0;

    while (nss_wire_next(outcome->answer.data, outcome->answer.len, &at, &record) == 1) {
        if (nss_wire_split(&record, fields, NSS_PLANNER_MAX_FIELDS) == 5 && nss_wire_is(&fields[0], "message")) {
            nss_planner_say(fields, main_server, console);
        }
    }
}

void nss_planner_forget(nss_outcome_t *outcome)
{
    nss_wire_free(&outcome->answer);
    memset(outcome, 0, sizeof(*outcome));
}
