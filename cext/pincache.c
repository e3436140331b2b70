/* pincache: see pincache.h. */
#include "pincache.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apr_strings.h"
#include "python_embed.h"
#include "spawn.h"

#define NSS_PINCACHE_WAIT_MS 5000

int nss_pincache_start(apr_pool_t *p, uid_t uid, const char **pwhy)
{
    const char *program = nss_python_beside_module(p, "nss_pcache");
    const char *argv[3] = { "nss_pcache", apr_psprintf(p, "%lu", (unsigned long)uid), NULL };
    nss_spawn_t what = { .program = program, .argv = argv, .nfds = 1, .detached = 1 };
    int pair[2];
    pid_t pid;
    int error;

    if (!program) {
        *pwhy = "the module's own directory is unknown";
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        *pwhy = apr_psprintf(p, "socketpair: %s", strerror(errno));
        return -1;
    }
    what.fds[0] = pair[1];
    error = nss_spawn_start(&what, &pid);
    close(pair[1]);
    if (!error && !nss_pincache_serves(pair[0], uid)) {
        error = ETIMEDOUT;
    }
    if (error) {
        close(pair[0]);
        *pwhy = apr_psprintf(p, "%s: %s", program, strerror(error));
        return -1;
    }
    return pair[0];
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

int nss_pincache_serves(int fd, uid_t uid)
{
    char number[24];
    char request[48];
    int digits = snprintf(number, sizeof(number), "%lu", (unsigned long)uid);
    int len = snprintf(request, sizeof(request), "U%d:%s,", digits, number);

    return nss_pincache_ask(fd, request, (size_t)len) == '+';
}
