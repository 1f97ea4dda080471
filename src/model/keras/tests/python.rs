//! Every way to say the same, and what is understood besides.

use serde_json::{Value, json};

use super::super::{Options, read_with};
use super::{normal, params, read};

/// Random layers that the data goes through, not the net, are named and left out.
#[test]
fn random_layers_outside_of_the_net() {
    let text = format!(
        "augment = [RandomFlip('horizontal'), RandomRotation(0.1)]\n\
         def go(images):\n    for layer in augment:\n        images = layer(images)\n    return images\n\
         train_ds = train_ds.map(lambda img, label: (go(img), label))\n{NET}"
    );
    let experiment = read(&text);
    assert_eq!(experiment.augmentation, None);
    assert_eq!(experiment.notes.len(), 1, "{:?}", experiment.notes);
    assert!(experiment.notes[0].contains("RandomFlip, RandomRotation"), "{:?}", experiment.notes);
}

/// The layers of a text, as a spec has them.
fn layers(text: &str) -> Value {
    read(text).spec["layers"].clone()
}

const NET: &str = "model = Sequential([Conv2D(8, 3, activation='relu', input_shape=(28, 28, 1)), \
                   MaxPooling2D(2), Flatten(), Dense(10, activation='softmax')])";

#[test]
fn names_and_imports() {
    let expected = normal(&read(NET).spec);
    for text in [
        "from keras.models import Sequential\nfrom keras.layers import *\nmodel = Sequential()\n\
         model.add(Conv2D(8, (3, 3), activation='relu', input_shape=(28, 28, 1)))\n\
         model.add(MaxPool2D())\nmodel.add(Flatten())\nmodel.add(Dense(10, activation='softmax'))",
        "import tensorflow as tf\nm = tf.keras.Sequential(name='net')\n\
         m.add(tf.keras.Input(shape=(28, 28, 1)))\n\
         m.add(tf.keras.layers.Conv2D(8, kernel_size=(3, 3), activation=tf.nn.relu))\n\
         m.add(tf.keras.layers.MaxPooling2D(pool_size=(2, 2), strides=2))\n\
         m.add(tf.keras.layers.Flatten())\n\
         m.add(tf.keras.layers.Dense(units=10, activation=tf.keras.activations.softmax))",
        "from tensorflow.keras import layers as L, models as M\nnet = M.Sequential([\n\
         L.InputLayer(input_shape=(28, 28, 1)),\n    L.Convolution2D(8, 3, 3, activation='relu'),\n\
         L.MaxPool2D(2, 2, 'valid'), L.Flatten(), L.Dense(10, activation='softmax')])",
        "import tensorflow.keras.layers as kl\nfrom tensorflow import keras as k\n\
         i = k.Input((28, 28, 1))\nx = kl.Conv2D(8, 3, activation='relu')(i)\n\
         x = kl.MaxPooling2D()(x)\nx = kl.Flatten()(x)\no = kl.Dense(10, 'softmax')(x)\n\
         model = k.Model(i, o)",
        "from tensorflow.python.keras.layers import Conv2D as C, Dense as D, Flatten, MaxPooling2D\n\
         from keras.engine import Model\n\
         i = Input(batch_shape=(None, 28, 28, 1))\n\
         model = Model(input=[i], output=[D(10, activation='softmax')(Flatten()(MaxPooling2D()(C(8, 3, activation='relu')(i))))])",
        "model = Sequential()\nfor layer in [Conv2D(8, 3, activation='relu'), MaxPooling2D(), Flatten()]:\n\
         \tmodel.add(layer)\nmodel.add(Dense(10, activation='softmax'))\nmodel.build((None, 28, 28, 1))",
        "def build(classes=10, *, size=28):\n    \"\"\"A net.\"\"\"\n    shape = (size, size, 1)\n\
         \x20   return Sequential([Conv2D(4 * 2, 3, activation='relu', input_shape=shape),\n\
         MaxPooling2D(), Flatten(), Dense(classes, activation='softmax')])\n\nmodel = build()",
        "def create_model():\n  model = Sequential()\n  model.add(Conv2D(8, 3, activation='relu', input_shape=(28, 28, 1)))\n\
         \x20 model.add(MaxPooling2D())\n  model.add(Flatten())\n  model.add(Dense(10, activation='softmax'))\n  return model\n",
        "features = Sequential([Conv2D(8, 3, activation='relu', input_shape=(28, 28, 1)), MaxPooling2D()])\n\
         model = Sequential([features, Flatten()])\nmodel.add(Dense(5))\nmodel.pop()\n\
         model.add(Dense(10, activation='softmax'))",
        "img_rows, img_cols = 28, 28\nif K.image_data_format() == 'channels_first':\n\
         \x20   shape = (1, img_rows, img_cols)\nelse:\n    shape = (img_rows, img_cols, 1)\n\
         args = {'activation': 'relu', 'input_shape': shape}\nmodel = Sequential()\n\
         model.add(Conv2D(8, *[3], **args))\nmodel.add(MaxPooling2D())\nmodel.add(Flatten())\n\
         model.add(Dense(10, activation='softmax'))",
    ] {
        assert_eq!(normal(&read(text).spec), expected, "{text}");
    }
}

