#!/bin/sh
# From a build to heatmaps: trains seed 000's network on Fashion-MNIST, evaluates it, and shows where it looks.
set -eu
build=${1:-build}
out=${DEMO_OUT:-demo}
epochs=${DEMO_EPOCHS:-3}
model=models/000-fashion-attention.json

echo "== the device"
"$build/bin/gaze" devices
echo "== training ($epochs epochs of Fashion-MNIST)"
"$build/bin/gaze" train "$model" --out "$out/run" --epochs "$epochs" --seed 1
echo "== how good it is"
"$build/bin/gaze" evaluate "$out/run"
echo "== where it looks"
"$build/bin/dump_attention" "$out/run" --index 0..15 --out "$out/heatmaps" --quiet
echo
echo "The heatmaps are in $out/heatmaps; begin with the contact sheet:"
ls "$out"/heatmaps/*sheet*.png
