/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-constants: the constants of Python's socket module, by its names, with the values that the
 * Python of this machine has; and those that a later Python documents.
 *
 * Needs: alg bluetooth can hyperv inet inet6 netlink packet qipcrtr rds tipc unix vsock plugins
 */
#include "parity.h"

#include <sys/types.h>

/* "NAME value" of each of Python's constants. */
static char **of_python;

static int
ask_python (void **state)
{
  static char program[] =
      "import socket\n"
      "for name in dir(socket):\n"
      "    value = getattr(socket, name)\n"
      "    if name.isupper() and name[0] != '_' and isinstance(value, (int, str)):\n"
      "        print(name, repr(value + 0 if isinstance(value, int) else value))\n";
  char *command[] = { (char[]){ "/usr/bin/python3" }, (char[]){ "-c" }, program, NULL };
  g_autofree char *output = NULL;
  int status = -1;

  (void) state;
  if (!g_spawn_sync (NULL, command, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status, NULL)
      || status != 0)
    return -1;
  of_python = g_strsplit (g_strchomp (output), "\n", -1);
  return 0;
}

static int
drop_python (void **state)
{
  (void) state;
  g_strfreev (of_python);
  return 0;
}

/* What Kin prints it as. */
static char *
constant_of_kin (const char *name)
{
  g_autoptr (GVariant) value = kin_get_constant (name);

  if (!value)
    fail_msg ("there is no %s", name);
  return kin_value_print (value);
}

/* All of Python's whose names match, and these more: at least so many together. */
static void
check (const char *pattern, const char *more, guint least)
{
  g_auto (GStrv) names = g_strsplit (more, " ", -1);
  guint n = 0;

  for (char **line = of_python; *line; line++) {
    g_auto (GStrv) pair = g_strsplit (*line, " ", 2);
    g_autofree char *value = NULL;

    if (!g_regex_match_simple (pattern, pair[0], G_REGEX_ANCHORED, 0)
        || g_strv_contains ((const char *const *) names, pair[0]))
      continue;
    value = constant_of_kin (pair[0]);
    if (strcmp (value, pair[1]) != 0)
      fail_msg ("%s is %s, Python has %s", pair[0], value, pair[1]);
    n++;
  }
  for (char **name = names; *name && **name; name++, n++)
    g_free (constant_of_kin (*name));
  if (n < least)
    fail_msg ("%s: %u of %u", pattern, n, least);
}

static void
check_value (const char *name, const char *expected)
{
  g_autofree char *value = constant_of_kin (name);

  assert_string_equal (value, expected);
}

/* clang-format off */
#define CHECK(function, ...) static void function (void **state) { (void) state; check (__VA_ARGS__); }

CHECK (test_core_families, "AF_(UNSPEC|UNIX|INET|INET6)$", "", 4)
CHECK (test_families,      "AF_", "", 33)
CHECK (test_pf,            "PF_", "PF_RDS", 3)
CHECK (test_types,         "SOCK_(STREAM|DGRAM|RAW|RDM|SEQPACKET)$", "", 5)
CHECK (test_type_flags,    "SOCK_(CLOEXEC|NONBLOCK)$", "", 2)
CHECK (test_directions,    "SHUT_", "", 3)
CHECK (test_buffers,       "SO_(SND|RCV)(BUF|LOWAT|TIMEO)$", "", 6)
CHECK (test_state,         "SO_(ERROR|TYPE|DOMAIN|PROTOCOL|ACCEPTCONN)$", "", 5)
CHECK (test_sharing,       "SO_REUSE(ADDR|PORT)$", "", 2)
CHECK (test_behaviour,     "SO_(DEBUG|KEEPALIVE|DONTROUTE|BROADCAST|LINGER|OOBINLINE)$", "", 6)
CHECK (test_credentials,   "SO_(PASS|PEER)(CRED|SEC)$", "", 4)
CHECK (test_steering,      "SO_(BINDTODEVICE|PRIORITY|MARK)$", "SO_INCOMING_CPU", 4)
CHECK (test_backlog,       "SOMAXCONN$", "", 1)
CHECK (test_flags,         "MSG_", "", 14)
CHECK (test_levels,        "SOL_", "SOL_RDS", 9)
CHECK (test_scm,           "SCM_", "", 6)
CHECK (test_protocols,     "IPPROTO_", "", 26)
CHECK (test_ports,         "IPPORT_", "", 2)
CHECK (test_addresses,     "INADDR_", "", 7)
CHECK (test_ip,            "IP_", "IP_ADD_SOURCE_MEMBERSHIP IP_DROP_SOURCE_MEMBERSHIP IP_BLOCK_SOURCE"
                           " IP_UNBLOCK_SOURCE IP_PKTINFO", 23)
