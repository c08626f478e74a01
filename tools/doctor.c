/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin doctor: does each family work here, and what is to do where it does not?
 *
 * In this order: the plugin loads, the kernel's modules are loaded, the kernel has the family and
 * lets us, bytes make a round trip. A socket makes the kernel load modules: that is done only for
 * families that are named. */
#include <errno.h>
#include <string.h>

#include "tool.h"

static gboolean is_json;

typedef enum { OK, NOT_LOADED, MISSING, DENIED, REFUSED, FAILED } State;

static const char *const words[] = {
  [OK] = "ok",         [NOT_LOADED] = "not-loaded", [MISSING] = "missing",
  [DENIED] = "denied", [REFUSED] = "refused",       [FAILED] = "failed",
};

typedef struct {
  State state;
  char *message;
} Finding;

static Finding doctor_find (State state, const char *format, ...) G_GNUC_PRINTF (2, 3);

static Finding
doctor_find (State state, const char *format, ...)
{
  Finding finding = { .state = state };
  va_list arguments;

  va_start (arguments, format);
  finding.message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return finding;
}

/* ---- What an errno says -------------------------------------------------------------------- */

/* A number of /proc/self/status; 0 where there is none. */
static guint64
doctor_status (const char *name, guint base)
{
  g_autofree char *status = NULL, *label = g_strdup_printf ("\n%s:", name);
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  line = strstr (status, label);
  return line ? g_ascii_strtoull (line + strlen (label), NULL, base) : 0;
}

static gboolean
doctor_has_seccomp_filter (void)
{
  return doctor_status ("Seccomp", 10) == 2;
}

/* All capabilities of Linux 5.10, 0 to 40. */
static gboolean
doctor_has_all_rights (void)
{
  const guint64 all = (G_GUINT64_CONSTANT (1) << 41) - 1;

  return (doctor_status ("CapEff", 16) & all) == all;
}

/* A filter and a lack of rights give one errno; who has all rights was stopped by the filter. */
static Finding
doctor_find_denied (const char *message)
{
  if (!doctor_has_seccomp_filter ())
    return doctor_find (DENIED, "no permission: %s; try it as root", message);
  if (doctor_has_all_rights ())
    return doctor_find (DENIED, "forbidden by this container's seccomp filter: %s", message);
  return doctor_find (DENIED, "no permission, or forbidden by this container's seccomp filter: %s",
                      message);
}

static Finding
doctor_find_errno (const KinFamily *family, int code, const char *message)
{
  const char *modules = family->modules;

  switch (code) {
  case EAFNOSUPPORT:
  case EPROTONOSUPPORT:
  case ESOCKTNOSUPPORT:
    if (modules)
      return doctor_find (MISSING, "this kernel lacks it: %s; it needs the modules: %s", message,
                          modules);
    return doctor_find (MISSING, "this kernel lacks it: %s", message);
  case EPERM:
  case EACCES:
    return doctor_find_denied (message);
  case ENODEV:
  case ENXIO:
    return doctor_find (MISSING, "the kernel has it, but there is no device: %s", message);
  default:
    return doctor_find (FAILED, "%s", message);
  }
}

static Finding
doctor_find_error (const KinFamily *family, const GError *error)
{
  if (g_error_matches (error, KIN_ERROR, KIN_ERROR_DENIED))
    return doctor_find (DENIED, "%s", error->message);
  return doctor_find_errno (family, error->domain == KIN_OS_ERROR ? error->code : 0,
                            error->message);
}

/* ---- One family ---------------------------------------------------------------------------- */

/* A plugin that is not there, or will not do. */
static Finding
doctor_find_no_plugin (const GError *error)
{
  if (g_error_matches (error, KIN_ERROR, KIN_ERROR_PLUGIN_REFUSED))
    return doctor_find (REFUSED, "%s", error->message);
  if (g_error_matches (error, KIN_ERROR, KIN_ERROR_DENIED))
    return doctor_find (DENIED, "%s", error->message);
  return doctor_find (FAILED, "%s", error->message);
}

/* FALSE: a socket could make the kernel load modules, and finding says so. */
static gboolean
doctor_may_open_sockets (const KinFamily *family, const char *modules, Finding *finding)
{
  g_autofree char *lacking = NULL;

  switch (modules_state ("/", modules, &lacking)) {
  case MODULES_READY:
    return TRUE;
  case MODULES_NOT_LOADED:
    *finding = doctor_find (NOT_LOADED,
                            "not loaded: the kernel module %s; `kin doctor %s` loads it and tries",
                            lacking, family->name);
    return FALSE;
  case MODULES_UNKNOWN:
    break;
  }
  *finding = doctor_find (NOT_LOADED,
                          "not seen: the kernel module %s, which a socket could load; "
                          "`kin doctor %s` tries",
                          lacking, family->name);
  return FALSE;
}

