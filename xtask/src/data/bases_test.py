"""Tests bases.py on files made here, as PyTorch made them before version 1.6.

    python3 bases_test.py
"""
import io
import json
import math
import os
import pickle
import struct
import sys
import tempfile
import types
import unittest
from array import array
from collections import OrderedDict

# Nothing is to be left beside the sources.
sys.dont_write_bytecode = True
import bases as converter

# A pickle names what it refers to, so that has to be there when one is written.
torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
for kind in converter.SIZES:
    setattr(torch, kind, type(kind, (), {"__module__": "torch"}))


def _rebuild_tensor_v2(*_):
    raise AssertionError("reading must not call this")


_rebuild_tensor_v2.__module__ = "torch._utils"
utils._rebuild_tensor_v2 = _rebuild_tensor_v2
sys.modules.update({"torch": torch, "torch._utils": utils})


class Saved:
    """A tensor as PyTorch pickles it: values 0, 1, 2 and so on, from a first one."""

    def __init__(self, key, shape, first=0, kind="FloatStorage", strides=None):
        self.key, self.shape, self.strides = key, shape, strides or converter.contiguous(shape)
        self.count, self.kind, self.first = math.prod(shape), getattr(torch, kind), first

    def raw(self):
        values = array("f" if self.kind is torch.FloatStorage else "q", range(self.first, self.first + self.count))
        if sys.byteorder == "big":
            values.byteswap()
        return values.tobytes()

    def at(self, *place):
        """The value at a place."""
        return self.first + sum(i * step for i, step in zip(place, self.strides))

    def __reduce__(self):
        return _rebuild_tensor_v2, (Storage(self), 0, self.shape, self.strides, False, OrderedDict())


class Storage:
    def __init__(self, tensor):
        self.tensor = tensor


class Writer(pickle.Pickler):
    def persistent_id(self, saved):
        if isinstance(saved, Storage):
            return "storage", saved.tensor.kind, saved.tensor.key, "cpu", saved.tensor.count, None
        return None


def saved(tensors, little=True):
    """The bytes of a file that holds an object, and the storages of its tensors."""
    file = io.BytesIO()
    found = [tensor for tensor in tensors.values() if isinstance(tensor, Saved)]
    for part in converter.MAGIC, converter.PROTOCOL, {"little_endian": little}, tensors, [tensor.key for tensor in found]:
        Writer(file, protocol=2).dump(part)
    for tensor in found:
        file.write(struct.pack("<q", tensor.count) + tensor.raw())
    return file.getvalue()


def network(name="mobilenet-v2"):
    """All that a network has, and a count that is to be dropped."""
    tensors = OrderedDict()
    for number, (tensor, _, shape) in enumerate(converter.wanted(name)):
        tensors[tensor] = Saved(str(number), shape, number)
    tensors["features.0.1.num_batches_tracked"] = Saved("count", (), 5, "LongStorage")
    return tensors


def turned(shape):
    """The strides of a kernel that TensorFlow has as [height, width, in, out], in PyTorch's order."""
    out, inner, height, width = shape
    return 1, out, width * inner * out, inner * out


def converted(name, tensors, *texts):
    """Header and values of the file that is made; `texts` are those of the other files."""
    with tempfile.TemporaryDirectory() as folder:
        place = lambda file: os.path.join(folder, file)
        with open(place("a.pt"), "wb") as file:
            file.write(saved(tensors))
        for number, text in enumerate(texts):
            with open(place(str(number)), "w", encoding="utf-8") as file:
                file.write(text)
        first, *rest = (place(str(number)) for number in range(len(texts)))
        converter.main(name, place("a.pt"), first, place("a.safetensors"), *rest)
        with open(place("a.safetensors"), "rb") as file:
            data = file.read()
    length, = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + length]), data[8 + length:]


class Hostile:
    def __reduce__(self):
        return os.system, ("echo this must never be run",)


