/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/tool.h: what the verbs of `kin` share. They use libkin's public headers alone. */
/* clang-format off */
#ifndef KIN_TOOL_H
#define KIN_TOOL_H

#include <stdio.h>

#include <kin/kin.h>

/* ---- Verbs: main.c ------------------------------------------------------------------------- */

/* What a verb is. main.c parses its options, counts its operands and prints its help. */
typedef struct {
  const char         *name;
  const char         *operands;      /* as the usage line has them: "ENDPOINT", "[FAMILY...]" */
  const char         *summary;       /* one line, for `kin --help` */
  const char         *details;       /* the rest of `kin VERB --help`, examples among it */
  const GOptionEntry *options;       /* ends in a row of zeros; or NULL */
  guint               min, max;      /* how many operands */
  int               (*run) (char **operands);   /* NULL-terminated. Returns an exit code */
  gboolean            is_hidden;     /* for the build and for shells: not listed */
} KinVerb;

extern const KinVerb *const tool_verbs[];    /* NULL-terminated */
const KinVerb *tool_find_verb (const char *name);

/* KIN_VERB (connect) = { .name = "connect", … }; at the start of a line: the build looks for it. */
#define KIN_VERB(word) \
  extern const KinVerb kin_verb_##word; \
  const KinVerb kin_verb_##word

enum { TOOL_DONE = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };   /* exit codes */

/* ---- What people read: output.c ------------------------------------------------------------ */

#define TOOL_ERROR (tool_error_quark ())
GQuark tool_error_quark (void);
enum {
  TOOL_ERROR_USAGE,           /* wrong usage */
  TOOL_ERROR_FAILED,
  TOOL_ERROR_OUTPUT_CLOSED    /* who read our output has gone: nobody is told */
};

char *tool_escape (const char *text);
void  tool_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
int   tool_exit_code (const GError *error);
int   tool_fail (const GError *error);
void  tool_complain (const GError *error);
gboolean tool_is_terminal (int fd);
void  tool_show (const char *line);
gboolean tool_parse_seconds (const char *option, const char *text, gint64 *usec, GError **error);
gboolean tool_parse_count (const char *option, const char *text, guint64 least, guint64 *number,
                           GError **error);

#define TOOL_BOLD  "\033[1m"
#define TOOL_DIM   "\033[2m"
#define TOOL_RED   "\033[31m"
#define TOOL_GREEN "\033[32m"
#define TOOL_PLAIN "\033[m"
typedef const char *(*ToolStyle) (guint row, guint column, const char *cell);

const char *tool_paint (FILE *stream, const char *sequence);
gboolean    tool_flush (GError **error);
const char *tool_style_head (guint row, guint column, const char *cell);
void        tool_print_rows (GPtrArray *rows, guint n_columns, ToolStyle style);

/* ---- JSON: json.c -------------------------------------------------------------------------- */

void json_open (GString *json, char bracket);
void json_close (GString *json, char bracket);
void json_name (GString *json, const char *name);
void json_text (GString *json, const char *text);
void json_number (GString *json, gint64 number);
void json_truth (GString *json, gboolean truth);
void json_print (GString *json);

/* ---- Lists: listing.c ---------------------------------------------------------------------- */

typedef struct {
  GString   *json;
  GPtrArray *rows;
  guint      n_columns;
  ToolStyle  style;            /* how cells are painted; or NULL */
} Listing;

void   listing_begin (Listing *listing, guint n_columns, const char *const *heads);
char **listing_add_row (Listing *listing);
void   listing_add_line (Listing *listing, char *line);
void   listing_end (Listing *listing, gboolean is_json);

/* ---- Families and schemes: lookup.c -------------------------------------------------------- */

const KinFamilyInfo *lookup_family (GPtrArray *families, const char *name);
void                 lookup_say_none (void);
const KinFamily     *lookup_scheme (const char *scheme, KinProtocol *row, GError **error);
const char          *lookup_family_of (const KinAddress *address);
GVariant            *lookup_tuple (const KinAddress *address);
char                *lookup_local_text (KinSocket *socket);
const char          *lookup_nearest (const char *word, const char *const *words);

/* Has the row connections, or single datagrams? */
gboolean lookup_has_connections (int type);

/* ---- Rows in words: describe.c ------------------------------------------------------------- */

char       *describe_tuple (const KinProtocol *row);
char       *describe_example (const KinProtocol *row);
char       *describe_kind (const KinOption *row);
const char *describe_access (const KinOption *row, gboolean is_control);
const char *describe_socket_type (int type);

/* ---- Kernel modules: modules.c ------------------------------------------------------------- */

typedef enum {
  MODULES_READY,         /* loaded, or built in, or there is nothing that could be loaded */
  MODULES_NOT_LOADED,    /* a socket would make the kernel load them */
  MODULES_UNKNOWN        /* not known to be loaded, and no list of modules is at hand */
} ModulesState;

