"""Every JSON document of every command fits its schema, and the schemas are strict enough to notice a change."""
import copy
import json

import jsonschema
import pytest

from conftest import SCHEMAS, free_port, stoker, validate

ALL = sorted(p.stem for p in SCHEMAS.glob("*.json"))


def documents(model, scratch):
    """One document of each schema that a command can be made to print at once."""
    yield stoker("--json", "inspect", model)
    yield stoker("--json", "inspect", model, "--tensors")
    yield stoker("--json", "residency", model)
    yield stoker("--json", "evict", model)
    yield stoker("--json", "evict", "--dry-run", model)
    yield stoker("--json", "lab", "model", "qwen2.5-0.5b", scratch / "m", "--bytes", "40MiB")
    yield stoker("--json", "bench", "start", model, "--engine", "lab", "--dry-run")
    yield stoker("--json", "bench", "start", model, "--engine", "lab", "--runs", "1", "--cooldown", "0", "--out", scratch)
    yield stoker("--json", "bench", "start", model, "--engine", "command", "--runs", "1", "--modes", "warm", "--port",
                 free_port(), "--out", scratch, "--", "/bin/false", code=9)
    yield stoker("--json", "nothing", code=2)


def test_every_document_fits_and_every_schema_is_used(model, scratch):
    seen = set()
    for ran in documents(model, scratch):
        seen.add(ran.json["schema"].removeprefix("stoker.").partition("/")[0])
    # These are printed when they end: test_lab_engine.py and test_slowpath.py have them.
    assert seen | {"lab-engine", "lab-slowpath"} == set(ALL)


def test_the_file_is_the_document_too(model, scratch):
    stoker("bench", "start", model, "--engine", "lab", "--runs", "1", "--modes", "warm", "--out", scratch)
    kept = json.loads((scratch / "storage_load_bench.json").read_text())
    assert kept["schema"] == "stoker.bench-start/1" and len(kept["starts"]) == 1


@pytest.mark.parametrize("name", ALL)
def test_schema_is_one(name):
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.validators.validator_for(schema).check_schema(schema)
    assert schema["properties"]["schema"] == {"const": f"stoker.{name}/1"}


def test_a_wrong_document_is_noticed(model):
    document = stoker("--json", "residency", model).json
    for damage in (lambda d: d.pop("bytes"), lambda d: d.update(bytes="many"), lambda d: d.pop("files")):
        wrong = copy.deepcopy(document)
        damage(wrong)
        with pytest.raises(jsonschema.ValidationError):
            validate(wrong)
