/* Load at a fixed rate, and the latency that a client would see under it.

   Request n is due n/RATE seconds after the start, whatever became of those before it, and its latency counts from when
   it was due: a server that stands still for a second is charged with all that should have been sent meanwhile. A client
   that waits for an answer before it sends again leaves just those out. One thread; requests go out on kept connections,
   and wait where none is free.

   usage: steady PORT PATH BODY_FILE RATE CONNECTIONS WARM_UP_SECONDS SECONDS

   Prints one line of JSON. Latencies of the warming up are not counted. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, ANSWER = 16384, PATIENCE_SECONDS = 10 };

struct connection {
  int socket;
  long request; /* the one that is under way, or -1 */
  size_t length;
  char answer[ANSWER];
  struct connection *next_free;
};

static struct {
  int port, events;
  char *request;
  size_t request_size;
  long long begin, interval; /* nanoseconds */
  long sent, warm_up, total, answered, wrong, lost;
  long in_time; /* right answers that came between the warming up and the last request */
  double *latencies; /* milliseconds, of right answers that are counted */
  long counted;
  struct connection *free;
} load;

static void fail(const char *what)
{
  fprintf(stderr, "steady: ");
  perror(what);
  exit(69);
}

static long long now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void open_connection(struct connection *connection)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) load.port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int yes = 1;
  connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection->socket < 0 || connect(connection->socket, (struct sockaddr *) &address, sizeof(address)) != 0)
    fail("cannot connect");
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(load.events, EPOLL_CTL_ADD, connection->socket, &event);
}

static void set_free(struct connection *connection)
{
  connection->request = -1;
  connection->length = 0;
  connection->next_free = load.free;
  load.free = connection;
}

static void send_next(void)
{
  struct connection *connection = load.free;
  load.free = connection->next_free;
  connection->request = load.sent++;
  /* A small request fits into the buffer of an idle connection. */
  if (send(connection->socket, load.request, load.request_size, MSG_NOSIGNAL) != (ssize_t) load.request_size)
    shutdown(connection->socket, SHUT_RDWR);
}

static void lose(struct connection *connection)
{
  load.lost += connection->request >= 0;
  load.answered += connection->request >= 0;
  close(connection->socket);
  open_connection(connection);
  if (connection->request >= 0)
    set_free(connection);
}

static void count_answer(struct connection *connection)
{
  long long at = now() - load.begin;
  bool right = strncmp(connection->answer, "HTTP/1.1 2", 10) == 0;
  load.answered++;
  load.wrong += !right;
  load.in_time += right && at >= load.warm_up * load.interval && at < load.total * load.interval;
  if (right && connection->request >= load.warm_up)
    load.latencies[load.counted++] = (double) (at - connection->request * load.interval) / 1e6;
  set_free(connection);
}

/* The size of the answer once its head is there, otherwise 0. */
static size_t answer_size(const char *answer)
{
  const char *end = strstr(answer, "\r\n\r\n");
  if (end == NULL)
    return 0;
  const char *length = strcasestr(answer, "\r\ncontent-length:");
  return (size_t) (end - answer) + 4 + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

static void read_answer(struct connection *connection)
{
  ssize_t got =
      read(connection->socket, connection->answer + connection->length, ANSWER - 1 - connection->length);
  if (got <= 0) {
    lose(connection);
    return;
  }
  connection->length += (size_t) got;
  connection->answer[connection->length] = 0;
  size_t size = answer_size(connection->answer);
  if (size >= ANSWER)
    lose(connection);
  else if (size > 0 && connection->length >= size && connection->request >= 0)
    count_answer(connection);
}

/* Sends what is due, and answers come in, until all are there or patience is at its end. */
static void run(int timer)
{
  struct epoll_event ready[EVENTS];
  long due = 0;
  long long give_up = load.begin + load.total * load.interval + PATIENCE_SECONDS * 1000000000LL;
  while (load.answered < load.total && now() < give_up) {
    int found = epoll_wait(load.events, ready, EVENTS, 1000);
    for (int i = 0; i < found; i++) {
      uint64_t ticks;
      if (ready[i].data.ptr != NULL)
        read_answer(ready[i].data.ptr);
      else if (read(timer, &ticks, sizeof(ticks)) == sizeof(ticks))
        due = due + (long) ticks < load.total ? due + (long) ticks : load.total;
    }
    while (load.sent < due && load.free != NULL)
      send_next();
  }
}

static int start_timer(double rate)
{
  load.interval = (long long) (1e9 / rate);
  load.begin = now() + 10000000;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  struct itimerspec when = {
      .it_value = {load.begin / 1000000000, load.begin % 1000000000},
      .it_interval = {load.interval / 1000000000, load.interval % 1000000000},
  };
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (timer < 0 || timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) != 0 ||
      epoll_ctl(load.events, EPOLL_CTL_ADD, timer, &event) != 0)
    fail("no timer");
  return timer;
}

static void make_request(const char *path, const char *body_file)
{
  FILE *file = fopen(body_file, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0)
    fail(body_file);
  size_t size = (size_t) ftell(file);
  rewind(file);
  load.request = malloc(size + strlen(path) + 256);
  if (load.request == NULL)
    fail("no memory");
  int head = sprintf(load.request,
                     "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     path, size);
  if (fread(load.request + head, 1, size, file) != size)
    fail(body_file);
  fclose(file);
  load.request_size = (size_t) head + size;
}

static int by_value(const void *left, const void *right)
{
  double a = *(const double *) left, b = *(const double *) right;
  return (a > b) - (a < b);
}

static double at(double part)
{
  return load.counted ? load.latencies[(long) ((double) (load.counted - 1) * part)] : 0;
}

static void report(void)
{
  qsort(load.latencies, (size_t) load.counted, sizeof(double), by_value);
  double seconds = (double) ((load.total - load.warm_up) * load.interval) / 1e9;
  printf("{\"asked\":%ld,\"answered\":%ld,\"wrong\":%ld,\"lost\":%ld,\"unanswered\":%ld,\"per_second\":%.1f,"
         "\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f}\n",
         load.total - load.warm_up, load.counted, load.wrong, load.lost, load.total - load.answered,
         (double) load.in_time / seconds, at(0.5), at(0.9), at(0.99), at(0.999), at(1));
}

int main(int count, char **arguments)
{
  if (count != 8) {
    fputs("usage: steady PORT PATH BODY_FILE RATE CONNECTIONS WARM_UP_SECONDS SECONDS\n", stderr);
    return 64;
  }
  double rate = atof(arguments[4]);
  int connections = atoi(arguments[5]);
  load.port = atoi(arguments[1]);
  make_request(arguments[2], arguments[3]);
  load.warm_up = (long) (rate * atof(arguments[6]));
  load.total = load.warm_up + (long) (rate * atof(arguments[7]));
  load.latencies = calloc((size_t) load.total + 1, sizeof(double));
  struct connection *all = calloc((size_t) connections, sizeof(*all));
  load.events = epoll_create1(EPOLL_CLOEXEC);
  if (rate <= 0 || connections <= 0 || load.latencies == NULL || all == NULL || load.events < 0)
    fail("bad arguments");
  prctl(PR_SET_TIMERSLACK, 1UL);
  for (int i = 0; i < connections; i++) {
    open_connection(&all[i]);
    set_free(&all[i]);
  }
  run(start_timer(rate));
  report();
  return 0;
}
