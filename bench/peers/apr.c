/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apr: ping-pong by the Apache Portable Runtime. */
#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>

typedef apr_socket_t *End;

#include "pingpong.h"

static apr_pool_t *pool;
static apr_sockaddr_t *to, *from;

static void
find_address (apr_sockaddr_t **address, apr_port_t port)
{
  check (apr_sockaddr_info_get (address, "127.0.0.1", APR_INET, port, 0, pool) == APR_SUCCESS,
         "apr_sockaddr_info_get");
}

static void
end_open (const char *transport, int timeout, End ends[2])
{
  struct sockaddr_in far;
  int fds[2];

  if (!pool)
    check (apr_initialize () == APR_SUCCESS && apr_pool_create (&pool, NULL) == APR_SUCCESS,
           "apr_initialize");
  open_pair (transport, fds, &far);
  if (is_udp (transport)) {
    find_address (&to, ntohs (far.sin_port));
    find_address (&from, 0);
  }
  for (int i = 0; i < 2; i++) {
    apr_interval_time_t time = timeout < 0 ? -1 : apr_time_from_sec (timeout);

    ends[i] = NULL;
    check (apr_os_sock_put (&ends[i], &fds[i], pool) == APR_SUCCESS, "apr_os_sock_put");
    check (apr_socket_timeout_set (ends[i], time) == APR_SUCCESS, "apr_socket_timeout_set");
  }
}

static int
end_fd (End end)
{
  apr_os_sock_t fd;

  check (apr_os_sock_get (&fd, end) == APR_SUCCESS, "apr_os_sock_get");
  return fd;
}

static ssize_t
end_send (End end)
{
  apr_size_t n = SIZE;

  return apr_socket_send (end, out, &n) == APR_SUCCESS ? (ssize_t) n : -1;
}

static ssize_t
end_recv (End end)
{
  apr_size_t n = sizeof in;

  return apr_socket_recv (end, in, &n) == APR_SUCCESS ? (ssize_t) n : -1;
}

static ssize_t
end_sendto (End end)
{
  apr_size_t n = SIZE;

  return apr_socket_sendto (end, to, 0, out, &n) == APR_SUCCESS ? (ssize_t) n : -1;
}

static ssize_t
end_recvfrom (End end)
{
  apr_size_t n = sizeof in;

  return apr_socket_recvfrom (from, end, 0, in, &n) == APR_SUCCESS ? (ssize_t) n : -1;
}
