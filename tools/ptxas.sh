#!/bin/sh
# NVIDIA's assembler from PyPI into FOLDER, where the machine has none: ptxas.sh FOLDER.
set -eu
folder=$1
command -v ptxas > /dev/null && exit 0
for ptxas in /usr/local/cuda*/bin/ptxas "$folder"/lib/python3*/site-packages/nvidia/*/bin/ptxas; do
    [ -x "$ptxas" ] && exit 0
done
echo "installing: nvidia-cuda-nvcc (PyPI)"
[ -x "$folder/bin/pip" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps nvidia-cuda-nvcc
