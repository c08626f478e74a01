/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-hyperv: the family hyperv: GUIDs and the numbers they stand for, and connections by them
 * within this machine.
 *
 * Needs: hyperv vsock
 */
#include "vsock.h"

#define ZERO     "00000000-0000-0000-0000-000000000000"
#define CHILDREN "90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd"
#define LOOPBACK "e0e16197-dd56-4a10-9195-5ee7a155a838"
#define PARENT   "a42e7cda-d03f-480c-9cc2-a4de20abb878"
#define SERVICE  "-facb-11e6-bd58-64006a7986d3"
#define ANY      "ffffffff" SERVICE

static void
test_names (void **state)
{
  static const struct {
    const char *machine, *word;
    guint32 cid;
  } machines[] = {
    { ZERO, "wildcard", VMADDR_CID_ANY },
    { CHILDREN, "children", VMADDR_CID_ANY - 1 },
    { LOOPBACK, "loopback", 1 },
    { PARENT, "parent", VMADDR_CID_HOST },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (machines); i++) {
    const char *machine = machines[i].machine;
    g_autofree char *text = g_strdup_printf ("hyperv:%s,000004d2" SERVICE, machine);
    g_autofree char *words = g_strdup_printf ("hyperv:%s,000004d2" SERVICE, machines[i].word);
    g_autofree char *tuple = g_strdup_printf ("('%s', '000004d2" SERVICE "')", machine);
    g_autofree char *written = NULL;
    KinAddress address;

    check_name (text, tuple, machines[i].cid, 1234);
    check_name (words, tuple, machines[i].cid, 1234);
    assert_true (kin_address_parse (&address, words, NULL));
    written = kin_address_format (&address);
    assert_string_equal (written, text);
  }
  check_name ("hyperv:A42E7CDA-D03F-480C-9CC2-A4DE20ABB878,FFFFFFFE-FACB-11E6-BD58-64006A7986D3",
              "('" PARENT "', 'fffffffe" SERVICE "')", VMADDR_CID_HOST, G_MAXUINT32 - 1);
}

static void
test_bad_names (void **state)
{
  static const char *const tuples[][2] = {
    { "parent", "000004d2" SERVICE }, /* words are for text */
    { "{" PARENT "}", "000004d2" SERVICE },    { PARENT, "1234" },
    { PARENT, "000004d2" SERVICE "\303\251" }, { "", "" },
  };
  const char *no_number = "the wildcard, children, loopback and the parent";

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (tuples); i++) {
    g_autoptr (GError) error = NULL;
    KinAddress address;

    assert_false (kin_address_from_tuple (
        &address, "hyperv", g_variant_new ("(ss)", tuples[i][0], tuples[i][1]), &error));
    assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT));
    assert_non_null (strstr (error->message, "not a valid"));
  }
  check_bad_name ("hyperv:" PARENT, "must be vm_id,service_id");
  check_bad_name ("hyperv:" PARENT ",1234",
                  "not a valid service_id: \"1234\"; as in hyperv:parent,000004d2" SERVICE);
  check_bad_name ("hyperv:" PARENT ",000004d2xfacb-11e6-bd58-64006a7986d3",
                  "not a valid service_id");
  check_bad_name ("hyperv:" PARENT ",00000g00" SERVICE, "not a valid service_id");
  check_bad_name ("hyperv:here,000004d2" SERVICE, "not a valid vm_id");
  check_bad_name ("hyperv:FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF,000004d2" SERVICE, no_number);
  check_bad_name ("hyperv:" PARENT ",0000002a-0000-0000-0000-000000000000", no_number);
  check_bad_name ("hyperv:" PARENT ",000004d2-facb-11e6-bd58-64006a7986d4", no_number);
}

static void
test_constants (void **state)
{
  static const struct {
    const char *name, *printed;
  } constants[] = {
    { "HV_GUID_ZERO", "'" ZERO "'" },
    { "HV_GUID_WILDCARD", "'" ZERO "'" },
    { "HV_GUID_BROADCAST", "'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'" },
    { "HV_GUID_CHILDREN", "'" CHILDREN "'" },
    { "HV_GUID_LOOPBACK", "'" LOOPBACK "'" },
    { "HV_GUID_PARENT", "'" PARENT "'" },
    { "HV_PROTOCOL_RAW", "1" },
    { "HVSOCKET_CONNECT_TIMEOUT", "1" },
    { "HVSOCKET_CONNECT_TIMEOUT_MAX", "300000" },
    { "HVSOCKET_CONNECTED_SUSPEND", "4" },
    { "HVSOCKET_ADDRESS_FLAG_PASSTHRU", "1" },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (constants); i++) {
    g_autoptr (GVariant) value = kin_get_constant (constants[i].name);
    g_autofree char *printed = NULL;

    assert_non_null (value);
    printed = kin_value_print (value);
    assert_string_equal (printed, constants[i].printed);
  }
}

