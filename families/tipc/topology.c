/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/tipc/topology.c: subscriptions and events of the topology service, as text.
 *
 *   PORTS type=1000 lower=0 upper=99 timeout=2.5 handle=mine     a subscription
 *   PUBLISHED type=1000 lower=7 upper=7 port=1234 node=0x0       an event
 *
 * PORTS asks for an event for each socket, SERVICE for one when the first comes or the last goes;
 * CANCEL beside either takes back the very same subscription. Members that are left out are 0, but
 * upper is lower then, and no timeout is for ever. The service answers in the byte order that it is
 * asked in. */
#include <errno.h>
#include <linux/tipc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../line.h"
#include "topology.h"

#define FOREVER ((uint32_t) TIPC_WAIT_FOREVER)
#define HOW_TO  "write it like PORTS type=1000 lower=0 upper=99 timeout=2.5 handle=mine"

/* ---- To text ------------------------------------------------------------------------------- */

static void
line_add_range (Line *line, uint32_t type, uint32_t lower, uint32_t upper)
{
  line_add (line, " type=%u lower=%u upper=%u", type, lower, upper);
}

/* A handle is bytes: those that would break the line are dots. */
static void
line_add_handle (Line *line, const char handle[8])
{
  size_t n = strnlen (handle, 8);

  if (n > 0)
    line_add (line, " handle=");
  for (size_t i = 0; i < n; i++)
    line_add (line, "%c", handle[i] > ' ' && handle[i] <= '~' ? handle[i] : '.');
}

static void
line_add_subscription (Line *line, const struct tipc_subscr *asked)
{
  line_add (line, "%s%s", asked->filter & TIPC_SUB_PORTS ? "PORTS" : "SERVICE",
            asked->filter & TIPC_SUB_CANCEL ? " CANCEL" : "");
  line_add_range (line, asked->seq.type, asked->seq.lower, asked->seq.upper);
  if (asked->timeout != FOREVER)
    line_add (line, " timeout=%u.%03u", asked->timeout / 1000, asked->timeout % 1000);
  line_add_handle (line, asked->usr_handle);
}

static void
line_add_event (Line *line, const struct tipc_event *event)
{
  static const char *const words[] = { "", "PUBLISHED", "WITHDRAWN", "TIMEOUT" };
  const struct tipc_subscr *asked = &event->s;

  if (event->event == 0 || event->event > TIPC_SUBSCR_TIMEOUT)
    line_add (line, "EVENT-%u", event->event);
  else
    line_add (line, "%s", words[event->event]);
  line_add_range (line, asked->seq.type, event->found_lower, event->found_upper);
  if (event->event != TIPC_SUBSCR_TIMEOUT)
    line_add (line, " port=%u node=0x%x", event->port.ref, event->port.node);
  line_add_handle (line, asked->usr_handle);
}

int
tipc_topology_describe (const KinAddress *from, const void *data, size_t length, char *text,
                        size_t size)
{
  Line line = { text, size, 0 };
  struct tipc_subscr asked;
  struct tipc_event event;

  (void) from;
  if (length == sizeof event) {
    memcpy (&event, data, sizeof event);
    line_add_event (&line, &event);
  } else if (length == sizeof asked) {
    memcpy (&asked, data, sizeof asked);
    line_add_subscription (&line, &asked);
  } else
    return -EINVAL;
  return line_end (&line);
}

/* ---- From text ----------------------------------------------------------------------------- */

/* A word and what is behind its equals sign; n: the whole of it. */
typedef struct {
  const char *start, *value;
  size_t n;
} Word;

static int
word_is (const Word *word, const char *name)
{
  size_t n = strlen (name);

  return (word->value ? (size_t) (word->value - 1 - word->start) : word->n) == n
         && memcmp (word->start, name, n) == 0;
}

static int
word_number (const Word *word, uint32_t *number)
{
  unsigned long long value;
  char *end;

  if (*word->value < '0' || *word->value > '9')
    return -EINVAL;
  errno = 0;
  value = strtoull (word->value, &end, 0);
  if (end != word->start + word->n)
    return -EINVAL;
  *number = (uint32_t) value;
  return errno != 0 || value > UINT32_MAX ? -ERANGE : 0;
}

/* Seconds, with at most three digits behind a point, to milliseconds. */
static int
word_milliseconds (const Word *word, uint32_t *milliseconds)
{
  const char *at = word->value, *end = word->start + word->n;
  uint64_t number = 0;
  int n_digits = -1; /* behind the point */

  if (at == end || *at == '.')
    return -EINVAL;
  for (; at < end; at++) {
    if (*at == '.' && n_digits < 0) {
      n_digits = 0;
      continue;
    }
    if (*at < '0' || *at > '9' || n_digits == 3)
      return -EINVAL;
    number = number * 10 + (uint64_t) (*at - '0');
    n_digits += n_digits >= 0;
    if (number > UINT32_MAX)
      return -ERANGE;
  }
  for (int i = n_digits < 0 ? 0 : n_digits; i < 3; i++)
    number *= 10;
  *milliseconds = (uint32_t) number;
  return number < FOREVER ? 0 : -ERANGE;
}

