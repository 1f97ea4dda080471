"""Opens with others what the lab wrote for them, and compares what they predict.

    python3 tests/interop/check.py FOLDER

For every folder in it: `pictures.bin` are pictures as bytes, `expected.bin` what the lab predicts
for them. Keras, onnxruntime, PyTorch and safetensors have to predict the same to 1e-4 from the
files that were written for them, and Keras has to open its own without a warning. Fails with a
sentence otherwise.
"""
import json
import os
import re
import shutil
import sys
import warnings
import zipfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np

MOST = 1e-4


def installed(name):
    try:
        return __import__(name)
    except ImportError:
        print(f"{name} is not installed: what is written for it is not opened")


keras, torch, safetensors = installed("keras"), installed("torch"), installed("safetensors")
import onnx
import onnxruntime

failures = []


def compare(what, found, expected):
    difference = float(np.abs(np.asarray(found) - expected).max())
    print(f"{what}: differs by {difference:.1e} at the most")
    if not difference <= MOST:
        failures.append(what)


def softmax(logits):
    if logits.shape[1] == 1:
        one = 1 / (1 + np.exp(-logits))
        return np.concatenate([1 - one, one], axis=1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def both(output):
    """The probabilities of two classes, of one sigmoid unit's."""
    output = np.asarray(output)
    return np.concatenate([1 - output, output], axis=1) if output.shape[1] == 1 else output


def prepared(pictures, preprocessing):
    values = pictures * preprocessing["rescale"]
    if "mean" in preprocessing:
        values = values - np.array(preprocessing["mean"], dtype="float32")
    if "std" in preprocessing:
        values = values / (np.array(preprocessing["std"], dtype="float32") + 1e-6)
    return values.astype("float32")


def run_onnx(file, pictures):
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].name == "input" and session.get_outputs()[0].name == "output"
    classes = session.get_modelmeta().custom_metadata_map["classes"]
    assert json.loads(classes) == about["classes"], classes
    return session.run(None, {"input": np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))})[0]


def without_training(text, marks):
    """The part of a program that makes the model."""
    ends = [text.find(mark) for mark in marks if mark in text]
    return text[: min(ends)] if ends else text


for folder in sorted(path for path in Path(sys.argv[1]).resolve().iterdir() if path.is_dir()):
    about = json.loads((folder / "about.json").read_text())
    pictures = np.fromfile(folder / "pictures.bin", dtype="uint8").reshape(-1, *about["shape"])
    pictures = pictures.astype("float32")
    expected = np.fromfile(folder / "expected.bin", dtype="float32").reshape(len(pictures), -1)
    ready = prepared(pictures, about["preprocessing"])
    name = folder.name
    # A network that says the same of all pictures would be the same everywhere.
    assert np.ptp(expected, axis=0).max() > 0.05, f"{name}: {np.ptp(expected, axis=0)}"
    # For browser.mjs.
    zipfile.ZipFile(folder / "model.tfjs.zip").extractall(folder / "tfjs")

    compare(f"{name}: onnxruntime", both(run_onnx(folder / "model.onnx", pictures)), expected)
    compare(f"{name}: onnxruntime, logits of prepared pictures", softmax(run_onnx(folder / "logits.onnx", ready)), expected)

    if keras:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = keras.models.load_model(folder / "model.keras")
        compare(f"{name}: Keras {keras.__version__}", both(model.predict(pictures, verbose=0)), expected)
        names = {}
        text = (folder / "keras.py").read_text()
        # The text of a network on a pretrained base loads the weights itself, by a name of its own.
        for own in re.findall(r'load_weights\("([^"]+)"\)', text):
            shutil.copy(folder / "model.weights.h5", folder / own)
        os.chdir(folder)
        exec(without_training(text, ["\nmodel.compile", "\nmodel.fit"]), names)
        names["model"].load_weights(folder / "model.weights.h5")
        compare(f"{name}: Keras's code with the weights alone", both(names["model"].predict(ready, verbose=0)), expected)

    if safetensors:
        from safetensors.numpy import load_file

        weights = load_file(folder / "model.safetensors")
        with safetensors.safe_open(folder / "model.safetensors", "np") as file:
            kept = json.loads(file.metadata()["cnn-lab"])
        assert kept["classes"] == about["classes"] and kept["spec"]["layers"]
        if torch:
            names = {}
            text = (folder / "torch.py").read_text()
            exec(without_training(text, ["\noptimizer", "\ndef train", "\ncriterion", "\nloss"]), names)
            net = names["model"]
            net.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
            net.eval()
            with torch.no_grad():
                found = net(torch.from_numpy(np.ascontiguousarray(ready.transpose(0, 3, 1, 2)))).numpy()
            # Its losses take logits, so the text leaves the last softmax out or has it.
            is_probability = np.allclose(found.sum(axis=1), 1, atol=1e-4) and found.min() >= 0
            compare(f"{name}: PyTorch's code with safetensors", both(found) if is_probability else softmax(found), expected)

if failures:
    sys.exit("not the same: " + "; ".join(failures))
print("all that was opened predicts as the lab does")