#[test]
fn what_copying_leaves() {
    let expected = normal(&read(NET).spec);
    for text in [
        "\u{feff}model\u{a0}= Sequential()\r\nmodel.add(Conv2D(8, 3, activation=\u{2018}relu\u{2019}, input_shape=(28, 28, 1)))\r\n\
         model.add(MaxPooling2D())\u{200b}\r\nmodel.add(Flatten())\r\nmodel.add(Dense(10, activation=\u{201c}softmax\u{201d}))\r\n",
        "    >>> model = Sequential()\n    >>> model.add(Conv2D(8, 3,\n    ...           activation='relu',\n\n    ...           input_shape=(28, 28, 1)))\n\
         \x20   >>> model.add(MaxPooling2D())\n    >>> model.add(Flatten()); model.add(Dense(10, activation='softmax'))",
        "%%time\n!pip install keras \\\n  --quiet\nmodel = Sequential()\nmodel.add(Conv2D(8, 3, \\\n  activation='relu', \\\n  input_shape=(28, 28, 1)))\n\
         model.add(MaxPooling2D())\nmodel.add(Flatten())\nmodel.add(Dense(10, activation='softmax'))\nmodel.summary()\n\
         Model: \"sequential\"\n┏━━━━━━━━━━┳━━━━━━━┓\n┃ Layer (type) ┃ Param # ┃\n conv2d (Conv2D)             (None, 26, 26, 8)         80\n\
         Total params: 13,610 (53.16 KB)\nIt's this model that we train, isn't it?\nEpoch 1/5\n1875/1875 [======>.....] - ETA: 3s - loss: 0.1",
        "```python\nmodel = Sequential()  # the net\n'''A\nlong\ncomment'''\nmodel.add(Conv2D(8, 3, activation='re' \"lu\",\n# in between\n input_shape=(28, 28, 1,)))\n\
         model.add(MaxPooling2D(),)\nmodel.add(Flatten())\nmodel.add(Dense(10, activation='softmax'))\n```",
        "In [ ]: model = Sequential()\nIn [12]: model.add(Conv2D(8, 3, activation='relu', input_shape=(28, 28, 1)))\nOut[12]: <keras at 0x7f>\n\
         model.add(MaxPooling2D())\nmodel.add(Flatten())\nmodel.add(Dense(10, activation='softmax'))",
        "# The text begins inside a block.\n        model = Sequential()\n        model.add(Conv2D(8, 3, activation='relu', input_shape=(28, 28, 1)))\n\
         \x20       model.add(MaxPooling2D())\n        model.add(Flatten())\n        model.add(Dense(10, activation='softmax'))\n    plt.show()\n",
    ] {
        assert_eq!(normal(&read(text).spec), expected, "{text}");
    }
    // Dashes that only look like a minus.
    let text = "x = 5 \u{2013} 2\nmodel = Sequential([Flatten(input_shape=(4, 4, 1)), Dense(x, activation='relu')])";
    assert_eq!(layers(text)[1]["units"], 3);
}

