#!/usr/bin/env python3
"""The front door: help, versions, devices and summaries, and results that can't be written."""
import json
import subprocess

from harness import DUMP, GAZE, SOURCE, main, refused, run

COMMANDS = ["devices", "verify", "train", "evaluate", "compare", "faithful", "predict", "summary", "bench"]
MODEL = SOURCE / "models/000-fashion-attention.json"


def help_names_every_command_and_exit_status(folder):
    out = run(GAZE, "--help").stdout
    assert all(f"  {command} " in out for command in COMMANDS), out
    assert "130" in out, out


def every_command_has_help(folder):
    for command in COMMANDS:
        out = run(GAZE, command, "--help").stdout
        assert f"gaze {command}" in out and "--device" in out and "--json" in out, out


def version_is_that_of_the_header(folder):
    header = (SOURCE / "engine/gaze.h").read_text()
    version = header.split('#define GAZE_VERSION       "')[1].split('"')[0]
    assert run(GAZE, "--version").stdout == f"gaze {version}\n"


def no_command_is_a_wrong_call(folder):
    refused(2, GAZE, says="usage")


def unknown_option_is_a_wrong_call(folder):
    refused(2, GAZE, "verify", "--nonsense", says=["gaze verify", "nonsense"])


def one_device_is_chosen(folder):
    devices = [json.loads(line) for line in run(GAZE, "devices", "--json").stdout.splitlines()]
    chosen = [device for device in devices if device["chosen"]]
    assert len(chosen) == 1 and chosen[0]["usable"] and chosen[0]["name"] and chosen[0]["reason"], devices
    assert f"* {chosen[0]['index']}  {chosen[0]['name']}" in run(GAZE, "devices").stdout


def no_platform_says_what_to_install(folder):
    env = {"OCL_ICD_VENDORS": str(folder)}
    assert "pocl-opencl-icd" in run(GAZE, "devices", env=env).stdout
    refused(5, GAZE, "verify", env=env, says="pocl-opencl-icd")


def summary_counts_weights_and_plans_memory(folder):
    text = run(GAZE, "summary", MODEL, "--batch-size", 64, "--train").stdout
    assert "memory, training, batch 64" in text and "conv_1" in text and "optimizer" in text, text
    json.loads(run(GAZE, "summary", MODEL, "--json").stdout)


def a_model_is_found_by_its_name(folder):
    by_name = run(GAZE, "summary", MODEL.stem, env={"GAZE_MODELS": str(MODEL.parent)}).stdout
    assert by_name == run(GAZE, "summary", MODEL).stdout
    refused(4, GAZE, "summary", "no-such-model", env={"GAZE_MODELS": str(MODEL.parent)}, says="no-such-model")
    refused(4, GAZE, "summary", "000-fashion-atention", env={"GAZE_MODELS": str(MODEL.parent)}, says="did you mean '000-fashion-attention'")
    refused(4, GAZE, "summary", folder, says="no run folder: it has no model.json")


def answers_of_initial_weights_are_said_to_be_so(folder):
    """Where nobody asked for them: beside patch.json there are none, and a folder may have lost its own."""
    patch, note = SOURCE / "models/patch.json", "no trained weights were found"
    train = (GAZE, "train", patch, "--steps", 1, "--out", folder / "run")
    assert note not in run(*train).stderr
    assert note not in run(GAZE, "evaluate", folder / "run").stderr
    (folder / "run/weights.safetensors").unlink()
    for model in (patch, folder / "run"):
        assert f"{model}: {note}" in run(GAZE, "evaluate", model).stderr
        assert f"{model}: {note}" in run(DUMP, model, "--index", 0, "--out", folder / "maps").stderr
    assert note not in run(GAZE, "evaluate", patch, "--quiet").stderr
    assert note not in run(DUMP, patch, "--list").stderr


def a_folder_that_a_training_finds_is_told_of(folder):
    train = (GAZE, "train", SOURCE / "models/patch.json", "--steps", 1, "--out", folder / "run")
    assert f"{folder}/run has no checkpoint to go on from" in run(*train, "--resume").stderr
    assert not run(*train, "--resume").stderr.strip()
    assert f"{folder}/run holds an earlier training, up to step 1, which is replaced" in run(*train).stderr


def an_import_wants_an_onnx_file(folder):
    refused(2, GAZE, "import", says="Give an ONNX file")


def full_disk_is_an_error(folder):
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(GAZE), "summary", str(MODEL)], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3 and "writing the results" in done.stderr, done


if __name__ == "__main__":
    main([
        help_names_every_command_and_exit_status,
        every_command_has_help,
        version_is_that_of_the_header,
        no_command_is_a_wrong_call,
        unknown_option_is_a_wrong_call,
        one_device_is_chosen,
        no_platform_says_what_to_install,
        summary_counts_weights_and_plans_memory,
        a_model_is_found_by_its_name,
        answers_of_initial_weights_are_said_to_be_so,
        a_folder_that_a_training_finds_is_told_of,
        an_import_wants_an_onnx_file,
        full_disk_is_an_error,
    ])