/* A socket that another program made is vsock's: hyperv claims no domain. */
static void
test_domain (void **state)
{
  g_autoptr (KinSocket) taken = NULL;

  (void) state;
  need_vsock ();
  taken = kin_socket_new_from_fd (socket (AF_VSOCK, SOCK_STREAM, 0), NULL);
  assert_non_null (taken);
  assert_string_equal (kin_socket_scheme (taken), "vsock");
}

/* Bound to the one, connected to the other, and what each end then is called. */
static void
check_connection (const char *own, const char *peer, const char *server_name)
{
  g_autofree char *bound = g_strdup_printf ("hyperv:%s," ANY, own), *local = NULL, *to = NULL;
  g_autofree char *name = NULL, *expected = NULL;
  Pair pair = { .door = must_listen (bound) };
  const char *service;

  local = local_text (pair.door);
  assert_true (g_str_has_prefix (local + strlen ("hyperv:"), own));
  service = strchr (local, ',');
  to = g_strdup_printf ("hyperv:%s%s", peer, service);
  pair.client = must_connect (to);
  pair.server = must_accept (pair.door);
  name = local_text (pair.server);
  expected = g_strdup_printf ("hyperv:%s%s", server_name, service);
  assert_string_equal (name, expected);
  must_send (pair.client, "there", 5);
  assert_receives (pair.server, "there");
  must_send (pair.server, "back", 4);
  assert_receives (pair.client, "back");
  kin_socket_unref (g_steal_pointer (&pair.client));
  assert_receives (pair.server, "");
  assert_true (kin_socket_shutdown (pair.server, SHUT_WR, NULL));
  assert_receives (pair.server, ""); /* the kernel alone would have forgotten that */
  pair_free (&pair);
}

static void
test_loopback (void **state)
{
  (void) state;
  need_vsock ();
  check_connection (LOOPBACK, LOOPBACK, LOOPBACK);
  check_connection (ZERO, LOOPBACK, LOOPBACK);
}

/* A host without a host of its own reaches itself as the parent. */
static void
test_children (void **state)
{
  int machine = open_mute_machine ();

  (void) state;
  need_mute_machine (machine);
  check_connection (CHILDREN, PARENT, CHILDREN);
  check_connection (ZERO, PARENT, CHILDREN);
  close (machine);
}

static void
test_failures (void **state)
{
  static const struct {
    const char *machine, *words;
    int code;
  } failures[] = {
    { ZERO, "are to listen at", EADDRNOTAVAIL },
    { CHILDREN, "are to listen at", EADDRNOTAVAIL },
    { LOOPBACK, "no program offers that service", ECONNRESET },
  };

  (void) state;
  need_vsock ();
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++) {
    g_autofree char *text = g_strdup_printf ("hyperv:%s,00000063" SERVICE, failures[i].machine);
    g_autoptr (GError) error = NULL;

    assert_null (kin_connect (text, LONG, &error));
    if (!strstr (error->message, failures[i].words))
      fail_msg ("%s", error->message);
    assert_fails (FALSE, failures[i].code, &error);
  }
}

static void
test_option (void **state)
{
  g_autoptr (KinSocket) socket = NULL;

  (void) state;
  need_vsock ();
  socket = must_bind ("hyperv:loopback," ANY "?hyperv.connect-timeout=0.5");
  assert_int_equal (get_number (socket, "hyperv.connect-timeout"), 500000);
}

/* No GUID says the number of a machine that does not answer, so it is written into the address. */
static void
test_connect_waits (void **state)
{
  int machine = open_mute_machine ();
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = NULL;
  struct sockaddr_vm peer;
  KinAddress address;
  Moment began;

  (void) state;
  need_mute_machine (machine);
  must (kin_address_parse (&address, "hyperv:parent,00000063" SERVICE, &error), error);
  memcpy (&peer, &address.sa, sizeof peer);
  peer.svm_cid = MUTE_CID;
  memcpy (&address.sa, &peer, sizeof peer);
  socket = kin_socket_new ("hyperv", &error);
  must (socket && kin_socket_set_timeout (socket, SHORT, &error), error);
  began = now ();
  assert_false (kin_socket_connect (socket, &address, &error));
  assert_waited (began, SHORT);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  close (machine);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_names),         cmocka_unit_test (test_bad_names),
    cmocka_unit_test (test_constants),     cmocka_unit_test (test_domain),
    cmocka_unit_test (test_loopback),      cmocka_unit_test (test_children),
    cmocka_unit_test (test_failures),      cmocka_unit_test (test_option),
    cmocka_unit_test (test_connect_waits),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