CHECK (test_ipv6,          "IPV6_", "", 26)
CHECK (test_eai,           "EAI_", "", 12)
CHECK (test_ai,            "AI_", "", 7)
CHECK (test_ni,            "NI_", "", 7)
CHECK (test_tcp_common,    "TCP_(NODELAY|MAXSEG|KEEPIDLE|KEEPINTVL|KEEPCNT)$", "", 5)
CHECK (test_tcp,           "TCP_", "TCP_MD5SIG TCP_THIN_LINEAR_TIMEOUTS TCP_THIN_DUPACK TCP_REPAIR"
                           " TCP_REPAIR_QUEUE TCP_QUEUE_SEQ TCP_REPAIR_OPTIONS TCP_TIMESTAMP"
                           " TCP_CC_INFO TCP_SAVE_SYN TCP_SAVED_SYN TCP_REPAIR_WINDOW"
                           " TCP_FASTOPEN_CONNECT TCP_ULP TCP_MD5SIG_EXT TCP_FASTOPEN_KEY"
                           " TCP_FASTOPEN_NO_COOKIE TCP_ZEROCOPY_RECEIVE TCP_INQ TCP_TX_DELAY", 36)
CHECK (test_can,           "(AF|PF)_CAN$|CAN_(RAW|BCM|ISOTP|J1939|(EFF|RTR|ERR)_FLAG|(SFF|EFF|ERR)_MASK)$",
                           "", 12)
CHECK (test_can_levels,    "SOL_CAN_", "", 2)
CHECK (test_can_raw,       "CAN_RAW_(FILTER|LOOPBACK|RECV_OWN_MSGS)$", "CAN_RAW_ERR_FILTER", 4)
CHECK (test_can_fd,        "CAN_RAW_FD_FRAMES$", "", 1)
CHECK (test_can_join,      "CAN_RAW_JOIN_FILTERS$", "", 1)
CHECK (test_can_bcm,       "CAN_BCM_", "", 24)
CHECK (test_isotp,         "CAN_ISOTP$", "", 1)
CHECK (test_j1939,         "J1939_", "", 15)
CHECK (test_so_j1939,      "SO_J1939_", "", 4)
CHECK (test_packet,        "(AF|PF)_PACKET$|PACKET_", "", 9)
CHECK (test_ethertypes,    "ETHERTYPE_", "ETHERTYPE_ARP ETHERTYPE_IP ETHERTYPE_IPV6 ETHERTYPE_VLAN", 4)
CHECK (test_rds,           "(AF|SOL)_RDS$|RDS_", "PF_RDS RDS_CANCEL_SENT_TO RDS_GET_MR RDS_FREE_MR"
                           " RDS_RECVERR RDS_CONG_MONITOR RDS_GET_MR_FOR_DEST RDS_CMSG_RDMA_ARGS"
                           " RDS_CMSG_RDMA_DEST RDS_CMSG_RDMA_MAP RDS_CMSG_RDMA_STATUS"
                           " RDS_CMSG_RDMA_UPDATE RDS_RDMA_READWRITE RDS_RDMA_FENCE"
                           " RDS_RDMA_INVALIDATE RDS_RDMA_USE_ONCE RDS_RDMA_DONTWAIT"
                           " RDS_RDMA_NOTIFY_ME RDS_RDMA_SILENT", 20)
