# Builds TARGET in a build of its own, with the sanitizers of OPTION, and runs the tests labelled LABEL.
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
run_quietly(${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -D${OPTION}=ON -DGAZE_FAULTS=OFF)
run_quietly(${CMAKE_COMMAND} --build ${BUILD} --target ${TARGET} -j 2 -- --no-print-directory -s)
run(${CMAKE_CTEST_COMMAND} --test-dir ${BUILD} -L ${LABEL} --no-tests=error --output-on-failure -j 2)
