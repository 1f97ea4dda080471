"""Golden numbers for what explains a network, computed by Keras and TensorFlow's gradients: maps
of every layer, Grad-CAM and Grad-CAM++, saliency, integrated gradients and occlusion.

    KERAS_BACKEND=tensorflow python explain.py     (tensorflow-cpu 2.x with Keras 3)

writes explain.safetensors beside itself, in the lab's layout.
"""

import json, os

import keras
import numpy as np
import tensorflow as tf

from keras_model import build, ours, pictures, write_safetensors

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 1024  # of integrated gradients: the most that the lab takes
SIZE, STRIDE = 4, 3

conv = lambda filters, **more: {"layer": "Conv2D", "filters": filters, "kernel_size": 3, "activation": "relu", **more}
CASES = [
    {"input_shape": [12, 11, 3], "layers": [
        conv(6, padding="same"), {"layer": "MaxPooling2D"}, conv(8), {"layer": "Flatten"},
        {"layer": "Dense", "units": 5, "activation": "relu"}, {"layer": "Dense", "units": 4, "activation": "softmax"}]},
    {"input_shape": [11, 12, 1], "layers": [
        conv(4, padding="same", activation="silu", name="stem"), {"layer": "BatchNormalization", "name": "norm"},
        {"layer": "SeparableConv2D", "filters": 4, "kernel_size": 3, "padding": "same", "name": "branch"},
        {"layer": "Add", "inputs": ["branch", "norm"], "name": "joined"}, {"layer": "ReLU"},
        {"layer": "DepthwiseConv2D", "kernel_size": 3, "strides": 2, "activation": "relu"},
        {"layer": "GlobalAveragePooling2D"}, {"layer": "Dense", "units": 3, "activation": "softmax"}]},
    {"input_shape": [10, 10, 3], "layers": [
        conv(5, strides=2, use_bias=False), conv(6, padding="same"), {"layer": "Flatten"},
        {"layer": "Dense", "units": 1, "activation": "sigmoid"}], "compile": {"loss": "binary_crossentropy"}},
]


def picture(random, height, width, channels):
    """A bright spot on noise."""
    rows, columns = np.mgrid[:height, :width]
    spot = np.exp(-((rows - 4) ** 2 + (columns - 6) ** 2) / 8)[..., None] * random.uniform(0.4, 1, channels)
    return np.clip(255 * (0.7 * spot + random.uniform(0, 0.3, (height, width, channels))), 0, 255).astype(np.uint8)


def main():
    random = np.random.default_rng(11)
    tensors, described = {}, []
    for number, spec in enumerate(CASES):
        model, layers = build(spec)
        record = lambda key, array: tensors.__setitem__(f"{number}/{key}", np.asarray(array))
        for name, layer in layers.items():
            for weight in layer.weights:
                spread = 0.4 if weight.name.endswith("kernel") else 0.1
                values = random.normal(0, spread, weight.shape)
                if weight.name == "moving_variance":
                    values = 1 + np.abs(values)
                weight.assign(values)
                kind = "weight" if weight.trainable else "state"
                record(f"{kind}/{name}/{weight.name}", ours(layer, weight.name, weight.numpy()))
        # The score of a class is its logit.
        list(layers.values())[-1].activation = keras.activations.linear
        single = model.output_shape[-1] == 1
        score = lambda outputs, label: (outputs[:, 0] * (1 if label else -1)) if single else outputs[:, label]
        share = lambda outputs, label: tf.sigmoid(score(outputs, label)) if single else tf.nn.softmax(outputs)[:, label]

        pixels = picture(random, *spec["input_shape"])
        record("pixels", pixels)
        values = tf.constant(pixels[None] / 255, tf.float32)
        classes = 2 if single else model.output_shape[-1]
        record("probabilities", [share(model(values), label)[0] for label in range(classes)])
        maps = [name for name, layer in layers.items() if len(layer.output.shape) == 4]
        for name in maps:
            record(f"maps/{name}", pictures(keras.Model(model.input, layers[name].output)(values))[0])
        labels = [0, classes - 1]
        for label in labels:
            with tf.GradientTape() as tape:
                tape.watch(values)
                total = tf.reduce_sum(score(model(values), label))
            gradient = tape.gradient(total, values)
            record(f"{label}/saliency", np.abs(gradient[0]).max(-1))
            for name in maps:
                both = keras.Model(model.input, [layers[name].output, model.output])
                with tf.GradientTape() as tape:
                    output, logits = both(values)
                    total = tf.reduce_sum(score(logits, label))
                slopes = tape.gradient(total, output)[0].numpy()
                output = output[0].numpy()
                weights = slopes.mean((0, 1))
                record(f"{label}/grad-cam/{name}", np.maximum((output * weights).sum(-1), 0))
                below = 2 * slopes**2 + output.sum((0, 1)) * slopes**3
                alpha = np.divide(slopes**2, below, out=np.zeros_like(below), where=below != 0)
                weights = (alpha * np.maximum(slopes, 0)).sum((0, 1))
                record(f"{label}/grad-cam++/{name}", np.maximum((output * weights).sum(-1), 0))
            way = (tf.range(STEPS, dtype=tf.float32) + 0.5)[:, None, None, None] / STEPS * values
            with tf.GradientTape() as tape:
                tape.watch(way)
                total = tf.reduce_sum(score(model(way), label))
            parts = tf.reduce_mean(tape.gradient(total, way), 0) * values[0]
            record(f"{label}/integrated-gradients", tf.reduce_sum(parts, -1))
            difference = score(model(values), label) - score(model(tf.zeros_like(values)), label)
            record(f"{label}/difference", difference)
            height, width, _ = pixels.shape
            along = lambda side: [*range(0, side - SIZE, STRIDE), side - SIZE]
            taken, covering = np.zeros((height, width)), np.zeros((height, width))
            for row in along(height):
                for column in along(width):
                    covered = pixels.copy()
                    covered[row : row + SIZE, column : column + SIZE] = 127
                    covered = tf.constant(covered[None] / 255, tf.float32)
                    place = np.s_[row : row + SIZE, column : column + SIZE]
                    taken[place] += share(model(values), label)[0] - share(model(covered), label)[0]
                    covering[place] += 1
            record(f"{label}/occlusion", taken / covering)
        described.append({"spec": spec, "labels": labels, "maps": maps, "steps": STEPS, "size": SIZE, "stride": STRIDE})
    path = os.path.join(HERE, "explain.safetensors")
    write_safetensors(path, tensors, json.dumps(described, separators=(",", ":")))
    print(len(CASES), "networks,", len(tensors), "tensors,", os.path.getsize(path), "bytes")


main()