CHECK (test_tipc,          "(AF|SOL)_TIPC$|TIPC_", "", 25)
CHECK (test_alg,           "(AF|SOL)_ALG$|ALG_", "", 12)
CHECK (test_vsock,         "AF_VSOCK$|VMADDR_|SO_VM_|VM_SOCKETS_", "", 8)
CHECK (test_vsock_ioctl,   "IOCTL_VM_SOCKETS_GET_LOCAL_CID$", "IOCTL_VM_SOCKETS_GET_LOCAL_CID", 1)
CHECK (test_netlink,       "NETLINK_", "", 8)
CHECK (test_bluetooth,     "AF_BLUETOOTH$|BTPROTO_|SOL_HCI$", "", 6)
CHECK (test_bdaddr,        "BDADDR_(ANY|LOCAL)$", "", 2)
CHECK (test_hci,           "HCI_(FILTER|TIME_STAMP|DATA_DIR)$", "", 3)
CHECK (test_qipcrtr,       "AF_QIPCRTR$", "", 1)
CHECK (test_udplite,       "UDPLITE_", "UDPLITE_SEND_CSCOV UDPLITE_RECV_CSCOV", 2)
CHECK (test_later,         "NI_IDN$", "NI_IDN SO_BINDTOIFINDEX", 2)
CHECK (test_later_errors,  "IP_RECVERR$", "IP_RECVERR IPV6_RECVERR IP_RECVTTL IP_RECVORIGDSTADDR"
                           " SO_ORIGINAL_DST IP_FREEBIND VMADDR_CID_LOCAL", 7)
CHECK (test_later_bluetooth, "BDADDR_(BREDR|LE)", "BDADDR_BREDR BDADDR_LE_PUBLIC BDADDR_LE_RANDOM"
                           " BT_SECURITY BT_DEFER_SETUP BT_CHANNEL_POLICY BT_VOICE L2CAP_LM"
                           " HCI_CHANNEL_RAW HCI_CHANNEL_USER", 10)
/* clang-format on */

static void
test_eth_p_all (void **state)
{
  (void) state;
  check_value ("ETH_P_ALL", "3");
}

/* Where a system lacks them Python has values of its own; this one has them all. */
static void
test_defaults (void **state)
{
  (void) state;
  check_value ("IPPORT_RESERVED", "1024");
  check_value ("IPPORT_USERRESERVED", "5000");
  check_value ("INADDR_LOOPBACK", "2130706433");
  check_value ("INADDR_NONE", "4294967295");
  check_value ("IPPROTO_ICMP", "1");
}

/* Not a constant here: whether the family is there is asked when the program runs. */
static void
test_has_ipv6 (void **state)
{
  g_autoptr (GError) error = NULL;

  (void) state;
  must (kin_load_family ("inet6", &error), error);
}

static void
test_hyperv (void **state)
{
  (void) state;
  check ("HVSOCKET_",
         "HV_PROTOCOL_RAW HVSOCKET_CONNECT_TIMEOUT HVSOCKET_CONNECT_TIMEOUT_MAX"
         " HVSOCKET_CONNECTED_SUSPEND HVSOCKET_ADDRESS_FLAG_PASSTHRU",
         5);
  check_value ("HV_GUID_ZERO", "'00000000-0000-0000-0000-000000000000'");
}

