"""Trains the bench's networks with Keras on this machine's processor and prints images per second.

    python benches/native_keras.py NAME BATCH STEPS

NAME is mnist, functional or photo. The pictures are random: what they show costs nothing. The
first steps, in which TensorFlow compiles, do not count.
"""

import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
from keras import layers

WARM = 5


def mnist():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    ), "rmsprop"


def functional():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(32, 3, strides=2, activation="relu")(inputs)
    x = layers.Conv2D(64, 3, strides=2, activation="relu")(x)
    x = layers.Conv2D(128, 3, strides=2, activation="relu")(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(1024, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x)), "adam"


def photo():
    net = [keras.Input((150, 150, 3))]
    for filters in (32, 64, 128, 128):
        net += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]
    net += [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential(net), keras.optimizers.RMSprop(1e-4)


class Clock(keras.callbacks.Callback):
    began = 0.0

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 == WARM:
            self.began = time.perf_counter()


def main():
    name, batch, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    model, optimizer = {"mnist": mnist, "functional": functional, "photo": photo}[name]()
    classes = model.output_shape[-1]
    loss = "binary_crossentropy" if classes == 1 else "sparse_categorical_crossentropy"
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    count = batch * (steps + WARM)
    random = np.random.default_rng(1)
    x = random.random((count, *model.input_shape[1:]), dtype=np.float32)
    y = random.integers(0, max(classes, 2), count)
    clock = Clock()
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0, callbacks=[clock])
    seconds = time.perf_counter() - clock.began
    print(f"{batch * steps / seconds:.1f} images/s, {model.count_params()} parameters")


main()
