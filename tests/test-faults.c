/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-faults: every system call that the core makes on sockets fails once.
 *
 * One scenario uses all of them. It is run again and again: the first call of a kind fails, then
 * the second, until the scenario comes through. Each failure must be the caller's error, with its
 * errno, and leave no descriptor behind (and no memory: the tests run under ASan, too).
 *
 * Wrap: socket socketpair bind listen accept4 connect shutdown getsockname getpeername
 *   getsockopt setsockopt send recv sendmsg recvmsg sendmmsg recvmmsg splice ioctl fcntl64 ppoll
 *   close eventfd
 *
 * fcntl64 is what fcntl is called where files may be long, as they may in all of Kin.
 */
#include "local.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

static const char *failing; /* which call fails */
static guint left;          /* how many of them come through before one does */
static gboolean has_failed;

static gboolean
fails (const char *call)
{
  if (!failing || strcmp (failing, call) != 0 || has_failed || left-- > 0)
    return FALSE;
  has_failed = TRUE;
  errno = EIO;
  return TRUE;
}

/* clang-format off */
#define WRAP(type, name, parameters, arguments) \
  type __real_##name parameters;                \
  type __wrap_##name parameters;                \
  type __wrap_##name parameters                 \
  {                                             \
    return fails (#name) ? -1 : __real_##name arguments; \
  }

WRAP (int,     socket,      (int a, int b, int c),                         (a, b, c))
WRAP (int,     socketpair,  (int a, int b, int c, int *d),                 (a, b, c, d))
WRAP (int,     bind,        (int a, const void *b, socklen_t c),           (a, b, c))
WRAP (int,     listen,      (int a, int b),                                (a, b))
WRAP (int,     accept4,     (int a, void *b, socklen_t *c, int d),         (a, b, c, d))
WRAP (int,     connect,     (int a, const void *b, socklen_t c),           (a, b, c))
WRAP (int,     shutdown,    (int a, int b),                                (a, b))
WRAP (int,     getsockname, (int a, void *b, socklen_t *c),                (a, b, c))
WRAP (int,     getpeername, (int a, void *b, socklen_t *c),                (a, b, c))
WRAP (int,     getsockopt,  (int a, int b, int c, void *d, socklen_t *e),  (a, b, c, d, e))
WRAP (int,     setsockopt,  (int a, int b, int c, const void *d, socklen_t e), (a, b, c, d, e))
WRAP (ssize_t, send,        (int a, const void *b, size_t c, int d),       (a, b, c, d))
WRAP (ssize_t, recv,        (int a, void *b, size_t c, int d),             (a, b, c, d))
WRAP (ssize_t, sendmsg,     (int a, const struct msghdr *b, int c),        (a, b, c))
WRAP (ssize_t, recvmsg,     (int a, struct msghdr *b, int c),              (a, b, c))
WRAP (int,     sendmmsg,    (int a, struct mmsghdr *b, unsigned c, int d), (a, b, c, d))
WRAP (int,     recvmmsg,    (int a, struct mmsghdr *b, unsigned c, int d, struct timespec *e),
                                                                           (a, b, c, d, e))
WRAP (ssize_t, splice,      (int a, off64_t *b, int c, off64_t *d, size_t e, unsigned f),
                                                                           (a, b, c, d, e, f))
WRAP (int,     ioctl,       (int a, unsigned long b, void *c),             (a, b, c))
WRAP (int,     fcntl64,     (int a, int b, int c),                         (a, b, c))
WRAP (int,     ppoll,       (struct pollfd *a, nfds_t b, const void *c, const void *d), (a, b, c, d))
WRAP (int,     eventfd,     (unsigned a, int b),                           (a, b))
/* clang-format on */

/* The descriptor is gone, whatever close says. */
int __real_close (int fd);
int __wrap_close (int fd);
int
__wrap_close (int fd)
{
  int rc = __real_close (fd);

  return fails ("close") ? -1 : rc;
}

static gboolean
exchange (KinSocket *client, KinSocket *server, GError **error)
{
  g_autoptr (KinMessage) out = kin_message_new (), in = kin_message_new ();
  int fd = kin_socket_fd (client);
  KinAddress from;
  char bytes[8];

  kin_message_set_data (out, "message", 7);
  kin_message_set_data (in, bytes, sizeof bytes);
  return kin_socket_send (client, "x", 1, 0, error) == 1
         && kin_socket_recv (server, bytes, sizeof bytes, 0, error) == 1
         && kin_socket_sendto (client, "xy", 2, 0, NULL, error) == 2
         && kin_socket_recvfrom (server, bytes, sizeof bytes, 0, &from, error) == 2
         && kin_message_add_fds (out, &fd, 1, error)
         && kin_socket_sendmsg (client, out, 0, error) == 7
         && kin_socket_recvmsg (server, in, 0, error) == 7;
}

static gboolean
exchange_more (KinSocket *client, KinSocket *server, GError **error)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  int fds[2];
  char byte;
  gsize length;
  gboolean is_done;

  if (pipe (fds) < 0)
    return FALSE;
  kin_message_set_data (message, &byte, 1);
  is_done = write (fds[1], "x", 1) == 1
            && kin_socket_splice (client, POLLOUT, fds[0], 1, 0, error) == 1
            && kin_socket_splice (server, POLLIN, fds[1], 1, 0, error) == 1
            && kin_socket_sendmmsg (client, &message, 1, 0, error) == 1
            && kin_socket_recvmmsg (server, &message, &length, 1, 0, error) == 1;
  __real_close (fds[0]);
  __real_close (fds[1]);
  return is_done;
}

