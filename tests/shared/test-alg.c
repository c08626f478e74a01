/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-alg: the kernel's way, with control messages, and conversations; timeouts, splice, keys.
 * What is right say published test vectors.
 *
 * Needs: alg plugins */
#include "sockets.h"

#define SHA256_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* NIST SP 800-38A, F.2.1: CBC-AES128, its first two blocks. */
#define CBC       "alg:skcipher,cbc(aes)?alg.key=2b7e151628aed2a6abf7158809cf4f3c"
#define CBC_IV    "000102030405060708090a0b0c0d0e0f"
#define CBC_PLAIN "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
#define CBC_CODE  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
/* McGrew and Viega, test case 2: a block of zeros under a key of zeros. */
#define GCM      "alg:aead,gcm(aes)?alg.key=00000000000000000000000000000000&alg.authsize=16"
#define GCM_CODE "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"

/* First of all, for skip () frees nothing. */
static void
need_alg (void)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("alg", NULL);

  if (!socket) {
    print_message ("# skipped: the kernel has no AF_ALG: modprobe af_alg\n");
    skip ();
  }
}

static GBytes *
from_hex (const char *text)
{
  gsize n = strlen (text) / 2;
  guint8 *bytes = g_malloc (n + 1);

  for (gsize i = 0; i < n; i++)
    bytes[i] =
        (guint8) (g_ascii_xdigit_value (text[2 * i]) * 16 + g_ascii_xdigit_value (text[2 * i + 1]));
  return g_bytes_new_take (bytes, n);
}

static void
assert_hex (const guint8 *bytes, gssize n, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gssize i = 0; i < n; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  assert_string_equal (text->str, expected);
}

static void
assert_result (KinSocket *socket, const char *expected)
{
  g_autoptr (GError) error = NULL;
  guint8 bytes[256];
  gssize n = kin_socket_recv (socket, bytes, sizeof bytes, 0, &error);

  must (n >= 0, error);
  assert_hex (bytes, n, expected);
}

static void
send_hex (KinSocket *socket, const char *text)
{
  g_autoptr (GBytes) bytes = from_hex (text);

  must_send (socket, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
must_end (KinSocket *socket)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_shutdown (socket, SHUT_WR, &error), error);
}

/* ---- The kernel's way ---------------------------------------------------------------------- */

static KinSocket *
open_operation (const char *endpoint)
{
  g_autoptr (KinSocket) bound = must_bind (endpoint);

  return must_accept (bound);
}

/* One call has the data, the direction and the vector. controls: a format that takes the bytes. */
static void
send_as (KinSocket *socket, const char *data, const char *controls, const char *iv)
{
  g_autoptr (GBytes) bytes = from_hex (data), vector = from_hex (iv);
  g_autoptr (GVariant) value =
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, vector, TRUE));
  g_autoptr (GError) error = NULL;
  gssize n =
      kin_socket_send_controls (socket, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0,
                                g_variant_new_parsed (controls, value), &error);

  must (n == (gssize) g_bytes_get_size (bytes), error);
}

static void
test_hash (void **state)
{
  g_autoptr (KinSocket) operation = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *peer = NULL;

  (void) state;
  need_alg ();
  operation = open_operation ("alg:hash,sha256");
  for (guint i = 0; i < 2; i++) {
    must (kin_socket_send (operation, "a", 1, MSG_MORE, &error) == 1, error);
    must (kin_socket_send (operation, "bc", 2, 0, &error) == 2, error);
    assert_result (operation, SHA256_ABC);
  }
  peer = peer_text (operation);
  assert_string_equal (peer, "alg:hash,sha256");
}

static void
test_cipher (void **state)
{
  g_autoptr (KinSocket) operation = NULL;

  (void) state;
  need_alg ();
  operation = open_operation (CBC);
  send_as (operation, CBC_PLAIN, "{'alg.op': <'encrypt'>, 'alg.iv': <%@ay>}", CBC_IV);
  assert_result (operation, CBC_CODE);
  send_as (operation, CBC_CODE, "{'alg.iv': <(%@ay,)>, 'alg.op': <0>}", CBC_IV);
  assert_result (operation, CBC_PLAIN);
}