#[test]
fn a_residual_net_by_functions() {
    let text = "
from tensorflow.keras import layers, Model, Input
def conv_bn(x, filters, strides=1):
    x = layers.Conv2D(filters, 3, strides=strides, padding='same', use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation('relu')(x)

def block(x, filters, strides=1, name=None):
    shortcut = x
    x = conv_bn(x, filters, strides)
    x = conv_bn(x, filters)
    if strides != 1 or shortcut.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=strides, name=f'{name}_short')(shortcut)
    x = layers.Add(name=f'{name}_add')([x, shortcut])
    return layers.ReLU()(x)

inputs = Input((32, 32, 3))
x = conv_bn(inputs, 16)
for i, filters in enumerate([16, 32]):
    x = block(x, filters, strides=1 if i == 0 else 2, name='block' + str(i))
x = layers.GlobalAveragePooling2D()(x)
model = Model(inputs, layers.Dense(10, activation='softmax')(x), name='resnet')
";
    let experiment = read(text);
    let list = experiment.spec["layers"].as_array().unwrap();
    let add = list.iter().find(|layer| layer["name"] == "block0_add").unwrap();
    assert_eq!(add["inputs"], json!(["activation_2", "activation"]));
    let add = list.iter().find(|layer| layer["name"] == "block1_add").unwrap();
    assert_eq!(add["inputs"], json!(["activation_4", "block1_short"]));
    let short = list.iter().find(|layer| layer["name"] == "block1_short").unwrap();
    assert_eq!(short["inputs"], json!(["re_lu"]));
    assert!(list.iter().all(|layer| layer["name"] != "block0_short"));
    assert_eq!(
        params(&experiment),
        432 + 64 + 2 * (2304 + 64) + 4608 + 128 + 9216 + 128 + 544 + 330
    );
}

#[test]
fn branches_and_operators() {
    let text = "
i = Input(shape=(8, 8, 3))
s = i / 255
a = Conv2D(4, 3, padding='same')(s)
b = Conv2D(4, 1)(s)
c = tf.nn.relu(a + b)
d = concatenate([c, b], axis=-1)
e = layers.add([d, d])
o = Dense(1, activation='sigmoid')(GlobalMaxPool2D()(e))
model = Model(inputs=i, outputs=o)
";
    let experiment = read(text);
    assert_eq!(
        experiment.spec["layers"],
        json!([
            {"layer": "Rescaling", "name": "rescaling", "scale": 1.0 / 255.0, "offset": 0.0},
            {"layer": "Conv2D", "name": "conv2d", "filters": 4, "kernel_size": 3, "padding": "same"},
            {"layer": "Conv2D", "name": "conv2d_1", "inputs": ["rescaling"], "filters": 4, "kernel_size": 1},
            {"layer": "Add", "inputs": ["conv2d", "conv2d_1"]},
            {"layer": "Activation", "name": "activation", "activation": "relu"},
            {"layer": "Concatenate", "name": "concatenate", "inputs": ["activation", "conv2d_1"]},
            {"layer": "Add", "inputs": ["concatenate", "concatenate"]},
            {"layer": "GlobalMaxPooling2D"},
            {"layer": "Dense", "units": 1, "activation": "sigmoid"},
        ])
    );
    assert_eq!(experiment.spec["compile"], json!({"loss": "binary_crossentropy"}));
    // The net scales pixels itself.
    assert_eq!(experiment.augmentation, Some(json!({"rescale": 1.0})));
}

