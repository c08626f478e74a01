# SPDX-License-Identifier: LGPL-2.1-or-later
# kin_add_family (NAME [SOURCES …] [LIBRARIES …]): one family of this tree, by default NAME.c.
#
# Makes the plugin NAME.so and, with the tool kin-manifest, its manifest NAME.kin from the
# descriptor. A family outside KIN_FAMILIES, or linked into libkin, is made all the same, but apart,
# and is not installed: its manifest is, in "known". LIBRARIES are OBJECT libraries that families
# share; or kin, of a family that stands over other sockets.
#
# Cross-building, CMAKE_CROSSCOMPILING_EMULATOR runs the tool.
if (KIN_PLUGINS AND EXISTS ${PROJECT_SOURCE_DIR}/plugins/manifest-main.c)
  add_executable (kin-manifest ${PROJECT_SOURCE_DIR}/plugins/manifest-main.c)
  target_link_libraries (kin-manifest PRIVATE kin-internal)
  # Who makes a family outside this tree needs it, too.
  install (TARGETS kin-manifest RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif ()

# kin_add_plugin (TARGET NAME FOLDER [SOURCES …] [LIBRARIES …]): FOLDER/NAME.so and FOLDER/NAME.kin.
function (kin_add_plugin target name folder)
  cmake_parse_arguments (PARSE_ARGV 3 arg "" "" "SOURCES;LIBRARIES")
  add_library (${target} MODULE ${arg_SOURCES})
  set_target_properties (${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} LIBRARY_OUTPUT_DIRECTORY ${folder})
  target_include_directories (${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries (${target} PRIVATE ${arg_LIBRARIES})
  # Unloading is where plugin systems crash: nodelete.
  target_link_options (${target} PRIVATE ${KIN_COMPLETE} LINKER:-z,nodelete)
  add_custom_command (OUTPUT ${folder}/${name}.kin
    COMMAND kin-manifest $<TARGET_FILE:${target}> > ${folder}/${name}.kin
    DEPENDS ${target} kin-manifest
    COMMENT "Writing the manifest of ${name}" VERBATIM)
  add_custom_target (${target}-manifest ALL DEPENDS ${folder}/${name}.kin)
endfunction ()

function (kin_add_family name)
  cmake_parse_arguments (PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  if (NOT arg_SOURCES)
    set (arg_SOURCES ${name}.c)
  endif ()
  list (TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]")
  set_property (GLOBAL APPEND PROPERTY KIN_ALL_FAMILIES ${name})

  if (name IN_LIST KIN_STATIC_FAMILIES)
    add_library (family-${name}-static OBJECT ${arg_SOURCES})
    target_compile_definitions (family-${name}-static PRIVATE KIN_STATIC)
    target_include_directories (family-${name}-static PRIVATE ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries (family-${name}-static PRIVATE ${arg_LIBRARIES})
    foreach (library kin kin-internal)
      target_link_libraries (${library} PRIVATE family-${name}-static ${arg_LIBRARIES})
    endforeach ()
  endif ()
  if (NOT TARGET kin-manifest)
    return ()
  endif ()

  set (folder ${PROJECT_BINARY_DIR}/not-installed)
  if ((KIN_FAMILIES STREQUAL "all" OR name IN_LIST KIN_FAMILIES)
      AND NOT name IN_LIST KIN_STATIC_FAMILIES)
    set (folder ${KIN_BUILD_FAMILIES})
    install (FILES ${folder}/${name}.so ${folder}/${name}.kin
             DESTINATION ${CMAKE_INSTALL_LIBDIR}/kin-1/families)
  endif ()
  kin_add_plugin (family-${name} ${name} ${folder}
                  SOURCES ${arg_SOURCES} LIBRARIES ${arg_LIBRARIES})
  set (known ${KIN_BUILD_KNOWN}/${name}.kin)
  add_custom_command (OUTPUT ${known}
    COMMAND ${CMAKE_COMMAND} -E copy ${folder}/${name}.kin ${known}
    DEPENDS ${folder}/${name}.kin VERBATIM)
  add_custom_target (family-${name}-known ALL DEPENDS ${known})
  add_dependencies (family-${name}-known family-${name}-manifest)
  install (FILES ${known} DESTINATION ${CMAKE_INSTALL_DATADIR}/kin-1/known)
endfunction ()