static void
test_aead (void **state)
{
  g_autoptr (KinSocket) operation = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bytes[64];

  (void) state;
  need_alg ();
  operation = open_operation (GCM);
  send_as (operation, "00000000000000000000000000000000",
           "{'alg.op': <'encrypt'>, 'alg.iv': <%@ay>, 'alg.assoclen': <0>}",
           "000000000000000000000000");
  assert_result (operation, GCM_CODE);
  send_as (operation, GCM_CODE "00", "{'alg.op': <'decrypt'>, 'alg.iv': <%@ay>}",
           "000000000000000000000000");
  assert_fails (kin_socket_recv (operation, bytes, sizeof bytes, 0, &error) >= 0, EBADMSG, &error);
}

static void
test_bad_controls (void **state)
{
  static const char *const bad[] = {
    "{'alg.iv': <(b'',)>}", "{'alg.op': <'encript'>}",
    "{'alg.op': <-1>}",     "{'alg.assoclen': <int64 4294967296>}",
    "{'alg.iv': <'text'>}", "{'alg.key': <b'key'>}",
  };
  g_autoptr (KinSocket) operation = NULL;

  (void) state;
  need_alg ();
  operation = open_operation (CBC);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    gssize n =
        kin_socket_send_controls (operation, "", 0, 0, g_variant_new_parsed (bad[i]), &error);

    if (n >= 0 || !error)
      fail_msg ("%s was taken", bad[i]);
  }
}

/* ---- Conversations ------------------------------------------------------------------------- */

static void
test_conversation (void **state)
{
  g_autoptr (KinSocket) hash = NULL, cipher = NULL, aead = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *peer = NULL;

  (void) state;
  need_alg ();
  hash = must_connect ("alg:hash,sha256");
  peer = peer_text (hash);
  assert_string_equal (peer, "alg:hash,sha256");
  must_send (hash, "a", 1);
  must_send (hash, "bc", 2);
  must_end (hash);
  assert_result (hash, SHA256_ABC);
  assert_result (hash, "");
  assert_fails (kin_socket_send (hash, "d", 1, 0, &error) >= 0, EPIPE, &error);

  cipher = must_connect (CBC "&alg.op=encrypt&alg.iv=" CBC_IV);
  send_hex (cipher, CBC_PLAIN);
  must_end (cipher);
  assert_result (cipher, CBC_CODE);
  assert_result (cipher, "");

  aead = must_connect (GCM "&alg.op=encrypt&alg.iv=000000000000000000000000");
  send_hex (aead, "00000000000000000000000000000000");
  must_end (aead);
  assert_result (aead, GCM_CODE);
  assert_result (aead, "");
}

/* A cipher gives whole blocks while more may come. */
static void
test_by_and_by (void **state)
{
  g_autoptr (KinSocket) cipher = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bytes[100];
  Moment began;

  (void) state;
  need_alg ();
  cipher = must_connect (CBC "&alg.op=encrypt&alg.iv=" CBC_IV);
  send_hex (cipher, "6bc1bee22e409f96e93d7e117393172aae2d8a57");
  assert_result (cipher, "7649abac8119b246cee98e9b12e9197d");
  must (kin_socket_set_timeout (cipher, SHORT, &error), error);
  began = now ();
  assert_int_equal (kin_socket_recv (cipher, bytes, sizeof bytes, 0, &error), -1);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_waited (began, SHORT);
  send_hex (cipher, "1e03ac9c9eb76fac45af8e51");
  must_end (cipher);
  assert_result (cipher, "5086cb9b507219ee95db113a917678b2");
  assert_result (cipher, "");
}

/* A key that is set later starts anew, and what is said before it stays said. */
static void
test_another_key (void **state)
{
  g_autoptr (KinSocket) cipher = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  need_alg ();
  cipher = must_connect ("alg:skcipher,cbc(aes)?alg.key=00000000000000000000000000000000"
                         "&alg.op=encrypt&alg.iv=" CBC_IV);
  send_hex (cipher, CBC_PLAIN);
  must (kin_socket_set_option_text (cipher, "alg.key", "2b7e151628aed2a6abf7158809cf4f3c", &error),
        error);
  send_hex (cipher, CBC_PLAIN);
  assert_fails (kin_socket_set_option_text (cipher, "alg.op", "decrypt", &error), EBUSY, &error);
  must_end (cipher);
  assert_result (cipher, CBC_CODE);
  assert_fails (kin_socket_set_option_text (cipher, "alg.key", "00", &error), EINVAL, &error);
}

