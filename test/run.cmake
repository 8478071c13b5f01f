# Commands of a test that is a script of CMake's: the test fails with the first that does.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
  if(result)
    message(FATAL_ERROR "failed: ${ARGV}")
  endif()
endfunction()

# What a build says is of interest where it fails; in front of what the test found it would hide that.
function(run_quietly)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(result)
    message(FATAL_ERROR "failed: ${ARGV}\n${said}")
  endif()
endfunction()
