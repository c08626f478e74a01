/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-loop-threads: the family loop in several threads and processes, and without the kernel.
 *
 * Needs: loop
 */
#include "loop.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* ---- Threads ------------------------------------------------------------------------------- */

#define FLOOD ((gsize) 32 << 20)

static guint8
pattern (gsize at)
{
  return (guint8) (at ^ at >> 8 ^ at >> 16);
}

static gpointer
flood (gpointer socket)
{
  guint8 data[5000];

  for (gsize at = 0; at < FLOOD;) {
    gsize n = MIN (sizeof data, FLOOD - at);

    for (gsize i = 0; i < n; i++)
      data[i] = pattern (at + i);
    must_send (socket, data, n);
    at += n;
  }
  return NULL;
}

static gpointer
drain (gpointer socket)
{
  guint8 data[7001];
  gsize at = 0;

  while (at < FLOOD) {
    gssize n = kin_socket_recv (socket, data, sizeof data, 0, NULL);

    if (n <= 0)
      break;
    for (gssize i = 0; i < n; i++)
      if (data[i] != pattern (at + (gsize) i))
        return GSIZE_TO_POINTER (at + 1);
    at += (gsize) n;
  }
  return GSIZE_TO_POINTER (at);
}

/* Both ways at once, two threads at either end. */
static void
test_flood (void **state)
{
  Pair pair = pair_new ("loop:flood");
  GThread *a = g_thread_new ("flood", flood, pair.client);
  GThread *b = g_thread_new ("flood", flood, pair.server);
  GThread *c = g_thread_new ("drain", drain, pair.client);

  (void) state;
  assert_int_equal (GPOINTER_TO_SIZE (drain (pair.server)), FLOOD);
  assert_int_equal (GPOINTER_TO_SIZE (g_thread_join (c)), FLOOD);
  g_thread_join (a);
  g_thread_join (b);
  pair_free (&pair);
}

#define SENDERS 4
#define EACH    5000

static gpointer
send_numbers (gpointer number)
{
  g_autoptr (KinSocket) socket = must_connect ("loop-dgram:collector");
  guint32 message[2] = { GPOINTER_TO_UINT (number), 0 };

  for (; message[1] < EACH; message[1]++)
    must_send (socket, message, sizeof message);
  return NULL;
}

/* Nothing is lost, and each sender's stay in order, though the queue is full most of the time. */
static void
test_many_senders (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:collector?loop.capacity=2000");
  guint32 next[SENDERS] = { 0 }, message[2];
  GThread *threads[SENDERS];

  (void) state;
  for (guint i = 0; i < SENDERS; i++)
    threads[i] = g_thread_new ("send", send_numbers, GUINT_TO_POINTER (i));
  for (guint i = 0; i < SENDERS * EACH; i++) {
    assert_int_equal (kin_socket_recv (to, message, sizeof message, 0, NULL), sizeof message);
    assert_int_equal (message[1], next[message[0]]++);
  }
  for (guint i = 0; i < SENDERS; i++)
    g_thread_join (threads[i]);
}

static gpointer
talk_until_end (gpointer socket)
{
  char data[100] = { 0 };

  while (kin_socket_send (socket, data, sizeof data, 0, NULL) > 0
         && kin_socket_recv (socket, data, sizeof data, MSG_DONTWAIT, NULL) != 0)
    ;
  return NULL;
}

/* One end closes, without a word, while the other is at work. */
static void
test_close_races (void **state)
{
  guint before = count_fds ();

  (void) state;
  for (guint i = 0; i < 500; i++) {
    Pair pair = pair_new ("loop:race");
    GThread *thread = g_thread_new ("talk", talk_until_end, pair.server);
    char data[64];

    for (guint j = 0; j < i % 17; j++)
      kin_socket_recv (pair.client, data, sizeof data, MSG_DONTWAIT, NULL);
    kin_socket_unref (g_steal_pointer (&pair.client));
    g_thread_join (thread);
    kin_socket_unref (pair.server);
    kin_socket_unref (pair.door);
  }
  assert_int_equal (count_fds (), before);
}

static gpointer
come_and_go (gpointer count)
{
  for (guint i = 0; i < 300; i++) {
    g_autoptr (KinSocket) socket = kin_connect ("loop:busy", LONG, NULL);

    if (socket && kin_socket_send (socket, "x", 1, 0, NULL) == 1)
      g_atomic_int_inc ((gint *) count);
  }
  return NULL;
}

/* Connects, accepts and closes in several threads. */
static void
test_connect_races (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("loop:busy");
  GThread *threads[4];
  gint count = 0;

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("come", come_and_go, &count);
  for (guint i = 0; i < 300 * G_N_ELEMENTS (threads); i++) {
    g_autoptr (KinSocket) server = must_accept (door);

    assert_receives (server, "x");
  }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  assert_int_equal (count, 300 * G_N_ELEMENTS (threads));
}

/* ---- Forks, and the kernel ----------------------------------------------------------------- */

#define CHILD_MUST(truth)                                                                          \
  do {                                                                                             \
    if (!(truth))                                                                                  \
      _exit (__LINE__ % 250 + 1);                                                                  \
  } while (0)

static int
wait_for (pid_t child)
{
  int status;

  assert_int_equal (waitpid (child, &status, 0), child);
  return status;
}

