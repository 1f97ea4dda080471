//! Text that is wrong, cut off, damaged, of something else, or meant to do harm.

use std::time::{Duration, Instant};

use super::super::{Options, read, read_with};
use crate::random::{Purpose, Stream};

/// Long enough for a machine that does other things too; unoptimised code gets more.
const MOMENT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 15_000 } else { 100 });

/// What a call gives and how long it takes; called again where that is long, because other work
/// on the machine may have come between.
fn timed<T>(call: impl Fn() -> T) -> (T, Duration) {
    let once = || {
        let start = Instant::now();
        (call(), start.elapsed())
    };
    let (result, mut took) = once();
    for _ in 0..4 {
        if took >= MOMENT {
            took = took.min(once().1);
        }
    }
    (result, took)
}

/// Reads what must be an error with a line, quickly, and gives the line and the words.
fn refused(text: &str) -> (u32, String) {
    let (result, took) = timed(|| read(text));
    let shown: String = text.chars().take(300).collect();
    assert!(took < MOMENT, "{took:?} for {shown}");
    let error = result.expect_err(&shown);
    let line = error.line_number().unwrap_or_else(|| panic!("no line: {error}\n{shown}"));
    assert!(
        line >= 1 && line as usize <= text.matches(['\n', '\r']).count() + 1,
        "{line}: {shown}"
    );
    (line, error.to_string())
}

#[test]
fn errors_name_the_line() {
    let start = "model = Sequential()\nmodel.add(Flatten(input_shape=(28, 28, 1)))\n";
    for (text, line, word) in [
        ("model.add(Dence(10))", 3, "Dence"),
        ("model.add(layers.LSTM(10))", 3, "LSTM"),
        ("model.add(Dense)", 3, "without brackets"),
        ("model.add(Dense())", 3, "units"),
        ("model.add(Dense(10, activation='rellu'))", 3, "rellu"),
        ("model.add(Dense(10, colour=3))", 3, "colour"),
        ("model.add(Dense(10, units=3))", 3, "twice"),
        ("model.add(Dense('ten'))", 3, "units"),
        ("\n\nmodel.add(Dense(width))", 5, "width"),
        ("n = len(names)\nmodel.add(Dense(n * 2))\nmodel.add(Dense(2))", 4, "len(names)"),
        ("model.add(Dense(10, kernel_initializer='orthogonal'))", 3, "orthogonal"),
        ("model.add(Dense(10, kernel_constraint=max_norm(3)))", 3, "kernel_constraint"),
        ("model.add(Dense(10, trainable=maybe))", 3, "maybe"),
        ("model.add(VGG16(weights='imagenet'))", 3, "VGG16"),
        ("model.add(Dense(10)\nmodel.compile('adam')", 3, "never closed"),
        ("model.add(Dense(10, activa", 3, "never closed"),
        ("model.add(Dense(10]", 3, "]"),
        ("model.add Dense(10)", 3, "not understood"),
        ("model.add(Dense(10)))", 3, "not understood"),
        ("model.add(Dense(10 activation='relu'))", 3, "not understood"),
        ("model.add(Dense(10, activation='relu))\nx = 1", 3, ""),
        ("text = '''never\nclosed", 3, "never closed"),
        ("while epoch < 3:\n    model.add(Dense(10))", 4, "how often"),
        ("for c in classes:\n    model.add(Dense(10))", 4, "how often"),
        ("if deep:\n    model.add(Dense(10))", 3, "condition"),
        ("for layer in model.layers:\n    layer.trainable = maybe", 4, "told"),
        ("model.get_layer('a').trainable = False", 3, "name"),
        ("model.freeze()", 3, "freeze"),
        ("b = keras.applications.VGG16(include_top=False)", 3, "MobileNetV2"),
        ("from keras.applications import ResNet50\nb = ResNet50()", 4, "ResNet50"),
        ("b = EfficientNetB0(include_top=False)", 3, "EfficientNetB0"),
        ("b = EfficientNetB0(include_top=False)", 3, "EfficientNet-Lite0"),
        ("b = EfficientNetLite0(include_top=False)", 3, "Keras has not"),
        ("b = tf.keras.applications.InceptionV3()", 3, "InceptionV3"),
        ("b = tf.keras.applications.xception.Xception()", 3, "Xception"),
        ("b = MobileNetV2(weights='imagenet')", 3, "include_top"),
        ("b = MobileNetV2(include_top=False, alpha=0.5)", 3, "alpha"),
        ("b = MobileNetV2(include_top=False, weights='my.h5')", 3, "imagenet"),
        ("b = MobileNetV2(include_top=False, pooling='sum')", 3, "pooling"),
        ("b = MobileNetV2(include_top=False, input_shape=(96, 96, 1))", 3, "colour"),
        ("b = MobileNetV2(include_top=False, width=1)", 3, "width"),
        ("b = MobileNetV2(include_top=False)\nb.get_layer('mixed7')", 4, "mixed7"),
        ("b = MobileNetV2(include_top=False)\nb.trainable = some", 4, "trainable"),
        ("x = keras.applications.vgg16.preprocess_input(Input((9, 9, 3)))", 3, "mobilenet_v2"),
        ("for e in epochs:\n    model.layers[0].trainable = False", 4, "how often"),
        ("model.layers[0].trainable = layers_free", 3, "told"),
        ("prune(model)", 3, "prune"),
        ("model.compile(optimizer='adamax')", 3, "adamax"),
        ("model.compile(optimizer=keras.optimizers.Adam(beta=0.9))", 3, "beta"),
        ("model.compile(loss='mse')", 3, "mse"),
        ("model.compile(optimiser='adam')", 3, "optimiser"),
        ("model.fit(x, y, epochs=0)", 3, "epochs"),
        ("model.fit(x, y, validation_split=2)", 3, "validation_split"),
        ("gen = ImageDataGenerator(rotate=3)", 3, "rotate"),
        ("model.add(Conv2D(3, 3, data_format='channels_first'))", 3, "data_format"),
        ("model.add(RandomFlip())", 3, "RandomFlip"),
        ("model.add(Lambda(lambda x: x * 2))", 3, "Lambda"),
        ("a = Dense(3)\nmodel.add(a)\nmodel.add(a)", 5, "shar"),
        ("x = MyLayer(3)(Input((3, 3, 1)))", 3, "MyLayer"),
        ("__import__('os').system('ls')", 3, "__import__"),
        ("model.add(Dense(().__class__.__bases__[0].__subclasses__()))", 3, "__class__"),
        ("model.add(Dense(eval('3')))", 3, "eval"),
        ("exec('x = 3')", 3, "exec"),
        ("model.add(Dense(2**10**10))", 3, "units"),
        ("model.add(Dense(99999999999999999999999999))", 3, "units"),
        ("model.add(model)", 3, "itself"),
    ] {
        let text = format!("{start}{text}");
        let (found, words) = refused(&text);
        assert_eq!(found, line, "{words}\n{text}");
        assert!(words.contains(word), "{words}\n{text}");
    }
}

