/* What Swift cannot call of libmicrohttpd by itself: the variadic start, flags that are a closed enum, and the
   listening socket, whose errors libmicrohttpd does not tell. */
#ifndef CMICROHTTPD_H
#define CMICROHTTPD_H

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* How a daemon is started. */
struct cmicrohttpd_settings {
    int listen_socket;
    unsigned int connection_limit;
    unsigned int idle_timeout_seconds;
    size_t connection_memory;
    /* NUL-terminated PEM texts that outlive the daemon, or NULL for HTTP. */
    const char *tls_certificate;
    const char *tls_key;
};

/* What a daemon calls, with the context that it was started with, on the thread that runs it. */
struct cmicrohttpd_callbacks {
    MHD_AcceptPolicyCallback accept;
    MHD_NotifyConnectionCallback connection;
    MHD_AccessHandlerCallback request;
    MHD_RequestCompletedCallback completed;
};

/* Starts a daemon on epoll that runs where MHD_run is called. NULL where libmicrohttpd refuses; then what it said is
   found in message, of so many octets, NUL-terminated. */
struct MHD_Daemon *cmicrohttpd_start(const struct cmicrohttpd_settings *settings,
                                     const struct cmicrohttpd_callbacks *callbacks,
                                     void *context,
                                     char *message,
                                     size_t size);

/* What was stored for a connection when it was started. */
void *cmicrohttpd_connection_context(struct MHD_Connection *connection);

/* Whether the connection is suspended. */
int cmicrohttpd_is_suspended(struct MHD_Connection *connection);

/* The socket of a connection. */
int cmicrohttpd_socket(struct MHD_Connection *connection);

/* An address of 128 bits, in the order of the host; an IPv4 address is mapped into IPv6. */
struct cmicrohttpd_address {
    uint64_t high;
    uint64_t low;
};

struct cmicrohttpd_address cmicrohttpd_read_address(const struct sockaddr *address);

/* The address that a connection came from. */
struct cmicrohttpd_address cmicrohttpd_client_address(struct MHD_Connection *connection);

/* Shuts a socket down in both directions. Its number stays in use until it is closed. */
void cmicrohttpd_shut(int socket);

/* A clock that never goes back, in milliseconds, exact to a tick of the kernel: it costs no system call. */
int64_t cmicrohttpd_now(void);

/* Makes a descriptor by which other threads end cmicrohttpd_wait. Returns the negative errno where it cannot. */
int cmicrohttpd_wake_up_create(void);

/* Ends the wait of a thread, or the next one. */
void cmicrohttpd_wake_up(int wake_up);

/* Waits until the daemon has something to do, the thread is woken, or so many milliseconds are over; -1 for no bound. */
void cmicrohttpd_wait(struct MHD_Daemon *daemon, int wake_up, int most);

/* Whether a connection's client has ended it, and nothing of what it sent is left to read. */
int cmicrohttpd_has_ended(struct MHD_Connection *connection);

/* Resolves, binds and listens. Returns the socket, or the negative errno; -EADDRNOTAVAIL where the host does not
   resolve. *bound_port is the port, also where 0 was asked for. */
int cmicrohttpd_listen(const char *host, uint16_t port, int backlog, uint16_t *bound_port);

/* Raises the bound of open files of this process to what is wanted, as far as it may. Returns what it is then. */
uint64_t cmicrohttpd_raise_open_files(uint64_t wanted);

#endif