#[test]
fn options_of_layers() {
    let text = "
from keras import regularizers
model = Sequential()
model.add(Conv2D(16, (3, 5), strides=(2, 1), padding='SAME', dilation_rate=1, groups=1, use_bias=False, data_format='channels_last',
    kernel_initializer='he_normal', kernel_regularizer=regularizers.l2(0.001), input_shape=(64, 64, 3), name='first'))
model.add(SeparableConv2D(8, 3, depthwise_regularizer=regularizers.L1(l1=0.5), pointwise_initializer=initializers.RandomNormal(stddev=0.02, seed=3)))
model.add(DepthwiseConv2D(3, depth_multiplier=2, bias_initializer=tf.keras.initializers.Zeros()))
model.add(BatchNormalization(axis=-1, momentum=0.9, epsilon=1e-5, scale=False))
model.add(LeakyReLU(alpha=0.1))
model.add(ELU()); model.add(ReLU(6.)); model.add(Softmax())
model.add(AveragePooling2D((2, 3), padding='same'))
model.add(ZeroPadding2D(((1, 0), (0, 1)))); model.add(UpSampling2D((1, 2), interpolation='bilinear'))
model.add(SpatialDropout2D(.1)); model.add(GlobalAveragePooling2D(keepdims=True)); model.add(Flatten())
model.add(Dense(10, W_regularizer=l1_l2(l1=1e-5, l2=1e-4), activation=layers.LeakyReLU(0.2)))
";
    let expected = json!([
        {"layer": "Conv2D", "name": "first", "filters": 16, "kernel_size": [3, 5], "strides": [2, 1], "padding": "same",
         "dilation_rate": 1, "groups": 1, "use_bias": false, "kernel_initializer": "he_normal",
         "kernel_regularizer": {"l1": 0.0, "l2": 0.001}},
        {"layer": "SeparableConv2D", "filters": 8, "kernel_size": 3, "depthwise_regularizer": {"l1": 0.5, "l2": 0.0},
         "pointwise_initializer": {"name": "random_normal", "stddev": 0.02}},
        {"layer": "DepthwiseConv2D", "kernel_size": 3, "depth_multiplier": 2, "bias_initializer": "zeros"},
        {"layer": "BatchNormalization", "momentum": 0.9, "epsilon": 1e-5, "scale": false},
        {"layer": "LeakyReLU", "negative_slope": 0.1},
        {"layer": "ELU"}, {"layer": "ReLU", "max_value": 6.0}, {"layer": "Softmax"},
        {"layer": "AveragePooling2D", "pool_size": [2, 3], "padding": "same"},
        {"layer": "ZeroPadding2D", "padding": [[1, 0], [0, 1]]},
        {"layer": "UpSampling2D", "size": [1, 2], "interpolation": "bilinear"},
        {"layer": "SpatialDropout2D", "rate": 0.1}, {"layer": "GlobalAveragePooling2D", "keepdims": true},
        {"layer": "Flatten"},
        {"layer": "Dense", "units": 10, "kernel_regularizer": {"l1": 1e-5, "l2": 1e-4}},
        {"layer": "LeakyReLU", "negative_slope": 0.2},
    ]);
    assert_eq!(layers(text), expected);
}

