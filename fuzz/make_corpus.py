#!/usr/bin/env python3
"""Writes the seeds of fuzz/corpus/<target>/: small sound files, for the fuzzer to break."""
import json, os, shutil, struct

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "tests", "fixtures", "models")


def seed(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(data)


def safetensors(header, data):
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + b"x" * data


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def pair(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def info(name, dims, kind, offset):
    return text(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", d) for d in dims) + struct.pack("<IQ", kind, offset)


def gguf(version, pairs, infos, data):
    head = b"GGUF" + struct.pack("<IQQ", version, len(infos), len(pairs)) + b"".join(pairs) + b"".join(infos)
    return head + b"\0" * (-len(head) % 32) + b"x" * data


seed("safetensors", "empty", safetensors({}, 0))
seed("safetensors", "two", safetensors({"__metadata__": {"format": "pt"}, "a": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]},
                                        "b": {"dtype": "F32", "shape": [], "data_offsets": [8, 12]}}, 12))
seed("safetensors", "hole", safetensors({"a": {"dtype": "U8", "shape": [4], "data_offsets": [4, 8]}}, 9))
seed("gguf", "empty", gguf(3, [], [], 0))
seed("gguf", "tiny", gguf(3, [pair("general.architecture", 8, text("llama")), pair("general.alignment", 4, struct.pack("<I", 32)),
                              pair("tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("b")), pair("nested", 9, struct.pack("<IQIQI", 9, 1, 4, 1, 7))],
                          [info("token_embd.weight", [256, 2], 12, 0), info("norm.weight", [6], 0, 288)], 312))
seed("gguf", "two", gguf(2, [pair("a", 7, b"\1")], [info("t", [4], 30, 0)], 8))
seed("index", "two", json.dumps({"metadata": {"total_size": 12}, "weight_map": {"a": "m-1", "b": "m-2"}}).encode())
seed("index", "outside", json.dumps({"weight_map": {"a": "../m"}}).encode())
for name in os.listdir(FIXTURES):
    if not name.endswith(".py"):
        os.makedirs(os.path.join(HERE, "corpus", "pickle"), exist_ok=True)
        shutil.copy(os.path.join(FIXTURES, name), os.path.join(HERE, "corpus", "pickle", name))