static gboolean
wait_and_end (KinSocket *client, KinSocket *server, GError **error)
{
  g_autoptr (KinCancel) cancel = kin_cancel_new (error);
  g_autoptr (KinSocket) again = NULL;
  g_autoptr (GError) late = NULL;
  char byte;

  if (!cancel || !kin_socket_set_cancel (server, cancel, error)
      || !kin_socket_set_timeout (server, 1000, error))
    return FALSE;
  if (kin_socket_recv (server, &byte, 1, 0, &late) != -1
      || !g_error_matches (late, KIN_ERROR, KIN_ERROR_TIMED_OUT)) {
    g_propagate_error (error, g_steal_pointer (&late));
    return FALSE;
  }
  again = kin_socket_dup (client, error);
  return again && kin_socket_set_timeout (client, 0, error)
         && kin_socket_set_timeout (client, KIN_FOREVER, error)
         && kin_socket_shutdown (client, SHUT_WR, error)
         && kin_socket_recv (server, &byte, 1, 0, error) == 0 && kin_socket_close (client, error);
}

static gboolean
connect_and_accept (const char *scheme, const char *name, GError **error)
{
  g_autofree char *endpoint = local_endpoint (scheme, name);
  g_autoptr (KinSocket) door = NULL, client = NULL, server = NULL;
  KinAddress address;
  gboolean is_done;

  unlink (strchr (endpoint, ':') + 1);
  door = kin_listen (endpoint, error);
  is_done = door && kin_socket_set_timeout (door, KIN_SECONDS (5), error)
            && (client = kin_connect (endpoint, KIN_SECONDS (5), error))
            && (server = kin_socket_accept (door, &address, error))
            && kin_socket_local (server, &address, error)
            && kin_socket_peer (client, &address, error) && exchange (client, server, error)
            && exchange_more (client, server, error) && wait_and_end (client, server, error);
  unlink (strchr (endpoint, ':') + 1);
  return is_done;
}

static gboolean
pair_and_adopt (GError **error)
{
  g_autoptr (KinSocket) first = NULL, second = NULL, adopted = NULL;
  int fd;

  if (!kin_socket_new_pair ("local", &first, &second, error)
      || !kin_socket_set_timeout (first, KIN_SECONDS (5), error))
    return FALSE;
  fd = kin_socket_detach (first, error);
  if (fd < 0)
    return FALSE;
  adopted = kin_socket_new_from_fd (fd, error);
  if (!adopted)
    __real_close (fd);
  return adopted != NULL;
}

static gboolean
scenario (GError **error)
{
  return connect_and_accept ("local", "kept", error)
         && connect_and_accept ("local-polled", "polled", error) && pair_and_adopt (error);
}

/* What kin_socket_unref () closes nobody asks about; an error's sentence does without a name. */
static gboolean
is_unheard (const char *call)
{
  return strcmp (call, "close") == 0 || strcmp (call, "getpeername") == 0
         || strcmp (call, "getsockname") == 0;
}

static void
test_each_call_fails_once (void **state)
{
  const char *calls[] = { "socket",     "socketpair", "bind",        "listen",      "accept4",
                          "connect",    "shutdown",   "getsockname", "getpeername", "getsockopt",
                          "setsockopt", "send",       "recv",        "sendmsg",     "recvmsg",
                          "sendmmsg",   "recvmmsg",   "splice",      "ioctl",       "fcntl64",
                          "ppoll",      "close",      "eventfd" };

  (void) state;
  assert_true (scenario (NULL));
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    guint nth, failures = 0;

    failing = calls[i];
    for (nth = 0; nth < 100; nth++) {
      g_autoptr (GError) error = NULL;
      guint before = count_fds ();
      gboolean is_done;

      left = nth;
      has_failed = FALSE;
      is_done = scenario (&error);
      if (!has_failed)
        break;
      if (count_fds () != before)
        fail_msg ("%s, failing at call %u, leaves descriptors", failing, nth);
      if (is_done && is_unheard (failing))
        continue;
      if (is_done || !error)
        fail_msg ("%s failed at call %u and nobody heard of it", failing, nth);
      if (!g_error_matches (error, KIN_OS_ERROR, EIO))
        fail_msg ("%s, failing at call %u, is told as: %s", failing, nth, error->message);
      failures++;
    }
    failing = NULL;
    assert_true (nth < 100);
    if (failures == 0)
      fail_msg ("the scenario never calls %s", calls[i]);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_each_call_fails_once),
  };

  return cmocka_run_group_tests (tests, local_setup, local_teardown);
}