static void
test_its_own_controls (void **state)
{
  g_autoptr (KinSocket) cipher = NULL;

  (void) state;
  need_alg ();
  cipher = must_connect (CBC);
  send_as (cipher, CBC_PLAIN, "{'alg.op': <'encrypt'>, 'alg.iv': <%@ay>}", CBC_IV);
  must_end (cipher);
  assert_result (cipher, CBC_CODE);
}

/* ---- Waits --------------------------------------------------------------------------------- */

/* The kernel would wait for ever. */
static void
test_timeouts (void **state)
{
  static const char *const connected[] = { "alg:hash,sha256", CBC "&alg.op=encrypt",
                                           GCM "&alg.op=encrypt" };
  static const char *const accepted[] = { CBC, GCM };

  (void) state;
  need_alg ();
  for (guint i = 0; i < G_N_ELEMENTS (connected) + G_N_ELEMENTS (accepted); i++) {
    const char *endpoint =
        i < G_N_ELEMENTS (connected) ? connected[i] : accepted[i - G_N_ELEMENTS (connected)];
    g_autoptr (KinSocket) socket =
        i < G_N_ELEMENTS (connected) ? must_connect (endpoint) : open_operation (endpoint);
    g_autoptr (GError) error = NULL;
    Moment began;
    char byte;

    must (kin_socket_set_timeout (socket, SHORT, &error), error);
    began = now ();
    assert_int_equal (kin_socket_recv (socket, &byte, 1, 0, &error), -1);
    if (!g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT))
      fail_msg ("%s: %s", endpoint, error ? error->message : "it did not wait");
    assert_waited (began, SHORT);
  }
}

/* A cipher takes what its buffer holds, until some of it is received. */
static void
test_full (void **state)
{
  static char data[64 * 1024];
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;
  gssize n;

  (void) state;
  need_alg ();
  socket = must_connect (CBC "&alg.op=encrypt&alg.iv=" CBC_IV);
  must (kin_socket_set_timeout (socket, SHORT, &error), error);
  do {
    began = now ();
    n = kin_socket_send (socket, data, sizeof data, 0, &error);
  } while (n > 0);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_waited (began, SHORT);
  g_clear_error (&error);
  must (kin_socket_recv (socket, data, sizeof data, 0, &error) > 0, error);
  must (kin_socket_send (socket, data, 16, 0, &error) > 0, error);
}

static gpointer
end_later (gpointer socket)
{
  g_usleep (SHORT);
  kin_socket_shutdown (socket, SHUT_WR, NULL);
  return NULL;
}

/* A receive that began before the end was said comes to know. */
static void
test_threads (void **state)
{
  g_autoptr (KinSocket) hash = NULL;
  GThread *thread;

  (void) state;
  need_alg ();
  hash = must_connect ("alg:hash,sha256");
  must_send (hash, "abc", 3);
  thread = g_thread_new ("ender", end_later, hash);
  assert_result (hash, SHA256_ABC);
  g_thread_join (thread);
}

/* ---- Splice -------------------------------------------------------------------------------- */

static void
check_splice (KinSocket *socket)
{
  char name[] = "/tmp/kin-alg-XXXXXX";
  int file = mkstemp (name), pipes[2];
  g_autoptr (GError) error = NULL;
  loff_t at = 0;

  unlink (name);
  assert_int_equal (write (file, "abc", 3), 3);
  assert_int_equal (pipe2 (pipes, O_CLOEXEC | O_NONBLOCK), 0);
  assert_int_equal (splice (file, &at, pipes[1], NULL, 3, 0), 3);
  must (kin_socket_splice (socket, POLLOUT, pipes[0], 3, 0, &error) == 3, error);
  close (file);
  close (pipes[0]);
  close (pipes[1]);
}

