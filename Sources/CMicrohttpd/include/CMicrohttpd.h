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

/* Starts a daemon on epoll with one thread of its own. NULL where libmicrohttpd refuses. */
struct MHD_Daemon *cmicrohttpd_start(const struct cmicrohttpd_settings *settings,
                                     MHD_AccessHandlerCallback handler,
                                     MHD_RequestCompletedCallback completed,
                                     void *context);

/* Resolves, binds and listens. Returns the socket, or the negative errno; -EADDRNOTAVAIL where the host does not
   resolve. *bound_port is the port, also where 0 was asked for. */
int cmicrohttpd_listen(const char *host, uint16_t port, int backlog, uint16_t *bound_port);

/* Raises the bound of open files of this process to what is wanted, as far as it may. Returns what it is then. */
uint64_t cmicrohttpd_raise_open_files(uint64_t wanted);

#endif
