"""The front door: help, version, usage errors, and errors as documents."""
import pytest

from conftest import stoker

COMMANDS = (["inspect"], ["residency"], ["evict"], ["bench"], ["bench", "start"], ["lab"], ["lab", "model"],
            ["lab", "engine"])


def test_help_names_every_command_and_the_exit_codes():
    said = stoker("--help").out
    for command in ("inspect", "residency", "evict", "bench", "lab"):
        assert command in said
    for code in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "130"):
        assert code in said.split()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command):
    ran = stoker(*command, "--help")
    assert command[-1] in ran.out and ran.err == ""


def test_version():
    assert stoker("--version").out.startswith("stoker 0.")


@pytest.mark.parametrize("wrong, right", [(["inspekt"], "inspect"), (["residancy", "/x"], "residency"),
                                          (["bench", "sart"], "start"), (["lab", "modl"], "model")])
def test_unknown_command_suggests_the_nearest(wrong, right):
    ran = stoker(*wrong, code=2)
    assert ran.out == "" and f"'{right}'" in ran.err and len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("words", [[], ["bench"], ["inspect", "--no-such-flag"], ["residency"],
                                   ["lab", "model", "qwen2.5-0.5b"]], ids=lambda w: " ".join(w) or "nothing")
def test_usage_errors(words):
    ran = stoker(*words, code=2)
    assert ran.out == "" and len(ran.err.splitlines()) == 1


def test_errors_are_documents_under_json():
    document = stoker("--json", "inspect", "/no/such/folder", code=5).json
    assert document["schema"] == "stoker.error/1"
    assert document["error"]["kind"] == "not found" and document["error"]["exit_code"] == 5
    assert "/no/such/folder" in document["error"]["message"]


def test_json_may_stand_after_the_command_too():
    assert stoker("inspect", "/no/such/folder", "--json", code=5).json["schema"] == "stoker.error/1"


def test_usage_errors_are_documents_too():
    assert stoker("--json", "inspekt", code=2).json["error"]["kind"] == "usage"
