/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/exec.c: a command with a socket as its standard input and output.
 *
 * A kernel socket is handed to the command itself. A family that is not the kernel's has its bytes
 * elsewhere than in its descriptor: there two pipes stand between. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

static gboolean
exec_spawn (const char *command, int in, int out, int *to_child, int *from_child, GPid *child,
            GError **error)
{
  const char *const arguments[] = { "/bin/sh", "-c", command, NULL };

  return g_spawn_async_with_pipes_and_fds (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                           NULL, in, out, -1, NULL, NULL, 0, child, to_child,
                                           from_child, NULL, error);
}

/* The reader went away first: so ends many a pipe, and it is no failure. 128 and more is how a
 * shell says that its own child died of a signal. */
static gboolean
exec_died_of_pipe (int status)
{
  return WIFSIGNALED (status) ? WTERMSIG (status) == SIGPIPE
                              : WEXITSTATUS (status) == 128 + SIGPIPE;
}

static gboolean
exec_wait (GPid child, GError **error)
{
  int status = 0;

  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    ;
  if (exec_died_of_pipe (status))
    return TRUE;
  if (WIFSIGNALED (status))
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_FAILED, "the command died of signal %d (%s)",
                 WTERMSIG (status), g_strsignal (WTERMSIG (status)));
  else if (WEXITSTATUS (status) != 0)
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_FAILED, "the command ended with status %d",
                 WEXITSTATUS (status));
  return status == 0;
}

static gboolean
exec_hand_over (KinSocket *socket, const char *command, GError **error)
{
  int fd = kin_socket_detach (socket, error), flags;
  gboolean is_spawned;
  GPid child;

  if (fd < 0)
    return FALSE;
  flags = fcntl (fd, F_GETFL);
  if (flags >= 0 && flags & O_NONBLOCK)
    fcntl (fd, F_SETFL, flags & ~O_NONBLOCK);
  is_spawned = exec_spawn (command, fd, fd, NULL, NULL, &child, error);
  close (fd);
  return is_spawned && exec_wait (child, error);
}

static gboolean
exec_through_pipes (KinSocket *socket, const char *command, GError **error)
{
  Pump pump = { .ends_with_input = TRUE };
  gboolean is_pumped, has_ended;
  GError *failure = NULL;
  GPid child;

  if (!exec_spawn (command, -1, -1, &pump.out, &pump.in, &child, error))
    return FALSE;
  is_pumped = g_unix_set_fd_nonblocking (pump.in, TRUE, &failure)
              && g_unix_set_fd_nonblocking (pump.out, TRUE, &failure)
              && pump_run (socket, &pump, &failure);
  if (pump.out >= 0)
    close (pump.out);
  close (pump.in);
  kin_socket_close (socket, NULL);
  if (!is_pumped && g_error_matches (failure, KIN_OS_ERROR, EPIPE)) {
    g_clear_error (&failure);
    is_pumped = TRUE;
  }
  has_ended = exec_wait (child, is_pumped ? error : NULL);
  if (!is_pumped)
    g_propagate_error (error, failure);
  return is_pumped && has_ended;
}

/* Runs `sh -c COMMAND` on a connection until it ends. The connection is used up. */
gboolean
exec_serve (KinSocket *socket, const char *command, GError **error)
{
  KinProtocol row;
  const KinFamily *family = lookup_scheme (kin_socket_scheme (socket), &row, error);

  if (!family)
    return FALSE;
  return family->domain == KIN_DOMAIN_DYNAMIC ? exec_through_pipes (socket, command, error)
                                              : exec_hand_over (socket, command, error);
}
