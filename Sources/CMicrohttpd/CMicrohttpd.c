#include "CMicrohttpd.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct MHD_Daemon *cmicrohttpd_start(const struct cmicrohttpd_settings *settings,
                                     MHD_AccessHandlerCallback handler,
                                     MHD_RequestCompletedCallback completed,
                                     void *context)
{
    unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem options[12];
    int count = 0;

    options[count++] = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, settings->listen_socket, NULL};
    options[count++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit, NULL};
    options[count++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_timeout_seconds, NULL};
    options[count++] =
        (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)settings->connection_memory, NULL};
    if (settings->tls_certificate != NULL) {
        flags |= MHD_USE_TLS;
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)settings->tls_certificate};
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)settings->tls_key};
        options[count++] = (struct MHD_OptionItem){
            MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"};
    }
    options[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    return MHD_start_daemon(flags, 0, NULL, NULL, handler, context, MHD_OPTION_NOTIFY_COMPLETED, completed, context,
                            MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

int cmicrohttpd_wake_up_create(void)
{
    int wake_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    return wake_up < 0 ? -errno : wake_up;
}

void cmicrohttpd_wake_up(int wake_up)
{
    const uint64_t one = 1;

    /* It fails only where the counter is full, and then the wait ends anyway. */
    (void)!write(wake_up, &one, sizeof one);
}

void cmicrohttpd_wait(struct MHD_Daemon *daemon, int wake_up)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd ready[2] = {{.fd = info->epoll_fd, .events = POLLIN}, {.fd = wake_up, .events = POLLIN}};
    MHD_UNSIGNED_LONG_LONG milliseconds;
    int timeout = -1;

    if (MHD_get_timeout(daemon, &milliseconds) == MHD_YES)
        timeout = milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
    if (timeout != 0 && poll(ready, 2, timeout) > 0 && ready[1].revents != 0) {
        uint64_t count;
        (void)!read(wake_up, &count, sizeof count);
    }
}

int cmicrohttpd_has_ended(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char octet;

    return info != NULL && recv(info->connect_fd, &octet, sizeof octet, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static int try_listen(const struct addrinfo *address, int backlog, uint16_t *bound_port)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    const int on = 1;
    int failure;
    int listener = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (listener < 0)
        return -errno;
    /* A gateway that is started again must not wait for the old one's connections to be forgotten. */
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, address->ai_addr, address->ai_addrlen) != 0 || listen(listener, backlog) != 0 ||
        getsockname(listener, (struct sockaddr *)&bound, &length) != 0) {
        failure = -errno;
        close(listener);
        return failure;
    }
    *bound_port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                    : ((struct sockaddr_in *)&bound)->sin_port);
    return listener;
}

int cmicrohttpd_listen(const char *host, uint16_t port, int backlog, uint16_t *bound_port)
{
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    const struct addrinfo *address;
    char service[8];
    int result = -EADDRNOTAVAIL;

    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -EADDRNOTAVAIL;
    for (address = found; address != NULL; address = address->ai_next) {
        result = try_listen(address, backlog, bound_port);
        if (result >= 0)
            break;
    }
    freeaddrinfo(found);
    return result;
}

uint64_t cmicrohttpd_raise_open_files(uint64_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}
