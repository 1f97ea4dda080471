"""Golden numbers of Keras for every layer and its options: output, and the gradients of the
input and of every weight, for a random objective `sum(output * cotangent)`.

    KERAS_BACKEND=tensorflow python layers.py     (tensorflow-cpu 2.x with Keras 3)

writes layers.safetensors beside itself. All in the lab's layout: pictures channels first,
kernels as src/model/spec.rs documents them.
"""

import json, os

import numpy as np
import tensorflow as tf

from keras_model import build, ours, pictures, write_safetensors

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = []


def case(layers, shape=(7, 6, 3), training=False, batch=2):
    layers = [dict(layer) for layer in layers]
    learns = lambda layer: layer["layer"].endswith("Conv2D") or layer["layer"] == "Dense" or (
        layer["layer"] == "BatchNormalization" and (layer.get("center", True) or layer.get("scale", True)))
    if not any(map(learns, layers)):
        # A model without weights is refused, so each channel gets one.
        for layer in layers:
            if "inputs" in layer:
                layer["inputs"] = ["scale" if name == "input" else name for name in layer["inputs"]]
        layers.insert(0, {"layer": "DepthwiseConv2D", "kernel_size": 1, "use_bias": False, "name": "scale"})
    CASES.append({"layers": layers, "shape": list(shape), "training": training, "batch": batch})


def flat(layer, **kwargs):
    case([layer, {"layer": "Flatten"}], **kwargs)


ACTIVATIONS = [
    "linear", "relu", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "silu", "leaky_relu",
    "relu6", "softplus", "exponential", "hard_sigmoid",
]

# Conv2D: windows, strides, padding, dilation, groups, bias, activation.
def conv(filters=4, kernel_size=3, **options):
    return {"layer": "Conv2D", "filters": filters, "kernel_size": kernel_size, **options}

for padding in ("valid", "same"):
    for kernel in (1, 2, 3, 5, [3, 2], [1, 4]):
        flat(conv(kernel_size=kernel, padding=padding))
    for strides in (2, 3, [2, 1], [1, 3]):
        flat(conv(kernel_size=3, strides=strides, padding=padding))
        flat(conv(kernel_size=2, strides=strides, padding=padding), shape=(8, 7, 1))
    for dilation in (2, [1, 2], [3, 1]):
        flat(conv(kernel_size=2, dilation_rate=dilation, padding=padding))
    flat(conv(kernel_size=3, dilation_rate=2, padding=padding), shape=(9, 8, 1))
    for groups, filters in ((2, 4), (3, 3), (6, 12)):
        flat(conv(filters=filters, groups=groups, padding=padding), shape=(6, 5, 6))
    flat(conv(filters=4, groups=2, strides=2, padding=padding), shape=(6, 5, 4))
    flat(conv(filters=4, groups=2, kernel_size=2, dilation_rate=2, padding=padding), shape=(6, 5, 4))
flat(conv(kernel_size=1, strides=2, padding="same"), shape=(6, 6, 3))
flat(conv(kernel_size=3, padding="same"), shape=(1, 1, 3))
flat(conv(kernel_size=5, padding="same"), shape=(2, 3, 3))
flat(conv(use_bias=False))
for activation in ACTIVATIONS:
    flat(conv(kernel_size=2, activation=activation), shape=(4, 4, 3))

# DepthwiseConv2D. TensorFlow wants the same stride in both directions.
def depthwise(kernel_size=3, **options):
    return {"layer": "DepthwiseConv2D", "kernel_size": kernel_size, **options}

for padding in ("valid", "same"):
    for kernel in (1, 2, 3, [3, 2]):
        flat(depthwise(kernel, padding=padding))
    flat(depthwise(3, strides=2, padding=padding))
    flat(depthwise(2, strides=3, padding=padding, depth_multiplier=2))
    flat(depthwise(3, depth_multiplier=2, padding=padding))
    flat(depthwise(2, dilation_rate=2, padding=padding))
    flat(depthwise(2, dilation_rate=[2, 1], depth_multiplier=3, padding=padding))
flat(depthwise(2, use_bias=False))
flat(depthwise(2, activation="relu"))
flat(depthwise(2, activation="softmax", depth_multiplier=2))
flat(depthwise(3), shape=(5, 5, 1))

# SeparableConv2D.
def separable(filters=4, kernel_size=3, **options):
    return {"layer": "SeparableConv2D", "filters": filters, "kernel_size": kernel_size, **options}

for padding in ("valid", "same"):
    for kernel in (1, 2, 3, [2, 3]):
        flat(separable(kernel_size=kernel, padding=padding))
    flat(separable(strides=2, padding=padding))
    flat(separable(depth_multiplier=2, padding=padding))
    flat(separable(kernel_size=2, dilation_rate=2, padding=padding))
flat(separable(use_bias=False, depth_multiplier=2, activation="tanh"))
flat(separable(filters=2), shape=(5, 5, 1))

