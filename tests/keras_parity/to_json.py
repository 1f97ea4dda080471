"""What `model.to_json()` of Keras 3 and Keras 2 writes for a few models: the reader's fixtures.

    pip install tensorflow-cpu tf_keras     # tf_keras is Keras 2
    KERAS_BACKEND=tensorflow python3 tests/keras_parity/to_json.py

writes tests/fixtures/keras/json/keras{3,2}_*.json, each with the number of parameters beside it
(`{"params": ..., "json": ...}`).
"""
import json
from pathlib import Path

import keras
import tf_keras

OUT = Path(__file__).parents[1] / "fixtures" / "keras" / "json"


def sequential(keras):
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu", kernel_regularizer=keras.regularizers.L2(0.001)),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=0.02)),
    ])
    model.compile(keras.optimizers.RMSprop(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def functional(keras):
    layers = keras.layers
    inputs = keras.Input((32, 32, 3), name="pictures")
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.ReLU()(x)
    y = layers.SeparableConv2D(16, 3, padding="same")(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=1)(y)
    z = layers.Add()([x, y])
    if keras.__version__.startswith("3"):
        z = z + x
    z = layers.Concatenate()([z, y])
    z = layers.LeakyReLU(0.1)(z)
    z = layers.ZeroPadding2D(((1, 0), (0, 1)))(z)
    z = layers.UpSampling2D(2, interpolation="bilinear")(z)
    z = layers.AveragePooling2D((2, 3), padding="same")(z)
    z = layers.GlobalAveragePooling2D()(z)
    outputs = layers.Dense(1, activation="sigmoid")(z)
    model = keras.Model(inputs, outputs)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9, staircase=True)
    model.compile(keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True, clipnorm=1.0),
                  keras.losses.BinaryCrossentropy(label_smoothing=0.1), metrics=["accuracy"])
    return model


def nested(keras):
    layers = keras.layers
    augment = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)], name="augment")
    block = keras.Sequential([layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D()], name="block")
    inputs = keras.Input((64, 64, 3))
    x = augment(inputs)
    x = layers.Rescaling(1 / 255)(x)
    x = block(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(5)(x))


OUT.mkdir(parents=True, exist_ok=True)
for library in (keras, tf_keras):
    for make in (sequential, functional, nested):
        library.backend.clear_session()
        model = make(library)
        row = {"params": model.count_params(), "json": model.to_json()}
        (OUT / f"keras{library.__version__[0]}_{make.__name__}.json").write_text(json.dumps(row, indent=1) + "\n")
