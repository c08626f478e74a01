/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* roundtrip: what `kin doctor` does to see that Bluetooth works.
 *
 * The management interface is asked for its version, which takes neither a controller nor a right.
 * Connections are made between two virtual controllers alone: nothing goes on the air. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"

enum { WAIT_MSEC = 1000, MANAGEMENT_COMPLETE = 1, MANAGEMENT_READ_VERSION = 1 };

static int
wait_for (int fd, short events)
{
  struct pollfd one = { .fd = fd, .events = events };
  int n = poll (&one, 1, WAIT_MSEC);

  if (n < 0)
    return -errno;
  return n == 0 ? -ETIMEDOUT : 0;
}

/* ---- hci ----------------------------------------------------------------------------------- */

/* Events of others may come before the answer. */
static int
read_version (int fd)
{
  static const uint8_t question[] = { MANAGEMENT_READ_VERSION, 0, 0xff, 0xff, 0, 0 };
  static const uint8_t answer[] = { MANAGEMENT_COMPLETE,     0, 0xff, 0xff, 6, 0,
                                    MANAGEMENT_READ_VERSION, 0, 0 };
  uint8_t event[512];
  int rc;

  if (send (fd, question, sizeof question, MSG_NOSIGNAL) < 0)
    return -errno;
  for (int i = 0; i < 100; i++) {
    ssize_t n;

    rc = wait_for (fd, POLLIN);
    if (rc < 0)
      return rc;
    n = recv (fd, event, sizeof event, MSG_DONTWAIT);
    if (n == sizeof answer + 3 && memcmp (event, answer, sizeof answer) == 0)
      return 0;
  }
  return -EPROTO;
}

int
bluetooth_trip_hci (char *reason, size_t size)
{
  struct sockaddr_hci address = {
    .hci_family = AF_BLUETOOTH,
    .hci_dev = HCI_DEV_NONE,
    .hci_channel = HCI_CHANNEL_CONTROL,
  };
  int fd = socket (AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI), rc;

  if (fd < 0)
    return -errno;
  rc = bind (fd, (struct sockaddr *) &address, sizeof address) < 0 ? -errno : read_version (fd);
  close (fd);
  if (rc < 0)
    snprintf (reason, size, "the management interface does not tell its version: %s",
              strerror (-rc));
  return rc;
}

/* ---- Connections --------------------------------------------------------------------------- */

typedef union {
  struct sockaddr generic;
  struct sockaddr_l2 l2cap;
  struct sockaddr_rc rfcomm;
  struct sockaddr_sco sco;
} Name;

typedef struct {
  int type, protocol;
  socklen_t length;          /* of a name */
  int door, asker, answerer; /* -1: not yet */
} Trip;

static Name
make_name (const Trip *trip, const BluetoothDevice *device)
{
  Name name = { .generic = { .sa_family = AF_BLUETOOTH } };

  if (trip->protocol == BTPROTO_L2CAP)
    name.l2cap.l2_bdaddr = *device;
  else if (trip->protocol == BTPROTO_RFCOMM)
    name.rfcomm.rc_bdaddr = *device;
  else
    name.sco.sco_bdaddr = *device;
  return name;
}

/* A socket on that controller; the kernel chooses PSM and channel. */
static int
open_end (const Trip *trip, const BluetoothDevice *device)
{
  int fd = socket (AF_BLUETOOTH, trip->type | SOCK_CLOEXEC | SOCK_NONBLOCK, trip->protocol);
  Name name = make_name (trip, device);

  if (fd >= 0 && bind (fd, &name.generic, trip->length) < 0) {
    int code = errno;

    close (fd);
    errno = code;
    return -1;
  }
  return fd;
}

static int
connect_ends (Trip *trip, const BluetoothDevice devices[2])
{
  socklen_t length = trip->length, code_length = sizeof (int);
  Name name = { .generic = { .sa_family = AF_UNSPEC } };
  int code = 0, rc;

  trip->door = open_end (trip, &devices[1]);
  trip->asker = open_end (trip, &devices[0]);
  if (trip->door < 0 || trip->asker < 0 || listen (trip->door, 1) < 0
      || getsockname (trip->door, &name.generic, &length) < 0
      || (connect (trip->asker, &name.generic, trip->length) < 0 && errno != EINPROGRESS))
    return -errno;
  rc = wait_for (trip->asker, POLLOUT);
  if (rc == 0 && getsockopt (trip->asker, SOL_SOCKET, SO_ERROR, &code, &code_length) < 0)
    rc = -errno;
  if (rc == 0 && code != 0)
    rc = -code;
  if (rc == 0)
    rc = wait_for (trip->door, POLLIN);
  if (rc < 0)
    return rc;
  trip->answerer = accept4 (trip->door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return trip->answerer < 0 ? -errno : 0;
}

static int
pass (int from, int to, const char *bytes, size_t length)
{
  char data[64];
  ssize_t n = send (from, bytes, length, MSG_NOSIGNAL);
  int rc;

  if (n < 0)
    return -errno;
  rc = wait_for (to, POLLIN);
  if (rc < 0)
    return rc;
  n = recv (to, data, sizeof data, 0);
  if (n < 0)
    return -errno;
  return (size_t) n == length && memcmp (data, bytes, length) == 0 ? 0 : -EBADMSG;
}

/* The ends that there are; errno stays as it is. */
static void
close_ends (const Trip *trip)
{
  const int ends[] = { trip->asker, trip->answerer, trip->door };

  for (int i = 0; i < 3; i++)
    if (ends[i] >= 0)
      close (ends[i]);
}

static int
make_trip (int type, int protocol, socklen_t length, char *reason, size_t size)
{
  Trip trip = { type, protocol, length, .door = -1, .asker = -1, .answerer = -1 };
  BluetoothDevice devices[2];
  int rc = bluetooth_find_virtual (devices, reason, size);

  if (rc < 0)
    return rc;
  rc = connect_ends (&trip, devices);
  if (rc == 0)
    rc = pass (trip.asker, trip.answerer, "kin asks", 8);
  if (rc == 0)
    rc = pass (trip.answerer, trip.asker, "kin answers", 11);
  close_ends (&trip);
  if (rc < 0)
    snprintf (reason, size, "from one virtual controller to the other: %s", strerror (-rc));
  return rc;
}

int
bluetooth_trip_l2cap (char *reason, size_t size)
{
  return make_trip (SOCK_SEQPACKET, BTPROTO_L2CAP, sizeof (struct sockaddr_l2), reason, size);
}

int
bluetooth_trip_l2cap_stream (char *reason, size_t size)
{
  return make_trip (SOCK_STREAM, BTPROTO_L2CAP, sizeof (struct sockaddr_l2), reason, size);
}

int
bluetooth_trip_rfcomm (char *reason, size_t size)
{
  return make_trip (SOCK_STREAM, BTPROTO_RFCOMM, sizeof (struct sockaddr_rc), reason, size);
}

int
bluetooth_trip_sco (char *reason, size_t size)
{
  return make_trip (SOCK_SEQPACKET, BTPROTO_SCO, sizeof (struct sockaddr_sco), reason, size);
}