static void
test_splice (void **state)
{
  g_autoptr (KinSocket) operation = NULL, conversation = NULL;

  (void) state;
  need_alg ();
  operation = open_operation ("alg:hash,sha256");
  check_splice (operation);
  assert_result (operation, SHA256_ABC);
  conversation = must_connect ("alg:hash,sha256");
  check_splice (conversation);
  must_end (conversation);
  assert_result (conversation, SHA256_ABC);
}

static void
test_splice_cipher (void **state)
{
  g_autoptr (KinSocket) cipher = NULL;

  (void) state;
  need_alg ();
  cipher = must_connect ("alg:skcipher,ctr(aes)?alg.key=2b7e151628aed2a6abf7158809cf4f3c"
                         "&alg.op=encrypt&alg.iv=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  check_splice (cipher);
  must_end (cipher);
  /* SP 800-38A, F.5.1: the key stream begins ec8cdf; "abc" is 616263. */
  assert_result (cipher, "8deebc");
  assert_result (cipher, "");
}

/* ---- Options and descriptors --------------------------------------------------------------- */

static void
test_options (void **state)
{
  static const char *const pairs[][2] = { { "alg.op", "encrypt" },
                                          { "alg.iv", "000102" },
                                          { "alg.assoclen", "20" } };
  g_autoptr (KinSocket) socket = NULL, bound = NULL, operation = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  need_alg ();
  socket = kin_socket_new ("alg", &error);
  must (socket, error);
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autofree char *text = NULL;

    must (kin_socket_set_option_text (socket, pairs[i][0], pairs[i][1], &error), error);
    text = kin_socket_get_option_text (socket, pairs[i][0], &error);
    assert_string_equal (text, pairs[i][1]);
  }
  assert_fails (kin_socket_set_option_text (socket, "alg.key", "00", &error), ENOPROTOOPT, &error);
  assert_null (kin_bind ("alg:skcipher,cbc(aes)?alg.op=encrypt", &error));
  assert_non_null (strstr (error->message, "for a socket that connects"));
  g_clear_error (&error);
  bound = must_bind (CBC);
  operation = must_accept (bound);
  assert_fails (
      kin_socket_set_option_text (bound, "alg.key", "2b7e151628aed2a6abf7158809cf4f3c", &error),
      EBUSY, &error);
  assert_fails (kin_socket_set_option_text (operation, "alg.op", "encrypt", &error), EOPNOTSUPP,
                &error);
}

/* As many descriptors as before, whatever failed. */
static void
test_descriptors (void **state)
{
  static const char *const refused[] = {
    "alg:hash,nosuch",
    "alg:skcipher,cbc(aes)?alg.key=00",
    "alg:hash,sha256?alg.authsize=4",
    "alg:hash,sha256,1",
  };
  guint before;

  (void) state;
  need_alg ();
  before = count_fds ();
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GError) error = NULL;

    assert_null (kin_connect (refused[i], LONG, &error));
    assert_non_null (error);
  }
  assert_int_equal (count_fds (), before);
  kin_socket_unref (must_connect (CBC));
  kin_socket_unref (open_operation (CBC));
  assert_int_equal (count_fds (), before);
}

/* A duplicate, and a descriptor that comes from elsewhere, are the kernel's. */
static void
test_adopted (void **state)
{
  g_autoptr (KinSocket) operation = NULL, adopted = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  need_alg ();
  operation = open_operation ("alg:hash,sha256");
  adopted = kin_socket_new_from_fd (dup (kin_socket_fd (operation)), &error);
  must (adopted, error);
  must (kin_socket_set_timeout (adopted, LONG, &error), error);
  must_send (adopted, "abc", 3);
  assert_result (adopted, SHA256_ABC);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_hash),          cmocka_unit_test (test_cipher),
    cmocka_unit_test (test_aead),          cmocka_unit_test (test_bad_controls),
    cmocka_unit_test (test_conversation),  cmocka_unit_test (test_by_and_by),
    cmocka_unit_test (test_another_key),   cmocka_unit_test (test_its_own_controls),
    cmocka_unit_test (test_timeouts),      cmocka_unit_test (test_full),
    cmocka_unit_test (test_threads),       cmocka_unit_test (test_splice),
    cmocka_unit_test (test_splice_cipher), cmocka_unit_test (test_options),
    cmocka_unit_test (test_descriptors),   cmocka_unit_test (test_adopted),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
