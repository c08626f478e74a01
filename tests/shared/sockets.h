/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/sockets.h: what tests of libkin as programs have it start from: public functions
 * alone, and the families' plugins. */
/* clang-format off */
#ifndef TEST_SOCKETS_H
#define TEST_SOCKETS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <kin/kin.h>

#include "../moment.h"

#define LONG  KIN_SECONDS (20)

/* The endpoint with this process's number for PID: abstract names are the whole machine's. */
static inline const char *
own_name (const char *endpoint)
{
  g_autofree char *number = g_strdup_printf ("%d", (int) getpid ());
  g_auto (GStrv) parts = g_strsplit (endpoint, "PID", -1);
  g_autofree char *text = g_strjoinv (number, parts);

  return g_intern_string (text);
}

/* The socket or TRUE; else the test fails, with the error's sentence: result sets error, so it is
 * evaluated first. */
#define must(result, error)                          \
  do {                                               \
    gboolean is_done_ = (result) != 0;               \
                                                     \
    must_ (__FILE__, __LINE__, is_done_, error);     \
  } while (0)

static inline void
must_ (const char *file, int line, gboolean is_done, const GError *error)
{
  if (!is_done)
    fail_msg ("%s:%d: %s (errno %d)", file, line, error ? error->message : "no error", errno);
}

static inline KinSocket *
must_listen (const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_listen (endpoint, &error);

  must (socket, error);
  must (kin_socket_set_timeout (socket, LONG, &error), error);
  return socket;
}

static inline KinSocket *
must_bind (const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_bind (endpoint, &error);

  must (socket, error);
  must (kin_socket_set_timeout (socket, LONG, &error), error);
  return socket;
}

static inline KinSocket *
must_connect (const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_connect (endpoint, LONG, &error);

  must (socket, error);
  must (kin_socket_set_timeout (socket, LONG, &error), error);
  return socket;
}

static inline KinSocket *
must_accept (KinSocket *door)
{
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_socket_accept (door, NULL, &error);

  must (socket, error);
  must (kin_socket_set_timeout (socket, LONG, &error), error);
  return socket;
}

/* A connection, by one thread: TIPC's connect is done once it is accepted. */
static inline KinSocket *
start_and_accept (const char *text, KinSocket *door, KinSocket **server)
{
  g_autoptr (GError) error = NULL;
  KinSocket *client = kin_connect_start (text, &error);

  must (client, error);
  *server = must_accept (door);
  while (!kin_connect_continue (client, NULL))
    assert_int_equal (errno, EINPROGRESS);
  must (kin_socket_set_timeout (client, LONG, &error), error);
  return client;
}

static inline void
must_send (KinSocket *socket, gconstpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;

  for (gsize done = 0; done < length;) {
    gssize n = kin_socket_send (socket, (const char *) data + done, length - done, 0, &error);

    must (n > 0, error);
    done += (gsize) n;
  }
}

static inline void
must_receive (KinSocket *socket, gpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;

  for (gsize done = 0; done < length;) {
    gssize n = kin_socket_recv (socket, (char *) data + done, length - done, 0, &error);

    must (n > 0, error);
    done += (gsize) n;
  }
}

/* One receive brings exactly the text. */
static inline void
assert_receives (KinSocket *socket, const char *text)
{
  g_autoptr (GError) error = NULL;
  char data[512];
  gssize n = kin_socket_recv (socket, data, sizeof data - 1, 0, &error);

  must (n >= 0, error);
  data[n] = 0;
  assert_string_equal (data, text);
}

/* The call failed with an errno, which the kernel or the family answered. */
static inline void
assert_fails (gboolean is_done, int code, GError **error)
{
  assert_false (is_done);
  assert_int_equal (errno, code);
  assert_non_null (*error);
  if (!g_error_matches (*error, KIN_OS_ERROR, code))
    fail_msg ("%s %d: %s", g_quark_to_string ((*error)->domain), (*error)->code,
              (*error)->message);
  g_clear_error (error);
}

static inline char *
local_text (KinSocket *socket)
{
  g_autoptr (GError) error = NULL;
  KinAddress address;

  must (kin_socket_local (socket, &address, &error), error);
  return kin_address_format (&address);
}

static inline char *
peer_text (KinSocket *socket)
{
  g_autoptr (GError) error = NULL;
  KinAddress address;

  must (kin_socket_peer (socket, &address, &error), error);
  return kin_address_format (&address);
}

/* A connection, both ends, and what listens. */
typedef struct {
  KinSocket *door, *client, *server;
} Pair;

static inline void
pair_free (Pair *pair)
{
  kin_socket_unref (pair->client);
  kin_socket_unref (pair->server);
  kin_socket_unref (pair->door);
}

static inline gint64
get_number (KinSocket *socket, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kin_socket_get_option (socket, name, &error);

  must (value, error);
  return g_variant_get_int64 (value);
}

/* What poll(2) says of its descriptor now, of POLLIN and POLLOUT. */
static inline int
poll_now (KinSocket *socket)
{
  struct pollfd fd = { .fd = kin_socket_fd (socket), .events = POLLIN | POLLOUT };

  return poll (&fd, 1, 0) > 0 ? fd.revents & (POLLIN | POLLOUT) : 0;
}

static inline guint
count_fds (void)
{
  DIR *folder = opendir ("/proc/self/fd");
  guint n = 0;

  while (readdir (folder))
    n++;
  closedir (folder);
  return n;
}

#endif
