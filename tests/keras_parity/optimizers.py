"""Ten steps of every Keras optimizer and its options, and the rates of every schedule:
writes optimizers.json beside this file.

    pip install tensorflow-cpu==2.21.0 keras==3.15.1
    python3 tests/keras_parity/optimizers.py

tests/keras_optimizers.rs compares the core with it. Weights and gradients are made here from
a fixed seed. The weights are small, so that even the tiny steps of an optimizer with Keras's
default rate are not lost in the last digits of a 32-bit float.
"""
import json
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np

rng = np.random.default_rng(4)
STEPS = 10
SHAPES = [(3, 4), (4,)]


def rounded(array):
    return [float(f"{value:.9g}") for value in np.asarray(array, np.float64).ravel()]


weights = [rng.uniform(-0.02, 0.02, shape).astype(np.float32) for shape in SHAPES]
gradients = [[rng.normal(0, 0.7, shape).astype(np.float32) for shape in SHAPES] for _ in range(STEPS)]
# What optimizers stumble over: no gradient at all, single zeros, the tiny and the large.
gradients[3] = [np.zeros(shape, np.float32) for shape in SHAPES]
gradients[5][0][0] = 0
gradients[6][0] *= 1e-4
gradients[7][1] *= 30

schedules = [
    {"name": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5},
    {"name": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    {"name": "ExponentialDecay", "initial_learning_rate": 1e-6, "decay_steps": 99, "decay_rate": 1e6},
    {"name": "PiecewiseConstantDecay", "boundaries": [3, 8, 20], "values": [0.1, 0.05, 0.01, 0.001]},
    {"name": "PiecewiseConstantDecay", "boundaries": [5], "values": [1.0, 0.5]},
    {"name": "PolynomialDecay", "initial_learning_rate": 0.1, "decay_steps": 12},
    {"name": "PolynomialDecay", "initial_learning_rate": 0.1, "decay_steps": 12, "end_learning_rate": 0.02, "power": 2.0},
    {"name": "PolynomialDecay", "initial_learning_rate": 0.1, "decay_steps": 12, "end_learning_rate": 0.02, "power": 0.5, "cycle": True},
    {"name": "InverseTimeDecay", "initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5},
    {"name": "InverseTimeDecay", "initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True},
    {"name": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 20},
    {"name": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1},
    {"name": "CosineDecay", "initial_learning_rate": 0.0, "decay_steps": 20, "warmup_target": 0.1, "warmup_steps": 6},
    {"name": "CosineDecay", "initial_learning_rate": 0.01, "decay_steps": 20, "alpha": 0.2, "warmup_target": 0.1, "warmup_steps": 6},
    {"name": "CosineDecay", "initial_learning_rate": 0.01, "decay_steps": 20, "warmup_target": 0.1},
    {"name": "CosineDecayRestarts", "initial_learning_rate": 0.1, "first_decay_steps": 6},
    {"name": "CosineDecayRestarts", "initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.0, "m_mul": 0.8},
    {"name": "CosineDecayRestarts", "initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.5, "m_mul": 0.5, "alpha": 0.1},
]


def schedule(options):
    options = dict(options)
    return getattr(keras.optimizers.schedules, options.pop("name"))(**options)


optimizers = [
    {"name": "sgd"},
    {"name": "sgd", "learning_rate": 0.1},
    {"name": "sgd", "momentum": 0.9},
    {"name": "sgd", "momentum": 0.9, "nesterov": True, "learning_rate": 0.05},
    {"name": "sgd", "nesterov": True},
    {"name": "sgd", "momentum": 0.5, "weight_decay": 0.1},
    {"name": "sgd", "weight_decay": 0.5, "learning_rate": 0.1},
    {"name": "sgd", "clipvalue": 0.3},
    {"name": "sgd", "clipnorm": 0.5, "momentum": 0.9},
    {"name": "sgd", "global_clipnorm": 0.8, "momentum": 0.9, "nesterov": True},
    {"name": "sgd", "global_clipnorm": 1000.0},
    {"name": "rmsprop"},
    {"name": "rmsprop", "rho": 0.5, "epsilon": 1e-3},
    {"name": "rmsprop", "momentum": 0.9},
    {"name": "rmsprop", "centered": True},
    {"name": "rmsprop", "centered": True, "momentum": 0.8, "rho": 0.8, "learning_rate": 0.01},
    {"name": "rmsprop", "weight_decay": 0.05, "clipvalue": 0.2},
    {"name": "rmsprop", "global_clipnorm": 0.5},
    {"name": "adam"},
    {"name": "adam", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1},
    {"name": "adam", "amsgrad": True},
    {"name": "adam", "amsgrad": True, "beta_2": 0.6, "learning_rate": 0.02},
    {"name": "adam", "weight_decay": 0.1},
    {"name": "adam", "clipnorm": 1.0},
    {"name": "adam", "clipvalue": 0.5, "amsgrad": True},
    {"name": "adam", "global_clipnorm": 1.0, "weight_decay": 0.01},
    {"name": "adamw"},
    {"name": "adamw", "weight_decay": 0.2, "learning_rate": 0.01},
    {"name": "adamw", "amsgrad": True, "beta_1": 0.8},
    {"name": "adamw", "clipnorm": 0.3},
    {"name": "adagrad"},
    {"name": "adagrad", "learning_rate": 0.05, "initial_accumulator_value": 0.0},
    {"name": "adagrad", "initial_accumulator_value": 1.5, "epsilon": 0.01},
    {"name": "adagrad", "weight_decay": 0.3, "clipvalue": 1.0},
    {"name": "adadelta"},
    {"name": "adadelta", "learning_rate": 1.0},
    {"name": "adadelta", "rho": 0.7, "epsilon": 1e-3, "learning_rate": 0.5},
    {"name": "adadelta", "weight_decay": 0.1, "global_clipnorm": 1.0, "learning_rate": 1.0},
    {"name": "nadam"},
    {"name": "nadam", "beta_1": 0.7, "beta_2": 0.95, "epsilon": 1e-3, "learning_rate": 0.01},
    {"name": "nadam", "weight_decay": 0.1, "clipnorm": 0.5},
    {"name": "sgd", "learning_rate": schedules[0]},
    {"name": "adam", "learning_rate": {"name": "CosineDecay", "initial_learning_rate": 0.001, "decay_steps": 6,
                                       "warmup_target": 0.01, "warmup_steps": 3}},
    {"name": "rmsprop", "learning_rate": {"name": "PiecewiseConstantDecay", "boundaries": [2, 5],
                                          "values": [0.01, 0.001, 0.1]}, "momentum": 0.5, "weight_decay": 0.1},
]
classes = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW", "adagrad": "Adagrad",
           "adadelta": "Adadelta", "nadam": "Nadam"}


def ten_steps(options):
    options = dict(options)
    if isinstance(options.get("learning_rate"), dict):
        options["learning_rate"] = schedule(options["learning_rate"])
    optimizer = getattr(keras.optimizers, classes[options.pop("name")])(**options)
    variables = [keras.Variable(values) for values in weights]
    after = []
    for step in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in step], variables)
        after.append([rounded(variable.numpy()) for variable in variables])
    return after


golden = {
    "keras": keras.__version__,
    "weights": [rounded(values) for values in weights],
    "gradients": [[rounded(values) for values in step] for step in gradients],
    "optimizers": [{"spec": spec, "after": ten_steps(spec)} for spec in optimizers],
    "steps": (steps := [*range(30), 49, 98, 99, 100, 1000]),
    "schedules": [
        # What overflows 32 bits is written as their largest number.
        {"spec": spec, "rates": rounded([min(float(schedule(spec)(step)), 3.4028235e38) for step in steps])}
        for spec in schedules
    ],
}
lines = json.dumps(golden).replace('{"spec"', '\n{"spec"').replace(', "schedules"', ',\n"schedules"')
Path(__file__).with_suffix(".json").write_text(lines + "\n")
print(len(optimizers), "optimizers,", len(schedules), "schedules")
