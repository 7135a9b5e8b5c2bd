/* What Swift cannot call of libmicrohttpd by itself: the variadic start, flags that are a closed enum, and the
   listening socket, whose errors libmicrohttpd does not tell. */
#ifndef CMICROHTTPD_H
#define CMICROHTTPD_H

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

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

/* Starts a daemon on epoll that runs where MHD_run is called. NULL where libmicrohttpd refuses. */
struct MHD_Daemon *cmicrohttpd_start(const struct cmicrohttpd_settings *settings,
                                     MHD_AccessHandlerCallback handler,
                                     MHD_RequestCompletedCallback completed,
                                     void *context);

/* Makes a descriptor by which other threads end cmicrohttpd_wait. Returns the negative errno where it cannot. */
int cmicrohttpd_wake_up_create(void);

/* Ends the wait of a thread, or the next one. */
void cmicrohttpd_wake_up(int wake_up);

/* Waits until the daemon has something to do or the thread is woken. */
void cmicrohttpd_wait(struct MHD_Daemon *daemon, int wake_up);

/* Whether a connection's client has ended it, and nothing of what it sent is left to read. */
int cmicrohttpd_has_ended(struct MHD_Connection *connection);

/* Resolves, binds and listens. Returns the socket, or the negative errno; -EADDRNOTAVAIL where the host does not
   resolve. *bound_port is the port, also where 0 was asked for. */
int cmicrohttpd_listen(const char *host, uint16_t port, int backlog, uint16_t *bound_port);

/* Raises the bound of open files of this process to what is wanted, as far as it may. Returns what it is then. */
uint64_t cmicrohttpd_raise_open_files(uint64_t wanted);

#endif