# Pooling.
for layer in ("MaxPooling2D", "AveragePooling2D"):
    flat({"layer": layer, "pool_size": 2})
    for padding in ("valid", "same"):
        for size, strides in ((2, None), (3, 2), (3, 1), ([2, 3], None), (2, 3), ([1, 2], [2, 1]), (5, 2)):
            flat({"layer": layer, "pool_size": size, "strides": strides, "padding": padding})
for layer in ("GlobalMaxPooling2D", "GlobalAveragePooling2D"):
    case([{"layer": layer}])
    flat({"layer": layer, "keepdims": True})
    case([conv(filters=5, kernel_size=2), {"layer": layer}, {"layer": "Dense", "units": 3}])

# Dense, and every activation as a layer of its own, on vectors and on pictures.
for units, options in ((3, {}), (5, {"use_bias": False})):
    case([{"layer": "Flatten"}, {"layer": "Dense", "units": units, **options}], shape=(3, 2, 3))
for activation in ACTIVATIONS:
    case([{"layer": "Flatten"}, {"layer": "Dense", "units": 4, "activation": activation}], shape=(3, 2, 1))
    flat({"layer": "Activation", "activation": activation}, shape=(3, 4, 3))
case([{"layer": "Flatten"}, {"layer": "Activation", "activation": "softmax"}], shape=(3, 2, 1))
case([{"layer": "Flatten"}, {"layer": "Softmax"}], shape=(3, 2, 1))
flat({"layer": "Softmax"}, shape=(3, 4, 3))
for options in (
    {}, {"max_value": 1.0}, {"max_value": 6}, {"negative_slope": 0.2}, {"threshold": 0.5},
    {"max_value": 0.8, "negative_slope": 0.3, "threshold": 0.25}, {"threshold": 0.5, "negative_slope": 0.1},
    {"max_value": 0.5, "negative_slope": 0.5},
):
    flat({"layer": "ReLU", **options}, shape=(3, 4, 3))
case([{"layer": "Flatten"}, {"layer": "ReLU", "negative_slope": 0.1}], shape=(3, 2, 1))
for options in ({}, {"negative_slope": 0.05}):
    flat({"layer": "LeakyReLU", **options}, shape=(3, 4, 3))
for options in ({}, {"alpha": 0.5}):
    flat({"layer": "ELU", **options}, shape=(3, 4, 3))

# BatchNormalization, as it trains and as it predicts.
for training in (False, True):
    for options in ({}, {"center": False}, {"scale": False}, {"center": False, "scale": False},
                    {"momentum": 0.5, "epsilon": 0.1}):
        flat({"layer": "BatchNormalization", **options}, shape=(4, 3, 3), training=training, batch=3)
    case([{"layer": "Flatten"}, {"layer": "BatchNormalization"}], shape=(2, 2, 1), training=training, batch=5)
    case([{"layer": "Flatten"}, {"layer": "Dense", "units": 3}, {"layer": "BatchNormalization", "momentum": 0.9},
          {"layer": "Activation", "activation": "relu"}], shape=(2, 2, 1), training=training, batch=5)
    case([conv(use_bias=False), {"layer": "BatchNormalization"}, {"layer": "Activation", "activation": "relu"},
          conv(filters=3, use_bias=False), {"layer": "BatchNormalization"}, {"layer": "GlobalAveragePooling2D"}],
         shape=(6, 6, 1), training=training)

# What only moves pixels or scales them.
for padding in (1, 2, [1, 2], [[1, 0], [2, 3]], 0, [[0, 1], [0, 1]]):
    flat({"layer": "ZeroPadding2D", "padding": padding}, shape=(3, 4, 3))
for interpolation in ("nearest", "bilinear"):
    for size in (2, 3, [1, 2], [3, 1]):
        flat({"layer": "UpSampling2D", "size": size, "interpolation": interpolation}, shape=(3, 4, 2))
    flat({"layer": "UpSampling2D", "size": 4, "interpolation": interpolation}, shape=(1, 2, 3))
flat({"layer": "Rescaling", "scale": 0.25}, shape=(3, 4, 3))
flat({"layer": "Rescaling", "scale": 2.0, "offset": -1.0}, shape=(3, 4, 3))
flat({"layer": "Normalization", "mean": 0.5, "variance": 4.0}, shape=(3, 4, 3))
flat({"layer": "Normalization", "mean": [0.1, -0.2, 0.3], "variance": [1.0, 0.25, 9.0]}, shape=(3, 4, 3))
flat({"layer": "Dropout", "rate": 0.5}, shape=(3, 4, 3))
flat({"layer": "SpatialDropout2D", "rate": 0.5}, shape=(3, 4, 3))

# Graphs.
def named(layer, name, inputs=None):
    return {**layer, "name": name, **({"inputs": inputs} if inputs else {})}

