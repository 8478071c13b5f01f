# Under ThreadSanitizer: the tests in which threads of ours meet, without a driver, since nobody has instrumented those.
# Then each patch in mutants/host, which plants a race: the test that its first line names must report it.
set(TESTS test_batches test_folder test_contexts test_group test_team)
set_tests_properties(${TESTS} PROPERTIES LABELS threads)
set(BROKEN)
file(GLOB PATCHES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/mutants/host/*.patch)
foreach(patch ${PATCHES})
  get_filename_component(name ${patch} NAME_WE)
  file(STRINGS ${patch} lines)
  string(REGEX MATCH "Caught by: (test_[a-z_]+)" found "${lines}")
  set(test ${CMAKE_MATCH_1})
  string(REGEX MATCH "[+][+][+] b/([a-z0-9_/]+)/([a-z0-9_]+[.]c)" found "${lines}")
  set(folder ${PROJECT_SOURCE_DIR}/${CMAKE_MATCH_1})
  set(source ${folder}/${CMAKE_MATCH_2})
  set(broken ${CMAKE_CURRENT_BINARY_DIR}/${name}/${CMAKE_MATCH_2})
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${name})
  add_custom_command(OUTPUT ${broken} COMMAND patch --silent --fuzz=0 -o ${broken} ${source} ${patch}
                     DEPENDS ${source} ${patch})
  # The broken file comes before the library, whose own is then not taken.
  add_executable(${name} ${broken} ${test}.c)
  target_include_directories(${name} PRIVATE ${folder})
  target_link_libraries(${name} PRIVATE gaze_static PkgConfig::CMOCKA)
  add_test(NAME mutant_${name} COMMAND ${name})
  set_tests_properties(mutant_${name} PROPERTIES LABELS threads TIMEOUT 300 ENVIRONMENT TSAN_OPTIONS=halt_on_error=1
                                                 PASS_REGULAR_EXPRESSION "WARNING: ThreadSanitizer: data race")
  list(APPEND BROKEN ${name})
endforeach()
add_custom_target(threads DEPENDS ${TESTS} ${BROKEN})
