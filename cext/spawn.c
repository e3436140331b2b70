/* spawn: see spawn.h. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define NSS_SPAWN_FIRST 3

/* Another Python's settings must not reach ours, and the session cache is inherited by
 * fork, never by name. */
static int nss_spawn_passes_on(const char *entry)
{
    return strncmp(entry, "PYTHON", 6) && strncmp(entry, "SSL_INHERITANCE=", 16);
}

static char **nss_spawn_environment(void)
{
    size_t count = 0;
    size_t kept = 0;
    char **copy;

    while (environ && environ[count]) {
        count++;
    }
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy && i < count; i++) {
        if (nss_spawn_passes_on(environ[i])) {
            copy[kept++] = environ[i];
        }
    }
    return copy;
}

/* From here to the exec only what POSIX allows between fork and exec in a process with threads. */
static void nss_spawn_close_from(int first)
{
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0)) {
        for (int fd = first; fd < 65536; fd++) {
            close(fd);
        }
    }
}

static void nss_spawn_reset_signals(void)
{
    struct sigaction action;
    sigset_t none;

    memset(&action, 0, sizeof(action));
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, &action, NULL);       /* fails for some numbers, rightly */
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void nss_spawn_report(int report, int error)
{
    while (write(report, &error, sizeof(error)) < 0 && errno == EINTR) {
    }
    _exit(127);
}

/* fds and report are above all targets, see nss_spawn_start. */
static void nss_spawn_child(const nss_spawn_t *what, const int *fds, int report, char **environment)
{
    int last = NSS_SPAWN_FIRST + what->nfds;

    if (what->session) {
        setsid();
    }
    nss_spawn_reset_signals();
    for (int i = 0; i < what->nfds; i++) {
        if (dup2(fds[i], NSS_SPAWN_FIRST + i) < 0) {
            nss_spawn_report(report, errno);
        }
    }
    if (dup2(report, last) < 0) {
        nss_spawn_report(report, errno);
    }
    nss_spawn_close_from(last + 1);
    fcntl(last, F_SETFD, FD_CLOEXEC);
    execve(what->program, (char *const *)what->argv, environment);
    nss_spawn_report(last, errno);
}

/* The errno value that the child reports, 0 when exec closed its end. */
static int nss_spawn_outcome(int report)
{
    int error = 0;
    ssize_t got;

    do {
        got = read(report, &error, sizeof(error));
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(error) ? error : 0;
}

/* Descriptors are moved out of the way of 3 to 6, so that dup2 overwrites none of them. */
static int nss_spawn_raise(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, NSS_SPAWN_FIRST + NSS_SPAWN_MAX_FDS + 1);
}

static void nss_spawn_close(int *fds, int count)
{
    for (int i = 0; i < count; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

static int nss_spawn_fork(const nss_spawn_t *what, const int *fds, const int *pipe_ends, char **environment,
                          pid_t *ppid)
{
    int error;
    pid_t pid = fork();

    if (pid < 0) {
        error = errno;
        close(pipe_ends[1]);
        return error;
    }
    if (!pid) {
        nss_spawn_child(what, fds, pipe_ends[1], environment);
    }
    close(pipe_ends[1]);
    error = nss_spawn_outcome(pipe_ends[0]);
    if (error) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        pid = 0;
    }
    *ppid = pid;
    return error;
}

int nss_spawn_start(const nss_spawn_t *what, pid_t *ppid)
{
    int fds[NSS_SPAWN_MAX_FDS + 1];
    int raw[2];
    int ends[2] = { -1, -1 };
    int error = 0;
    char **environment = nss_spawn_environment();

    *ppid = 0;
    if (!environment) {
        return ENOMEM;
    }
    for (int i = 0; i < what->nfds; i++) {
        fds[i] = nss_spawn_raise(what->fds[i]);
        error = fds[i] < 0 && !error ? errno : error;
    }
    if (!error && pipe2(raw, O_CLOEXEC)) {
        error = errno;
    }
    else if (!error) {
        ends[0] = raw[0];
        ends[1] = nss_spawn_raise(raw[1]);
        error = ends[1] < 0 ? errno : 0;
        close(raw[1]);
    }
    if (!error) {
        error = nss_spawn_fork(what, fds, ends, environment, ppid);
        ends[1] = -1;
    }
    nss_spawn_close(fds, what->nfds);
    nss_spawn_close(ends, 2);
    free(environment);
    return error;
}