/* The family's own test; without one: does a socket of the first row open? */
static gboolean
doctor_probe (const KinFamily *family, Finding *finding)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = NULL;
  char reason[256] = "";
  KinProtocol row;
  int code;

  if (family->probe) {
    code = family->probe (reason, sizeof reason);
    if (code < 0 && !*reason)
      g_snprintf (reason, sizeof reason, "cannot open %s: %s", family->name, g_strerror (-code));
    if (code < 0)
      *finding = doctor_find_errno (family, -code, reason);
    return code >= 0;
  }
  if (!kin_table_get (&family->protocols, 0, &row, sizeof row))
    return TRUE;
  socket = kin_socket_new (row.scheme, &error);
  if (!socket)
    *finding = doctor_find_error (family, error);
  return socket != NULL;
}

/* One protocol's round trip. A protocol may need modules that its family does not. */
static Finding
doctor_make_trip (const KinFamily *family, const KinProtocol *row, gboolean is_named)
{
  g_autoptr (GError) error = NULL;
  Finding finding;

  if (!is_named && !doctor_may_open_sockets (family, row->modules, &finding))
    return finding;
  if (roundtrip_run (row, &error))
    return doctor_find (OK, "%s", row->scheme);
  return doctor_find_error (family, error);
}

/* Schemes that fail for one reason. */
typedef struct {
  GString *schemes;
  char *reason;
} Failure;

static void
doctor_free_failure (gpointer data)
{
  Failure *failure = data;

  g_string_free (failure->schemes, TRUE);
  g_free (failure->reason);
  g_free (failure);
}

/* The reason without "cannot open SCHEME": the scheme stands in front of it anyway, and reasons
 * that differ in nothing else are one. */
static void
doctor_add_failure (GPtrArray *failures, const char *scheme, const char *message)
{
  g_autofree char *with = g_strdup_printf ("cannot open %s: ", scheme);
  g_auto (GStrv) parts = g_strsplit (message, with, 2);
  g_autofree char *reason = g_strjoinv ("cannot open: ", parts);
  Failure *failure;

  for (guint i = 0; i < failures->len; i++) {
    failure = failures->pdata[i];
    if (strcmp (failure->reason, reason) == 0) {
      g_string_append_printf (failure->schemes, ", %s", scheme);
      return;
    }
  }
  failure = g_new0 (Failure, 1);
  failure->schemes = g_string_new (scheme);
  failure->reason = g_steal_pointer (&reason);
  g_ptr_array_add (failures, failure);
}

/* "sctp, sctp4: this kernel lacks it: …; mptcp: …" */
static char *
doctor_join_failures (const GPtrArray *failures)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < failures->len; i++) {
    const Failure *failure = failures->pdata[i];

    g_string_append_printf (text, "%s%s: %s", i > 0 ? "; " : "", failure->schemes->str,
                            failure->reason);
  }
  return g_string_free (text, FALSE);
}

/* scheme: that protocol alone; NULL: all. The worst counts, but that a kernel lacks one of several
 * is only mentioned. */
static Finding
doctor_make_trips (const KinFamily *family, const char *scheme, gboolean is_named)
{
  g_autoptr (GString) good = g_string_new (NULL);
  g_autoptr (GPtrArray) failures = g_ptr_array_new_with_free_func (doctor_free_failure);
  g_autofree char *bad = NULL;
  State worst = OK;
  KinProtocol row;

  for (guint i = 0; kin_table_get (&family->protocols, i, &row, sizeof row); i++) {
    Finding finding;

    if ((!row.loopback && !row.round_trip) || (scheme && strcmp (row.scheme, scheme) != 0))
      continue;
    finding = doctor_make_trip (family, &row, is_named);
    if (finding.state == OK)
      g_string_append_printf (good, "%s%s", good->len > 0 ? ", " : "", row.scheme);
    else
      doctor_add_failure (failures, row.scheme, finding.message);
    worst = MAX (worst, finding.state);
    g_free (finding.message);
  }
  bad = doctor_join_failures (failures);
  if (good->len == 0 && failures->len == 0)
    return doctor_find (FAILED, "no round trip is known for this %s", scheme ? "scheme" : "family");
  if (good->len == 0)
    return doctor_find (worst, "%s", bad);
  return doctor_find (worst == FAILED ? FAILED : OK, "round trip by %s%s%s", good->str,
                      failures->len > 0 ? "; " : "", bad);
}

