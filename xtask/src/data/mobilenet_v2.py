"""Turns MobileNetV2's weights, as PyTorch saved them before version 1.6, into safetensors.

    python3 mobilenet_v2.py WEIGHTS.pt LICENCE.txt OUT.safetensors

It needs Python's standard library alone: PyTorch is gigabytes, and the file is simple. The names
become those of Keras's layers; the values and their order stay PyTorch's: kernels are
[out, in / groups, height, width], and batch norms are not folded into them. The licence stands in
the new file, for it asks to go along with every copy.
"""
import json
import math
import pickle
import struct
import sys
from collections import OrderedDict

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# Bytes of a value, by the storage that PyTorch names.
SIZES = {"FloatStorage": 4, "LongStorage": 8}
# What PyTorch calls the four of a batch norm, and what Keras does.
NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
# A row of blocks: expansion, channels, blocks. Strides change no weights.
ROWS = [(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)]


class Refused(Exception):
    """What is wrong with the file, as a sentence."""


class Tensor:
    """A tensor's shape, and where its values stand."""

    def __init__(self, storage, offset, shape, strides, *_):
        self.storage, self.offset, self.shape, self.strides = storage, offset, tuple(shape), tuple(strides)


class Reader(pickle.Unpickler):
    """Reads pickles that hold weights. A pickle can name anything that Python could import, and
    have it called: here nothing is imported, and four names are known."""

    known = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): Tensor,
        # Not to be called, so no classes.
        ("torch", "FloatStorage"): "FloatStorage",
        ("torch", "LongStorage"): "LongStorage",
    }

    def find_class(self, module, name):
        if (module, name) not in self.known:
            raise Refused(f"its pickle asks for {module}.{name}, which no list of weights needs; nothing of it was run")
        return self.known[module, name]

    def persistent_load(self, saved):
        kind, storage, key, _, count, view = saved
        if kind != "storage" or storage not in SIZES or view is not None:
            raise Refused(f"it holds a storage that is not understood: {saved}")
        return key, storage, count


def contiguous(shape):
    """The strides of a tensor whose values stand one after another."""
    strides, step = [], 1
    for length in reversed(shape):
        strides.insert(0, step)
        step *= length
    return tuple(strides)


def read(file):
    """The file's tensors by name: the shape and the bytes of each."""
    try:
        if Reader(file).load() != MAGIC or Reader(file).load() != PROTOCOL:
            raise Refused("it is not a file of weights as PyTorch saved them before version 1.6")
        system = Reader(file).load()
        tensors = Reader(file).load()
        keys = Reader(file).load()
        storages = {tensor.storage[0]: tensor.storage for tensor in tensors.values()}
        values = {}
        for key in keys:
            _, storage, expected = storages[key]
            count, = struct.unpack("<q", file.read(8))
            values[key] = file.read(count * SIZES[storage])
            if count != expected or len(values[key]) != count * SIZES[storage]:
                raise Refused(f"its storage {key} is cut short")
    except Refused:
        raise
    # Whatever a broken pickle makes of its reader: some raise what they like.
    except Exception as error:
        raise Refused(f"it cannot be read ({type(error).__name__}: {error})") from error
    if system.get("little_endian") is not True or file.read(1):
        raise Refused("its values are not little-endian, or something stands behind them")
    return {name: (tensor.shape, bytes_of(name, tensor, values)) for name, tensor in tensors.items()}


def bytes_of(name, tensor, values):
    key, storage, _ = tensor.storage
    if tensor.strides != contiguous(tensor.shape):
        raise Refused(f"the values of {name} do not stand one after another")
    size = SIZES[storage]
    length = math.prod(tensor.shape) * size
    raw = values[key][tensor.offset * size:][:length]
    if len(raw) != length:
        raise Refused(f"{name} has more values than its storage")
    return raw


def layers():
    """Each convolution: its name in PyTorch, that of its batch norm there, the names of both in
    Keras, and the kernel's shape."""
    yield "features.0.0", "features.0.1", "Conv1", "bn_Conv1", (32, 3, 3, 3)
    channels, number = 32, 0
    for expansion, out, count in ROWS:
        for _ in range(count):
            wide = channels * expansion
            convolutions = [("depthwise", (wide, 1, 3, 3)), ("project", (out, wide, 1, 1))]
            if expansion > 1:
                convolutions.insert(0, ("expand", (wide, channels, 1, 1)))
            block = f"block_{number}" if number else "expanded_conv"
            number += 1
            # PyTorch counts the ReLU between them, too.
            for place, (role, shape) in enumerate(convolutions):
                torch = f"features.{number}.conv."
                keras = f"{block}_{role}"
                yield torch + str(3 * place), torch + str(3 * place + 1), keras, f"{keras}_BN", shape
            channels = out
    yield "features.18.0", "features.18.1", "Conv_1", "Conv_1_bn", (1280, channels, 1, 1)


def wanted():
    """The names in PyTorch and in Keras, and the shape, of all tensors in the network's order."""
    for convolution, norm, layer, norm_layer, shape in layers():
        yield f"{convolution}.weight", f"{layer}/kernel", shape
        for role, keras in NORM.items():
            yield f"{norm}.{role}", f"{norm_layer}/{keras}", shape[:1]


def rename(tensors):
    """All that Keras has names for, in the network's order; nothing may be missing or left over."""
    left = {name: tensor for name, tensor in tensors.items() if not name.endswith(".num_batches_tracked")}
    renamed = {}
    for torch, keras, shape in wanted():
        if torch not in left:
            raise Refused(f"{torch} is missing, which becomes {keras}")
        found, raw = left.pop(torch)
        if found != shape:
            raise Refused(f"{torch} is {list(found)}, and {keras} is {list(shape)}")
        if len(raw) != 4 * math.prod(shape):
            raise Refused(f"the values of {torch} are not of four bytes")
        renamed[keras] = found, raw
    if left:
        raise Refused(f"MobileNetV2 without its last layer has no {', '.join(sorted(left))}")
    return renamed


def safetensors(tensors, notes):
    """The pieces of a safetensors file: the header's length, the header, and the values."""
    header, end = {"__metadata__": notes}, 0
    for name, (shape, raw) in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [end, end + len(raw)]}
        end += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    # So that the values begin at a multiple of eight.
    text += b" " * (-len(text) % 8)
    return [struct.pack("<Q", len(text)), text, *(raw for _, raw in tensors.values())]


def main(weights, licence, out):
    with open(weights, "rb") as file:
        tensors = rename(read(file))
    with open(licence, encoding="utf-8") as file:
        notes = {"format": "pt", "licence": file.read()}
    with open(out, "wb") as file:
        file.writelines(safetensors(tensors, notes))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Refused as refused:
        sys.exit(f"{sys.argv[1]} cannot be used: {refused}.")
