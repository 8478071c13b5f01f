#!/bin/sh
# Installs the Debian packages that are missing: deps.sh GROUP..., with the groups build, run, python, test, docs, mpi, deb, verify and browser.
# As root with apt-get; otherwise through sudo; without either it says in one line what to install.
set -eu

packages=
for group; do
    case $group in
    build) packages="$packages gcc libc6-dev cmake make pkg-config ocl-icd-opencl-dev libpng-dev libjpeg62-turbo-dev zlib1g-dev
                     libcjson-dev libxxhash-dev protobuf-c-compiler libprotobuf-c-dev libonnx-dev" ;;
    run) packages="$packages pocl-opencl-icd dataset-fashion-mnist" ;;
    test) packages="$packages g++ libcmocka-dev libclblast1 python3 python3-numpy libasan8 libubsan1 gzip patch
                    groff-base mandoc zsh fish abigail-tools binutils" ;;
    python) packages="$packages python3 python3-numpy python3-pip python3-venv python3-hatchling" ;; # the wheel and its tests
    docs) packages="$packages doxygen python3" ;; # make docs
    mpi) packages="$packages libopenmpi-dev openmpi-bin iproute2" ;; # many machines: make mpi
    deb) packages="$packages build-essential debhelper pkgconf lintian debootstrap" ;; # make deb, make deb-test
    verify) packages="$packages clang-15 lld-15 libclc-15 rocm-device-libs intel-opencl-icd oclgrind python3 python3-venv" ;;
    browser) packages="$packages chromium python3 python3-venv" ;; # about 400 MB: pages as a reader sees them
    *) echo "deps.sh: unknown group '$group' (build, run, python, test, docs, mpi, deb, verify, browser)" >&2; exit 2 ;;
    esac
done

command -v dpkg-query > /dev/null || { echo "not Debian: install by hand what corresponds to: $(echo $packages)"; exit 0; }

missing=
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q '^install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install="env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo > /dev/null; then
    as_root=sudo
else
    echo "missing packages; as root: apt-get install$missing" >&2
    exit 1
fi
echo "installing:$missing"
$as_root $install $missing > /dev/null 2>&1 || { $as_root apt-get update -q > /dev/null; $as_root $install $missing; }