#[test]
fn compile_and_fit() {
    let with = |lines: &str| read(&format!("{NET}\n{lines}"));
    for (optimizer, expected) in [
        ("'Adam'", json!({"name": "adam"})),
        (
            "keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)",
            json!({"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": true}),
        ),
        ("optimizers.RMSprop(lr=1e-4)", json!({"name": "rmsprop", "learning_rate": 1e-4})),
        (
            "tf.keras.optimizers.legacy.Adam(learning_rate=0.01, epsilon=None)",
            json!({"name": "adam", "learning_rate": 0.01}),
        ),
        (
            "Adam(1e-3, decay=1e-3 / 10)",
            json!({"name": "adam", "learning_rate": {"name": "InverseTimeDecay",
            "initial_learning_rate": 1e-3, "decay_steps": 1, "decay_rate": 1e-4}}),
        ),
        (
            "keras.optimizers.AdamW(weight_decay=0.01, clipnorm=1.0)",
            json!({"name": "adamw", "weight_decay": 0.01, "clipnorm": 1.0}),
        ),
        (
            "keras.optimizers.Adagrad(schedule)",
            json!({"name": "adagrad", "learning_rate": {"name": "ExponentialDecay",
            "initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.9, "staircase": true}}),
        ),
    ] {
        let experiment = with(&format!(
            "schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=100, decay_rate=0.9, staircase=True)\n\
             model.compile({optimizer}, 'categorical_crossentropy', ['acc'])"
        ));
        assert_eq!(experiment.spec["compile"]["optimizer"], expected, "{optimizer}");
        assert_eq!(experiment.spec["compile"]["loss"], "categorical_crossentropy");
    }
    for (loss, expected) in [
        (
            "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
            json!("sparse_categorical_crossentropy"),
        ),
        (
            "tf.losses.CategoricalCrossentropy(label_smoothing=0.1)",
            json!({"name": "categorical_crossentropy", "label_smoothing": 0.1}),
        ),
        ("keras.losses.categorical_crossentropy", json!("categorical_crossentropy")),
        ("losses.BinaryCrossentropy()", json!("binary_crossentropy")),
    ] {
        let experiment = with(&format!("model.compile(optimizer='sgd', loss={loss})"));
        assert_eq!(experiment.spec["compile"]["loss"], expected, "{loss}");
    }
    let experiment = with(
        "stop = EarlyStopping(monitor='val_acc', patience=3, restore_best_weights=True)\n\
         cb = [stop, tf.keras.callbacks.ReduceLROnPlateau(factor=0.2, min_lr=1e-6), MyCallback()]\n\
         history = model.fit(x, y, 128, 20, callbacks=cb, validation_split=0.1, class_weight={0: 1, 1: 2.5}, shuffle=False)",
    );
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(20), Some(128)));
    assert_eq!(experiment.validation_split, Some(0.1));
    assert_eq!(
        Value::Object(experiment.train),
        json!({
            "earlyStopping": {"monitor": "val_accuracy", "patience": 3, "restoreBestWeights": true},
            "reduceOnPlateau": {"monitor": "val_loss", "factor": 0.2, "minLearningRate": 1e-6},
            "classWeight": [1.0, 2.5], "shuffle": false,
        })
    );
    assert_eq!(experiment.notes, ["The callback MyCallback is left out."]);
    // A generator, and a data set.
    let experiment = with(
        "datagen = ImageDataGenerator(rotation_range=10, zoom_range=[0.8, 1.2], horizontal_flip=1, validation_split=0.2)\n\
         datagen.fit(x_train)\nother = ImageDataGenerator(rescale=1./255)\n\
         model.fit(datagen.flow(x_train, y_train, batch_size=16), epochs=EPOCHS)",
    );
    assert_eq!(
        experiment.augmentation,
        Some(json!({"rotation_range": 10, "zoom_range": [0.8, 1.2], "horizontal_flip": true}))
    );
    assert_eq!((experiment.batch_size, experiment.validation_split), (Some(16), Some(0.2)));
    assert_eq!(experiment.notes, ["epochs of fit cannot be told from this text."]);
    let experiment = with(
        "ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(48).prefetch(1)\nmodel.fit(ds, epochs=2)",
    );
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(2), Some(48)));
}

