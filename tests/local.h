/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/local.h: a family of tables alone, for tests of the core that must not need a plugin.
 *
 * AF_UNIX with paths, three socket types, and a fourth scheme that names no operation as the
 * kernel's to wait for, so that the core polls. */
/* clang-format off */
#ifndef TEST_LOCAL_H
#define TEST_LOCAL_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "moment.h"
#include "private.h"

static const KinField local_fields[] = {
  { .name = "path", .kind = KIN_STRING, KIN_AT (struct sockaddr_un, sun_path) },
};

static const KinAddressCodec local_codecs[] = {
  { .bytes = sizeof (struct sockaddr_un), .flags = KIN_CODEC_BARE,
    .fields = KIN_TABLE (local_fields) },
};

#define LOCAL_ROW(word, kind, waits) \
  { .scheme = word, .type = kind, .codecs = KIN_TABLE (local_codecs), .kernel_waits = waits, \
    .grammar = "PATH", .example = word ":/x" }

static const KinProtocol local_protocols[] = {
  LOCAL_ROW ("local",           SOCK_STREAM,    KIN_WAITS_ALL),
  LOCAL_ROW ("local-dgram",     SOCK_DGRAM,     KIN_WAITS_ALL),
  LOCAL_ROW ("local-seqpacket", SOCK_SEQPACKET, KIN_WAITS_ALL),
  LOCAL_ROW ("local-polled",    SOCK_STREAM,    0),
};

static const KinControl local_controls[] = {
  { .name  = "local.rights", .help   = "descriptors",
    .level = SOL_SOCKET,     .number = SCM_RIGHTS,
    .kind  = KIN_FDS,        .size   = 4, .flags = KIN_OPTION_READ_WRITE },
};

static const KinHint local_hints[] = {
  { .operation = "connect", .code = ECONNREFUSED, .sentence = "nobody listens there" },
};

static const KinFamily local_family = {
  KIN_STAMP,
  .domain    = AF_UNIX,
  .name      = "local",
  .summary   = "paths, for tests",
  .protocols = KIN_TABLE (local_protocols),
  .controls  = KIN_TABLE (local_controls),
  .hints     = KIN_TABLE (local_hints),
};

static char *local_folder;

static inline int
local_setup (void **state)
{
  (void) state;
  local_folder = g_dir_make_tmp ("kin-test-XXXXXX", NULL);
  return local_folder && kin_register_family (&local_family, NULL) ? 0 : -1;
}

static inline int
local_teardown (void **state)
{
  (void) state;
  rmdir (local_folder);
  g_free (local_folder);
  return 0;
}

/* "SCHEME:FOLDER/NAME", and its path. */
static inline char *
local_endpoint (const char *scheme, const char *name)
{
  return g_strdup_printf ("%s:%s/%s", scheme, local_folder, name);
}

static inline void
local_unlink (const char *endpoint)
{
  assert_int_equal (unlink (strchr (endpoint, ':') + 1), 0);
}

static inline guint
count_fds (void)
{
  DIR *folder = opendir ("/proc/self/fd");
  guint n = 0;

  while (readdir (folder))
    n++;
  closedir (folder);
  return n;
}

#define assert_kin_error(error, domain_, code_) \
  do { \
    assert_non_null (error); \
    if (!g_error_matches (error, domain_, code_)) \
      fail_msg ("%s %d: %s", g_quark_to_string ((error)->domain), (error)->code, \
                (error)->message); \
    g_clear_error (&(error)); \
  } while (0)

static inline void
make_pair (const char *scheme, KinSocket **first, KinSocket **second)
{
  GError *error = NULL;

  if (!kin_socket_new_pair (scheme, first, second, &error))
    fail_msg ("%s", error->message);
}

static inline void
check_receive_times_out (KinSocket *socket)
{
  Moment began = now ();
  g_autoptr (GError) error = NULL;
  char byte;

  assert_true (kin_socket_set_timeout (socket, SHORT, NULL));
  assert_int_equal (kin_socket_recv (socket, &byte, 1, 0, &error), -1);
  assert_int_equal (errno, ETIMEDOUT);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
}

static inline gpointer
send_late (gpointer socket)
{
  g_usleep (SHORT);
  kin_socket_send (socket, "x", 1, 0, NULL);
  return NULL;
}

#endif
