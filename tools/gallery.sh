#!/bin/sh
# One picture a view for docs/gallery.md: from the shipped weights of seed 000's model and from small models that
# are trained here, which takes about a minute.
set -eu
build=${1:-build}
work=$build/gallery
out=docs/gallery
most=60000 # bytes a picture
rm -rf "$work"
mkdir -p "$work"

train() { # MODEL OPTION..
    model=$1 name=${1##*/}
    shift
    "$build/bin/gaze" train "$model.json" --out "$work/$name-run" --seed 1 --quiet "$@" > "$work/$name.log"
}
picture() { # [VIEW:]NAME MODEL OPTION..: the only picture of that view (NAME's own) becomes docs/gallery/NAME
    name=${1#*:} view=${1%%[:.]*} model=$2
    shift 2
    "$build/bin/dump_attention" "$model" --view "$view" --out "$work/$view" --quiet "$@" > "$work/files"
    file=$(grep -v -e '\.npy$' -e '\.json$' "$work/files")
    if [ "$(wc -c < "$file")" -gt $most ]; then echo "$file: above $most bytes" >&2; exit 1; fi
    cp "$file" "$out/$name"
    echo "$out/$name"
}

shipped=models/000-fashion-attention.json
picture overlay.png $shipped --index 7 --pixel 10
picture map.png $shipped --index 7
picture side.png $shipped --index 7
picture panels.png $shipped --index 7
picture sheet.png $shipped --index 8..15 --pixel 3
picture side:gradcam.png $shipped --map gradcam --index 7

train models/004-seq2seq-luong
picture matrix.png "$work/004-seq2seq-luong-run" --index 0 --decode greedy --vocabulary $out/letters.txt

train $out/reverse
picture heads.png "$work/reverse-run" --index 0
picture text.png "$work/reverse-run" --index 0 --vocabulary $out/letters.txt --query 2
picture html.html "$work/reverse-run" --index 0 --vocabulary $out/letters.txt --query 2

train $out/reverse --learning-rate 0.0005 --epochs 8 --keep-checkpoints all
picture animation.png "$work/reverse-run" --index 0 --vocabulary $out/letters.txt --pixel 24

train $out/needle
picture bars.png "$work/needle-run" --index 0

train $out/cells --steps 150
picture query.png "$work/cells-run" --index 2 --query 12,9

train models/000-fashion-vit --steps 300
picture side:rollout.png "$work/000-fashion-vit-run" --map rollout:mean --index 7

faithful() { # NAME MODEL: the curves of its map, and the table that docs/faithful.md shows
    "$build/bin/gaze" faithful "$2" --map attention --plot "$out/$1" | tee "$work/$1.txt"
    echo "$out/$1"
}
train models/patch
faithful faithful-patch.png "$work/patch-run"
faithful faithful-fashion.png $shipped

# what the tutorials show at their ends, for README.md
picture side:spatial.png "$work/patch-run" --index 0 --pixel 8
train models/002-lstm-attention --epochs 2
picture bars:lstm.png "$work/002-lstm-attention-run" --index 0
train $out/gate --steps 400
picture panels:gate.png "$work/gate-run" --index 0
train models/004-text-attention
picture matrix:lookup.png "$work/004-text-attention-run" --index 0 --vocabulary $out/words.txt
train models/004-bilstm-attention --epochs 5
picture text:bilstm.png "$work/004-bilstm-attention-run" --index 1 --vocabulary $out/words.txt
