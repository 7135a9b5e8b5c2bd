#define _GNU_SOURCE
#include "CMicrohttpd.h"

#include <arpa/inet.h>
#include <sys/un.h>
#include <sys/stat.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Where the daemon that this thread starts says what is wrong. */
struct message {
    char *text;
    size_t size;
};

static _Thread_local struct message starting;

/* libmicrohttpd says what is wrong with a certificate here and nowhere else. What it says later, of clients that break
   off, is not kept. */
static void take_message(void *context, const char *format, va_list arguments)
{
    (void)context;
    if (starting.text != NULL)
        (void)vsnprintf(starting.text, starting.size, format, arguments);
}

struct MHD_Daemon *cmicrohttpd_start(const struct cmicrohttpd_settings *settings,
                                     const struct cmicrohttpd_callbacks *callbacks,
                                     void *context,
                                     char *message,
                                     size_t size)
{
    unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
    struct MHD_OptionItem options[12];
    struct MHD_Daemon *daemon;
    int count = 0;

    message[0] = '\0';
    starting = (struct message){message, size};
    options[count++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit, NULL};
    options[count++] =
        (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)settings->connection_memory, NULL};
    if (settings->tls_certificate != NULL) {
        flags |= MHD_USE_TLS;
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)settings->tls_certificate};
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)settings->tls_key};
        options[count++] = (struct MHD_OptionItem){
            MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-AES-128-CBC:-AES-256-CBC"};
    }
    options[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    /* The logger comes first: what is wrong with a later option is said to the logger that is known by then. */
    daemon = MHD_start_daemon(flags, 0, NULL, NULL, callbacks->request, context,
                              MHD_OPTION_EXTERNAL_LOGGER, take_message, NULL,
                              MHD_OPTION_NOTIFY_COMPLETED, callbacks->completed, context,
                              MHD_OPTION_NOTIFY_CONNECTION, callbacks->connection, context,
                              MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    starting = (struct message){NULL, 0};
    return daemon;
}

void *cmicrohttpd_connection_context(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

int cmicrohttpd_socket(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info == NULL ? -1 : info->connect_fd;
}

static struct cmicrohttpd_address read_address(const struct sockaddr *address)
{
    struct cmicrohttpd_address result = {0, 0};
    const uint8_t *octets;
    int place;

    if (address != NULL && address->sa_family == AF_INET) {
        result.low = UINT64_C(0xFFFF00000000) | ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        octets = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
        for (place = 0; place < 8; place++) {
            result.high = result.high << 8 | octets[place];
            result.low = result.low << 8 | octets[place + 8];
        }
    }
    return result;
}

struct cmicrohttpd_address cmicrohttpd_client_address(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return read_address(info == NULL ? NULL : info->client_addr);
}

int cmicrohttpd_read_address(const char *text, struct cmicrohttpd_address *address)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};

    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        *address = read_address((const struct sockaddr *)&four);
    else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        *address = read_address((const struct sockaddr *)&six);
    else
        return 0;
    return 1;
}

struct cmicrohttpd_address cmicrohttpd_peer_address(const struct cmicrohttpd_peer *peer)
{
    return read_address((const struct sockaddr *)&peer->address);
}

int cmicrohttpd_accept(int listener, struct cmicrohttpd_peer *peer)
{
    peer->length = sizeof peer->address;
    peer->socket = accept4(listener, (struct sockaddr *)&peer->address, &peer->length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return peer->socket < 0 ? -errno : 0;
}

int cmicrohttpd_add(struct MHD_Daemon *daemon, const struct cmicrohttpd_peer *peer)
{
    return MHD_add_connection(daemon, peer->socket, (const struct sockaddr *)&peer->address, peer->length) == MHD_YES;
}

/* What reads for libmicrohttpd on this thread. */
static _Thread_local struct {
    cmicrohttpd_reader read;
    void *context;
    int is_tls;
} reader;

/* GnuTLS's own, behind ours. dlsym returns pointers to functions as pointers to objects, as POSIX has it. */
static pthread_once_t found = PTHREAD_ONCE_INIT;
static ssize_t (*receive_record)(gnutls_session_t session, void *buffer, size_t size);

static void find_receive_record(void)
{
    *(void **)&receive_record = dlsym(RTLD_NEXT, "gnutls_record_recv");
}

static ssize_t read_record(gnutls_session_t session, void *buffer, size_t size)
{
    (void)pthread_once(&found, find_receive_record);
    return receive_record == NULL ? GNUTLS_E_INTERNAL_ERROR : receive_record(session, buffer, size);
}

int cmicrohttpd_can_read(void)
{
    return dlsym(RTLD_DEFAULT, "recv") == (void *)recv &&
           dlsym(RTLD_DEFAULT, "gnutls_record_recv") == (void *)gnutls_record_recv;
}

void cmicrohttpd_read_with(cmicrohttpd_reader read, void *context, int is_tls)
{
    reader.read = read;
    reader.context = context;
    reader.is_tls = is_tls;
}

/* GnuTLS calls this, too: on a thread with TLS it reads the encrypted octets. */
ssize_t recv(int socket, void *buffer, size_t size, int flags)
{
    ssize_t count;

    if (reader.read == NULL || reader.is_tls)
        return recvfrom(socket, buffer, size, flags, NULL, NULL);
    count = reader.read(reader.context, socket, buffer, size);
    if (count < 0)
        errno = EAGAIN;
    return count;
}

ssize_t gnutls_record_recv(gnutls_session_t session, void *buffer, size_t size)
{
    ssize_t count;

    if (reader.read == NULL)
        return read_record(session, buffer, size);
    count = reader.read(reader.context, gnutls_transport_get_int(session), buffer, size);
    return count < 0 ? GNUTLS_E_AGAIN : count;
}

/* The session of a connection with TLS, or NULL. */
static gnutls_session_t session_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info;

    if (!reader.is_tls)
        return NULL;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info == NULL ? NULL : info->tls_session;
}

