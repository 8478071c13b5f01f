#!/bin/sh
# axe-core, which finds what a page hides from some readers, from PyPI into FOLDER: axe.sh FOLDER.
# The version is pinned: another one has other rules.
set -eu
folder=$1
[ -e "$folder/axe.min.js" ] && exit 0
echo "installing: axe-playwright-python (PyPI), of which axe.min.js alone is taken"
mkdir -p "$folder/axe"
[ -x "$folder/bin/pip" ] || python3 -m venv "$folder"
"$folder/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$folder/axe" axe-playwright-python==0.1.8
python3 -m zipfile -e "$folder"/axe/*.whl "$folder/axe"
mv "$folder/axe/axe_playwright_python/axe.min.js" "$folder/axe.min.js"
rm -r "$folder/axe"
