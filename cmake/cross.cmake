# SPDX-License-Identifier: LGPL-2.1-or-later
# What the toolchain files of this folder share, each for one architecture of Debian's, whose
# libraries scripts/sysroot has put in a folder.
#
# Wants: KIN_ARCHITECTURE  Debian's name of it
#        KIN_MULTIARCH     the name of its folders in usr/lib and usr/include
#        KIN_TRIPLET       what its compiler's name begins with
set (CMAKE_SYSTEM_NAME Linux)
set (CMAKE_C_COMPILER ${KIN_TRIPLET}-gcc)

# As scripts/sysroot has it; a build folder keeps what it found.
if (DEFINED KIN_SYSROOT)
elseif (DEFINED ENV{KIN_CROSS_CACHE})
  set (KIN_SYSROOT $ENV{KIN_CROSS_CACHE}/${KIN_ARCHITECTURE})
elseif (DEFINED ENV{XDG_CACHE_HOME})
  set (KIN_SYSROOT $ENV{XDG_CACHE_HOME}/kin-cross/${KIN_ARCHITECTURE})
else ()
  set (KIN_SYSROOT $ENV{HOME}/.cache/kin-cross/${KIN_ARCHITECTURE})
endif ()
if (NOT EXISTS ${KIN_SYSROOT}/.made)
  message (FATAL_ERROR "There are no libraries of ${KIN_ARCHITECTURE} in ${KIN_SYSROOT}; "
                       "this makes them: scripts/sysroot ${KIN_ARCHITECTURE} "
                       "(elsewhere than before? then cmake --fresh)")
endif ()
set (KIN_SYSROOT ${KIN_SYSROOT} CACHE PATH "The architecture's libraries")
list (APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KIN_SYSROOT)
set (CMAKE_SYSROOT ${KIN_SYSROOT})

# Debian's cross compilers were built to look in folders of their own, not in a sysroot's.
set (CMAKE_C_FLAGS_INIT "-B${KIN_SYSROOT}/usr/lib/${KIN_MULTIARCH} \
-isystem ${KIN_SYSROOT}/usr/include/${KIN_MULTIARCH} -isystem ${KIN_SYSROOT}/usr/include")
set (libraries ${KIN_SYSROOT}/usr/lib/${KIN_MULTIARCH})
foreach (kind EXE SHARED MODULE)
  set (CMAKE_${kind}_LINKER_FLAGS_INIT "-L${libraries} -Wl,-rpath-link,${libraries}")
endforeach ()

set (CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set (CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set (CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set (ENV{PKG_CONFIG_SYSROOT_DIR} ${KIN_SYSROOT})
set (ENV{PKG_CONFIG_LIBDIR} ${libraries}/pkgconfig:${KIN_SYSROOT}/usr/share/pkgconfig)
