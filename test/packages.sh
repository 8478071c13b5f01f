#!/bin/sh
# The packages in a Debian root of their own: installed by apt, used, built against, purged, and nothing is left of them.
# packages.sh FOLDER, as root; FOLDER has the .deb files that tools/deb.sh made. Minutes, most of them apt's;
# MIRROR=URL takes another mirror, CACHE=FOLDER keeps what was downloaded there.
set -eu
debs=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")

# Inside: mounts are this process' own, and end with it.
if [ "${2-}" = inside ]; then
    root=$3
    for place in /proc /sys /dev; do mount --rbind "$place" "$root$place"; done
    mkdir "$root/packages"
    mount --bind -o ro "$debs" "$root/packages"
    [ -z "${CACHE-}" ] || mount --bind "$CACHE" "$root/var/cache/apt/archives"
    cp "$here/packages_inside.sh" "$root/tmp"
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh /tmp/packages_inside.sh
fi

root=$(mktemp -d /var/tmp/gaze-packages.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$root"
[ -z "${CACHE-}" ] || mkdir -p "$CACHE/partial"
debootstrap --variant=minbase ${CACHE:+--cache-dir="$(realpath "$CACHE")"} "$codename" "$root" ${MIRROR:-} > "$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm -f "$root.log"
awk '/^```c$/ { on = seen_heading } /^```$/ { on = 0 } /^## From C$/ { seen_heading = 1 } /^## From Python$/ { seen_heading = 0 }
     on && !/^```/' "$here/../README.md" > "$root/tmp/example.c"
cp /etc/resolv.conf "$root/etc"
unshare --mount --propagation private sh "$0" "$debs" inside "$root"
