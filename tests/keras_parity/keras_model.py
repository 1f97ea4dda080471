"""A Keras model from this lab's spec: its names are Keras's, so little is to be done."""

import struct, json

import keras
import numpy as np


def regularizer(value):
    if value == "l1_l2":
        return keras.regularizers.L1L2(0.01, 0.01)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return keras.regularizers.L2(value)
    return keras.regularizers.L1L2(**value)


def initializer(value):
    if isinstance(value, dict):
        value = dict(value)
        return keras.initializers.deserialize({"class_name": value.pop("name"), "config": value})
    return value


def build(spec, channels=None):
    """The model and its layers by the names that the lab gives them."""
    height, width, given = spec["input_shape"]
    values = {"input": keras.Input((height, width, channels or given))}
    last, layers, counts = values["input"], {}, {}
    for options in spec["layers"]:
        options = dict(options)
        name_of_class = options.pop("layer")
        base = keras.src.utils.naming.to_snake_case(name_of_class)
        name = options.pop("name", None)
        if name is None:
            number = counts.get(base, 0)
            counts[base] = number + 1
            name = base if number == 0 else f"{base}_{number}"
        inputs = options.pop("inputs", None)
        for key in options:
            if key.endswith("_regularizer"):
                options[key] = regularizer(options[key])
            elif key.endswith("_initializer"):
                options[key] = initializer(options[key])
            elif key in ("kernel_size", "strides", "pool_size", "size", "dilation_rate") and isinstance(options[key], list):
                options[key] = tuple(options[key])
        layer = getattr(keras.layers, name_of_class)(**options)
        taken = [values[one] for one in inputs] if inputs else [last]
        last = layer(taken if name_of_class in ("Add", "Concatenate") else taken[0])
        values[name] = last
        layers[name] = layer
    return keras.Model(values["input"], last), layers


def ours(layer, name, array):
    """A weight in the lab's layout: src/model/spec.rs documents each."""
    array = np.asarray(array)
    if array.ndim != 4:
        return array
    depthwise = name == "depthwise_kernel" or isinstance(layer, keras.layers.DepthwiseConv2D)
    if depthwise:
        height, width, channels, multiplier = array.shape
        return array.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return array.transpose(3, 2, 0, 1)


def pictures(array):
    """Channels first, as the lab's tensors are."""
    return np.asarray(array).transpose(0, 3, 1, 2)


def write_safetensors(path, tensors, text):
    """The container of https://github.com/huggingface/safetensors: eight bytes of length, a
    JSON header, the numbers; `text` stands in its metadata."""
    header, offset, data = {"__metadata__": {"cases": text}}, 0, []
    for name, array in tensors.items():
        array = np.ascontiguousarray(array, dtype="<f4")
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
        data.append(array.tobytes())
    header = json.dumps(header, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)))
        file.write(header)
        for part in data:
            file.write(part)
