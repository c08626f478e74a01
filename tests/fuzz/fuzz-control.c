/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-control: control messages and options as they come from the kernel, of every row of every
 * family; and what a receive leaves in its buffer, taken apart.
 *
 * The value of a row's bytes, set, gives bytes of the same value; so does its text. Descriptors
 * that come in such a buffer are not closed.
 *
 * Wrap: close
 */
#include "fuzz.h"

#include <unistd.h>

static GArray *rows;          /* KinOption */
static GPtrArray *transports; /* KinTransport */

static void
take_rows (const KinTable *table)
{
  KinOption row;

  for (guint i = 0; kin_table_get (table, i, &row, sizeof row); i++)
    if (row.kind != KIN_FDS)
      g_array_append_val (rows, row);
}

static void
take_family (const KinFamily *family)
{
  KinProtocol row;

  take_rows (&family->options);
  take_rows (&family->controls);
  if (kin_table_get (&family->protocols, 0, &row, sizeof row))
    g_ptr_array_add (transports, (gpointer) kin__registry_scheme (row.scheme, 0, NULL));
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  rows = g_array_new (FALSE, FALSE, sizeof (KinOption));
  transports = g_ptr_array_new ();
  take_rows (kin_generic_options ());
  take_rows (kin_generic_controls ());
  fuzz_families (take_family);
  return 0;
}

int __wrap_close (int fd);

int
__wrap_close (int fd)
{
  (void) fd;
  return 0;
}

static void
check_value (const KinOption *row, GVariant *value, guint8 *room, gsize size)
{
  g_autofree char *printed = kin_value_print (value), *again = NULL;
  g_autoptr (GVariant) second = NULL;
  gssize n = kin__value_set (row, room, size, value, NULL);

  if (n < 0 || !(row->flags & KIN_OPTION_READ))
    return;
  second = kin__value_get (row, room, (gsize) n);
  if (!second)
    FAULT ("%s: %s is set, and not read", row->name, printed);
  g_variant_ref_sink (second);
  again = kin_value_print (second);
  if (strcmp (printed, again) != 0)
    FAULT ("%s: %s becomes %s", row->name, printed, again);
}

static void
check_text (const KinOption *row, const char *text, guint8 *room, gsize size)
{
  gssize n = kin__value_parse (row, room, size, text, NULL);
  g_autofree char *again = n < 0 ? NULL : kin__value_format (row, room, (gsize) n);

  if (n >= 0 && (row->flags & KIN_OPTION_READ) && g_strcmp0 (text, again) != 0)
    FAULT ("%s: %s becomes %s", row->name, text, again);
}

static void
check_row (const KinOption *row, const Input *input)
{
  gsize size = kin__value_room (row);
  g_autofree void *block = NULL;
  guint8 *exact = fuzz_exact (input, &block);
  g_autofree guint8 *room = g_malloc0 (size + 1);
  g_autofree char *text = kin__value_format (row, exact, input->left);
  g_autoptr (GVariant) value = kin__value_get (row, exact, input->left);

  if (value) {
    g_variant_ref_sink (value);
    check_value (row, value, room, size);
  }
  memset (room, 0, size);
  if (text)
    check_text (row, text, room, size);
}

/* As recvmsg(2) leaves it. */
static void
check_message (const KinTransport *transport, const Input *input)
{
  g_autoptr (KinSocket) socket = kin__socket_alloc (transport, transport->row.protocol);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) controls = NULL;
  g_autofree char *printed = NULL;
  struct msghdr header;

  kin_message_set_control_size (message, input->left);
  kin__message_to_receive (message, &header);
  if (input->left > 0)
    memcpy (header.msg_control, input->at, input->left);
  header.msg_namelen = 0;
  kin__message_received (message, socket, &header);
  controls = kin_message_get_controls (message, socket);
  printed = kin_value_print (controls);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Input input = { data, size };
  guint which = fuzz_below (&input, rows->len + transports->len);

  if (which < rows->len)
    check_row (&g_array_index (rows, KinOption, which), &input);
  else
    check_message (transports->pdata[which - rows->len], &input);
  return 0;
}
