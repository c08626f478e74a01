/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* controllers: which Bluetooth controllers this machine has, as hciconfig(1) asks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"

static int
ask (unsigned long request, void *answer)
{
  int fd = socket (AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI), rc;

  if (fd < 0)
    return -errno;
  rc = ioctl (fd, request, answer) < 0 ? -errno : 0;
  close (fd);
  return rc;
}

int
bluetooth_find_controller (unsigned number, BluetoothDevice *device)
{
  struct hci_dev_info info = { .dev_id = (uint16_t) number };
  int rc = number < HCI_DEV_NONE ? ask (HCIGETDEVINFO, &info) : -ENODEV;

  *device = info.bdaddr;
  return rc;
}

int
bluetooth_find_virtual (BluetoothDevice found[2], char *reason, size_t size)
{
  struct hci_dev_list_req list = { .dev_num = HCI_MAX_DEV };
  int rc = ask (HCIGETDEVLIST, &list);
  unsigned n = 0;

  if (rc < 0)
    return rc;
  for (unsigned i = 0; i < list.dev_num && n < 2; i++) {
    struct hci_dev_info info = { .dev_id = list.dev_req[i].dev_id };

    if (ask (HCIGETDEVINFO, &info) == 0 && (info.type & 0xf) == HCI_VIRTUAL
        && (info.flags & 1u << HCI_UP))
      found[n++] = info.bdaddr;
  }
  if (n == 2)
    return 0;
  snprintf (reason, size,
            "%s; to try it takes two virtual ones that are up, so that nothing goes on the air: "
            "modprobe hci_vhci, btvirt -l2",
            list.dev_num == 0 ? "no Bluetooth controller" : "of the controllers none is for tests");
  return -ENODEV;
}
