/* pincache: see pincache.h. */
#include "pincache.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apr_strings.h"
#include "apr_time.h"
#include "python_embed.h"
#include "spawn.h"

#define NSS_PINCACHE_WAIT_MS 5000
#define NSS_PINCACHE_END_MS  500

/* When a process began, in ticks since boot (proc(5), field 22 of stat); 0 when it has ended or nobody can tell. */
static unsigned long long nss_pincache_began(pid_t pid)
{
    char path[40];
    char text[1024];
    const char *at;
    ssize_t got = 0;
    int fd;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, text, sizeof(text) - 1);
        close(fd);
    }
    text[got > 0 ? got : 0] = 0;
    at = strrchr(text, ')');            /* the program's name may hold blanks */
    if (!at || at[1] != ' ' || at[2] == 'Z') {
        return 0;
    }
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    return at ? strtoull(at, NULL, 10) : 0;
}

const char *nss_pincache_start(nss_pincache_t *cache, apr_pool_t *p, uid_t uid)
{
    const char *program = nss_python_beside_module(p, "nss_pcache");
    const char *argv[3] = { "nss_pcache", apr_psprintf(p, "%lu", (unsigned long)uid), NULL };
    nss_spawn_t what = { .program = program, .argv = argv, .nfds = 1, .session = 1 };
    int pair[2];
    int on = 1;
    int error;

    if (!program) {
        return "the module's own directory is unknown";
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        return apr_psprintf(p, "socketpair: %s", strerror(errno));
    }
    what.fds[0] = pair[1];
    /* Set here already: what is sent before nss_pcache comes to it would have no sender. */
    error = setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ? errno
            : nss_spawn_start(&what, &cache->pid);
    close(pair[1]);
    cache->fd = pair[0];
    cache->began = error ? 0 : nss_pincache_began(cache->pid);
    if (!error && !nss_pincache_serves(cache, uid)) {
        error = ETIMEDOUT;
    }
    if (error) {
        (void)nss_pincache_end(cache);
        return apr_psprintf(p, "%s: %s", program, strerror(error));
    }
    return NULL;
}

void nss_pincache_close(nss_pincache_t *cache)
{
    if (cache->fd >= 0) {
        close(cache->fd);
    }
    /* Others may still hold the socket (children that have not ended): it stays then. */
    for (int i = 0; cache->pid > 0 && i < NSS_PINCACHE_END_MS; i++) {
        if (waitpid(cache->pid, NULL, WNOHANG) != 0) {
            break;
        }
        apr_sleep(apr_time_from_msec(1));
    }
    cache->fd = -1;
    cache->pid = 0;
}

const char *nss_pincache_end(nss_pincache_t *cache)
{
    pid_t pid = cache->pid;
    unsigned long long began = cache->began;
    int killed;

    nss_pincache_close(cache);          /* waits for it if it has ended and is our child */
    if (pid <= 0 || !began || nss_pincache_began(pid) != began) {
        return began ? "had ended" : "did not answer";
    }
    killed = !kill(pid, SIGKILL);
    for (int i = 0; killed && i < NSS_PINCACHE_END_MS && nss_pincache_began(pid) == began; i++) {
        (void)waitpid(pid, NULL, WNOHANG);
        apr_sleep(apr_time_from_msec(1));
    }
    (void)waitpid(pid, NULL, WNOHANG);
    return killed ? "did not answer, was killed" : "did not answer, could not be killed";
}

/* Sends one request with one end of a new pair attached; the answer's first byte, 0 without. */
static char nss_pincache_ask(int fd, const char *request, size_t len)
{
    union {
        char           bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = { (void *)request, len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                              .msg_controllen = sizeof(control.bytes) };
    struct cmsghdr *head;
    struct pollfd wait;
    int pair[2];
    char answer = 0;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        return 0;
    }
    memset(&control, 0, sizeof(control));
    head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &pair[1], sizeof(int));
    if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len) {
        close(pair[1]);         /* if it dies now, the pair reads as closed */
        pair[1] = -1;
        wait = (struct pollfd){ .fd = pair[0], .events = POLLIN };
        if (poll(&wait, 1, NSS_PINCACHE_WAIT_MS) != 1 || recv(pair[0], &answer, 1, MSG_DONTWAIT) != 1) {
            answer = 0;
        }
    }
    close(pair[0]);
    if (pair[1] >= 0) {
        close(pair[1]);
    }
    return answer;
}

int nss_pincache_serves(const nss_pincache_t *cache, uid_t uid)
{
    char number[24];
    char request[48];
    int digits = snprintf(number, sizeof(number), "%lu", (unsigned long)uid);
    int len = snprintf(request, sizeof(request), "U%d:%s,", digits, number);

    return nss_pincache_ask(cache->fd, request, (size_t)len) == '+';
}
