"""Synthetic models: the same seed gives the same bytes, and their parts fit together."""
import hashlib
import json

from conftest import stoker, weight_files


def digests(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def make(folder, *more):
    return stoker("--json", "lab", "model", "qwen2.5-0.5b", folder, "--bytes", "40MiB", *more).json


def test_same_seed_same_bytes_and_another_seed_others(scratch):
    document = make(scratch / "a", "--seed", "11")
    make(scratch / "b", "--seed", "11")
    make(scratch / "c", "--seed", "12")
    assert digests(scratch / "a") == digests(scratch / "b")
    assert digests(scratch / "a")["model.safetensors"] != digests(scratch / "c")["model.safetensors"]
    assert document["bytes"] <= 40 << 20 and sorted(document["files"]) == sorted(digests(scratch / "a"))


def test_gguf_has_the_same_promise(scratch):
    make(scratch / "a", "--format", "gguf")
    make(scratch / "b", "--format", "gguf")
    assert digests(scratch / "a") == digests(scratch / "b") and len(weight_files(scratch / "a")) == 1


def test_config_tokenizer_and_tensors_agree(scratch):
    folder = scratch / "a"
    document = make(folder)
    config = json.loads((folder / "config.json").read_text())
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    shapes = {t["name"]: t["shape"] for s in stoker("--json", "inspect", folder, "--tensors").json["shards"]
              for t in s["tensors"]}
    assert config["num_hidden_layers"] == document["layers"]
    assert shapes["model.embed_tokens.weight"] == [config["vocab_size"], config["hidden_size"]]
    assert f"model.layers.{document['layers'] - 1}.mlp.up_proj.weight" in shapes
    assert f"model.layers.{document['layers']}.mlp.up_proj.weight" not in shapes
    assert tokenizer["model"]["type"] == "BPE" and len(tokenizer["model"]["vocab"]) <= config["vocab_size"]
    assert (folder / "generation_config.json").exists() and (folder / "tokenizer_config.json").exists()


def test_shards_as_the_original_has(scratch):
    document = stoker("--json", "lab", "model", "qwen2.5-7b-instruct", scratch / "a", "--dry-run", code=(0, 2)).json
    if "error" in document:  # the shape's short name
        document = stoker("--json", "lab", "model", "qwen2.5-7b", scratch / "a", "--dry-run").json
    assert "model-00001-of-00004.safetensors" in document["files"]
    assert "model.safetensors.index.json" in document["files"]
    assert not (scratch / "a").exists()


def test_weights_are_never_written_over(scratch):
    make(scratch / "a")
    before = digests(scratch / "a")
    assert str(scratch / "a") in stoker("lab", "model", "qwen2.5-0.5b", scratch / "a", "--seed", "5", "--bytes", "40MiB",
                                        code=2).err
    assert digests(scratch / "a") == before


def test_unknown_shape_names_the_nearest(scratch):
    assert "qwen2.5-0.5b" in stoker("lab", "model", "qwen2.5-0.5", scratch / "a", code=2).err
    assert not (scratch / "a").exists()
