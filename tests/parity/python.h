/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/parity/python.h: what Python says of an expression with "socket" imported, as repr () prints
 * it; of an exception its class and arguments. */
/* clang-format off */
#ifndef TEST_PARITY_PYTHON_H
#define TEST_PARITY_PYTHON_H

#include "parity.h"

static inline char *
python_says (const char *expression)
{
  static char program[] = "import socket, sys\n"
                          "from socket import *\n"
                          "try:\n"
                          "    print(repr(eval(sys.argv[1])))\n"
                          "except Exception as why:\n"
                          "    print(type(why).__name__, *why.args)\n";
  char *words[] = { (char[]){ "/usr/bin/python3" }, (char[]){ "-c" }, program, (char *) expression,
                    NULL };
  g_autoptr (GError) error = NULL;
  char *output = NULL;
  int status = -1;

  must (g_spawn_sync (NULL, words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status,
                      &error), error);
  assert_int_equal (status, 0);
  return g_strchomp (output);
}

/* Kin's answer, taken, is Python's. */
static inline void
assert_as_python (char *ours, const char *expression)
{
  g_autofree char *theirs = python_says (expression), *held = ours;

  if (g_strcmp0 (held, theirs) != 0)
    fail_msg ("%s: Python has %s, Kin %s", expression, theirs, held);
}

static inline char *
repr_of (const char *text)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_string (text));

  return kin_value_print (value);
}

#define assert_error(error, domain_, code_)                      \
  do {                                                           \
    assert_non_null (error);                                     \
    assert_int_equal ((error)->domain, domain_);                 \
    assert_int_equal ((error)->code, code_);                     \
    assert_true (errno != 0);                                    \
    g_clear_error (&error);                                      \
  } while (0)

#endif
