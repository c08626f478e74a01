# SPDX-License-Identifier: LGPL-2.1-or-later
# IBM Z: 64 bits, the greater end first. Its programs run in qemu.
set (KIN_ARCHITECTURE s390x)
set (KIN_MULTIARCH s390x-linux-gnu)
set (KIN_TRIPLET s390x-linux-gnu)
set (CMAKE_SYSTEM_PROCESSOR s390x)
include (${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
set (CMAKE_CROSSCOMPILING_EMULATOR qemu-s390x -L ${KIN_SYSROOT})
