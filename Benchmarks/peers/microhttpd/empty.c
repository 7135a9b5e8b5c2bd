/* What the HTTP server costs by itself: reads the body of a POST and answers a small JSON. No JSON is parsed, no mail
   is sent. One thread, with epoll.

   The thread is ours and not one of libmicrohttpd's, because of the loop in its MHD_epoll (seen in 0.9.75): where
   epoll_wait returns exactly 128 events, the size of its array, it calls epoll_wait once more, with the same timeout,
   before it looks at any of them. With 128 clients that all wait for their answers this blocks for good. MHD_run never
   waits, so here we wait instead and let it run.

   usage: empty_microhttpd PORT         listens on 127.0.0.1:PORT until a signal ends it
          empty_microhttpd --version    prints libmicrohttpd's version */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char body[] = "{\"status\":\"accepted\",\"code\":250,\"text\":\"Ok\"}\n";

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
  static int seen;
  (void) context;
  (void) url;
  (void) method;
  (void) version;
  (void) upload;

  if (*state == NULL) { /* headers only: the body follows */
    *state = &seen;
    return MHD_YES;
  }
  if (*upload_size != 0) { /* all of it is taken */
    *upload_size = 0;
    return MHD_YES;
  }
  struct MHD_Response *response =
      MHD_create_response_from_buffer(sizeof(body) - 1, (void *) body, MHD_RESPMEM_PERSISTENT);
  if (response == NULL)
    return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return queued;
}

int main(int count, char **arguments)
{
  if (count == 2 && strcmp(arguments[1], "--version") == 0) {
    puts(MHD_get_version());
    return 0;
  }
  int port = count == 2 ? atoi(arguments[1]) : 0;
  if (port <= 0 || port > 65535) {
    fputs("usage: empty_microhttpd PORT\n", stderr);
    return 64;
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

  struct MHD_Daemon *server =
      MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *) &address,
                       MHD_OPTION_CONNECTION_LIMIT, 10000U, MHD_OPTION_END);
  if (server == NULL) {
    fprintf(stderr, "cannot listen on 127.0.0.1:%d\n", port);
    return 69;
  }
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_EPOLL_FD);
  struct pollfd ready = {.fd = info->epoll_fd, .events = POLLIN};
  for (;;) {
    MHD_UNSIGNED_LONG_LONG due;
    int timeout = -1;
    if (MHD_get_timeout(server, &due) == MHD_YES)
      timeout = due > INT_MAX ? INT_MAX : (int) due;
    if (poll(&ready, 1, timeout) < 0 && errno != EINTR)
      return 71;
    if (MHD_run(server) != MHD_YES)
      return 71;
  }
}
