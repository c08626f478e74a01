/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/error.h: how a call says that it failed.
 *
 * Every failing call sets errno; where a GError is asked for, it says in one line what was tried,
 * on which endpoint, why it failed and what to do. Passing NULL costs nothing. */
/* clang-format off */
#ifndef KIN_ERROR_H
#define KIN_ERROR_H

#include <kin/export.h>

G_BEGIN_DECLS

/**
 * KIN_OS_ERROR:
 *
 * What the kernel, or a family in its place, answered. The code is the errno.
 */
#define KIN_OS_ERROR (kin_os_error_quark ())
KIN_API GQuark kin_os_error_quark (void);

/**
 * KIN_RESOLVE_ERROR:
 *
 * A name could not be looked up. The code is getaddrinfo(3)'s EAI_…; errno is EADDRNOTAVAIL.
 */
#define KIN_RESOLVE_ERROR (kin_resolve_error_quark ())
KIN_API GQuark kin_resolve_error_quark (void);

/**
 * KIN_HOST_ERROR:
 *
 * A host could not be looked up by gethostbyname(3) or gethostbyaddr(3). The code is h_errno
 * (HOST_NOT_FOUND, TRY_AGAIN, NO_RECOVERY, NO_DATA); errno is EADDRNOTAVAIL.
 */
#define KIN_HOST_ERROR (kin_host_error_quark ())
KIN_API GQuark kin_host_error_quark (void);

/**
 * KIN_ERROR:
 *
 * What Kin itself found; see #KinError.
 */
#define KIN_ERROR (kin_error_quark ())
KIN_API GQuark kin_error_quark (void);

/**
 * KinError:
 * @KIN_ERROR_TIMED_OUT: the timeout or deadline passed first; errno ETIMEDOUT
 * @KIN_ERROR_CANCELLED: a #KinCancel ended the wait; errno ECANCELED
 * @KIN_ERROR_BAD_ENDPOINT: the endpoint's text or tuple is not well formed; errno EINVAL
 * @KIN_ERROR_NO_SUCH_SCHEME: no registered family has that scheme or name; errno EAFNOSUPPORT
 * @KIN_ERROR_NO_SUCH_OPTION: the family has no option, or control message, of that name, or it
 *   cannot be read, or not be set; errno ENOPROTOOPT
 * @KIN_ERROR_BAD_VALUE: the value does not fit the option, control message or address; errno EINVAL
 * @KIN_ERROR_NO_PLUGIN: Kin knows the family, but its plugin is not installed; errno EAFNOSUPPORT
 * @KIN_ERROR_PLUGIN_REFUSED: the plugin is there and will not be loaded; errno ELIBBAD
 * @KIN_ERROR_DENIED: an audit hook, or a policy, forbids it; errno EPERM
 * @KIN_ERROR_NOT_SUPPORTED: this family, or this build of libkin, cannot; errno EOPNOTSUPP
 * @KIN_ERROR_ENDED: a stream ended before all had come that was asked for; errno ENODATA
 * @KIN_ERROR_NOT_FOUND: there is no such service, protocol or constant; errno ENOENT
 */
typedef enum {
  KIN_ERROR_TIMED_OUT = 1,
  KIN_ERROR_CANCELLED,
  KIN_ERROR_BAD_ENDPOINT,
  KIN_ERROR_NO_SUCH_SCHEME,
  KIN_ERROR_NO_SUCH_OPTION,
  KIN_ERROR_BAD_VALUE,
  KIN_ERROR_NO_PLUGIN,
  KIN_ERROR_PLUGIN_REFUSED,
  KIN_ERROR_DENIED,
  KIN_ERROR_NOT_SUPPORTED,
  KIN_ERROR_ENDED,
  KIN_ERROR_NOT_FOUND
} KinError;

G_END_DECLS

#endif
