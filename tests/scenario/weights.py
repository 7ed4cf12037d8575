"""Weight files written by hand, whole and broken, each broken in one way."""
import json
import os
import pickle
import struct
import zipfile


def safetensors(path, tensors=(("a", 64),), header=None, cut=0):
    """One U8 tensor a name and size; `header` replaces the JSON, `cut` drops bytes at the end."""
    at, described = 0, {}
    for name, size in tensors:
        described[name] = {"dtype": "U8", "shape": [size], "data_offsets": [at, at + size]}
        at += size
    text = (json.dumps(described) if header is None else header).encode()
    body = struct.pack("<Q", len(text)) + text + os.urandom(at)
    path.write_bytes(body[:len(body) - cut])
    return path


def whole(folder):
    folder.mkdir(exist_ok=True)
    safetensors(folder / "model.safetensors")


def absent(folder):
    pass


def without_weights(folder):
    folder.mkdir()
    (folder / "config.json").write_text("{}")


def truncated(folder):
    folder.mkdir()
    safetensors(folder / "model.safetensors", cut=10)


def missing_shard(folder):
    folder.mkdir()
    safetensors(folder / "model-00001-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {"total_size": 128}, "weight_map": {"a": "model-00001-of-00002.safetensors",
                                                         "b": "model-00002-of-00002.safetensors"}}))


def huge_header(folder):
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 60) + b"{}")


def empty_file(folder):
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"")


def not_json(folder):
    folder.mkdir()
    safetensors(folder / "model.safetensors", header="{" * 64)


def overlap(folder):
    folder.mkdir()
    header = {"a": {"dtype": "U8", "shape": [40], "data_offsets": [0, 40]},
              "b": {"dtype": "U8", "shape": [40], "data_offsets": [24, 64]}}
    safetensors(folder / "model.safetensors", header=json.dumps(header))


# what it is, how it is made, the exit codes that say so, a part of the path that the error must name
BROKEN = [
    ("missing directory", absent, (5,), "model"),
    ("directory without weights", without_weights, (5,), "model"),
    ("truncated shard", truncated, (4,), "model.safetensors"),
    ("index naming an absent shard", missing_shard, (4, 5), "model-00002-of-00002.safetensors"),
    ("header of 2^60 bytes", huge_header, (4,), "model.safetensors"),
    ("zero-length file", empty_file, (4,), "model.safetensors"),
    ("header that is no JSON", not_json, (4,), "model.safetensors"),
    ("overlapping tensors", overlap, (4,), "model.safetensors"),
]
BROKEN_IDS = [row[0].replace(" ", "-") for row in BROKEN]


class Bomb:
    """Runs a command in whoever unpickles it."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return (os.system, (self.command,))


def pickle_checkpoint(path, command):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"w": Bomb(command)}, protocol=2))
        archive.writestr("archive/data/0", bytes(256))
        archive.writestr("archive/version", "3\n")
