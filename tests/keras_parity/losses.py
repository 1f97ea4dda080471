"""Golden numbers of Keras for every loss and regulariser: what a training step reports, loss
with penalties and accuracy, and the gradients of every weight.

    KERAS_BACKEND=tensorflow python losses.py     (tensorflow-cpu 2.x with Keras 3)

writes losses.safetensors beside itself, in the lab's layout.
"""

import json, os

import keras
import numpy as np
import tensorflow as tf

from keras_model import build, ours, pictures, write_safetensors

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = []
SHAPE = (5, 4, 3)


def case(layers, loss, classes, weights=()):
    CASES.append({"layers": layers, "loss": loss, "classes": classes, "weights": list(weights)})


def head(units, activation, **options):
    return [{"layer": "Flatten"}, {"layer": "Dense", "units": units, "activation": activation, **options}]


CATEGORICAL, SPARSE, BINARY = "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"
smoothed = lambda name, by: {"name": name, "label_smoothing": by}

for weights in ((), (0.5, 2.0, 1.25)):
    for loss in (CATEGORICAL, SPARSE, smoothed(CATEGORICAL, 0.1), smoothed(CATEGORICAL, 1.0)):
        case(head(3, "softmax"), loss, 3, weights)
    case(head(3, "linear"), SPARSE, 3, weights)
    case([*head(3, "linear"), {"layer": "Softmax"}], SPARSE, 3, weights)
    case([*head(3, "linear"), {"layer": "Activation", "activation": "softmax"}], CATEGORICAL, 3, weights)
    # Keras 3 takes the sigmoids' logits for a softmax's, and divides the others by their sum.
    case(head(3, "sigmoid"), CATEGORICAL, 3, weights)
    case(head(3, "softplus"), CATEGORICAL, 3, weights)
    case(head(3, "hard_sigmoid"), SPARSE, 3, weights)
for weights in ((), (0.5, 2.0)):
    for loss in (BINARY, smoothed(BINARY, 0.1), smoothed(BINARY, 0.6)):
        case(head(1, "sigmoid"), loss, 2, weights)
    case(head(1, "linear"), BINARY, 2, weights)
    case([*head(1, "linear"), {"layer": "Activation", "activation": "sigmoid"}], BINARY, 2, weights)
    case(head(1, "hard_sigmoid"), BINARY, 2, weights)
    case(head(2, "softmax"), CATEGORICAL, 2, weights)

L1, L2, BOTH = {"l1": 0.02, "l2": 0}, {"l1": 0, "l2": 0.03}, {"l1": 0.005, "l2": 0.04}
conv = {"layer": "Conv2D", "filters": 2, "kernel_size": 2, "activation": "relu"}
for regularizer in ("l1", "l2", "l1_l2", 0.05, L1, L2, BOTH):
    case(head(3, "softmax", kernel_regularizer=regularizer), SPARSE, 3)
    case([{**conv, "kernel_regularizer": regularizer}, *head(1, "sigmoid")], BINARY, 2)
case(head(3, "softmax", bias_regularizer=BOTH), SPARSE, 3)
case([{**conv, "bias_regularizer": L2}, *head(3, "softmax")], SPARSE, 3)
case([{"layer": "DepthwiseConv2D", "kernel_size": 2, "depthwise_regularizer": BOTH, "bias_regularizer": L1}, *head(3, "softmax")], SPARSE, 3)
case([{"layer": "SeparableConv2D", "filters": 2, "kernel_size": 2, "depthwise_regularizer": L1, "pointwise_regularizer": L2,
       "bias_regularizer": "l2"}, *head(3, "softmax", kernel_regularizer=L2)], smoothed(CATEGORICAL, 0.2), 3, (1.0, 0.25, 3.0))


def keras_loss(described, spec):
    name = described["name"] if isinstance(described, dict) else described
    smoothing = described["label_smoothing"] if isinstance(described, dict) else 0
    # Linear outputs are taken as logits by the lab.
    logits = spec["layers"][-1].get("activation", "") == "linear"
    if name == SPARSE:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    kind = keras.losses.CategoricalCrossentropy if name == CATEGORICAL else keras.losses.BinaryCrossentropy
    return kind(from_logits=logits, label_smoothing=smoothing)


def main():
    random = np.random.default_rng(5)
    tensors, described = {}, []
    for number, one in enumerate(CASES):
        spec = {"input_shape": list(SHAPE), "layers": one["layers"], "compile": {"loss": one["loss"]}}
        model, layers = build(spec)
        record = lambda key, array: tensors.__setitem__(f"{number}/{key}", array)
        names = []
        for name, layer in layers.items():
            for weight in layer.weights:
                weight.assign(random.normal(0, 0.3, weight.shape))
                record(f"weight/{name}/{weight.name}", ours(layer, weight.name, weight.numpy()))
                names.append((layer, f"{name}/{weight.name}", weight))
        values = tf.constant(random.normal(0, 1, (6, *SHAPE)), tf.float32)
        labels = random.integers(0, one["classes"], 6)
        loss = keras_loss(one["loss"], spec)
        if isinstance(loss, keras.losses.SparseCategoricalCrossentropy):
            truth = labels
        elif isinstance(loss, keras.losses.CategoricalCrossentropy):
            truth = np.eye(one["classes"], dtype="float32")[labels]
        else:
            truth = labels.astype("float32")[:, None]
        model.compile(optimizer="sgd", loss=loss)
        weights = tf.constant([one["weights"][label] for label in labels], tf.float32) if one["weights"] else None
        with tf.GradientTape() as tape:
            output = model(values, training=True)
            total = model.compute_loss(values, tf.constant(truth), output, weights)
        gradients = tape.gradient(total, [weight.value for _, _, weight in names])
        logits = spec["layers"][-1].get("activation", "") == "linear"
        if one["classes"] == 2 and output.shape[1] == 1:
            predicted = (np.asarray(output)[:, 0] > (0.0 if logits else 0.5)).astype(int)
        else:
            predicted = np.asarray(output).argmax(1)
        record("input", pictures(values))
        record("metrics", np.array([total, (predicted == labels).sum()]))
        for (layer, name, weight), gradient in zip(names, gradients):
            record(f"gradient/{name}", ours(layer, weight.name, gradient))
        described.append({"spec": spec, "labels": labels.tolist(), "class_weight": one["weights"]})
    path = os.path.join(HERE, "losses.safetensors")
    write_safetensors(path, tensors, json.dumps(described, separators=(",", ":")))
    print(len(CASES), "cases,", os.path.getsize(path), "bytes")


main()
