# gaze import reads ONNX files by protobuf-c, with code made from ONNX's own schema (Debian: protobuf-c-compiler,
# libprotobuf-c-dev, libonnx-dev). Without them everything else is built, and the command says so.
set(ONNX_IS_IN OFF)
if(NOT GAZE_ONNX STREQUAL "OFF")
  find_program(PROTOC_C protoc-c)
  find_path(ONNX_SCHEMA_DIR onnx.proto PATH_SUFFIXES onnx)
  pkg_check_modules(PROTOBUF_C IMPORTED_TARGET libprotobuf-c)
endif()

if(PROTOC_C AND ONNX_SCHEMA_DIR AND PROTOBUF_C_FOUND)
  set(ONNX_MADE ${CMAKE_BINARY_DIR}/onnx)
  file(MAKE_DIRECTORY ${ONNX_MADE})
  set(ONNX_SOURCES ${ONNX_MADE}/onnx.pb-c.c)
  add_custom_command(
    OUTPUT ${ONNX_MADE}/onnx.pb-c.c ${ONNX_MADE}/onnx.pb-c.h
    COMMAND ${PROTOC_C} --proto_path=${ONNX_SCHEMA_DIR} --c_out=${ONNX_MADE} onnx.proto
    DEPENDS ${ONNX_SCHEMA_DIR}/onnx.proto
    COMMENT "Making onnx.pb-c.c from ONNX's schema")
  add_custom_target(onnx_schema DEPENDS ${ONNX_SOURCES})
  include_directories(SYSTEM ${ONNX_MADE})
  add_compile_definitions(GAZE_ONNX)
  list(APPEND GAZE_LIBRARIES PkgConfig::PROTOBUF_C)
  set(GAZE_PRIVATE_ONNX -lprotobuf-c)
  set(ONNX_IS_IN ON)
elseif(GAZE_ONNX STREQUAL "ON")
  message(FATAL_ERROR "GAZE_ONNX is ON, but protoc-c (${PROTOC_C}), libprotobuf-c or onnx.proto (${ONNX_SCHEMA_DIR}) is missing")
else()
  message(STATUS "No protoc-c, libprotobuf-c or onnx.proto: built without gaze import")
  list(FILTER ENGINE_SOURCES EXCLUDE REGEX "/engine/onnx/")
endif()