int
main (void)
{
  /* clang-format off */
  const struct CMUnitTest tests[] = {
    ROW ("constants: AF_UNSPEC/AF_UNIX/AF_INET/AF_INET6", test_core_families),
    ROW ("constants: AF_*", test_families),
    ROW ("constants: PF_*", test_pf),
    ROW ("constants: SOCK_STREAM/DGRAM/RAW/RDM/SEQPACKET", test_types),
    ROW ("constants: SOCK_CLOEXEC/SOCK_NONBLOCK", test_type_flags),
    ROW ("constants: SHUT_RD/SHUT_WR/SHUT_RDWR", test_directions),
    ROW ("constants: SO_* generic buffers", test_buffers),
    ROW ("constants: SO_* state", test_state),
    ROW ("constants: SO_REUSEADDR/SO_REUSEPORT", test_sharing),
    ROW ("constants: SO_* behaviour", test_behaviour),
    ROW ("constants: SO_* credentials", test_credentials),
    ROW ("constants: SO_* steering", test_steering),
    ROW ("constants: SOMAXCONN", test_backlog),
    ROW ("constants: MSG_*", test_flags),
    ROW ("constants: SOL_*", test_levels),
    ROW ("constants: SCM_*", test_scm),
    ROW ("constants: IPPROTO_*", test_protocols),
    ROW ("constants: IPPORT_*", test_ports),
    ROW ("constants: INADDR_*", test_addresses),
    ROW ("constants: IP_*", test_ip),
    ROW ("constants: IPV6_*", test_ipv6),
    ROW ("constants: EAI_*", test_eai),
    ROW ("constants: AI_*", test_ai),
    ROW ("constants: NI_*", test_ni),
    ROW ("constants: TCP_* common", test_tcp_common),
    ROW ("constants: TCP_* Linux", test_tcp),
    ROW ("constants: AF_CAN/PF_CAN/CAN_*", test_can),
    ROW ("constants: SOL_CAN_*", test_can_levels),
    ROW ("constants: CAN_RAW_*", test_can_raw),
    ROW ("constants: CAN_RAW_FD_FRAMES", test_can_fd),
    ROW ("constants: CAN_RAW_JOIN_FILTERS", test_can_join),
    ROW ("constants: CAN_BCM_*", test_can_bcm),
    ROW ("constants: CAN_ISOTP constants", test_isotp),
    ROW ("constants: J1939_*", test_j1939),
    ROW ("constants: SO_J1939_*", test_so_j1939),
    ROW ("constants: AF_PACKET/PF_PACKET/PACKET_*", test_packet),
    ROW ("constants: ETH_P_ALL", test_eth_p_all),
    ROW ("constants: ETHERTYPE_*", test_ethertypes),
    ROW ("constants: AF_RDS/PF_RDS/SOL_RDS/RDS_*", test_rds),
    ROW ("constants: TIPC_*", test_tipc),
    ROW ("constants: AF_ALG/SOL_ALG/ALG_*", test_alg),
    ROW ("constants: AF_VSOCK/VMADDR*/SO_VM*", test_vsock),
    ROW ("constants: IOCTL_VM_SOCKETS_GET_LOCAL_CID", test_vsock_ioctl),
    ROW ("constants: NETLINK_*", test_netlink),
    ROW ("constants: has_ipv6", test_has_ipv6),
    ROW ("constants: AF_BLUETOOTH/BTPROTO_*/SOL_HCI", test_bluetooth),
    ROW ("constants: BDADDR_ANY/BDADDR_LOCAL", test_bdaddr),
    ROW ("constants: HCI_FILTER/HCI_TIME_STAMP/HCI_DATA_DIR", test_hci),
    ROW ("constants: AF_QIPCRTR", test_qipcrtr),
    ROW ("constants: AF_HYPERV/HV_*/HVSOCKET_*", test_hyperv),
    ROW ("constants: UDPLITE_*", test_udplite),
    ROW ("constants: defaults for missing symbols", test_defaults),
    ROW ("constants: [3.13+] SO_BINDTOIFINDEX, NI_IDN", test_later),
    ROW ("constants: [3.14+] error queue and redirect", test_later_errors),
    ROW ("constants: [3.14+] Bluetooth", test_later_bluetooth),
  };
  /* clang-format on */

  return cmocka_run_group_tests (tests, ask_python, drop_python);
}
