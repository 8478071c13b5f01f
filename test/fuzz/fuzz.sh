#!/bin/sh
# Fuzzes each target for a while: fuzz.sh BUILD SECONDS FOLDER [TARGET...]. BUILD was configured with -DGAZE_FUZZ=ON. What is new goes
# to FOLDER/<target>, what fails to FOLDER/<kind>-<target>-<hash>; then the script goes on, and ends with 1. A line a target.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$1 seconds=$2 folder=$3
shift 3
[ $# -gt 0 ] || set -- $(ls "$build/fuzz" | sed -n 's/^fuzz_//p')
failed=0
for target; do
    case $target in
    png | jpeg) longest=2048 ;;    # a byte may hold 8,000 pixels
    cifar10) longest=10000 ;;      # a record has 3,073 bytes
    *) longest=4096 ;;
    esac
    dictionary=
    [ ! -f "$here/$target.dict" ] || dictionary=-dict=$here/$target.dict
    mkdir -p "$folder/$target"
    nice -n 19 "$build/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=$longest $dictionary -timeout=60 -rss_limit_mb=1024 \
        -malloc_limit_mb=128 -print_final_stats=1 -artifact_prefix="$folder/" "$folder/$target" "$here/corpus/$target" \
        > "$folder/$target.log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$target.log")
    covered=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\).*/\1 edges, \2 features/p' "$folder/$target.log" | tail -n 1)
    printf '%-12s %9s executions, %s%s\n' "$target" "${runs:-?}" "$covered" "$([ $status = 0 ] || echo ", FAILED, see $folder/$target.log")"
    if [ $status != 0 ]; then
        failed=1
        grep -E 'ERROR|runtime error|SUMMARY|Test unit|^[^#]*message' "$folder/$target.log" | head -n 8
    fi
done
exit $failed
