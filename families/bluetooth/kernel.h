/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/bluetooth/kernel.h: the kernel's side of Bluetooth sockets, which no header of the C
 * library or of the kernel has for programs: addresses, options, numbers. And what the files of
 * this folder have of each other.
 *
 * Names and layouts are those of net/bluetooth in Linux. What goes over the air or to a controller
 * is little-endian on every machine: le16 is such a number. */
/* clang-format off */
#ifndef KIN_BLUETOOTH_KERNEL_H
#define KIN_BLUETOOTH_KERNEL_H

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <kin/family.h>

typedef uint16_t le16;

enum {
  BTPROTO_L2CAP = 0, BTPROTO_HCI  = 1, BTPROTO_SCO  = 2, BTPROTO_RFCOMM = 3, BTPROTO_BNEP = 4,
  BTPROTO_CMTP  = 5, BTPROTO_HIDP = 6, BTPROTO_AVDTP = 7, BTPROTO_ISO = 8
};
enum { SOL_HCI = 0, SOL_L2CAP = 6, SOL_SCO = 17, SOL_RFCOMM = 18 };
#ifndef SOL_BLUETOOTH
#define SOL_BLUETOOTH 274
#endif

/* ---- Addresses ----------------------------------------------------------------------------- */

typedef struct {
  uint8_t b[6];   /* the last first */
} BluetoothDevice;

enum { BDADDR_BREDR = 0, BDADDR_LE_PUBLIC = 1, BDADDR_LE_RANDOM = 2 };

struct sockaddr_l2 {
  sa_family_t     l2_family;
  le16            l2_psm;
  BluetoothDevice l2_bdaddr;
  le16            l2_cid;
  uint8_t         l2_bdaddr_type;
};

struct sockaddr_rc {
  sa_family_t     rc_family;
  BluetoothDevice rc_bdaddr;
  uint8_t         rc_channel;
};

struct sockaddr_sco {
  sa_family_t     sco_family;
  BluetoothDevice sco_bdaddr;
};

struct sockaddr_hci {
  sa_family_t hci_family;
  uint16_t    hci_dev;
  uint16_t    hci_channel;
};

KIN_ASSERT (sizeof (struct sockaddr_l2) == 14 && sizeof (struct sockaddr_rc) == 10
            && sizeof (struct sockaddr_sco) == 8 && sizeof (struct sockaddr_hci) == 6,
            "addresses are as the kernel has them");

enum { HCI_DEV_NONE = 0xffff };
enum {
  HCI_CHANNEL_RAW = 0, HCI_CHANNEL_USER = 1, HCI_CHANNEL_MONITOR = 2, HCI_CHANNEL_CONTROL = 3,
  HCI_CHANNEL_LOGGING = 4
};

/* ---- Options and control messages ---------------------------------------------------------- */

enum {
  BT_SECURITY       = 4,
  BT_DEFER_SETUP    = 7,
  BT_FLUSHABLE      = 8,
  BT_POWER          = 9,
  BT_CHANNEL_POLICY = 10,
  BT_VOICE          = 11,
  BT_SNDMTU         = 12,
  BT_RCVMTU         = 13,
  BT_PHY            = 14,
  BT_MODE           = 15,
  BT_PKT_STATUS     = 16,
  BT_ISO_QOS        = 17,
  BT_CODEC          = 19,
  BT_ISO_BASE       = 20,
  BT_PKT_SEQNUM     = 22,   /* Linux 6.17 */
  BT_SCM_PKT_STATUS = 3,
  BT_SCM_ERROR      = 4,
  BT_SCM_PKT_SEQNUM = 5
};

struct bt_security {
  uint8_t level;
  uint8_t key_size;
};

enum {
  BT_SECURITY_SDP = 0, BT_SECURITY_LOW = 1, BT_SECURITY_MEDIUM = 2, BT_SECURITY_HIGH = 3,
  BT_SECURITY_FIPS = 4
};
enum { BT_VOICE_TRANSPARENT = 0x03, BT_VOICE_CVSD_16BIT = 0x60, BT_VOICE_TRANSPARENT_16BIT = 0x63 };
enum {
  BT_MODE_BASIC = 0, BT_MODE_ERTM = 1, BT_MODE_STREAMING = 2, BT_MODE_LE_FLOWCTL = 3,
  BT_MODE_EXT_FLOWCTL = 4
};

enum { L2CAP_OPTIONS = 1, L2CAP_CONNINFO = 2, L2CAP_LM = 3 };
enum { RFCOMM_CONNINFO = 2, RFCOMM_LM = 3 };
enum { SCO_OPTIONS = 1, SCO_CONNINFO = 2 };
enum { HCI_DATA_DIR = 1, HCI_FILTER = 2, HCI_TIME_STAMP = 3 };
enum { HCI_CMSG_DIR = 1, HCI_CMSG_TSTAMP = 2 };

struct l2cap_options {
  uint16_t omtu, imtu, flush_to;
  uint8_t  mode, fcs, max_tx;
  uint16_t txwin_size;
};

/* L2CAP's, RFCOMM's and SCO's. */
struct bt_conninfo {
  uint16_t hci_handle;
  uint8_t  dev_class[3];
};

struct hci_filter {
  uint32_t type_mask;
  uint32_t event_mask[2];
  le16     opcode;
};

KIN_ASSERT (sizeof (struct l2cap_options) == 12 && sizeof (struct bt_conninfo) == 6
            && sizeof (struct hci_filter) == 16, "options are as the kernel has them");

/* ---- Controllers --------------------------------------------------------------------------- */

#define HCIGETDEVLIST _IOR ('H', 210, int)
#define HCIGETDEVINFO _IOR ('H', 211, int)

enum { HCI_UP = 0, HCI_VIRTUAL = 0, HCI_MAX_DEV = 16 };

struct hci_dev_list_req {
  uint16_t dev_num;
  struct {
    uint16_t dev_id;
    uint32_t dev_opt;
  } dev_req[HCI_MAX_DEV];
};

struct hci_dev_info {
  uint16_t        dev_id;
  char            name[8];
  BluetoothDevice bdaddr;
  uint32_t        flags;      /* 1 << HCI_UP and others */
  uint8_t         type;       /* the bus in the lower four bits */
  uint8_t         features[8];
  uint32_t        pkt_type, link_policy, link_mode;
  uint16_t        acl_mtu, acl_pkts, sco_mtu, sco_pkts;
  uint32_t        stat[10];
};

KIN_ASSERT (sizeof (struct hci_dev_info) == 92, "what a controller tells is as the kernel has it");

/* ---- This folder --------------------------------------------------------------------------- */

/* controllers.c: the address of the controller hciNUMBER; 0 or -errno. */
int bluetooth_find_controller (unsigned number, BluetoothDevice *device);
/* The first two virtual controllers that are up; 0, or -errno and why. */
int bluetooth_find_virtual (BluetoothDevice found[2], char *reason, size_t size);

/* roundtrip.c: KinProtocol.round_trip. */
int bluetooth_trip_l2cap (char *reason, size_t size);
int bluetooth_trip_l2cap_stream (char *reason, size_t size);
int bluetooth_trip_rfcomm (char *reason, size_t size);
int bluetooth_trip_sco (char *reason, size_t size);
int bluetooth_trip_hci (char *reason, size_t size);

/* describe.c: KinProtocol.describe of hci. */
int bluetooth_describe (const KinAddress *from, const void *data, size_t length, char *line,
                        size_t size);

#endif
