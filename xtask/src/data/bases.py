"""Turns a pretrained network's weights, as PyTorch saved them before version 1.6, into safetensors.

    python3 bases.py NETWORK WEIGHTS.pt LICENCE.txt OUT.safetensors [CLASSES.py CLASSES_LICENCE.txt]

It needs Python's standard library alone: PyTorch is gigabytes, and the file is simple. The names
become those of Keras's layers; the values stay PyTorch's: kernels are
[out, in / groups, height, width], and batch norms are not folded into them. A dense layer's are
turned to Keras's [in, out], as the lab has them. The licences stand in
the new file, for they ask to go along with every copy, and so do the names of the classes that the
network was trained on, where it has its last layer.
"""
import ast
import json
import math
import pickle
import struct
import sys
from array import array
from collections import OrderedDict

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# Bytes of a value, by the storage that PyTorch names.
SIZES = {"FloatStorage": 4, "LongStorage": 8}
# What PyTorch calls the four of a batch norm, and what Keras does.
NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
# Rows of blocks. Strides change no weights.
# MobileNetV2: expansion, channels, blocks.
MOBILENET_V2 = [(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)]
# EfficientNet-Lite0: expansion, channels, blocks, and the window's side.
EFFICIENTNET_LITE0 = [(1, 16, 1, 3), (6, 24, 2, 3), (6, 40, 2, 5), (6, 80, 3, 3), (6, 112, 3, 5), (6, 192, 4, 5), (6, 320, 1, 3)]
# What the list of ImageNet's classes is called in the file that has it.
CLASSES = "_IMAGENET_CATEGORIES"


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
    """A tensor's values, one after another: a turned one has them in another order."""
    key, storage, _ = tensor.storage
    size = SIZES[storage]
    count = math.prod(tensor.shape)
    last = tensor.offset + sum((length - 1) * step for length, step in zip(tensor.shape, tensor.strides))
    if count and (last + 1) * size > len(values[key]):
        raise Refused(f"{name} has more values than its storage")
    if tensor.strides == contiguous(tensor.shape):
        return values[key][tensor.offset * size:][:count * size]
    if storage != "FloatStorage" or any(step < 1 for step in tensor.strides):
        raise Refused(f"the order of the values of {name} is not understood")
    # Lengths of one change nothing, and would be gone through value by value.
    axes = [axis for axis in zip(tensor.shape, tensor.strides) if axis[0] != 1]
    return b"".join(runs(array("f", values[key]), tensor.offset, axes))


def runs(values, first, axes):
    """The bytes of each last axis of a turned tensor, in the tensor's order."""
    (length, step), *inner = axes
    if not inner:
        yield values[first:first + (length - 1) * step + 1:step].tobytes()
    else:
        for at in range(length):
            yield from runs(values, first + at * step, inner)


def mobilenet_v2():
    """Each convolution: its name in PyTorch, that of its batch norm there, the names of both in
    Keras, and the kernel's shape. It comes without its last layer."""
    yield "features.0.0", "features.0.1", "Conv1", "bn_Conv1", (32, 3, 3, 3)
    channels, number = 32, 0
    for expansion, out, count in MOBILENET_V2:
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


def efficientnet_lite0():
    """As `mobilenet_v2`, and the last layer, which has no batch norm."""
    yield "_conv_stem", "_bn0", "stem_conv", "stem_bn", (32, 3, 3, 3)
    channels, number = 32, 0
    for row, (expansion, out, count, side) in enumerate(EFFICIENTNET_LITE0):
        for place in range(count):
            wide = channels * expansion
            torch, keras = f"_blocks.{number}.", f"block{row + 1}{chr(ord('a') + place)}_"
            if expansion > 1:
                yield f"{torch}_expand_conv", f"{torch}_bn0", f"{keras}expand_conv", f"{keras}expand_bn", (wide, channels, 1, 1)
            yield f"{torch}_depthwise_conv", f"{torch}_bn1", f"{keras}dwconv", f"{keras}bn", (wide, 1, side, side)
            yield f"{torch}_project_conv", f"{torch}_bn2", f"{keras}project_conv", f"{keras}project_bn", (out, wide, 1, 1)
            channels, number = out, number + 1
    yield "_conv_head", "_bn1", "top_conv", "top_bn", (1280, channels, 1, 1)
    yield "_fc", None, "predictions", None, (1000, 1280)


NETWORKS = {"mobilenet-v2": mobilenet_v2, "efficientnet-lite0": efficientnet_lite0}


def wanted(network):
    """The names in PyTorch and in Keras, and the shape, of all tensors in the network's order."""
    for layer, norm, keras, keras_norm, shape in NETWORKS[network]():
        yield f"{layer}.weight", f"{keras}/kernel", shape
        if norm is None:
            yield f"{layer}.bias", f"{keras}/bias", shape[:1]
            continue
        for role, name in NORM.items():
            yield f"{norm}.{role}", f"{keras_norm}/{name}", shape[:1]


def rename(network, tensors):
    """All that Keras has names for, in the network's order; nothing may be missing or left over."""
    left = {name: tensor for name, tensor in tensors.items() if not name.endswith(".num_batches_tracked")}
    renamed = {}
    for torch, keras, shape in wanted(network):
        if torch not in left:
            raise Refused(f"{torch} is missing, which becomes {keras}")
        found, raw = left.pop(torch)
        if found != shape:
            raise Refused(f"{torch} is {list(found)}, and {keras} is {list(shape)}")
        if len(raw) != 4 * math.prod(shape):
            raise Refused(f"the values of {torch} are not of four bytes")
        if len(shape) == 2:
            out, inner = shape
            found, raw = (inner, out), b"".join(runs(array("f", raw), 0, [(inner, 1), (out, inner)]))
        renamed[keras] = found, raw
    if left:
        raise Refused(f"{network} has no {', '.join(sorted(left))} here")
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


def classes(text):
    """The names in a list that a Python file writes out; nothing of the file is run."""
    try:
        lists = [part.value for part in ast.parse(text).body if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == CLASSES]
        names, = map(ast.literal_eval, lists)
    except (SyntaxError, ValueError) as error:
        raise Refused(f"it has no list {CLASSES} ({error})") from error
    if len(set(names)) != len(names) or not all(isinstance(name, str) and name.splitlines() == [name] for name in names):
        raise Refused(f"{CLASSES} is no list of different names")
    return names


def text_of(file):
    with open(file, encoding="utf-8") as text:
        return text.read()


def main(network, weights, licence, out, names=None, names_licence=None):
    with open(weights, "rb") as file:
        tensors = rename(network, read(file))
    notes = {"format": "pt", "licence": text_of(licence)}
    if names is not None:
        notes["classes"] = "\n".join(classes(text_of(names)))
        notes["classes_licence"] = text_of(names_licence)
    with open(out, "wb") as file:
        file.writelines(safetensors(tensors, notes))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Refused as refused:
        sys.exit(f"{', '.join(sys.argv[2:])} cannot be used: {refused}.")
