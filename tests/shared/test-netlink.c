/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-netlink: what the command cannot reach: the group that a message came to, and the kernel's
 * words for what it refuses. In a network namespace of its own.
 *
 * Needs: netlink
 */
#include "net.h"

#include <linux/rtnetlink.h>

/* The group of links, RTNLGRP_LINK, is the first. */
static void
test_group (void **state)
{
  g_autoptr (KinSocket) socket = must_bind ("netlink:route,0,1?netlink.pktinfo=1");
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) group = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *printed = NULL;
  union {
    struct nlmsghdr header;
    char bytes[8192];
  } data;
  int status = -1;

  (void) state;
  assert_true (g_spawn_command_line_sync ("ip link set k0 mtu 1400", NULL, NULL, &status, NULL));
  assert_int_equal (status, 0);
  kin_message_set_data (message, &data, sizeof data);
  must (kin_socket_recvmsg (socket, message, 0, &error) > 0, error);
  assert_int_equal (data.header.nlmsg_type, RTM_NEWLINK);
  group = kin_message_get_control (message, socket, "netlink.pktinfo");
  assert_non_null (group);
  printed = kin_value_print (group);
  assert_string_equal (printed, "(1,)");
}

/* A dump of links whose header asks for a link, which strict checking refuses. */
static void
must_ask_wrongly (KinSocket *socket)
{
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {
    .header = { .nlmsg_len = sizeof request,
                .nlmsg_type = RTM_GETLINK,
                .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
    .link = { .ifi_flags = 1 },
  };

  must_send (socket, &request, sizeof request);
}

static void
test_refused (void **state)
{
  g_autoptr (KinSocket) socket =
      must_connect ("netlink:route,0,0?netlink.strict-check=1&netlink.ext-ack=1&netlink.errors=1");
  g_autoptr (GError) error = NULL;
  char data[8192];

  (void) state;
  must_ask_wrongly (socket);
  assert_int_equal (kin_socket_recv (socket, data, sizeof data, 0, &error), -1);
  assert_int_equal (errno, EINVAL);
  if (!strstr (error->message, "; the kernel says: Invalid values in header for link dump request"))
    fail_msg ("%s", error->message);
}

/* Unless that is asked for, a refusal is a message as others are. */
static void
test_refused_as_a_message (void **state)
{
  g_autoptr (KinSocket) socket = must_connect ("netlink:route,0,0?netlink.strict-check=1");
  g_autoptr (GError) error = NULL;
  struct {
    struct nlmsghdr header;
    struct nlmsgerr refusal;
    char more[8192];
  } answer;

  (void) state;
  must_ask_wrongly (socket);
  must (kin_socket_recv (socket, &answer, sizeof answer, 0, &error) > 0, error);
  assert_true (answer.header.nlmsg_type == NLMSG_ERROR || answer.header.nlmsg_type == NLMSG_DONE);
  assert_int_equal (answer.refusal.error, -EINVAL);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_group),
    cmocka_unit_test (test_refused),
    cmocka_unit_test (test_refused_as_a_message),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
