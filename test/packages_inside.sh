# What packages.sh runs in the fresh root: each step is a line with the seconds it took, and fails by itself.
set -eu
packages="libgaze0 libgaze-dev gaze gaze-models gaze-doc"
log=/tmp/step.log
passed=0

step() { # NAME, COMMAND...
    name=$1
    shift
    begin=$(date +%s)
    (set -e; "$@") > $log 2>&1 & # not behind || or if, where sh forgets -e
    wait $! || { echo "FAIL  $name"; tail -40 $log; echo "$passed passed, 1 failed"; exit 1; }
    passed=$((passed + 1))
    echo "ok    $name ($(($(date +%s) - begin)) s)"
}

as_user() { su user -c "cd /home/user && $*"; }
install() { apt-get install -y -q "$@"; }
fail() { echo "$*"; return 1; }

without_a_driver() {
    install --no-install-recommends /packages/libgaze0_*.deb /packages/gaze_*.deb /packages/gaze-models_*.deb
    as_user "gaze summary 000-fashion-attention --reference"
    as_user "gaze devices" | grep pocl-opencl-icd
    ! dpkg -l pocl-opencl-icd 2> /dev/null | grep -q ^ii || fail "PoCL came without being asked for"
}

driver_comes_along() {
    apt-get purge -y -q libgaze0 gaze gaze-models
    install /packages/libgaze0_*.deb /packages/gaze_*.deb /packages/gaze-models_*.deb /packages/gaze-doc_*.deb
    dpkg -l pocl-opencl-icd | grep ^ii
    dpkg -s libgaze0 | grep '^Recommends: pocl-opencl-icd | opencl-icd' # a GPU's driver is as good
    install dataset-fashion-mnist
}

devices() { as_user "gaze devices" | grep '^\*'; }
verify() { as_user "gaze verify --quick" | tail -1 | grep ' 0 failed'; }

train() {
    as_user "gaze train 000-fashion-attention --out run --steps 30 --seed 1"
    as_user "gaze evaluate run" | head -1
}

look() {
    as_user "dump_attention 000-fashion-attention --index 0..15 --out maps"
    [ "$(ls /home/user/maps | grep -c '\.png$')" -ge 16 ] || fail "no pictures: $(ls /home/user/maps)"
}

pages() {
    install man-db
    for page in $(dpkg -L gaze | sed -n 's|.*/man1/\(.*\)\.1\.gz$|\1|p'); do
        man -w "$page"
        man --warnings "$page" > /dev/null
    done
    man -P cat gaze-train | grep -e --learning-rate
}

completion() {
    install bash-completion
    bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader gaze; complete -p gaze' | grep _gaze
}

tools_to_build_with() {
    install gcc libc6-dev make cmake pkgconf
    install /packages/libgaze-dev_*.deb
    mkdir /home/user/example
    cp /tmp/example.c /home/user/example
    cat > /home/user/example/CMakeLists.txt << 'EOF'
cmake_minimum_required(VERSION 3.20)
project(example C)
find_package(gaze 0.1 REQUIRED)
add_executable(example example.c)
target_link_libraries(example gaze::gaze)
EOF
    chown -R user /home/user/example
}

# [1,28,28,1] float32, black
picture() {
    printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 28, 28, 1), }"
    head -c 3136 /dev/zero
}

says_ten_classes_and_a_map() { # PROGRAM
    picture > /tmp/x.npy
    as_user "$1 000-fashion-attention /tmp/x.npy" > /tmp/said
    [ "$(wc -l < /tmp/said)" = 22 ] && grep Sneaker /tmp/said || fail "$(cat /tmp/said)"
}

with_pkg_config() {
    as_user 'cc -Wall -Werror example/example.c -o a.out $(pkg-config --cflags --libs gaze)'
    says_ten_classes_and_a_map ./a.out
}

with_cmake() {
    as_user "cmake -S example -B build && cmake --build build"
    says_ten_classes_and_a_map build/example
}

# Of all that the packages brought, only folders that other packages have too.
purge() {
    for package in $packages; do dpkg -L $package; done | sort -u | grep -v "^/\.$" > /tmp/installed
    apt-get purge -y -q $packages
    while read -r file; do
        [ ! -e "$file" ] || dpkg -S "$file" || fail "$file is still there"
    done < /tmp/installed
}

nothing_is_left() {
    find / -xdev \( -path /proc -o -path /packages -o -path /home -o -path /tmp -o -path /var/log -o -path /var/cache \) -prune \
        -o -name '*gaze*' -print > /tmp/left
    [ ! -s /tmp/left ] || fail "$(cat /tmp/left)"
}

echo 'APT::Install-Recommends "true";' > /etc/apt/apt.conf.d/recommends
step "package lists" apt-get update -q
useradd --create-home user
step "installed without a driver: says what is missing" without_a_driver
step "installed by apt: a driver comes along" driver_comes_along
step "gaze devices" devices
step "gaze verify --quick" verify
step "gaze train, thirty steps on Fashion-MNIST" train
step "dump_attention" look
step "manual pages" pages
step "completion is loaded" completion
step "compiler and development files" tools_to_build_with
step "a C program by pkg-config" with_pkg_config
step "a C program by CMake" with_cmake
step "purged" purge
step "nothing is left" nothing_is_left
echo "$passed passed, 0 failed"
