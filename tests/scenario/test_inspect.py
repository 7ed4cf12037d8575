"""What is in the weight files, and what is wrong with them."""
import json

import pytest

import weights
from conftest import stoker, weight_files


def test_a_synthetic_model(model):
    document = stoker("--json", "inspect", model).json
    assert document["valid"] and document["format"] == "safetensors" and document["findings"] == []
    assert sum(s["bytes"] for s in document["shards"]) == sum(p.stat().st_size for p in weight_files(model))
    assert document["dtypes"]["BF16"]["parameters"] == document["parameters"]
    assert document["bytes_at"]["F32"] == 2 * document["bytes_at"]["BF16"]


def test_text_says_the_same(model):
    assert "valid" in stoker("inspect", model).out.splitlines()[-1]


def test_tensors_are_listed_when_asked(model):
    assert "tensors" not in stoker("--json", "inspect", model).json["shards"][0]
    names = [t["name"] for s in stoker("--json", "inspect", model, "--tensors").json["shards"] for t in s["tensors"]]
    assert "model.embed_tokens.weight" in names and "model.layers.0.self_attn.q_proj.bias" in names


def test_gguf(scratch):
    stoker("lab", "model", "qwen2.5-0.5b", scratch / "g", "--bytes", "40MiB", "--format", "gguf")
    document = stoker("--json", "inspect", scratch / "g").json
    assert document["valid"] and document["format"] == "gguf" and document["tensors"] > 10


def test_sharded(scratch):
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for name, tensor in zip(names, "ab"):
        weights.safetensors(scratch / name, [(tensor, 100)])
    (scratch / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {"total_size": 200}, "weight_map": dict(zip("ab", names))}))
    document = stoker("--json", "inspect", scratch).json
    assert document["valid"] and document["parameters"] == 200 and len(document["shards"]) == 2


def test_a_pickle_is_listed_and_never_executed(scratch):
    sprung = scratch / "sprung"
    weights.pickle_checkpoint(scratch / "pytorch_model.bin", f"touch {sprung}")
    stoker("--json", "inspect", scratch, code=(0, 4))
    assert not sprung.exists()


@pytest.mark.parametrize("make, codes, named", [row[1:] for row in weights.BROKEN], ids=weights.BROKEN_IDS)
def test_broken_models(scratch, make, codes, named):
    make(scratch / "model")
    ran = stoker("--json", "inspect", scratch / "model", code=codes)
    document = ran.json
    said = document["error"]["message"] if "error" in document else " ".join(
        f"{f['path']} {f['what']}" for f in document["findings"] if f["error"])
    assert named in said and "\n" not in said