#[test]
fn other_code_has_no_model() {
    for (text, line, word) in [
        ("", 1, "no model"),
        ("Just some words,\nand more.", 2, "no model"),
        ("print('hello')", 1, "no model"),
        (
            "import torch\nimport torch.nn as nn\nnet = nn.Sequential(nn.Conv2d(3, 6, 5), nn.ReLU())",
            1,
            "torch",
        ),
        ("base = MobileNetV2(include_top=False)\nbase.trainable = False", 1, "head"),
        (
            "b = MobileNetV2(include_top=False)\nm = Model(b.input, b.get_layer('Conv1').output)",
            1,
            "head",
        ),
        (
            "import keras\nclass Net(keras.Model):\n    def __init__(self):\n        self.a = layers.Dense(3)\nmodel = Net()",
            2,
            "Net",
        ),
        ("model = Sequential()\nmodel.compile('adam')", 1, "no layers"),
        ("model = keras.applications.VGG16()\nmodel.compile('adam')", 1, "VGG16"),
        ("#include <stdio.h>\nint main(void) { return 0; }", 2, "no model"),
        ("function f() { return 3; }", 1, "no model"),
        ("<!DOCTYPE html>\n<p>Conv2D</p>", 2, "no model"),
        ("{\"layers\": [", 1, "JSON"),
        ("{\"class_name\": \"Transformer\",\n \"config\": {}}", 1, "Transformer"),
        ("{\"class_name\": \"Sequential\", \"config\": {\"layers\": []}}", 1, "no layers"),
        (
            "{\n\"class_name\": \"Sequential\", \"config\": {\"layers\": [\n{\"class_name\": \"LSTM\", \"config\": {\"name\": \"lstm_4\"}}]}}",
            3,
            "LSTM",
        ),
    ] {
        let (found, words) = refused(text);
        assert_eq!(found, line, "{words}\n{text}");
        assert!(words.contains(word), "{words}\n{text}");
    }
}

