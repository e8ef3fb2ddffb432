# SPDX-License-Identifier: Apache-2.0
# cmake --install: headers, the libraries, what find_package(millrace) reads, and the program that looks into
# topics. The pipeline of apps/buy_signals is an example, which runs where its prices are.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/millrace)
get_property(layers GLOBAL PROPERTY MILLRACE_LAYERS)
install(TARGETS millrace millrace_tcmalloc ${layers} EXPORT millraceTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT millraceTargets NAMESPACE millrace:: DESTINATION ${package_dir})
install(DIRECTORY framework/include/millrace DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")

# Each connector is a component: find_package(millrace COMPONENTS mqtt). Its targets stand in a file of their own, so
# that nobody needs a library of a connector that he does not use. dependencies.cmake finds those libraries.
get_property(connectors GLOBAL PROPERTY MILLRACE_CONNECTOR_NAMES)
foreach(connector IN LISTS connectors)
  install(TARGETS millrace_${connector} EXPORT millrace_${connector}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT millrace_${connector} NAMESPACE millrace:: FILE ${connector}-targets.cmake DESTINATION ${package_dir})
  install(DIRECTORY framework/connectors/${connector}/include/millrace DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.hpp")
  install(FILES framework/connectors/${connector}/dependencies.cmake RENAME ${connector}-dependencies.cmake
          DESTINATION ${package_dir})
endforeach()

if(TARGET topics)
  install(TARGETS topics RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

install(FILES LICENSE NOTICE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/millraceConfig.cmake.in ${PROJECT_BINARY_DIR}/millraceConfig.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 each minor version may change what users see.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/millraceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/millraceConfig.cmake ${PROJECT_BINARY_DIR}/millraceConfigVersion.cmake
        DESTINATION ${package_dir})
