/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/listing.c: what a verb lists, as aligned columns or, with --json, as a list of objects.
 *
 * A verb fills both and prints one: it adds an object to json, and a row of cells. */
#include "tool.h"

/* heads: of the columns, or NULL. */
void
listing_begin (Listing *listing, guint n_columns, const char *const *heads)
{
  listing->json = g_string_new ("[");
  listing->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  listing->n_columns = n_columns;
  listing->style = heads ? tool_style_head : NULL;
  if (heads)
    g_ptr_array_add (listing->rows, g_strdupv ((char **) heads));
}

/* A row's cells, to be filled. */
char **
listing_add_row (Listing *listing)
{
  char **cells = g_new0 (char *, listing->n_columns + 1);

  g_ptr_array_add (listing->rows, cells);
  return cells;
}

/* A line of its own below the last row. */
void
listing_add_line (Listing *listing, char *line)
{
  char **cells = g_new0 (char *, 2);

  cells[0] = line;
  g_ptr_array_add (listing->rows, cells);
}

void
listing_end (Listing *listing, gboolean is_json)
{
  json_close (listing->json, ']');
  if (is_json)
    json_print (listing->json);
  else {
    tool_print_rows (listing->rows, listing->n_columns, listing->style);
    g_string_free (listing->json, TRUE);
  }
  g_ptr_array_unref (listing->rows);
}