#[test]
fn no_text_takes_long() {
    let net = "model = Sequential([Flatten(input_shape=(9, 9, 1)), Dense(3)])\n";
    let many = |piece: &str, count: usize| piece.repeat(count);
    for text in [
        many("(", 10 << 20),
        many("[", 1 << 20),
        many("[[[]]],", 1 << 20),
        many("\n", 2 << 20),
        many("\n", 1 << 18),
        many("[]", 1 << 17),
        many("[[[]]],", 1 << 15),
        many("a.", 1 << 17),
        format!("x = {}", many("(", 45)),
        format!("model = {}", many("Sequential([", 30)),
        format!("model = Sequential([Dense({}1)])", many("-", 25_000)),
        format!("model = Sequential([Dense({}1)])", many("not ", 25_000)),
        format!("model = Sequential([Dense(1{})])", many("+1", 25_000)),
        format!("model = Sequential([Dense(1{})])", many("**1", 25_000)),
        format!("model = Sequential([Dense(a{})])", many(".a", 25_000)),
        format!("model = Sequential([Dense(a{})])", many("()", 25_000)),
        format!("model = Sequential([Dense(1{})])", many(" if 1 else 1", 15_000)),
        format!("model = Sequential([Dense({})])", many("lambda: ", 15_000)),
        format!("model = Sequential([Dense('a'{}, 3)])", many(" 'a'", 25_000)),
        format!("{}model = Sequential()", many("if 1:\n ", 10_000)),
        (0..200).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect(),
        format!("x = [{}]\nmodel = Sequential()", many("0,", 100_000)),
        format!("x = {{{}}}", many("0:0,", 16_000)),
        format!("{}model = Sequential()", many("x = 1\n", 40_000)),
        format!("{}model = Sequential()", many("a;", 100_000)),
        format!("{net}while True:\n    model.add(Dense(1))"),
        format!("{net}for i in range(10**9):\n    model.add(Dense(1))"),
        format!("{net}for i in range(1000):\n  for j in range(1000):\n    model.add(Dense(1))"),
        "x = [[0 for i in range(10**9)] for j in range(10**9)]".into(),
        "x = [0 for i in range(2000) for j in range(2000)]".into(),
        "a = [0] * 10**9\nmodel = Sequential(a)".into(),
        "a = [1]\nfor i in range(60):\n    a = a + a\nmodel = Sequential(a)".into(),
        "a = [1]\nfor i in range(60):\n    a = [a, a]\nmodel = Sequential([Dense(a)])".into(),
        "a = []\na.append(a)\nmodel = Sequential([Dense(a)])".into(),
        "a = 'x' * 10**9\nmodel = Sequential([Dense(3, name=a)])".into(),
        "def f(n):\n    return f(n + 1)\nmodel = Sequential([Dense(f(0))])".into(),
        "def f(n):\n    f(n + 1)\n    return f(n + 1)\nf(0)".into(),
        "def f(x):\n    for i in range(1000):\n        x = Dense(1)(x)\n    return x\n\
         x = Input((1, 1, 1))\nfor i in range(1000):\n    x = f(x)\nmodel = Model(x, x)"
            .into(),
        format!(
            "a = Sequential([ReLU()])\n{}model = a",
            (0..40).map(|_| "a = Sequential([a, a])\n").collect::<String>()
        ),
        format!(
            "i = Input((4, 4, 1))\nx = i\nfor k in range(300):\n    x = Add()([x, x])\nm = Model(i, x)\n{}",
            many("x = m(x)\n", 1000)
        ),
        "i = Input((4, 4, 1))\nx = i\nfor k in range(60):\n    x = Concatenate()([x, x])\nmodel = Model(i, Dense(width)(Flatten()(x)))".into(),
        format!("{{\"class_name\": {}1{}}}", many("[", 25_000), many("]", 25_000)),
        format!("model = Sequential([{}])", many("Dropout(0.1),", 18_000)),
        many("b = MobileNetV2(include_top=False)\n", 6_000),
        "b = MobileNetV2(include_top=False)\nfor i in range(2000):\n    for l in b.layers:\n        l.trainable = i".into(),
        format!("{net}b = MobileNetV2(include_top=False)\nfor i in range(2000):\n    b.trainable = i % 2\n    model.fit(x)\n    b.layers[5].input"),
        format!(
            "b = MobileNetV2(include_top=False)\n{}m = Sequential([Dense(b)])",
            many("x = Model(b.input, b.layers[9].output)\n", 3_000)
        ),
        format!("x = '{}", many("\\", 1 << 19)),
        format!("x = {}", many("\u{201c}\"", 1 << 17)),
        many("\"\"\"", 25_001),
        many("\u{200b}", 80_000),
        many("f'{a}'", 25_000),
        format!("f'{}'", many("{a}", 25_000)),
        many("In [1]: ", 25_000),
        many(">>> ", 16_000),
        many("%\\\n", 80_000),
        many("\\\n", 100_000),
        many("def f(): pass\n", 18_000),
        many("from a import b\n", 16_000),
        many("!", 1 << 20),
    ] {
        refused(&text);
    }
}

