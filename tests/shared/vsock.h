/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/vsock.h: what tests of vsock, and of hyperv over it, start from. */
/* clang-format off */
#ifndef TEST_VSOCK_H
#define TEST_VSOCK_H

#include "sockets.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/vhost.h>
#include <linux/vm_sockets.h>

#define MUTE_CID 4242

/* A socket may be bound to this machine's own id; without that, packets for it go to the host. */
static inline gboolean
can_reach_itself (void)
{
  struct sockaddr_vm own = { .svm_family = AF_VSOCK, .svm_cid = 1, .svm_port = VMADDR_PORT_ANY };
  int fd = socket (AF_VSOCK, SOCK_STREAM, 0);
  gboolean is_bound = fd >= 0 && bind (fd, (struct sockaddr *) &own, sizeof own) == 0;

  if (fd >= 0)
    close (fd);
  return is_bound;
}

#define need_vsock() \
  do { \
    if (!can_reach_itself ()) { \
      print_message ("# the kernel has no vsock within this machine: modprobe vsock_loopback\n"); \
      skip (); \
    } \
  } while (0)

/* The host's end of a virtual machine that has no memory: what is sent there is never fetched. To be
 * closed; -1: the kernel is no host. */
static inline int
open_mute_machine (void)
{
  guint64 cid = MUTE_CID, features = 1 << 1;   /* VIRTIO_VSOCK_F_SEQPACKET */
  int fd = can_reach_itself () ? open ("/dev/vhost-vsock", O_RDWR | O_CLOEXEC) : -1;

  if (fd >= 0) {
    assert_int_equal (ioctl (fd, VHOST_SET_OWNER), 0);
    assert_int_equal (ioctl (fd, VHOST_SET_FEATURES, &features), 0);
    assert_int_equal (ioctl (fd, VHOST_VSOCK_SET_GUEST_CID, &cid), 0);
  }
  return fd;
}

#define need_mute_machine(fd) \
  do { \
    if ((fd) < 0) { \
      print_message ("# the kernel is no host of virtual machines: modprobe vhost_vsock\n"); \
      skip (); \
    } \
  } while (0)

/* Text and tuple and back, and the numbers that the kernel gets. */
static inline void
check_name (const char *text, const char *printed, guint32 cid, guint32 port)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *written = NULL, *shown = NULL;
  struct sockaddr_vm own;
  KinAddress address, again;

  must (kin_address_parse (&address, text, &error), error);
  assert_int_equal (address.length, sizeof own);
  memcpy (&own, &address.sa, sizeof own);
  assert_int_equal (own.svm_family, AF_VSOCK);
  assert_int_equal (own.svm_cid, cid);
  assert_int_equal (own.svm_port, port);
  tuple = kin_address_to_tuple (&address);
  shown = kin_value_print (tuple);
  assert_string_equal (shown, printed);
  written = kin_address_format (&address);
  must (kin_address_parse (&again, written, &error), error);
  assert_true (kin_address_equal (&address, &again));
}

/* One line, which has the words. */
static inline void
check_bad_name (const char *text, const char *words)
{
  g_autoptr (GError) error = NULL;
  KinAddress address;

  assert_false (kin_address_parse (&address, text, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT));
  assert_null (strchr (error->message, '\n'));
  if (!strstr (error->message, words))
    fail_msg ("%s", error->message);
}

#endif
