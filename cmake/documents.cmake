# Manual pages and completions, written by the built program from its own tables of options: `gaze help --format`.
set(DOCUMENTS ${CMAKE_BINARY_DIR}/documents)
file(MAKE_DIRECTORY ${DOCUMENTS})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/commands.h)
file(READ ${PROJECT_SOURCE_DIR}/tools/commands.h text)
string(REGEX MATCHALL " X\\([a-z]+," COMMANDS "${text}")
list(TRANSFORM COMMANDS REPLACE " X\\((.*)," "\\1")

# document(FILE, then FORMAT and COMMAND as gaze help takes them): the file, and DOCUMENT_FILES has it too
function(document file format command)
  add_custom_command(OUTPUT ${DOCUMENTS}/${file} DEPENDS gaze_program VERBATIM COMMENT ""
                     COMMAND gaze_program help --format ${format} ${command} > ${DOCUMENTS}/${file})
  set(DOCUMENT_FILES ${DOCUMENT_FILES} ${DOCUMENTS}/${file} PARENT_SCOPE)
endfunction()

foreach(program gaze dump_attention)
  document(${program}.1 man ${program})
  document(${program} bash ${program})
  document(_${program} zsh ${program})
  document(${program}.fish fish ${program})
endforeach()
foreach(command ${COMMANDS})
  document(gaze-${command}.1 man ${command})
endforeach()
add_custom_target(documents ALL DEPENDS ${DOCUMENT_FILES})

set(GAZE_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING "where zsh looks for completions")
set(MANUAL_PAGES ${DOCUMENT_FILES})
list(FILTER MANUAL_PAGES INCLUDE REGEX "\\.1$")
install(FILES ${MANUAL_PAGES} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${DOCUMENTS}/gaze ${DOCUMENTS}/dump_attention DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${DOCUMENTS}/_gaze ${DOCUMENTS}/_dump_attention DESTINATION ${GAZE_ZSH_DIR})
install(FILES ${DOCUMENTS}/gaze.fish ${DOCUMENTS}/dump_attention.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