static Finding
doctor_examine (const KinFamilyInfo *info, const char *scheme, gboolean is_named)
{
  g_autoptr (GError) error = NULL;
  const KinFamily *family;
  Finding finding;

  if (info->state == KIN_FAMILY_REFUSED || info->state == KIN_FAMILY_SHADOWED)
    return doctor_find (REFUSED, "%s", info->reason);
  family = kin_load_family (info->name, &error);
  if (!family)
    return doctor_find_no_plugin (error);
  if (!is_named && !doctor_may_open_sockets (family, family->modules, &finding))
    return finding;
  return doctor_probe (family, &finding) ? doctor_make_trips (family, scheme, is_named) : finding;
}

/* ---- All of them --------------------------------------------------------------------------- */

typedef struct {
  Listing listing;
  int code;
} Report;

static void
doctor_report (Report *report, const char *name, Finding finding)
{
  GString *json = report->listing.json;
  char **cells = listing_add_row (&report->listing);

  json_open (json, '{');
  json_name (json, "name");
  json_text (json, name);
  json_name (json, "state");
  json_text (json, words[finding.state]);
  json_name (json, "message");
  json_text (json, finding.message);
  json_close (json, '}');
  cells[0] = tool_escape (name);
  cells[1] = g_strdup (words[finding.state]);
  cells[2] = tool_escape (finding.message);
  if (finding.state == REFUSED || finding.state == FAILED)
    report->code = MAX (report->code, TOOL_FAILED);
  g_free (finding.message);
}

/* A name that nothing has is wrong usage; one whose plugin is not installed is a finding. */
static void
doctor_examine_unknown (Report *report, const char *name)
{
  g_autoptr (GError) error = NULL;

  if (kin_load_family (name, &error) || tool_exit_code (error) != TOOL_USAGE)
    doctor_report (report, name,
                   error ? doctor_find_no_plugin (error) : doctor_find (OK, "loaded"));
  else
    report->code = tool_fail (error);
}

/* A family's name, or a scheme, which several families may share. */
static void
doctor_examine_named (Report *report, GPtrArray *families, const char *name)
{
  const KinFamilyInfo *info = lookup_family (families, name);
  guint n = 0;

  if (info) {
    doctor_report (report, name, doctor_examine (info, NULL, TRUE));
    return;
  }
  for (guint i = 0; i < families->len; i++) {
    info = families->pdata[i];
    if (info->state == KIN_FAMILY_SHADOWED || !g_strv_contains (info->schemes, name))
      continue;
    doctor_report (report, info->name, doctor_examine (info, name, TRUE));
    n++;
  }
  if (n == 0)
    doctor_examine_unknown (report, name);
}

static const char *
doctor_style (guint row, guint column, const char *state)
{
  (void) row;
  if (column != 1)
    return NULL;
  if (strcmp (state, words[OK]) == 0)
    return TOOL_GREEN;
  return strcmp (state, words[FAILED]) == 0 || strcmp (state, words[REFUSED]) == 0 ? TOOL_RED
                                                                                   : NULL;
}

static int
doctor_run (char **operands)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  Report report = { .code = TOOL_DONE };

  if (!operands[0] && families->len == 0) {
    lookup_say_none ();
    report.code = TOOL_FAILED;
  }
  listing_begin (&report.listing, 3, NULL);
  report.listing.style = doctor_style;
  for (guint i = 0; operands[i]; i++)
    doctor_examine_named (&report, families, operands[i]);
  for (guint i = 0; !operands[0] && i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    doctor_report (&report, info->name, doctor_examine (info, NULL, FALSE));
  }
  listing_end (&report.listing, is_json);
  return report.code;
}

static const GOptionEntry options[] = {
  { "json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "a list of objects", NULL }, { 0 }
};

KIN_VERB (doctor) = {
  .name = "doctor",
  .operands = "[FAMILY...]",
  .summary = "try each family, and say what it lacks",
  .details =
      "Loads each plugin, asks the kernel, and sends bytes to itself and back. States:\n"
      "  ok          bytes made the round trip\n"
      "  not-loaded  a kernel module is not loaded; name the family to have it loaded and tried\n"
      "  missing     the kernel lacks it, or there is no such device\n"
      "  denied      no permission, or a seccomp filter or policy forbids it\n"
      "  refused     the plugin was not accepted\n"
      "  failed      anything else\n"
      "Loads no kernel module for families that are not named. Exit code 1 where one was refused\n"
      "or failed. In place of a family a scheme is tried alone.\n"
      "\n"
      "Examples:\n"
      "  kin doctor\n"
      "  kin doctor unix loop\n"
      "  kin doctor unix-dgram\n"
      "  kin doctor --json | jq '.[] | select(.state != \"ok\")'\n",
  .options = options,
  .max = G_MAXUINT,
  .run = doctor_run,
};
