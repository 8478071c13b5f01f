#!/bin/sh
# Debian packages of the sources here, into FOLDER: deb.sh FOLDER. What git doesn't know stays out. lintian has the last word.
set -eu
folder=$1
version=$(dpkg-parsechangelog -S Version)
source=$folder/gaze-${version%-*}
rm -rf "$folder"
mkdir -p "$source"
git ls-files -z --cached --others --exclude-standard | tar --null --files-from - --create | tar --extract --directory "$source"
(cd "$source" && dpkg-buildpackage --build=binary --no-sign) > "$folder/build.log" 2>&1 || { tail -40 "$folder/build.log"; exit 1; }
lintian --fail-on error,warning --info "$folder"/*.changes
ls "$folder"/*.deb
