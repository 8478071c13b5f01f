# Installation: make install PREFIX=..., then find_package(gaze) or pkg-config gaze. docs/packages.md has what lies where.
include(CMakePackageConfigHelpers)
set(CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/gaze)
install(TARGETS gaze EXPORT gaze-targets)
install(TARGETS gaze_static EXPORT gaze-static)
install(TARGETS gaze_program dump_attention)
install(FILES engine/gaze.h engine/gaze.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/gaze/models)

foreach(export gaze-targets gaze-static)
  install(EXPORT ${export} NAMESPACE gaze:: DESTINATION ${CONFIG_DIR})
endforeach()
configure_package_config_file(cmake/gaze-config.cmake.in ${CMAKE_BINARY_DIR}/gaze-config.cmake INSTALL_DESTINATION ${CONFIG_DIR})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/gaze-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/gaze-config.cmake ${CMAKE_BINARY_DIR}/gaze-config-version.cmake DESTINATION ${CONFIG_DIR})

set(PC_LIBDIR "\${prefix}")
cmake_path(APPEND PC_LIBDIR ${CMAKE_INSTALL_LIBDIR}) # an absolute one takes its place
set(PC_INCLUDEDIR "\${prefix}")
cmake_path(APPEND PC_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
configure_file(cmake/gaze.pc.in ${CMAKE_BINARY_DIR}/gaze.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/gaze.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