ModulesState modules_state (const char *root, const char *words, char **lacking);

/* ---- Doctor: roundtrip.c ------------------------------------------------------------------- */

gboolean roundtrip_run (const KinProtocol *row, GError **error);

/* ---- Bytes: pump.c, exec.c ----------------------------------------------------------------- */

/* What stands opposite the socket. */
typedef struct {
  int      in, out;            /* descriptors: what goes to the socket, what comes from it */
  gboolean ends_with_input;    /* a command: its end ends all, the peer's end closes out, and both
                                  descriptors do not block */
  gboolean answers;            /* datagrams: in goes to whoever sent the last one */
  gboolean only_sends;         /* all must be sent, and then silence is the end */
  gint64   linger_usec;        /* how long silence lasts before it is the end */
} Pump;

/* For so long a socket is left alone that was ready, and yet nothing moved: there are some of which
 * no poll can tell. */
enum { PUMP_PAUSE_MSEC = 5 };
gboolean pump_run (KinSocket *socket, Pump *pump, GError **error);
gboolean pump_half_close (KinSocket *socket, gboolean *is_understood, GError **error);
gboolean pump_may_go_on (GError **error);
gboolean exec_serve (KinSocket *socket, const char *command, GError **error);

/* ---- Connecting: dial.c -------------------------------------------------------------------- */

KinSocket *dial (const char *endpoint, const char *source, gint64 timeout_usec, GError **error);

/* ---- Listening: door.c --------------------------------------------------------------------- */

typedef enum { DOOR_ANY, DOOR_CONNECTIONS, DOOR_DATAGRAMS } DoorKind;

KinSocket *door_open (const char *endpoint, DoorKind kind, const char *who, GError **error);
void       door_announce (KinSocket *door, const char *endpoint);
KinSocket *door_accept (KinSocket *door, gboolean keeps_open, GError **error);

/* ---- Datagrams: batch.c -------------------------------------------------------------------- */

#define BATCH_MESSAGES 32

typedef struct {
  KinMessage *messages[BATCH_MESSAGES];
  gsize       lengths[BATCH_MESSAGES];
  guint8     *bytes;
  guint       at, n;           /* what has not been passed on */
} Batch;

void     batch_init (Batch *batch);
void     batch_clear (Batch *batch);
guint8  *batch_bytes (const Batch *batch, guint i);
gboolean batch_is_empty (const Batch *batch);
gboolean batch_receive (Batch *batch, KinSocket *socket, GError **error);
gssize   batch_send (Batch *batch, guint count, KinSocket *socket, const KinAddress *to,
                     GError **error);

/* ---- Datagrams in a field's own writing: datagram.c, replay.c ------------------------------- */

GBytes  *datagram_compose (const KinProtocol *row, const char *text, GError **error);
void     datagram_set_options (KinSocket *socket, const KinProtocol *row, const char *endpoint);
gboolean datagram_send (KinSocket *socket, gconstpointer data, gsize length, const KinAddress *to,
                        gint64 timeout_usec, GError **error);

typedef struct {
  const char        *file;            /* its name; "-": the standard input */
  const char        *endpoint;        /* all goes there; nothing after its scheme: by each line */
  const KinProtocol *row;             /* with compose */
  guint64            count;           /* how often; 0: for ever */
  gint64             interval_usec;   /* between any two; KIN_FOREVER: as the log has it */
  gint64             timeout_usec;    /* of each */
} Replay;

gboolean replay_run (const Replay *replay, KinSocket *socket, GError **error);

/* ---- Relaying: link.c, senders.c, progress.c ----------------------------------------------- */

typedef struct {
  const char *to, *source;     /* the endpoint to connect to, and where from, or NULL */
  gint64      timeout_usec;    /* to connect within */
  gint64      idle_usec;       /* silence that ends an exchange; KIN_FOREVER: none does */
  gint64      linger_usec;     /* silence that does after the end, where the other side has none */
  gboolean    keeps_open;
} Relay;

gboolean link_run (const Relay *relay, KinSocket *first, KinSocket *second, GError **error);
void     link_abort (KinSocket *socket);
gboolean senders_run (const Relay *relay, KinSocket *door, GError **error);

void progress_start (void);
void progress_add (gsize n);
void progress_end (void);

/* ---- Paths: path.c ------------------------------------------------------------------------- */

void path_before_bind (const char *endpoint);
void path_after_bind (void);
void path_remove (void);
gboolean path_is_path (const char *endpoint);
char *path_of (const char *endpoint);
char *path_address (const char *endpoint);

/* ---- What an error leaves open: hint.c ----------------------------------------------------- */

void hint_complete (const char *endpoint, GError *error);

#endif
