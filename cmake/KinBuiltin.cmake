# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes builtin.c: the plugin host, if there is one, and the families that are linked in. A table
# that the core names, because constructors in a static archive are dropped by the linker.
set (declarations)
set (rows)
set (host NULL)
if (KIN_PLUGINS)
  string (APPEND declarations "extern const KinHost kin__plugin_host;\n")
  set (host &kin__plugin_host)
endif ()
foreach (name IN LISTS KIN_STATIC_FAMILIES)
  string (APPEND declarations "extern const KinFamily kin_family_${name};\n")
  string (APPEND rows "  &kin_family_${name},\n")
endforeach ()
file (CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/builtin.c CONTENT
"/* Written by cmake/KinBuiltin.cmake: what this build of libkin has linked in. */
#include \"private.h\"

${declarations}
static const KinFamily *const families[] = {
${rows}  NULL,
};

const KinBuiltin kin__builtin = {
  .host = ${host},
  .families = families,
};
" @ONLY)
