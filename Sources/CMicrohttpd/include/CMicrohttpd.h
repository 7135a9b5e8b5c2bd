/* What Swift cannot call of libmicrohttpd by itself: the variadic start, flags that are a closed enum, and the
   listening socket, whose errors libmicrohttpd does not tell. */
#ifndef CMICROHTTPD_H
#define CMICROHTTPD_H

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* How a daemon is started. It has no listening socket: connections are added to it. */
struct cmicrohttpd_settings {
    unsigned int connection_limit;
    /* Octets for the request line that it is given, and for the header section of a response. */
    size_t connection_memory;
    /* NUL-terminated PEM texts that outlive the daemon, or NULL for HTTP. */
    const char *tls_certificate;
    const char *tls_key;
};

/* What a daemon calls, with the context that it was started with, on the thread that runs it. */
struct cmicrohttpd_callbacks {
    MHD_NotifyConnectionCallback connection;
    MHD_AccessHandlerCallback request;
    MHD_RequestCompletedCallback completed;
};

/* Called instead of libmicrohttpd's own reads, with the socket and the buffer that it would read into. Returns how many
   octets it wrote there, 0 for the end of the connection, -1 for none now. */
typedef ssize_t (*cmicrohttpd_reader)(void *context, int socket, void *buffer, size_t size);

/* From now on libmicrohttpd's reads on this thread go to the reader.

   libmicrohttpd reads with recv, or with gnutls_record_recv where it speaks TLS, and offers no other way to see what a
   client sent before it is understood. Both functions are defined by this module, which the dynamic linker finds before
   the libraries that they come from; on threads without a reader they do what they always do. */
void cmicrohttpd_read_with(cmicrohttpd_reader reader, void *context, int is_tls);

/* Whether the dynamic linker has libmicrohttpd call the two functions of this module. */
int cmicrohttpd_can_read(void);

/* Reads what a client sent, decrypted where the thread's daemon speaks TLS. Returns the number of octets, 0 at the end of
   the connection, -1 if there are none now, -2 if the connection is broken. On the thread of the daemon only. */
ssize_t cmicrohttpd_read(struct MHD_Connection *connection, void *buffer, size_t size);

/* Writes octets to a client past libmicrohttpd, as many as the socket takes at once. Returns how many, or a negative
   number. On the thread of the daemon only, and only while libmicrohttpd knows of no request. */
ssize_t cmicrohttpd_write(struct MHD_Connection *connection, const void *octets, size_t size);

/* Ends the writing side of a connection without TLS: the client sees the end behind what was written. */
void cmicrohttpd_end_writing(struct MHD_Connection *connection);

/* The time as it stands in a Date field (RFC 9110, section 5.6.7), NUL-terminated. */
void cmicrohttpd_date(char date[30]);

/* Starts a daemon on epoll that runs where MHD_run is called. NULL where libmicrohttpd refuses; then what it said is
   found in message, of so many octets, NUL-terminated. */
struct MHD_Daemon *cmicrohttpd_start(const struct cmicrohttpd_settings *settings,
                                     const struct cmicrohttpd_callbacks *callbacks,
                                     void *context,
                                     char *message,
                                     size_t size);

/* What was stored for a connection when it was started. */
void *cmicrohttpd_connection_context(struct MHD_Connection *connection);

/* The socket of a connection. */
int cmicrohttpd_socket(struct MHD_Connection *connection);

/* An address of 128 bits, in the order of the host; an IPv4 address is mapped into IPv6. */
struct cmicrohttpd_address {
    uint64_t high;
    uint64_t low;
};

/* A connection that was accepted. */
struct cmicrohttpd_peer {
    int socket;
    socklen_t length;
    struct sockaddr_storage address;
};

struct cmicrohttpd_address cmicrohttpd_peer_address(const struct cmicrohttpd_peer *peer);

/* Accepts a connection. Returns 0, or the negative errno; -EAGAIN if none waits. */
int cmicrohttpd_accept(int listener, struct cmicrohttpd_peer *peer);

/* Hands a connection to a daemon, on its thread. Where it refuses, the socket is closed. */
int cmicrohttpd_add(struct MHD_Daemon *daemon, const struct cmicrohttpd_peer *peer);

/* Reads an address as it is written, with a NUL behind it. Returns 0 for what is none. */
int cmicrohttpd_read_address(const char *text, struct cmicrohttpd_address *address);

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

/* Waits until the daemon has something to do, the thread is woken, a connection waits on the listening socket (-1 for
   none), or so many milliseconds are over; -1 for no bound. Returns whether a connection waits. */
int cmicrohttpd_wait(struct MHD_Daemon *daemon, int wake_up, int listener, int most);

/* Whether a connection's client has ended it, and nothing of what it sent is left to read. */
int cmicrohttpd_has_ended(struct MHD_Connection *connection);

/* Resolves, binds and listens. Returns the socket, or the negative errno; -EADDRNOTAVAIL where the host does not
   resolve. *bound_port is the port, also where 0 was asked for. */
int cmicrohttpd_listen(const char *host, uint16_t port, int backlog, uint16_t *bound_port);

/* The same with a socket of the file system (unix(7)). One that nobody listens on any more is replaced. */
int cmicrohttpd_listen_unix(const char *path, int backlog);

/* Takes over a socket that listens already, and writes its address to host: a numeric address, or "unix:" and a path.
   Returns 0, or the negative errno; -EINVAL where it is no stream socket that listens. */
int cmicrohttpd_inherit(int listener, char *host, size_t length, uint16_t *bound_port);

/* Raises the bound of open files of this process to what is wanted, as far as it may. Returns what it is then. */
uint64_t cmicrohttpd_raise_open_files(uint64_t wanted);

#endif