static void
use_in_child (Pair *pair, KinSocket *datagram)
{
  KinAddress address;
  Pair own;
  char byte;

  kin_address_parse (&address, "loop:elsewhere", NULL);
  CHILD_MUST (kin_socket_send (pair->client, "x", 1, 0, NULL) == -1 && errno == EBADF);
  CHILD_MUST (kin_socket_recv (pair->client, &byte, 1, 0, NULL) == -1 && errno == EBADF);
  CHILD_MUST (!kin_socket_accept (pair->door, NULL, NULL) && errno == EBADF);
  CHILD_MUST (!kin_socket_listen (pair->door, 1, NULL) && errno == EBADF);
  CHILD_MUST (!kin_socket_shutdown (pair->client, SHUT_RDWR, NULL) && errno == EBADF);
  CHILD_MUST (!kin_socket_local (pair->client, &address, NULL) && errno == EBADF);
  CHILD_MUST (kin_socket_send (datagram, "x", 1, 0, NULL) == -1 && errno == EBADF);
  CHILD_MUST (!kin_socket_get_option (pair->client, "loop.pending", NULL) && errno == EBADF);
  CHILD_MUST (!kin_connect ("loop:parent", 0, NULL) && errno == ECONNREFUSED);

  own = pair_new ("loop:parent"); /* the child's own name: nobody has it here */
  must_send (own.client, "child", 5);
  assert_receives (own.server, "child");
  CHILD_MUST (kin_socket_send (pair->client, "x", 1, 0, NULL) == -1 && errno == EBADF);
  pair_free (&own);
  pair_free (pair);
  kin_socket_unref (datagram);
}

static void
test_fork (void **state)
{
  Pair pair = pair_new ("loop:parent");
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:parent");
  g_autoptr (KinSocket) datagram = must_connect ("loop-dgram:parent");
  pid_t child;

  (void) state;
  must_send (pair.client, "before", 6);
  child = fork ();
  if (child == 0) {
    use_in_child (&pair, datagram);
    _exit (0);
  }
  assert_int_equal (wait_for (child), 0);
  assert_receives (pair.server, "before");
  must_send (pair.server, "after", 5);
  assert_receives (pair.client, "after");
  must_send (datagram, "still", 5);
  assert_receives (to, "still");
  pair_free (&pair);
}

/* Another thread holds the family's lock most of the time when the process forks. */
static void
test_fork_while_busy (void **state)
{
  Pair pair = pair_new ("loop:busy-fork");
  GThread *thread = g_thread_new ("flood", flood, pair.client);
  GThread *reader = g_thread_new ("drain", drain, pair.server);

  (void) state;
  for (guint i = 0; i < 50; i++) {
    pid_t child = fork ();

    if (child == 0) {
      alarm (20);
      CHILD_MUST (kin_socket_send (pair.client, "x", 1, 0, NULL) == -1 && errno == EBADF);
      kin_socket_unref (pair.client);
      pair = pair_new ("loop:busy-fork");
      must_send (pair.client, "x", 1);
      assert_receives (pair.server, "x");
      _exit (0);
    }
    assert_int_equal (wait_for (child), 0);
  }
  g_thread_join (thread);
  assert_int_equal (GPOINTER_TO_SIZE (g_thread_join (reader)), FLOOD);
  pair_free (&pair);
}

#ifdef __SANITIZE_THREAD__
#define HAS_OWN_CALLS 1
#else
#define HAS_OWN_CALLS 0
#endif

/* In strict mode the kernel kills whoever calls anything but read, write and exit. */
static void
exchange_without_system_calls (void)
{
  Pair pair = pair_new ("loop:strict");
  KinSocket *to = must_bind ("loop-dgram:strict"), *from = must_connect ("loop-dgram:strict");
  char data[64] = "x";

  must_send (pair.client, data, sizeof data); /* the bell rings once */
  must_receive (pair.server, data, sizeof data);
  must_send (from, data, sizeof data);
  must_receive (to, data, sizeof data);
  CHILD_MUST (prctl (PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
  for (guint i = 0; i < 10000; i++) {
    if (kin_socket_send (pair.client, data, sizeof data, 0, NULL) != sizeof data
        || kin_socket_recv (pair.server, data, sizeof data, 0, NULL) != sizeof data
        || kin_socket_send (from, data, sizeof data, 0, NULL) != sizeof data
        || kin_socket_recv (to, data, sizeof data, 0, NULL) != sizeof data)
      syscall (SYS_exit, 1);
  }
  syscall (SYS_exit, 0);
}

static void
test_no_system_calls (void **state)
{
  pid_t child;
  int status;

  (void) state;
  if (HAS_OWN_CALLS) {
    print_message ("# ThreadSanitizer makes system calls of its own\n");
    skip ();
  }
  child = fork ();
  if (child == 0)
    exchange_without_system_calls ();
  status = wait_for (child);
  if (WIFSIGNALED (status))
    fail_msg ("killed by signal %d: a pair of send and receive made a system call",
              WTERMSIG (status));
  assert_int_equal (status, 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_flood),
    cmocka_unit_test (test_many_senders),
    cmocka_unit_test (test_close_races),
    cmocka_unit_test (test_connect_races),
    cmocka_unit_test (test_fork),
    cmocka_unit_test (test_fork_while_busy),
    cmocka_unit_test (test_no_system_calls),
  };

  return cmocka_run_group_tests_name ("loop-threads", tests, NULL, NULL);
}