static int
word_handle (const Word *word, char handle[8])
{
  size_t n = word->n - (size_t) (word->value - word->start);

  if (n > 8)
    return -ERANGE;
  memcpy (handle, word->value, n);
  return 0;
}

static int
take_flag (const Word *word, struct tipc_subscr *asked)
{
  uint32_t flag = word_is (word, "PORTS")     ? TIPC_SUB_PORTS
                  : word_is (word, "SERVICE") ? TIPC_SUB_SERVICE
                  : word_is (word, "CANCEL")  ? TIPC_SUB_CANCEL
                                              : 0;

  asked->filter |= flag;
  return flag != 0 ? 0 : -EINVAL;
}

static int
take_word (const Word *word, struct tipc_subscr *asked, int *has_upper)
{
  if (!word->value)
    return take_flag (word, asked);
  if (word_is (word, "type"))
    return word_number (word, &asked->seq.type);
  if (word_is (word, "lower"))
    return word_number (word, &asked->seq.lower);
  if (word_is (word, "timeout"))
    return word_milliseconds (word, &asked->timeout);
  if (word_is (word, "handle"))
    return word_handle (word, asked->usr_handle);
  *has_upper = word_is (word, "upper");
  return *has_upper ? word_number (word, &asked->seq.upper) : -EINVAL;
}

/* The next word at *at; 0: there is none. */
static int
next_word (const char **at, Word *word)
{
  const char *equals;

  word->start = *at + strspn (*at, " ");
  word->n = strcspn (word->start, " ");
  equals = memchr (word->start, '=', word->n);
  word->value = equals ? equals + 1 : NULL;
  *at = word->start + word->n;
  return word->n > 0;
}

/* What is wrong with it as a whole. */
static const char *
fault_of (const struct tipc_subscr *asked)
{
  uint32_t what = asked->filter & (TIPC_SUB_PORTS | TIPC_SUB_SERVICE);

  if (what != TIPC_SUB_PORTS && what != TIPC_SUB_SERVICE)
    return "it begins with PORTS or SERVICE: " HOW_TO;
  if (asked->seq.lower > asked->seq.upper)
    return "lower is greater than upper";
  return NULL;
}

ssize_t
tipc_topology_compose (const char *text, void *data, size_t size, char *reason, size_t reason_size)
{
  struct tipc_subscr asked = { .timeout = FOREVER };
  int has_upper = 0, was_upper = 0, rc = 0;
  const char *fault;
  Word word;

  while (next_word (&text, &word)) {
    rc = take_word (&word, &asked, &has_upper);
    was_upper |= has_upper;
    has_upper = 0;
    if (rc < 0) {
      snprintf (reason, reason_size, "%.*s %s: " HOW_TO, (int) word.n, word.start,
                rc == -ERANGE ? "is too much" : "is no word of it");
      return rc;
    }
  }
  if (!was_upper)
    asked.seq.upper = asked.seq.lower;
  fault = fault_of (&asked);
  if (!fault && size < sizeof asked)
    fault = "there is no room for it";
  if (fault) {
    snprintf (reason, reason_size, "%s", fault);
    return -EINVAL;
  }
  memcpy (data, &asked, sizeof asked);
  return sizeof asked;
}

/* ---- For kin doctor ------------------------------------------------------------------------ */

/* The service is asked whether it is there itself. */
static int
ask_about_itself (int fd, struct tipc_event *event)
{
  const struct sockaddr_tipc service = {
    .family = AF_TIPC,
    .addrtype = TIPC_SERVICE_ADDR,
    .addr.name.name = { TIPC_TOP_SRV, TIPC_TOP_SRV },
  };
  const struct tipc_subscr asked = {
    .seq = { TIPC_TOP_SRV, TIPC_TOP_SRV, TIPC_TOP_SRV },
    .timeout = FOREVER,
    .filter = TIPC_SUB_PORTS,
  };
  const int milliseconds = 500;
  struct pollfd answer = { .fd = fd, .events = POLLIN };

  if (setsockopt (fd, SOL_TIPC, TIPC_CONN_TIMEOUT, &milliseconds, sizeof milliseconds) < 0
      || connect (fd, (const struct sockaddr *) &service, sizeof service) < 0
      || send (fd, &asked, sizeof asked, MSG_NOSIGNAL) < 0)
    return -errno;
  if (poll (&answer, 1, milliseconds) <= 0)
    return -ETIMEDOUT;
  return recv (fd, event, sizeof *event, MSG_DONTWAIT) == sizeof *event ? 0 : -EBADMSG;
}

int
tipc_topology_trip (char *reason, size_t size)
{
  struct tipc_event event = { .event = 0 };
  int fd = socket (AF_TIPC, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), rc;

  if (fd < 0)
    return -errno;
  rc = ask_about_itself (fd, &event);
  close (fd);
  if (rc == 0 && (event.event != TIPC_PUBLISHED || event.found_lower != TIPC_TOP_SRV))
    rc = -EBADMSG;
  if (rc < 0)
    snprintf (reason, size, "the topology service does not know itself: %s", strerror (-rc));
  return rc;
}
