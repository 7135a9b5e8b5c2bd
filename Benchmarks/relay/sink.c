/* A relay for large messages: takes everything, keeps nothing, and costs next to nothing.

   Postfix's smtp-sink looks at each octet of a content on its own and is the limit at some 250 MB/s. This one searches
   for the full stop of the final line with memchr. One thread, one epoll; it offers PIPELINING and 8BITMIME.

   usage: sink PORT   listens on 127.0.0.1:PORT until a signal ends it */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, LINE = 4096, READ = 1 << 18 };

struct session {
  int socket;
  bool in_content;
  /* How much of CR LF . CR LF the octets so far end in; a content begins as if behind a line. */
  int of_end;
  size_t length; /* of an unfinished command in line */
  char line[LINE];
};

static const char end_of_content[] = "\r\n.\r\n";

static void answer(struct session *session, const char *text)
{
  /* A reply is far smaller than the socket's buffer, and the client reads each, unless it is gone. */
  (void) !send(session->socket, text, strlen(text), MSG_NOSIGNAL);
}

static void command(struct session *session, const char *line)
{
  if (strncasecmp(line, "EHLO", 4) == 0)
    answer(session, "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
  else if (strncasecmp(line, "DATA", 4) == 0) {
    session->in_content = true;
    session->of_end = 2;
    answer(session, "354 go on\r\n");
  } else if (strncasecmp(line, "QUIT", 4) == 0)
    answer(session, "221 bye\r\n");
  else
    answer(session, "250 2.0.0 ok\r\n");
}

/* Takes one command from what came; returns the octets taken. */
static size_t take_command(struct session *session, const char *data, size_t size)
{
  const char *newline = memchr(data, '\n', size);
  size_t taken = newline ? (size_t) (newline - data) + 1 : size;
  size_t kept = taken < LINE - 1 - session->length ? taken : LINE - 1 - session->length;
  memcpy(session->line + session->length, data, kept);
  session->length += kept;
  if (newline) {
    session->line[session->length] = 0;
    session->length = 0;
    command(session, session->line);
  }
  return taken;
}

static void step(struct session *session, char octet)
{
  if (octet == end_of_content[session->of_end])
    session->of_end++;
  else
    session->of_end = octet == '\r' ? 1 : 0;
}

/* Takes content up to its end, or all; returns the octets taken. */
static size_t take_content(struct session *session, const char *data, size_t size)
{
  size_t at = 0;
  while (at < size) {
    if (session->of_end == 0) {
      /* Nothing of the end is there: the next full stop decides, with the two octets in front of it. */
      const char *stop = memchr(data + at, '.', size - at);
      size_t next = stop ? (size_t) (stop - data) : size;
      if (next > at + 2)
        at = next - 2;
    }
    step(session, data[at++]);
    if (session->of_end == sizeof(end_of_content) - 1) {
      session->in_content = false;
      answer(session, "250 2.0.0 Ok\r\n");
      return at;
    }
  }
  return at;
}

/* Whether the session goes on. */
static bool serve(struct session *session)
{
  static char buffer[READ];
  ssize_t got = read(session->socket, buffer, sizeof(buffer));
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return true;
  if (got <= 0)
    return false;
  for (size_t at = 0; at < (size_t) got;)
    at += session->in_content ? take_content(session, buffer + at, (size_t) got - at)
                              : take_command(session, buffer + at, (size_t) got - at);
  return true;
}

static void accept_session(int listener, int events)
{
  int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket < 0)
    return;
  int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  struct session *session = calloc(1, sizeof(*session));
  if (session == NULL) {
    close(socket);
    return;
  }
  session->socket = socket;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
  epoll_ctl(events, EPOLL_CTL_ADD, socket, &event);
  answer(session, "220 sink ESMTP\r\n");
}

static int listen_on(int port)
{
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof(address)) != 0 || listen(listener, 4096) != 0)
    return -1;
  return listener;
}

int main(int count, char **arguments)
{
  int port = count == 2 ? atoi(arguments[1]) : 0;
  if (port <= 0 || port > 65535) {
    fputs("usage: sink PORT\n", stderr);
    return 64;
  }
  int listener = listen_on(port), events = epoll_create1(EPOLL_CLOEXEC);
  if (listener < 0 || events < 0) {
    perror("sink");
    return 69;
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(events, EPOLL_CTL_ADD, listener, &event);
  struct epoll_event ready[EVENTS];
  for (;;) {
    int found = epoll_wait(events, ready, EVENTS, -1);
    for (int i = 0; i < found; i++) {
      struct session *session = ready[i].data.ptr;
      if (session == NULL)
        accept_session(listener, events);
      else if (!serve(session)) {
        close(session->socket);
        free(session);
      }
    }
  }
}
