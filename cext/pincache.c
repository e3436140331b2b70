/* pincache: see pincache.h. */
#include "pincache.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
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
    if (!error && !nss_pincache_serves(cache, uid)) {
        error = ETIMEDOUT;
    }
    if (error) {
        nss_pincache_close(cache);
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