ssize_t cmicrohttpd_read(struct MHD_Connection *connection, void *buffer, size_t size)
{
    gnutls_session_t session = session_of(connection);
    ssize_t count;

    if (session != NULL) {
        count = read_record(session, buffer, size);
        if (count == GNUTLS_E_AGAIN || count == GNUTLS_E_INTERRUPTED)
            return -1;
    } else {
        count = recvfrom(cmicrohttpd_socket(connection), buffer, size, 0, NULL, NULL);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return -1;
    }
    return count < 0 ? -2 : count;
}

ssize_t cmicrohttpd_write(struct MHD_Connection *connection, const void *octets, size_t size)
{
    gnutls_session_t session = session_of(connection);

    if (session != NULL)
        return gnutls_record_send(session, octets, size);
    return send(cmicrohttpd_socket(connection), octets, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void cmicrohttpd_end_writing(struct MHD_Connection *connection)
{
    gnutls_session_t session = session_of(connection);

    /* The alert says the same to a client with TLS (RFC 8446, section 6.1). The socket stays as it is: libmicrohttpd may still
       write to it. */
    if (session != NULL)
        (void)gnutls_bye(session, GNUTLS_SHUT_WR);
    else
        (void)shutdown(cmicrohttpd_socket(connection), SHUT_WR);
}

void cmicrohttpd_date(char date[30])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const time_t now = time(NULL);
    struct tm utc;

    (void)gmtime_r(&now, &utc);
    (void)snprintf(date, 30, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * utc.tm_wday,
                   (unsigned)utc.tm_mday % 100, months + 3 * utc.tm_mon, ((unsigned)utc.tm_year + 1900) % 10000,
                   (unsigned)utc.tm_hour % 100, (unsigned)utc.tm_min % 100, (unsigned)utc.tm_sec % 100);
}

void cmicrohttpd_shut(int socket)
{
    (void)shutdown(socket, SHUT_RDWR);
}

int64_t cmicrohttpd_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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

int cmicrohttpd_wait(struct MHD_Daemon *daemon, int wake_up, int listener, int most)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd ready[3] = {{.fd = info->epoll_fd, .events = POLLIN},
                              {.fd = wake_up, .events = POLLIN},
                              {.fd = listener, .events = POLLIN}};
    MHD_UNSIGNED_LONG_LONG milliseconds;
    int timeout = most;

    if (MHD_get_timeout(daemon, &milliseconds) == MHD_YES && (most < 0 || milliseconds < (unsigned int)most))
        timeout = milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
    if (poll(ready, 3, timeout) <= 0)
        return 0;
    if (ready[1].revents != 0) {
        uint64_t count;
        (void)!read(wake_up, &count, sizeof count);
    }
    return ready[2].revents != 0;
}

int cmicrohttpd_has_ended(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char octet;

    return info != NULL &&
           recvfrom(info->connect_fd, &octet, sizeof octet, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == 0;
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

/* Whether a socket of the file system is left over from a process that has ended. */
static int is_left_over(const struct sockaddr_un *address)
{
    struct stat status;
    int refused;
    int client;

    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return 0;
    client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client < 0)
        return 0;
    refused = connect(client, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(client);
    return refused;
}

int cmicrohttpd_listen_unix(const char *path, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int failure;
    int listener;

    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -errno;
    if (is_left_over(&address))
        (void)unlink(path);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0) {
        failure = -errno;
        close(listener);
        return failure;
    }
    if (listen(listener, backlog) != 0) {
        failure = -errno;
        (void)unlink(path);
        close(listener);
        return failure;
    }
    return listener;
}

int cmicrohttpd_inherit(int listener, char *host, size_t length, uint16_t *bound_port)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    int type = 0;
    int listens = 0;
    socklen_t width = sizeof(int);
    int flags;

    if (getsockopt(listener, SOL_SOCKET, SO_TYPE, &type, &width) != 0 ||
        getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens, &width) != 0)
        return -errno;
    if (type != SOCK_STREAM || !listens)
        return -EINVAL;
    memset(&bound, 0, sizeof bound);
    if (getsockname(listener, (struct sockaddr *)&bound, &size) != 0)
        return -errno;
    flags = fcntl(listener, F_GETFL);
    if (flags < 0 || fcntl(listener, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(listener, F_SETFD, FD_CLOEXEC) != 0)
        return -errno;
    *bound_port = 0;
    switch (bound.ss_family) {
    case AF_UNIX:
        snprintf(host, length, "unix:%s", ((struct sockaddr_un *)&bound)->sun_path);
        return 0;
    case AF_INET:
        *bound_port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
        return inet_ntop(AF_INET, &((struct sockaddr_in *)&bound)->sin_addr, host, length) != NULL ? 0 : -errno;
    case AF_INET6:
        *bound_port = ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
        return inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&bound)->sin6_addr, host, length) != NULL ? 0 : -errno;
    default:
        return -EINVAL;
    }
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
