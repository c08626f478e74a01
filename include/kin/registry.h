/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/registry.h: which families there are.
 *
 * Manifests are read, and families so registered, when the registry is first asked; a plugin is
 * loaded when an endpoint or a socket first needs it. All of it may be called from any thread. */
/* clang-format off */
#ifndef KIN_REGISTRY_H
#define KIN_REGISTRY_H

#include <kin/export.h>
#include <kin/family.h>

G_BEGIN_DECLS

/**
 * KinFamilyState:
 * @KIN_FAMILY_LISTED: its manifest was read; its plugin is not loaded yet
 * @KIN_FAMILY_LOADED: its descriptor is in use
 * @KIN_FAMILY_REFUSED: its manifest or its plugin will not do; the reason says why
 * @KIN_FAMILY_SHADOWED: an earlier family claims its name, domain or scheme; the reason says which
 */
typedef enum {
  KIN_FAMILY_LISTED,
  KIN_FAMILY_LOADED,
  KIN_FAMILY_REFUSED,
  KIN_FAMILY_SHADOWED
} KinFamilyState;

/**
 * KinFamilyInfo:
 * @name: "vsock"
 * @summary: one line, or ""
 * @schemes: NULL-terminated
 * @file: the plugin's path; NULL where the family is linked in
 * @reason: why it is refused or shadowed, or NULL
 * @domain: its AF_ number, or %KIN_DOMAIN_DYNAMIC
 * @state: a #KinFamilyState
 *
 * One family as the registry knew it when it was listed: @state and @reason change when it loads.
 */
typedef struct {
  const char        *name;
  const char        *summary;
  const char *const *schemes;
  const char        *file;
  const char        *reason;
  int                domain;
  KinFamilyState     state;
} KinFamilyInfo;

KIN_API GPtrArray       *kin_list_families (void);
KIN_API char           **kin_plugin_folders (void);
KIN_API const KinFamily *kin_load_family (const char *name, GError **error);
KIN_API gboolean         kin_preload (const char *const *names, GError **error);
KIN_API gboolean         kin_register_family (const KinFamily *family, GError **error);
KIN_API GVariant        *kin_get_constant (const char *name);
KIN_API char            *kin_constant_name (const char *prefix, gint64 value);
KIN_API char            *kin_constant_flags (const char *prefix, guint64 value);

KIN_API gboolean         kin_table_get (const KinTable *table, guint i, gpointer row, gsize size);
KIN_API const KinTable  *kin_generic_options (void);
KIN_API const KinTable  *kin_generic_controls (void);
KIN_API const KinTable  *kin_generic_constants (void);

G_END_DECLS

#endif
