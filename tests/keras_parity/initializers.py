"""Keras's initialisers by their distribution: mean, deviation and bounds of what is drawn for
a layer's kernel.

    KERAS_BACKEND=tensorflow python initializers.py     (tensorflow-cpu 2.x with Keras 3)

writes initializers.json beside itself.
"""

import json, os

import keras
import numpy as np

from keras_model import build

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = [{"layer": "GlobalAveragePooling2D"}, {"layer": "Dense", "units": 2}]
NAMES = ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal"]
OTHERS = [
    "random_uniform", "random_normal", "truncated_normal", "zeros", "ones",
    {"name": "random_uniform", "minval": -1, "maxval": 3}, {"name": "random_normal", "mean": 1, "stddev": 2},
    {"name": "truncated_normal", "mean": -1, "stddev": 0.5}, {"name": "constant", "value": 0.3},
]


def cases():
    for name in [*NAMES, *OTHERS]:
        layers = [{"layer": "Flatten"}, {"layer": "Dense", "units": 300, "kernel_initializer": name}]
        yield [16, 16, 3], layers, "dense/kernel", name
    for name in NAMES:
        conv = {"layer": "Conv2D", "filters": 500, "kernel_size": [10, 7], "kernel_initializer": name}
        yield [16, 16, 3], [conv, *HEAD], "conv2d/kernel", name
    for name in ("glorot_uniform", "he_normal"):
        grouped = {"layer": "Conv2D", "filters": 600, "kernel_size": 14, "groups": 3, "kernel_initializer": name}
        yield [16, 16, 3], [grouped, *HEAD], "conv2d/kernel", name
        depthwise = {"layer": "DepthwiseConv2D", "kernel_size": 32, "depth_multiplier": 40, "depthwise_initializer": name}
        yield [32, 32, 3], [depthwise, *HEAD], "depthwise_conv2d/kernel", name
        separable = {"layer": "SeparableConv2D", "filters": 300, "kernel_size": 20, "depth_multiplier": 120,
                     "depthwise_initializer": name, "pointwise_initializer": name}
        yield [20, 20, 3], [separable, *HEAD], "separable_conv2d/depthwise_kernel", name
        yield [20, 20, 3], [separable, *HEAD], "separable_conv2d/pointwise_kernel", name


def main():
    keras.utils.set_random_seed(6)
    found = []
    for shape, layers, weight, name in cases():
        spec = {"input_shape": shape, "layers": layers}
        _, built = build(spec)
        layer, role = weight.split("/")
        values = next(one for one in built[layer].weights if one.name == role).numpy().astype("float64")
        assert values.size >= 1e5, (weight, values.size)
        plain = name if isinstance(name, str) else name["name"]
        found.append({
            "spec": spec, "weight": weight, "count": values.size, "mean": values.mean(), "deviation": values.std(),
            "low": values.min(), "high": values.max(), "bounded": plain != "random_normal",
        })
    path = os.path.join(HERE, "initializers.json")
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(one) for one in found) + "\n]\n")
    print(len(found), "cases")


main()
