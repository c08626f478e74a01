# SPDX-License-Identifier: LGPL-2.1-or-later
# 32 bits. A 64-bit PC runs its programs as they are, given the loader and the libraries, whose
# folders are written into what is built here.
set (KIN_ARCHITECTURE i386)
set (KIN_MULTIARCH i386-linux-gnu)
set (KIN_TRIPLET i686-linux-gnu)
set (CMAKE_SYSTEM_PROCESSOR i686)
include (${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
string (APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -Wl,--dynamic-linker=${KIN_SYSROOT}/lib/ld-linux.so.2 \
-Wl,--disable-new-dtags,-rpath,${libraries}")
set (CMAKE_CROSSCOMPILING_EMULATOR env)   # only so that CMake believes that they run
