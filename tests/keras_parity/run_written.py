"""Runs what `model::keras::write` wrote, in Keras and in PyTorch, as far as they are installed.

    python3 tests/keras_parity/run_written.py [FOLDER]

For every `NAME.json` of the folder (tests/fixtures/keras/write unless given):
`NAME.keras.py` must run, train a step, and have the number of parameters that the JSON says;
`NAME.torch.py` likewise. Where both are installed, PyTorch's net with Keras's weights must give
Keras's output. Fails with a sentence otherwise.
"""
import contextlib
import io
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "fixtures" / "keras" / "write"


def installed(name):
    try:
        return __import__(name)
    except ImportError:
        print(f"{name} is not installed: its files are not run")


keras, torch = installed("keras"), installed("torch")
if not (keras or torch):
    sys.exit("neither Keras nor PyTorch is there")


def same(what, one, two):
    if one != two:
        sys.exit(f"{what}: {one} is not {two}")


def pictures(shape, count=16):
    return np.random.default_rng(1).random((count, *shape), dtype=np.float32)


def run_keras(text, spec, params):
    """The model, after a step of training if the text has one."""
    height, width, channels = spec["input_shape"]
    units = spec["layers"][-1].get("units")
    loss = (spec.get("compile") or {}).get("loss") or ""
    loss, smooth = (loss["name"], loss.get("label_smoothing")) if isinstance(loss, dict) else (loss, 0)
    if height * width > 10_000:
        text = text.replace("model.fit", "# model.fit")
    names = {"x_train": pictures(spec["input_shape"])}
    exec(text[: text.find("\nmodel.compile") if "\nmodel.compile" in text else text.find("\nmodel.fit(") if "\nmodel.fit(" in text else None], names)
    classes = names["model"].output_shape[-1]
    # So that every part of the data has all classes.
    labels = np.arange(len(names["x_train"])) % max(2, classes)
    one_hot = loss == "categorical_crossentropy" or smooth and loss.startswith("sparse")
    names["y_train"] = np.eye(classes, dtype="float32")[labels] if one_hot else labels
    if "model.compile" not in text:
        text = text.split("\ndatagen")[0].split("\nmodel.fit")[0]
    # An epoch is enough.
    import re
    text = re.sub(r"epochs=\d+", "epochs=1", text)
    with contextlib.redirect_stdout(io.StringIO()):
        keras.utils.clear_session()
        exec(text, names)
    same("parameters in Keras", names["model"].count_params(), params)
    return names["model"]


def run_torch(text, spec, params):
    names = {}
    exec(text, names)
    model = names["model"]
    count = sum(weight.numel() for weight in model.parameters())
    # Keras counts a batch normalisation's moving figures too.
    count += sum(value.numel() for name, value in model.named_buffers() if "running" in name)
    same("parameters in PyTorch", count, params)
    height, width, channels = spec["input_shape"]
    x = torch.tensor(pictures(spec["input_shape"], 4)).permute(0, 3, 1, 2)
    output = model(x)
    if "train_step" in names:
        y = torch.zeros(4, dtype=torch.long)
        before = [weight.detach().clone() for weight in model.parameters()]
        loss = names["train_step"](x, y)
        if not np.isfinite(loss):
            sys.exit(f"the loss in PyTorch is {loss}")
        if all(torch.equal(old, new) for old, new in zip(before, model.parameters())):
            sys.exit("a training step in PyTorch changes nothing")
    model.eval()
    return model


def copy_weights(ours, theirs):
    """Gives PyTorch's net the weights of Keras's, layer by layer in their order."""
    modules = [module for module in theirs.children() if list(module.parameters())]
    at = 0
    for layer in ours.layers:
        weights = layer.get_weights()
        if not weights:
            continue
        kind = type(layer).__name__
        parts = {weight.path.split("/")[-1]: value for weight, value in zip(layer.weights, weights)}
        take = lambda value: torch.tensor(np.ascontiguousarray(value))
        with torch.no_grad():
            if kind == "Normalization":
                continue
            if kind == "SeparableConv2D":
                k = parts["depthwise_kernel"]
                modules[at].weight.copy_(take(k.transpose(2, 3, 0, 1).reshape(-1, 1, *k.shape[:2])))
                at += 1
                modules[at].weight.copy_(take(parts["pointwise_kernel"].transpose(3, 2, 0, 1)))
            elif kind == "DepthwiseConv2D":
                k = parts["kernel"] if "kernel" in parts else parts["depthwise_kernel"]
                modules[at].weight.copy_(take(k.transpose(2, 3, 0, 1).reshape(-1, 1, *k.shape[:2])))
            elif kind == "Conv2D":
                modules[at].weight.copy_(take(parts["kernel"].transpose(3, 2, 0, 1)))
            elif kind == "Dense":
                modules[at].weight.copy_(take(parts["kernel"].T))
            elif kind == "BatchNormalization":
                modules[at].running_mean.copy_(take(parts["moving_mean"]))
                modules[at].running_var.copy_(take(parts["moving_variance"]))
                if "gamma" in parts:
                    modules[at].weight.copy_(take(parts["gamma"]))
                if "beta" in parts:
                    modules[at].bias.copy_(take(parts["beta"]))
            if "bias" in parts:
                modules[at].bias.copy_(take(parts["bias"]))
        at += 1


worst = 0.0
files = sorted(FOLDER.glob("*.json"))
for file in files:
    given = json.loads(file.read_text())
    spec, params = given["spec"], given["params"]
    try:
        ours = keras and run_keras(file.with_suffix(".keras.py").read_text(), spec, params)
        theirs = torch and run_torch(file.with_suffix(".torch.py").read_text(), spec, params)
        if keras and torch:
            copy_weights(ours, theirs)
            x = pictures(spec["input_shape"], 4)
            expected = ours.predict(x, verbose=0)
            with torch.no_grad():
                output = theirs(torch.tensor(x).permute(0, 3, 1, 2)).numpy()
            error = np.abs(output - expected).max() / max(1e-3, np.abs(expected).max())
            if not error < 1e-3:
                sys.exit(f"PyTorch's output differs from Keras's by {error}")
            worst = max(worst, error)
    except BaseException:
        print(f"{file.name}:", file=sys.stderr)
        raise
print(f"{len(files)} nets run; largest difference {worst:.1e}")