class Test(unittest.TestCase):
    def says(self, sentence, data):
        with self.assertRaises(converter.Refused) as refused:
            converter.rename("mobilenet-v2", converter.read(io.BytesIO(data)))
        self.assertIn(sentence, str(refused.exception))

    def test_all_values_come_out_under_the_names_of_keras(self):
        header, values = converted("mobilenet-v2", network(), "Do as you like.")
        self.assertEqual(header.pop("__metadata__"), {"format": "pt", "licence": "Do as you like."})
        # 52 kernels, and four for each batch norm; Keras counts 2,257,984 values.
        self.assertEqual((len(header), len(values)), (260, 4 * 2_257_984))
        names = list(header)
        self.assertEqual(names[:2] + names[-6:-4], ["Conv1/kernel", "bn_Conv1/gamma", "block_16_project_BN/moving_variance", "Conv_1/kernel"])
        for name, place, shape in [
            ("Conv1/kernel", 0, [32, 3, 3, 3]),
            ("bn_Conv1/moving_variance", 4, [32]),
            ("expanded_conv_depthwise/kernel", 5, [32, 1, 3, 3]),
            ("block_1_expand/kernel", 15, [96, 16, 1, 1]),
            ("block_1_expand_BN/beta", 17, [96]),
            ("block_1_depthwise/kernel", 20, [96, 1, 3, 3]),
            ("block_1_project_BN/moving_mean", 28, [24]),
            ("block_16_project/kernel", 250, [320, 960, 1, 1]),
            ("Conv_1_bn/moving_variance", 259, [1280]),
        ]:
            start, end = header[name]["data_offsets"]
            self.assertEqual((names.index(name), header[name]["shape"]), (place, shape), name)
            self.assertEqual(struct.unpack("<2f", values[start:start + 8]), (place, place + 1), name)
            last, = struct.unpack("<f", values[end - 4:end])
            self.assertEqual(last, place + (end - start) // 4 - 1, name)

    def test_a_network_with_its_last_layer_has_the_names_of_its_classes(self):
        tensors = network("efficientnet-lite0")
        depthwise, dense = "_blocks.3._depthwise_conv.weight", "_fc.weight"
        for name in tensors:
            if len(tensors[name].shape) == 4:
                tensors[name].strides = turned(tensors[name].shape)
        # The dense layer's too, in another order of its values.
        tensors[dense].strides = (1, 1000)
        names = "import os\nOTHER = [1]\n_IMAGENET_CATEGORIES = ['tench', \"drake's \u00fc\"]"
        header, values = converted("efficientnet-lite0", tensors, "As you like.", names, "Name them.")
        notes = header.pop("__metadata__")
        self.assertEqual(notes.pop("classes").split("\n"), ["tench", "drake's \u00fc"])
        self.assertEqual(notes, {"format": "pt", "licence": "As you like.", "classes_licence": "Name them."})
        # Kernels of 49 convolutions with their batch norms, and the last layer.
        self.assertEqual((len(header), len(values)), (49 * 5 + 2, 4 * (3_413_024 + 1_281_000)))
        for name, torch, shape, place in [
            ("stem_conv/kernel", "_conv_stem.weight", [32, 3, 3, 3], (31, 1, 0, 2)),
            ("block1a_project_conv/kernel", "_blocks.0._project_conv.weight", [16, 32, 1, 1], (3, 30, 0, 0)),
            ("block3a_dwconv/kernel", depthwise, [144, 1, 5, 5], (100, 0, 4, 1)),
            ("block6d_bn/moving_variance", "_blocks.14._bn1.running_var", [1152], (7,)),
            ("predictions/kernel", dense, [1280, 1000], (3, 999)),
            ("predictions/bias", "_fc.bias", [1000], (999,)),
        ]:
            self.assertEqual(header[name]["shape"], shape, name)
            at = 0
            for length, i in zip(shape, place):
                at = at * length + i
            at = header[name]["data_offsets"][0] + 4 * at
            self.assertEqual(struct.unpack("<f", values[at:at + 4]), (tensors[torch].at(*(place if len(place) != 2 else place[::-1])),), name)

    def test_what_is_no_list_of_names_is_told(self):
        for text in ["NAMES = []", "_IMAGENET_CATEGORIES = os.listdir()", "_IMAGENET_CATEGORIES = [", "_IMAGENET_CATEGORIES = ['a', 'a']", "_IMAGENET_CATEGORIES = ['']", "_IMAGENET_CATEGORIES = ['a\\nb']"]:
            with self.assertRaises(converter.Refused, msg=text):
                converter.classes(text)

    def test_what_does_not_fit_is_told(self):
        tensors = network()
        del tensors["features.4.conv.3.weight"]
        self.says("features.4.conv.3.weight is missing, which becomes block_3_depthwise/kernel", saved(tensors))
        tensors = network()
        tensors["classifier.1.bias"] = Saved("c", (1000,))
        self.says("mobilenet-v2 has no classifier.1.bias here", saved(tensors))
        tensors = network()
        tensors["features.0.0.weight"] = Saved("0", (32, 3, 5, 5))
        self.says("features.0.0.weight is [32, 3, 5, 5], and Conv1/kernel is [32, 3, 3, 3]", saved(tensors))
        tensors["features.0.0.weight"] = Saved("0", (32, 3, 3, 3), kind="LongStorage")
        self.says("not of four bytes", saved(tensors))
        tensors["features.0.0.weight"] = Saved("0", (32, 3, 3, 3), strides=(27, 1, 9, -3))
        self.says("the order of the values of features.0.0.weight is not understood", saved(tensors))
        tensors["features.0.0.weight"] = Saved("0", (32, 3, 3, 3), strides=(54, 18, 6, 1))
        self.says("has more values than its storage", saved(tensors))

    def test_broken_files_are_told(self):
        data = saved(network())
        self.says("is cut short", data[:-1])
        self.says("stands behind them", data + b"0")
        self.says("not little-endian", saved(network(), little=False))
        self.says("cannot be read", data[:4000])
        self.says("cannot be read", b"PK\x03\x04")
        self.says("before version 1.6", pickle.dumps(1, protocol=2) * 2)

    def test_nothing_of_a_pickle_is_run(self):
        self.says(f"its pickle asks for {os.name}.system", saved({"features.0.0.weight": Hostile()}))
        # A name that is known, but is nothing to call.
        self.says("not callable", pickle.dumps(converter.MAGIC, 2) + b"\x80\x02ctorch\nFloatStorage\n(K\x01tR.")


if __name__ == "__main__":
    unittest.main()
