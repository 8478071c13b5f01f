#!/bin/sh
# Intel's OpenCL runtime for processors from PyPI into FOLDER: intel_cpu.sh FOLDER.
# The versions are pinned: another one is another compiler.
set -eu
folder=$1
[ -e "$folder/lib/libintelocl.so" ] && exit 0
echo "installing: intel-opencl-rt, intel-cmplr-lib-rt (PyPI)"
[ -x "$folder/bin/pip" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check intel-opencl-rt==2026.2.0 intel-cmplr-lib-rt==2026.2.0