#[test]
fn a_lesson_cut_off_anywhere_is_no_panic() {
    for text in [
        include_str!("../../../../tests/fixtures/keras/lessons/fashion_mnist.py"),
        include_str!("../../../../tests/fixtures/keras/lessons/horses_or_humans.py"),
        include_str!("../../../../tests/fixtures/keras/lessons/batch_norm_stack.py"),
        super::transfer::CHOLLET,
    ] {
        for (end, _) in text.char_indices().step_by(3) {
            if let Err(error) = read(&text[..end]) {
                assert!(error.line_number().is_some(), "{error}");
            }
        }
    }
}

/// Pieces of lessons put together and damaged at random: never a panic, and never long.
#[test]
fn damaged_text_is_no_panic() {
    let seeds = [
        include_str!("../../../../tests/fixtures/keras/lessons/mnist_convnet.py"),
        include_str!("../../../../tests/fixtures/keras/lessons/cats_and_dogs.py"),
        include_str!("../../../../tests/fixtures/keras/lessons/cifar10_functional.py"),
        include_str!("../../../../tests/fixtures/keras/lessons/batch_norm_stack.py"),
        super::transfer::TENSORFLOW,
        super::transfer::FINE_TUNING,
    ];
    let pieces = [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "=",
        "+",
        "-",
        "*",
        "**",
        "/",
        "//",
        "%",
        ".",
        "\n",
        "\n    ",
        "\t",
        "\\\n",
        "'",
        "\"",
        "\"\"\"",
        "#",
        "for i in range(9):\n ",
        "if ",
        "else",
        "def f(x):\n return ",
        "lambda x: ",
        "None",
        "True",
        "x",
        "model",
        "model.add(",
        "Dense(",
        "Input((9, 9, 1))",
        "Model(i, x)",
        "[x, x]",
        "0",
        "-1",
        "1e999",
        "99999999999",
        "\u{201c}",
        "\u{a0}",
        "\u{1f600}",
        "\0",
        ">>> ",
        "In [1]: ",
        "%d",
        "{}",
        "f'{x}'",
        "*x",
        "**x",
        "Sequential([",
        "import x as y",
        "x.shape[1:]",
        "range(3)",
        "x[::-1]",
        "enumerate(",
        "Add()([",
        "model.fit(",
        "Rescaling(1/255)",
        "RandomCrop(3, 3)",
        "name='a'",
        "base = MobileNetV2(include_top=False)\n",
        "base.trainable = False\n",
        "base.layers[3:]",
        "base.output",
        "training=False",
    ];
    let mut stream = Stream::new(11, Purpose::Augment, 0, 0);
    let options = Options { input_shape: Some([28, 28, 1]), classes: Some(10) };
    let rounds = if cfg!(debug_assertions) { 400 } else { 4_000 };
    for _ in 0..rounds {
        let mut below =
            |bound: usize| (f64::from(stream.unit()) * bound as f64) as usize % bound.max(1);
        let mut text: Vec<char> = seeds[below(seeds.len())].chars().collect();
        for _ in 0..1 + below(12) {
            let at = below(text.len() + 1);
            match below(5) {
                0 => drop(text.drain(at..(at + below(40)).min(text.len()))),
                1 => drop(text.splice(at..at, pieces[below(pieces.len())].chars())),
                2 => {
                    let piece = pieces[below(pieces.len())].chars();
                    let end = (at + below(9)).min(text.len());
                    drop(text.splice(at..end, piece));
                }
                3 => {
                    let other: Vec<char> = seeds[below(seeds.len())].chars().collect();
                    let from = below(other.len());
                    let part = other[from..(from + below(80)).min(other.len())].to_vec();
                    drop(text.splice(at..at, part));
                }
                _ => text.truncate(at),
            }
        }
        let text: String = text.into_iter().collect();
        let (result, took) = timed(|| read_with(&text, &options));
        assert!(took < MOMENT, "{took:?}: {text}");
        match result {
            Err(error) => assert!(error.line_number().is_some(), "{error}\n{text}"),
            Ok(experiment) => {
                for write in [
                    super::super::write::keras,
                    super::super::write::pytorch,
                    super::super::write::burn,
                ] {
                    let _ = write(&experiment);
                }
            }
        }
    }
}
