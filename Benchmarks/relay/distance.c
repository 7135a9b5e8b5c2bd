/* Puts a relay far away: forwards connections, and each piece arrives half a round trip after it was sent.

   A connection is opened to the relay one and a half round trips after it came, so that the greeting arrives where that
   of a distant relay would, after two. No loss, and windows as wide as the kernel's buffers. One thread.

   usage: distance PORT TARGET_PORT ROUND_TRIP_MS   both ports on 127.0.0.1 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, READ = 1 << 16 };

struct connection;

/* One end of a connection. What is read from it goes to the other. */
struct end {
  struct connection *connection;
  int socket;
  bool ended;
};

struct connection {
  struct end client, relay;
};

/* Something due later. As every delay of a line is the same, a line is in the order of time by itself. */
struct event {
  struct event *next;
  long long due;
  struct end *to;
  size_t size; /* 0: the other end has closed */
  char data[];
};

struct line {
  struct event *first, **last;
};

static struct line pieces, opening;
static long long half_trip;
static int events;
static uint16_t target;

static long long now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void add(struct line *line, struct end *to, long long delay, const char *data, size_t size)
{
  struct event *event = malloc(sizeof(*event) + size);
  if (event == NULL)
    abort();
  *event = (struct event){.due = now() + delay, .to = to, .size = size};
  if (size > 0)
    memcpy(event->data, data, size);
  *line->last = event;
  line->last = &event->next;
}

static struct event *take(struct line *line)
{
  struct event *event = line->first;
  line->first = event->next;
  if (line->first == NULL)
    line->last = &line->first;
  return event;
}

static struct end *other(struct end *end)
{
  return end == &end->connection->client ? &end->connection->relay : &end->connection->client;
}

static void watch(struct end *end)
{
  int yes = 1;
  setsockopt(end->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
  epoll_ctl(events, EPOLL_CTL_ADD, end->socket, &event);
}

static struct sockaddr_in loopback(uint16_t port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static void accept_connection(int listener)
{
  int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  struct connection *connection = client < 0 ? NULL : calloc(1, sizeof(*connection));
  if (connection == NULL)
    return;
  connection->client = (struct end){.connection = connection, .socket = client};
  connection->relay = (struct end){.connection = connection, .socket = -1};
  add(&opening, &connection->relay, 3 * half_trip, NULL, 0);
}

static void open_relay(struct end *relay)
{
  struct sockaddr_in address = loopback(target);
  relay->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(relay->socket, (struct sockaddr *) &address, sizeof(address)) != 0) {
    close(relay->socket);
    close(relay->connection->client.socket);
    free(relay->connection);
    return;
  }
  watch(relay);
  watch(&relay->connection->client);
}

static void read_piece(struct end *from)
{
  static char buffer[READ];
  ssize_t got = read(from->socket, buffer, sizeof(buffer));
  if (got <= 0) {
    got = 0;
    epoll_ctl(events, EPOLL_CTL_DEL, from->socket, NULL);
  }
  add(&pieces, other(from), half_trip, buffer, (size_t) got);
}

static void deliver(struct end *to, const char *data, size_t size)
{
  if (size > 0) {
    /* Blocks where a buffer of the kernel is full, which the small messages under way here never do. */
    (void) !send(to->socket, data, size, MSG_NOSIGNAL);
    return;
  }
  shutdown(to->socket, SHUT_WR);
  other(to)->ended = true;
  if (to->ended) {
    close(to->socket);
    close(other(to)->socket);
    free(to->connection);
  }
}

/* Does what is due and returns how long nothing else is, in nanoseconds. */
static long long run_due(void)
{
  for (;;) {
    bool open_first = opening.first && (!pieces.first || opening.first->due < pieces.first->due);
    struct line *line = open_first ? &opening : &pieces;
    if (line->first == NULL)
      return -1;
    long long left = line->first->due - now();
    if (left > 0)
      return left;
    struct event *event = take(line);
    if (open_first)
      open_relay(event->to);
    else
      deliver(event->to, event->data, event->size);
    free(event);
  }
}

static int listen_on(uint16_t port)
{
  struct sockaddr_in address = loopback(port);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof(address)) != 0 || listen(listener, 4096) != 0)
    return -1;
  return listener;
}

int main(int count, char **arguments)
{
  if (count != 4) {
    fputs("usage: distance PORT TARGET_PORT ROUND_TRIP_MS\n", stderr);
    return 64;
  }
  target = (uint16_t) atoi(arguments[2]);
  half_trip = atoll(arguments[3]) * 500000;
  pieces.last = &pieces.first;
  opening.last = &opening.first;
  int listener = listen_on((uint16_t) atoi(arguments[1]));
  events = epoll_create1(EPOLL_CLOEXEC);
  if (listener < 0 || events < 0) {
    perror("distance");
    return 69;
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, ready[EVENTS];
  epoll_ctl(events, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    long long left = run_due();
    struct timespec wait = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    int found = epoll_pwait2(events, ready, EVENTS, left < 0 ? NULL : &wait, NULL);
    for (int i = 0; i < found; i++) {
      if (ready[i].data.ptr == NULL)
        accept_connection(listener);
      else
        read_piece(ready[i].data.ptr);
    }
  }
}