flat({"layer": "Add", "inputs": ["input", "input"]}, shape=(3, 4, 3))
flat({"layer": "Concatenate", "inputs": ["input", "input", "input"]}, shape=(3, 4, 2))
case([named(conv(), "a"), named(conv(), "b", ["input"]), named(conv(), "c", ["input"]),
      {"layer": "Add", "inputs": ["a", "b", "c"]}, {"layer": "Flatten"}], shape=(5, 4, 3))
case([named(conv(filters=2, padding="same"), "a"), named(conv(filters=3, padding="same", activation="relu"), "b", ["input"]),
      {"layer": "Concatenate", "inputs": ["b", "a", "input"]}, conv(filters=2), {"layer": "Flatten"}], shape=(5, 4, 3))
case([named({"layer": "GlobalAveragePooling2D"}, "a"), named({"layer": "GlobalMaxPooling2D"}, "b", ["input"]),
      {"layer": "Concatenate", "inputs": ["a", "b"]}, {"layer": "Dense", "units": 3}], shape=(4, 4, 3))
case([named({"layer": "Flatten"}, "a"), named({"layer": "Dense", "units": 4, "activation": "relu"}, "b"),
      named({"layer": "Dense", "units": 4}, "c", ["a"]), {"layer": "Add", "inputs": ["c", "b"]},
      {"layer": "Softmax"}], shape=(2, 3, 1))
for training in (False, True):
    case([named(conv(padding="same", use_bias=False), "stem"),
          named({"layer": "BatchNormalization"}, "n0"), named({"layer": "ReLU"}, "r0"),
          named(conv(padding="same", strides=2, use_bias=False), "c1"),
          named({"layer": "BatchNormalization"}, "n1"), named({"layer": "ReLU"}, "r1"),
          named(conv(padding="same", use_bias=False), "c2"), named({"layer": "BatchNormalization"}, "n2"),
          named(conv(kernel_size=1, strides=2, use_bias=False), "short", ["r0"]),
          named({"layer": "BatchNormalization"}, "ns"),
          named({"layer": "Add"}, "sum", ["n2", "ns"]), named({"layer": "ReLU"}, "out"),
          {"layer": "GlobalAveragePooling2D"}, {"layer": "Dense", "units": 3, "activation": "softmax"}],
         shape=(7, 6, 3), training=training, batch=3)
case([depthwise(3, padding="same"), {"layer": "UpSampling2D"}, conv(filters=2, strides=2, activation="relu"),
      {"layer": "AveragePooling2D", "pool_size": 2}, separable(filters=3, kernel_size=2), {"layer": "Flatten"},
      {"layer": "Dense", "units": 2, "activation": "softmax"}], shape=(7, 6, 3))


def main():
    random = np.random.default_rng(4)
    tensors, described = {}, []
    for number, one in enumerate(CASES):
        *size, channels = one["shape"]
        # The lab's JSON knows pictures of 1 or 3 channels; the test sets the others.
        spec = {"input_shape": [*size, 1], "layers": one["layers"]}
        model, layers = build(spec, channels)
        record = lambda key, array: tensors.__setitem__(f"{number}/{key}", array)
        for name, layer in layers.items():
            for weight in layer.weights:
                drawn = random.normal(0, 0.5, weight.shape)
                if weight.name in ("moving_variance", "gamma"):
                    drawn = random.uniform(0.5, 1.5, weight.shape)
                weight.assign(drawn)
                kind = "weight" if weight.trainable else "state"
                record(f"{kind}/{name}/{weight.name}", ours(layer, weight.name, weight.numpy()))
        values = tf.constant(random.normal(0, 1, (one["batch"], *size, channels)), tf.float32)
        names = [(layer, f"{name}/{weight.name}", weight) for name, layer in layers.items() for weight in layer.trainable_weights]
        with tf.GradientTape() as tape:
            tape.watch(values)
            output = model(values, training=one["training"])
            cotangent = tf.constant(random.normal(0, 1, output.shape), tf.float32)
            objective = tf.reduce_sum(output * cotangent)
        gradients = tape.gradient(objective, [values, *(weight.value for _, _, weight in names)])
        record("input", pictures(values))
        record("output", output)
        record("cotangent", cotangent)
        record("gradient", pictures(gradients[0]))
        for (layer, name, weight), gradient in zip(names, gradients[1:]):
            record(f"gradient/{name}", ours(layer, weight.name, gradient))
        if one["training"]:
            for name, layer in layers.items():
                for weight in layer.non_trainable_weights:
                    record(f"after/{name}/{weight.name}", weight.numpy())
        described.append({"spec": spec, "channels": channels, "training": one["training"], "params": model.count_params()})
    path = os.path.join(HERE, "layers.safetensors")
    write_safetensors(path, tensors, json.dumps(described, separators=(",", ":")))
    print(len(CASES), "cases,", os.path.getsize(path), "bytes")


main()
