"""Writes a few good inputs for each target to fuzz/seeds/, from which libFuzzer starts.

    python3 fuzz/seeds.py
"""

import gzip
import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

here = Path(__file__).parent / "seeds"
pgm = b"P5 2 2 255\n0123"


def seed(target, name, data):
    (here / target).mkdir(parents=True, exist_ok=True)
    (here / target / name).write_bytes(data)


def idx(*sizes):
    count = 1
    for size in sizes:
        count *= size
    return struct.pack(f">HBB{len(sizes)}I", 0, 8, len(sizes), *sizes) + bytes(i % 3 for i in range(count))


def zipped(files, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=options.get("compression", 0))
    return out.getvalue()


def tarred(files, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def pair(labels, pictures, choice=0):
    return bytes([choice, len(labels)]) + labels + pictures


seed("idx", "pair", pair(idx(6), idx(6, 4, 4)))
seed("idx", "rgb", pair(idx(3), idx(3, 2, 2, 3), 3))
seed("idx", "gzip", pair(gzip.compress(idx(6), mtime=0), gzip.compress(idx(6, 4, 4), mtime=0), 8))

header = "label," + ",".join(f"pixel{i}" for i in range(1, 17))
rows = "\n".join(f"{i % 3}," + ",".join(str(i * 7 % 256) for _ in range(16)) for i in range(8))
seed("csv", "first", b"\0" + f"{header}\n{rows}\n".encode())
seed("csv", "last", b"\1" + rows.replace("\n", "\r\n").encode())
seed("csv", "names", b"\x10" + b"\xef\xbb\xbffile;label\n1.pgm;cat\n\"a/2\";dog\n")

seed("cifar", "one", bytes([0x73, 20]) + b"\n".join(b"class%d" % i for i in range(10)))
seed("cifar", "two", bytes([0xb3, 0]) + bytes(range(200)))
seed("cifar", "tar", bytes([0, 0]) + tarred({"a/1.pgm": pgm, "b/" + "n" * 120 + ".pgm": pgm}))
seed("cifar", "pax", bytes([0, 0]) + tarred({"a/é.pgm": pgm, "b/" + "ü" * 120 + ".pgm": pgm}))

tree = {"x/train/a/1.pgm": pgm, "x/train/b/2.pgm": pgm, "x/val/a/3.pgm": pgm, "x/.DS_Store": b"", "x/empty/": b""}
seed("zip", "stored", b"\0" + zipped(tree))
seed("zip", "deflated", b"\1" + zipped(tree, compression=zipfile.ZIP_DEFLATED))
seed("zip", "tar", b"\2" + zipped({"x.tgz": tarred(tree, "w:gz")}))
seed("zip", "table", b"\3" + zipped({"t.csv": rows}, compression=zipfile.ZIP_DEFLATED))
seed("zip", "idx", b"\3" + zipped({"train-images-idx3-ubyte": idx(6, 4, 4), "train-labels-idx1-ubyte": idx(6)}))

lessons = Path(__file__).parent.parent / "tests" / "fixtures" / "keras"
for file in [*lessons.glob("lessons/*.py"), *lessons.glob("write/*.keras.py")]:
    seed("keras", file.name.split(".")[0], b"\3" + file.read_bytes())
for file in lessons.glob("json/*.json"):
    seed("keras", file.stem, b"\0" + json.loads(file.read_text())["json"].encode())

paths = ["a/train/CAT/1", "a/val/cat/1", "a/test/DOG/deep/1", "CAT/1", "train/1", "x\\y\\é/1", "__MACOSX/._1", "e\u0301/1"]
seed("folder", "all", b"\0" + "\n".join(paths).encode())
seed("folder", "classes", b"\7" + "\n".join(f"set/{i % 5}/{i}" for i in range(20)).encode())