#[test]
fn random_layers_are_augmentation() {
    let text = "
data_augmentation = keras.Sequential([
    layers.RandomFlip('horizontal', input_shape=(180, 180, 3)),
    layers.RandomRotation(0.1),
    layers.experimental.preprocessing.RandomZoom(0.2),
    layers.RandomTranslation(0.1, (-0.2, 0.2), fill_mode='nearest'),
    layers.RandomContrast(0.3),
    layers.RandomBrightness(0.2),
])
model = Sequential([data_augmentation, layers.Rescaling(1./255), Conv2D(8, 3), Flatten(), Dense(5)])
";
    let experiment = read(text);
    let classes: Vec<_> = experiment.spec["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["layer"].clone())
        .collect();
    assert_eq!(classes, ["Rescaling", "Conv2D", "Flatten", "Dense"]);
    assert_eq!(experiment.spec["input_shape"], json!([180, 180, 3]));
    assert_eq!(
        experiment.augmentation,
        Some(json!({
            "horizontal_flip": true, "rotation_range": 36.0, "zoom_range": [0.8, 1.2],
            "height_shift_range": 0.1, "width_shift_range": 0.2, "fill_mode": "nearest",
            "color_jitter": {"contrast": 0.3}, "channel_shift_range": 51.0, "rescale": 1.0,
        }))
    );
    crate::data::augment::Augmentation::from_value(&experiment.augmentation.unwrap()).unwrap();
    // Padding and cropping back.
    let experiment = read(
        "model = Sequential([Input((32, 32, 3)), ZeroPadding2D(4), RandomCrop(32, 32), Conv2D(4, 3), Flatten(), Dense(3)])",
    );
    assert_eq!(experiment.augmentation, Some(json!({"random_crop": 4})));
    assert_eq!(experiment.spec["layers"][0]["layer"], "Conv2D");
    // Resizing says how large pictures are.
    let experiment = read(
        "i = Input(shape=(None, None, 3))\nx = Resizing(64, 48)(i)\nx = Flatten()(Conv2D(4, 3)(x))\nmodel = Model(i, Dense(2)(x))",
    );
    assert_eq!(experiment.spec["input_shape"], json!([64, 48, 3]));
}

#[test]
fn which_model_is_meant() {
    // The last one, but not one that looks into it.
    let text = format!(
        "model = Sequential([Flatten(input_shape=(9, 9, 1)), Dense(3)])\n{NET}\nmodel.compile('adam', 'categorical_crossentropy')\n\
         layer_outputs = [layer.output for layer in model.layers[:8]]\n\
         activation_model = models.Model(inputs=model.input, outputs=layer_outputs)\n\
         activations = activation_model.predict(img_tensor)\n\
         for layer_name, layer_activation in zip(layer_names, activations):\n    plt.matshow(layer_activation)\n"
    );
    let experiment = read(&text);
    assert_eq!(experiment.spec["input_shape"], json!([28, 28, 1]));
    assert_eq!(experiment.notes.len(), 2, "{:?}", experiment.notes);
    // Cross-validation: the model of one fold.
    let text = "
def build(): return Sequential([Flatten(input_shape=(9, 9, 1)), Dense(3)])
scores = []
for train, test in KFold(5).split(x):
    model = build()
    model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
    model.fit(x[train], y[train], epochs=3, batch_size=8, verbose=0)
    scores.append(model.evaluate(x[test], y[test])[1])
print(np.mean(scores))
";
    let experiment = read(text);
    assert_eq!((experiment.epochs, params(&experiment)), (Some(3), 246));
}

#[test]
fn what_the_data_tells() {
    let options = Options { input_shape: Some([28, 28, 1]), classes: Some(10) };
    for (first, notes) in [
        ("Conv2D(4, 3, input_shape=x_train.shape[1:])", 2),
        ("Conv2D(4, 3)", 2),
        ("Conv2D(4, 3, input_shape=(None, None, 1))", 2),
        ("Flatten(input_shape=(28, 28))", 2),
        ("Dense(4, input_shape=(784,))", 2),
        ("Dense(4, input_dim=784)", 2),
        ("Reshape((28, 28, 1), input_shape=(784,))", 1),
    ] {
        let text = format!(
            "model = Sequential()\nmodel.add({first})\nmodel.add(Flatten())\nmodel.add(Dense(num_classes))"
        );
        let experiment =
            read_with(&text, &options).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(experiment.spec["input_shape"], json!([28, 28, 1]), "{text}");
        assert_eq!(experiment.spec["layers"].as_array().unwrap().last().unwrap()["units"], 10);
        assert_eq!(experiment.notes.len(), notes, "{text}: {:?}", experiment.notes);
        params(&experiment);
    }
}
