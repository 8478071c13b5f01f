# Builds the targets with libFuzzer and fuzzes each for some seconds: -DSOURCE= -DBUILD= -DCLANG= -DSECONDS=
include(${CMAKE_CURRENT_LIST_DIR}/../run.cmake)
run_quietly(${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -DGAZE_FUZZ=ON -DCMAKE_C_COMPILER=${CLANG})
run_quietly(${CMAKE_COMMAND} --build ${BUILD} -j 2 --target fuzz_targets -- --no-print-directory -s)
run(sh ${SOURCE}/test/fuzz/fuzz.sh ${BUILD} ${SECONDS} ${BUILD}/found)
