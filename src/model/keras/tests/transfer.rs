//! Lessons on transfer: a pretrained base, a head, what is frozen when, and the values of pictures.

use serde_json::{Value, json};

use super::super::{Experiment, read as reading};
use super::{count, params, read};
use crate::model::base::Base;

/// The layer of a name.
fn layer<'a>(experiment: &'a Experiment, name: &str) -> &'a Value {
    let layers = experiment.spec["layers"].as_array().unwrap();
    layers.iter().find(|layer| layer["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Names of the layers with weights that are trained.
fn trained(experiment: &Experiment) -> Vec<String> {
    let net = super::super::write::Net::read(&experiment.spec).unwrap();
    let layers = experiment.spec["layers"].as_array().unwrap().iter().zip(&net.layers);
    let trained = layers.filter(|(value, layer)| {
        layer.params.iter().sum::<u64>() > 0 && value["trainable"] != false
    });
    trained.map(|(_, layer)| layer.name.clone()).collect()
}

/// Classes of the layers that are no base's, in order.
fn own(experiment: &Experiment) -> Vec<&str> {
    let layers = experiment.spec["layers"].as_array().unwrap();
    let own = layers.iter().filter(|layer| layer["base"].is_null());
    own.map(|layer| layer["layer"].as_str().unwrap()).collect()
}

fn noted(experiment: &Experiment, words: &[&str]) {
    let found = experiment.notes.iter().any(|note| words.iter().all(|word| note.contains(word)));
    assert!(found, "{words:?} in {:#?}", experiment.notes);
}

/// TensorFlow's tutorial "Transfer learning and fine-tuning".
pub(super) const TENSORFLOW: &str = r#"
import tensorflow as tf
PATH = os.path.join(os.path.dirname(path_to_zip), 'cats_and_dogs_filtered')
BATCH_SIZE = 32
IMG_SIZE = (160, 160)
train_dataset = tf.keras.utils.image_dataset_from_directory(train_dir, shuffle=True, batch_size=BATCH_SIZE, image_size=IMG_SIZE)
class_names = train_dataset.class_names
data_augmentation = tf.keras.Sequential([
  tf.keras.layers.RandomFlip('horizontal'),
  tf.keras.layers.RandomRotation(0.2),
])
for image, _ in train_dataset.take(1):
  plt.figure(figsize=(10, 10))
  first_image = image[0]
  for i in range(9):
    ax = plt.subplot(3, 3, i + 1)
    augmented_image = data_augmentation(tf.expand_dims(first_image, 0))
    plt.imshow(augmented_image[0] / 255)
preprocess_input = tf.keras.applications.mobilenet_v2.preprocess_input
rescale = tf.keras.layers.Rescaling(1./127.5, offset=-1)
# Create the base model from the pre-trained model MobileNet V2
IMG_SHAPE = IMG_SIZE + (3,)
base_model = tf.keras.applications.MobileNetV2(input_shape=IMG_SHAPE,
                                               include_top=False,
                                               weights='imagenet')
image_batch, label_batch = next(iter(train_dataset))
feature_batch = base_model(image_batch)
print(feature_batch.shape)
base_model.trainable = False
# Let's take a look at the base model architecture
base_model.summary()
global_average_layer = tf.keras.layers.GlobalAveragePooling2D()
feature_batch_average = global_average_layer(feature_batch)
print(feature_batch_average.shape)
prediction_layer = tf.keras.layers.Dense(1, activation='sigmoid')
prediction_batch = prediction_layer(feature_batch_average)
print(prediction_batch.shape)
inputs = tf.keras.Input(shape=(160, 160, 3))
x = data_augmentation(inputs)
x = preprocess_input(x)
x = base_model(x, training=False)
x = global_average_layer(x)
x = tf.keras.layers.Dropout(0.2)(x)
outputs = prediction_layer(x)
model = tf.keras.Model(inputs, outputs)
model.summary()
len(model.trainable_variables)
tf.keras.utils.plot_model(model, show_shapes=True)
base_learning_rate = 0.0001
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=base_learning_rate),
              loss=tf.keras.losses.BinaryCrossentropy(),
              metrics=[tf.keras.metrics.BinaryAccuracy(threshold=0.5, name='accuracy')])
initial_epochs = 10
loss0, accuracy0 = model.evaluate(validation_dataset)
history = model.fit(train_dataset, epochs=initial_epochs, validation_data=validation_dataset)
acc = history.history['accuracy']
"#;

pub(super) const FINE_TUNING: &str = r#"
base_model.trainable = True
# Let's take a look to see how many layers are in the base model
print("Number of layers in the base model: ", len(base_model.layers))
# Fine-tune from this layer onwards
fine_tune_at = 100
# Freeze all the layers before the `fine_tune_at` layer
for layer in base_model.layers[:fine_tune_at]:
  layer.trainable = False
model.compile(loss=tf.keras.losses.BinaryCrossentropy(),
              optimizer = tf.keras.optimizers.RMSprop(learning_rate=base_learning_rate/10),
              metrics=[tf.keras.metrics.BinaryAccuracy(threshold=0.5, name='accuracy')])
model.summary()
fine_tune_epochs = 10
total_epochs =  initial_epochs + fine_tune_epochs
history_fine = model.fit(train_dataset, epochs=total_epochs, initial_epoch=len(history.epoch), validation_data=validation_dataset)
"#;

#[test]
fn the_tutorial_of_tensorflow() {
    let first = read(TENSORFLOW);
    assert_eq!(first.spec["input_shape"], json!([160, 160, 3]));
    // Keras counts 2,257,984 in the base, and 1,281 in the head.
    assert_eq!(params(&first), 2_257_984 + 1_281);
    assert_eq!(trained(&first), ["dense"]);
    assert_eq!(own(&first), ["Rescaling", "GlobalAveragePooling2D", "Dropout", "Dense"]);
    let layers = first.spec["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 159);
    assert_eq!(layers[0]["scale"], 1.0 / 127.5);
    assert_eq!(layers[0]["offset"], -1.0);
    assert_eq!(layers[1]["name"], "imagenet_normalization");
    let based = layers.iter().filter(|layer| layer["base"] == "mobilenet-v2");
    assert!(based.clone().all(|layer| layer["trainable"] == false), "{layers:#?}");
    assert_eq!(based.count(), 155);
    assert_eq!(
        first.augmentation,
        Some(
            json!({"horizontal_flip": true, "rotation_range": 72.0, "fill_mode": "reflect", "rescale": 1.0})
        )
    );
    // Both phases: the first is taken, with its rate and its epochs.
    let both = read(&format!("{TENSORFLOW}{FINE_TUNING}"));
    assert_eq!(both.spec, first.spec);
    assert_eq!((both.epochs, both.batch_size), (Some(10), Some(32)));
    assert_eq!(both.spec["compile"]["optimizer"], json!({"name": "adam", "learning_rate": 0.0001}));
    noted(
        &both,
        &[
            "phases",
            "line 72",
            "18 layers from block_11_depthwise to Conv_1,",
            "rate of 0.00001.",
            "Network",
        ],
    );
    noted(&both, &["training=False", "gamma and beta"]);
}

/// A base as the macro of a spec has it.
#[test]
fn the_layers_of_the_macro() {
    for (arguments, options) in [
        ("weights='imagenet', ", json!({})),
        ("weights=None, ", json!({"weights": null})),
        ("pooling='avg', ", json!({"pooling": "avg"})),
        ("", json!({"trainable": false})),
    ] {
        let frozen = if options["trainable"] == false { "base.trainable = False" } else { "" };
        let text = format!(
            "base = MobileNetV2({arguments}input_shape=(96, 96, 3), include_top=False)\n{frozen}\n\
             model = Sequential([Input((96, 96, 3)), Rescaling(2., -1), base, Flatten(), Dense(3)])"
        );
        let mut head = json!({"layer": "MobileNetV2"});
        head.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let layers = json!([{"layer": "Rescaling", "scale": 2.0, "offset": -1.0}, head,
            {"layer": "Flatten"}, {"layer": "Dense", "units": 3}]);
        let spec = json!({"input_shape": [96, 96, 3], "layers": layers});
        let whole = |spec: &Value| super::super::write::Net::read(spec).unwrap().to_value();
        assert_eq!(whole(&read(&text).spec), whole(&spec), "{text}");
    }
}

#[test]
fn any_way_to_name_it() {
    let expected = read(
        "m = Sequential([MobileNetV2(include_top=False, input_shape=(96, 96, 3)), Flatten(), Dense(2)])",
    );
    for base in [
        "tf.keras.applications.MobileNetV2(input_shape=(96, 96, 3), include_top=False)",
        "keras.applications.mobilenet_v2.MobileNetV2((96, 96, 3), 1.0, False, 'imagenet')",
        "applications.MobileNetV2(include_top=False, alpha=1, input_shape=(96, 96, 3), name='base')",
        "N(weights='imagenet', include_top=False, input_shape=(96, 96, 3))",
        "mobilenet_v2.MobileNetV2(include_top=False, input_tensor=Input(shape=(96, 96, 3)), classes=1000)",
    ] {
        let text = format!(
            "from tensorflow.keras.applications import MobileNetV2 as N\nfrom tensorflow.keras.applications import mobilenet_v2\n\
             m = Sequential()\nm.add({base})\nm.add(Flatten())\nm.add(Dense(2))"
        );
        assert_eq!(read(&text).spec, expected.spec, "{text}");
    }
}

/// Chollet's book, "Deep Learning with Python": a convolutional base in a Sequential.
pub(super) const CHOLLET: &str = r#"
from keras.applications import MobileNetV2
conv_base = MobileNetV2(weights='imagenet', include_top=False, input_shape=(160, 160, 3))
from keras import models
from keras import layers
model = models.Sequential()
model.add(conv_base)
model.add(layers.Flatten())
model.add(layers.Dense(256, activation='relu'))
model.add(layers.Dense(1, activation='sigmoid'))
print('This is the number of trainable weights before freezing the conv base:', len(model.trainable_weights))
conv_base.trainable = False
print('This is the number of trainable weights after freezing the conv base:', len(model.trainable_weights))
from keras.preprocessing.image import ImageDataGenerator
from keras import optimizers
train_datagen = ImageDataGenerator(rescale=1./255, rotation_range=40, horizontal_flip=True, fill_mode='nearest')
test_datagen = ImageDataGenerator(rescale=1./255)
train_generator = train_datagen.flow_from_directory(train_dir, target_size=(160, 160), batch_size=20, class_mode='binary')
model.compile(loss='binary_crossentropy', optimizer=optimizers.RMSprop(lr=2e-5), metrics=['acc'])
history = model.fit_generator(train_generator, steps_per_epoch=100, epochs=30, validation_data=validation_generator, validation_steps=50)
conv_base.trainable = True
set_trainable = False
for layer in conv_base.layers:
    if layer.name == 'block_16_expand':
        set_trainable = True
    if set_trainable:
        layer.trainable = True
    else:
        layer.trainable = False
model.compile(loss='binary_crossentropy', optimizer=optimizers.RMSprop(lr=1e-5), metrics=['acc'])
history = model.fit_generator(train_generator, steps_per_epoch=100, epochs=100, validation_data=validation_generator, validation_steps=50)
"#;

#[test]
fn the_book() {
    let experiment = read(CHOLLET);
    assert_eq!(trained(&experiment), ["dense", "dense_1"]);
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(30), Some(20)));
    assert_eq!(experiment.spec["compile"]["optimizer"]["learning_rate"], 2e-5);
    noted(&experiment, &["line 31", "8 layers from block_16_expand to Conv_1_bn", "0.00001"]);
    // rescale=1./255 is not what the base was trained with.
    assert_eq!(own(&experiment), ["Rescaling", "Flatten", "Dense", "Dense"]);
    let scaling = layer(&experiment, "rescaling_to_base");
    assert_eq!((&scaling["scale"], &scaling["offset"]), (&json!(2.0), &json!(-1.0)));
    noted(&experiment, &["-1 to 1"]);
    // The second phase alone, as its own text.
    let at = CHOLLET.find("model.compile").unwrap();
    let then = CHOLLET.find("conv_base.trainable = True").unwrap();
    let second = read(&format!("{}{}", &CHOLLET[..at], &CHOLLET[then..]));
    let names = trained(&second);
    assert_eq!(names[0], "block_16_expand");
    assert_eq!(names.len(), 8 + 2);
    assert_eq!(second.epochs, Some(100));
}

/// Moroney's course: a cut at a layer, and the head goes on from its output.
#[test]
fn a_cut_at_a_layer() {
    let text = r#"
import os
from tensorflow.keras import layers
from tensorflow.keras import Model
from tensorflow.keras.applications.mobilenet_v2 import MobileNetV2
from tensorflow.keras.optimizers import RMSprop
pre_trained_model = MobileNetV2(input_shape = (150, 150, 3), include_top = False, weights = 'imagenet')
for layer in pre_trained_model.layers:
  layer.trainable = False
# pre_trained_model.summary()
last_layer = pre_trained_model.get_layer('block_13_expand_relu')
print('last layer output shape: ', last_layer.output_shape)
last_output = last_layer.output
# Flatten the output layer to 1 dimension
x = layers.Flatten()(last_output)
x = layers.Dense(1024, activation='relu')(x)
x = layers.Dropout(0.2)(x)
x = layers.Dense  (1, activation='sigmoid')(x)
model = Model( pre_trained_model.input, x)
model.compile(optimizer = RMSprop(learning_rate=0.0001), loss = 'binary_crossentropy', metrics = ['accuracy'])
train_datagen = ImageDataGenerator(rescale = 1./255., rotation_range = 40)
train_generator = train_datagen.flow_from_directory(train_dir, batch_size = 20, class_mode = 'binary', target_size = (150, 150))
history = model.fit(train_generator, validation_data = validation_generator, steps_per_epoch = 100, epochs = 20, verbose = 2)
"#;
    let experiment = read(text);
    assert_eq!(own(&experiment), ["Rescaling", "Flatten", "Dense", "Dropout", "Dense"]);
    let rows = count(&experiment.spec);
    let flat = rows.iter().find(|(class, ..)| class == "Flatten").unwrap();
    assert_eq!(flat.1, [10 * 10 * 576]);
    assert_eq!(trained(&experiment), ["dense", "dense_1"]);
    let last = experiment.spec["layers"].as_array().unwrap().iter().rev();
    assert_eq!(
        last.clone().find(|layer| layer["base"].is_string()).unwrap()["name"],
        "block_13_expand_relu"
    );
    // The same as a model of its own, and by numbers.
    let head =
        "model = Sequential([cut, GlobalAveragePooling2D(), Dense(5, activation='softmax')])";
    let base = "base = MobileNetV2(input_shape=(96, 96, 3), include_top=False)\n";
    let named = read(&format!(
        "{base}cut = Model(inputs=base.input, outputs=base.get_layer('block_13_expand_relu').output)\n{head}"
    ));
    for cut in [
        "Model(base.inputs, base.get_layer(index=118).output)",
        "Model(base.inputs[0], base.layers[-36].output)",
        "Model(base.layers[0].output, [base.layers[118].output])",
    ] {
        assert!(read(&format!("{base}cut = {cut}\n{head}")).spec == named.spec, "{cut}");
    }
}

/// PyImageSearch's detector of face masks: a head on `base.output`, pictures prepared outside.
#[test]
fn a_head_on_the_output() {
    let text = r#"
from tensorflow.keras.applications import MobileNetV2
from tensorflow.keras.applications.mobilenet_v2 import preprocess_input
INIT_LR = 1e-4
EPOCHS = 20
BS = 32
for imagePath in imagePaths:
	image = load_img(imagePath, target_size=(224, 224))
	image = preprocess_input(img_to_array(image))
	data.append(image)
aug = ImageDataGenerator(rotation_range=20, zoom_range=0.15, width_shift_range=0.2, horizontal_flip=True, fill_mode="nearest")
baseModel = MobileNetV2(weights="imagenet", include_top=False, input_tensor=Input(shape=(224, 224, 3)))
headModel = baseModel.output
headModel = AveragePooling2D(pool_size=(7, 7))(headModel)
headModel = Flatten(name="flatten")(headModel)
headModel = Dense(128, activation="relu")(headModel)
headModel = Dropout(0.5)(headModel)
headModel = Dense(2, activation="softmax")(headModel)
model = Model(inputs=baseModel.input, outputs=headModel)
# loop over all layers in the base model and freeze them
for layer in baseModel.layers:
	layer.trainable = False
opt = Adam(lr=INIT_LR, decay=INIT_LR / EPOCHS)
model.compile(loss="categorical_crossentropy", optimizer=opt, metrics=["accuracy"])
H = model.fit(aug.flow(trainX, trainY, batch_size=BS), steps_per_epoch=len(trainX) // BS, epochs=EPOCHS)
"#;
    let experiment = read(text);
    let classes = ["Rescaling", "AveragePooling2D", "Flatten", "Dense", "Dropout", "Dense"];
    assert_eq!(own(&experiment), classes);
    assert_eq!(trained(&experiment), ["dense", "dense_1"]);
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(20), Some(32)));
    assert_eq!(layer(&experiment, "rescaling_to_base")["scale"], 2.0);
    // The base itself is not there twice, and no other model is.
    assert!(!experiment.notes.iter().any(|note| note.contains("models")), "{:?}", experiment.notes);
}

/// `model.layers` has Keras's numbers, which lessons cut at.
#[test]
fn layers_by_their_numbers() {
    let net = |lines: &str| {
        read(&format!(
            "base = MobileNetV2(input_shape=(96, 96, 3), include_top=False, pooling='avg')\n{lines}\n\
             x = Dropout(0.3)(base.output)\nmodel = Model(base.input, Dense(4, name='head')(x))"
        ))
    };
    let first = |experiment: &Experiment| trained(experiment)[0].clone();
    let counted = net("n = len(base.layers)\nbase.layers[n - 155].trainable = False");
    assert_eq!(first(&counted), "Conv1");
    for (lines, expected) in [
        ("for layer in base.layers[:100]:\n    layer.trainable = False", "block_11_depthwise"),
        ("for layer in base.layers[:-20]: layer.trainable = False", "block_15_expand_BN"),
        (
            "base.trainable = False\nfor layer in base.layers[-4:]:\n    layer.trainable = True",
            "Conv_1",
        ),
        (
            "for i, layer in enumerate(base.layers):\n    layer.trainable = i >= 100",
            "block_11_depthwise",
        ),
        (
            "for i in range(len(base.layers)):\n    base.layers[i].trainable = i >= 100",
            "block_11_depthwise",
        ),
        (
            "base.trainable = False\nbase.get_layer('block_16_project').trainable = 1",
            "block_16_project",
        ),
        (
            "for layer in base.layers:\n    layer.trainable = layer.name.startswith('block_16') and layer.name.endswith('expand')",
            "block_16_expand",
        ),
        (
            "for layer in base.layers:\n    if 'block_9' not in layer.name:\n        layer.trainable = False",
            "block_9_expand",
        ),
        ("base.trainable = False", "head"),
    ] {
        assert_eq!(first(&net(lines)), expected, "{lines}");
    }
    // The 56 variables of TensorFlow's tutorial: half of block 11, five more, the last, and a head.
    let tuned = net("for layer in base.layers[:100]: layer.trainable = False");
    assert_eq!(trained(&tuned).len(), 4 + 5 * 6 + 2 + 1);
    let norms = net(
        "from tensorflow.keras import layers\nfor layer in base.layers:\n    if isinstance(layer, layers.BatchNormalization):\n        layer.trainable = False",
    );
    assert!(trained(&norms).iter().all(|name| !name.ends_with("BN") && !name.contains("bn")));
    assert_eq!(trained(&norms).len(), 52 + 1);
}

/// Layers of nets of a text's own, in Keras's order, models in them as one.
#[test]
fn layers_of_other_nets() {
    let text = "
inputs = Input((32, 32, 3))
a = Conv2D(4, 3, padding='same', name='a')(inputs)
b = Conv2D(4, 3, padding='same', name='b')(a)
c = Conv2D(4, 3, padding='same', name='c')(inputs)
x = Add(name='sum')([b, c])
inner = Sequential([Conv2D(8, 3, name='d'), Conv2D(8, 3, name='e')])
x = inner(x)
x = Flatten(name='f')(x)
model = Model(inputs, Dense(3, name='g')(x))
";
    // Keras: input, a, b, c, sum, inner, f, g.
    for (line, expected) in [
        ("model.layers[1].trainable = False", "bcdeg"),
        ("model.layers[3].trainable = False", "abdeg"),
        ("model.layers[5].trainable = False", "abcg"),
        ("model.layers[-1].trainable = False", "abcde"),
        ("for layer in model.layers[:-1]: layer.trainable = False", "g"),
        ("model.trainable = False\nmodel.layers[5].layers[1].trainable = True", "e"),
        ("inner.layers[0].trainable = False", "abceg"),
        ("d = model.get_layer('g')\nd.trainable = False", "abcde"),
    ] {
        assert_eq!(trained(&read(&format!("{text}{line}"))).concat(), expected, "{line}");
    }
    // As an argument, and of a Sequential.
    let experiment = read(
        "model = Sequential([Flatten(input_shape=(4, 4, 1)), Dense(3, trainable=False), Dense(3)])\n\
         frozen = model.layers[1]\nprint(frozen.trainable)\nfor layer in model.layers[1:2]: layer.trainable = False",
    );
    assert_eq!(trained(&experiment), ["dense_1"]);
    assert_eq!(
        experiment.spec["layers"][1],
        json!({"layer": "Dense", "units": 3, "trainable": false})
    );
}

/// What is trained when a run begins counts, and only what is in the net.
#[test]
fn phases() {
    let net = "base = MobileNetV2(input_shape=(96, 96, 3), include_top=False, weights='imagenet')\n\
               model = Sequential([base, GlobalAveragePooling2D(), Dense(2, activation='softmax')])\n";
    let compile = |rate: &str| {
        format!("model.compile(keras.optimizers.Adam({rate}), 'categorical_crossentropy')\n")
    };
    let fit = |epochs: u32| format!("model.fit(x, y, epochs={epochs})\n");
    let (first, second) = (compile("1e-3"), compile("1e-5"));
    // Set free at the end, without a second run.
    let text =
        format!("{net}base.trainable = False\n{first}{}base.trainable = True\n{second}", fit(3));
    let experiment = read(&text);
    assert_eq!(trained(&experiment), ["dense"]);
    assert_eq!(experiment.spec["compile"]["optimizer"]["learning_rate"], 1e-3);
    noted(&experiment, &["line 7", "sets free 104 layers from Conv1 to Conv_1_bn", "0.00001"]);
    // Runs with the same layers are as they always were: the last one counts.
    let text = format!("{net}base.trainable = False\n{first}{}{second}{}", fit(3), fit(4));
    let experiment = read(&text);
    assert_eq!(experiment.epochs, Some(4));
    assert_eq!(experiment.spec["compile"]["optimizer"]["learning_rate"], 1e-5);
    assert!(!experiment.notes.iter().any(|note| note.contains("phases")), "{:?}", experiment.notes);
    // Without a run, the end.
    let experiment =
        read(&format!("{net}base.trainable = False\nbase.get_layer('Conv_1').trainable = True"));
    assert_eq!(trained(&experiment), ["Conv_1", "dense"]);
    noted(&experiment, &["Keras 2"]);
    // A model that is built anew has nothing to do with the one before.
    let text = format!("{net}base.trainable = False\n{first}{}{net}{second}{}", fit(3), fit(4));
    let experiment = read(&text);
    assert_eq!((trained(&experiment).len(), experiment.epochs), (105, Some(4)));
}

/// The base gets values from -1 to 1, wherever the text scales them.
#[test]
fn values_of_pictures() {
    let scaled = |before: &str, data: &str| {
        let experiment = read(&format!(
            "from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input\n\
             inputs = Input((96, 96, 3))\nx = inputs\n{before}\n\
             base = MobileNetV2(input_shape=(96, 96, 3), include_top=False)\nx = base(x)\n\
             model = Model(inputs, Dense(2)(GlobalMaxPooling2D()(x)))\n{data}"
        ));
        let rescale = experiment.augmentation.as_ref().and_then(|all| all["rescale"].as_f64());
        let (mut low, mut high) = (0.0, 255.0 * rescale.unwrap_or(1.0 / 255.0));
        for layer in experiment.spec["layers"].as_array().unwrap() {
            if layer["layer"] == "Rescaling" {
                let scale = layer["scale"].as_f64().unwrap();
                let offset = layer["offset"].as_f64().unwrap_or(0.0);
                (low, high) = (low * scale + offset, high * scale + offset);
            }
        }
        (low, high, own(&experiment).iter().filter(|class| **class == "Rescaling").count())
    };
    for (before, data, count) in [
        ("", "", 1),
        ("x = preprocess_input(x)", "", 1),
        ("x = Lambda(preprocess_input)(x)", "", 1),
        ("x = tf.keras.applications.mobilenet.preprocess_input(x)", "", 1),
        ("x = Rescaling(1./127.5, offset=-1)(x)", "", 1),
        ("x = x / 127.5 - 1", "", 2),
        ("x = (x - 127.5) / 127.5", "", 2),
        ("x = Rescaling(2, -1)(x)", "", 1),
        ("x = UpSampling2D(2)(x)\nx = preprocess_input(x)", "", 1),
        ("x = preprocess_input(Concatenate()([x, x]))", "", 1),
        ("x = Rescaling(1./255)(x)", "", 2),
        ("", "g = ImageDataGenerator(rescale=1./255)", 1),
        ("", "g = ImageDataGenerator(preprocessing_function=preprocess_input)", 1),
        ("", "g = ImageDataGenerator(preprocessing_function=preprocess_input, rescale=1./255)", 1),
        ("x = Rescaling(2, -1)(x)", "g = ImageDataGenerator(rescale=1./255)", 1),
        ("", "x_train = preprocess_input(x_train)", 1),
    ] {
        let (low, high, found) = scaled(before, data);
        let there = (low + 1.0_f64).abs() < 0.01 && (high - 1.0_f64).abs() < 0.01;
        assert!(there && found == count, "{before}; {data}: {low} to {high}, {found}");
    }
}

/// `training=False` keeps batch normalisations quiet, and dropout away.
#[test]
fn applied_without_training() {
    let text = "
block = Sequential([Conv2D(4, 3, name='a'), BatchNormalization(name='b'), Dropout(0.5), Flatten()])
inputs = Input((9, 9, 1))
x = block(inputs, training=False)
model = Model(inputs, Dense(2, name='c')(BatchNormalization(name='d')(x)))
";
    let experiment = read(text);
    assert_eq!(trained(&experiment), ["a", "d", "c"]);
    assert_eq!(
        own(&experiment),
        ["Conv2D", "BatchNormalization", "Flatten", "BatchNormalization", "Dense"]
    );
    noted(&experiment, &["training=False"]);
    let frozen = read(&format!("{text}block.trainable = False"));
    assert_eq!(trained(&frozen), ["d", "c"]);
    assert_eq!(frozen.notes, Vec::<String>::new());
}

/// Models that look into another are no model of the text's own.
#[test]
fn looking_into_a_net() {
    let net = "
base = MobileNetV2(input_shape=(96, 96, 3), include_top=False)
inputs = Input((96, 96, 3))
x = base(inputs)
features = GlobalAveragePooling2D(name='pool')(x)
model = Model(inputs, Dense(2, name='out')(features))
";
    let plain = read(net);
    for look in [
        "view = Model(model.input, model.get_layer('pool').output)",
        "view = Model(base.input, [layer.output for layer in base.layers[:8]])",
        "view = Model(base.input, base.get_layer('block_3_expand').output)\nview.predict(x)",
        "grad = Model([model.inputs], [base.get_layer('out_relu').output, model.output])",
        "for layer in model.layers:\n    if 'conv' not in layer.name:\n        continue\n    filters = layer.get_weights()[0]\n    print(layer.name, filters.shape)",
        "model.get_layer('mobilenetv2_1.00_96').summary()",
        "y = model.layers[1](batch)\nz = model(batch)",
    ] {
        assert_eq!(read(&format!("{net}{look}")).spec, plain.spec, "{look}");
    }
    let inner = read(&format!("{net}model.get_layer('mobilenetv2_1.00_96').trainable = False"));
    assert_eq!(trained(&inner), ["out"]);
}

/// Keras's JSON says of every layer whether it is trained.
#[test]
fn json_of_keras() {
    let dense = |name: &str, trainable: bool| json!({"class_name": "Dense", "config": {"name": name, "units": 3, "trainable": trainable}});
    let input = json!({"class_name": "InputLayer", "config": {"batch_shape": [null, 4, 4, 1]}});
    let flatten = json!({"class_name": "Flatten", "config": {"name": "f", "trainable": true}});
    let layers = json!([input, flatten, dense("a", false), dense("b", true)]);
    let text = json!({"class_name": "Sequential", "config": {"layers": layers}}).to_string();
    let experiment = read(&text);
    assert_eq!(layer(&experiment, "a")["trainable"], false);
    assert_eq!(trained(&experiment), ["b"]);
    // A model within, applied with training=False, as Keras 3 and Keras 2 write it.
    let norm =
        json!({"class_name": "BatchNormalization", "config": {"name": "n", "trainable": true}});
    let conv = json!({"class_name": "Conv2D", "config": {"name": "c", "filters": 2, "kernel_size": 1, "trainable": true}});
    let tensor =
        json!({"class_name": "__keras_tensor__", "config": {"keras_history": ["i", 0, 0]}});
    for call in [
        json!([{"args": [tensor], "kwargs": {"training": false, "mask": null}}]),
        json!([[["i", 0, 0, {"training": false}]]]),
    ] {
        let layers = json!([
            {"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, 4, 4, 1]}, "inbound_nodes": []},
            {"class_name": "Sequential", "name": "s", "config": {"name": "s", "layers": [conv, norm]}, "inbound_nodes": call},
        ]);
        let config = json!({"layers": layers, "input_layers": [["i", 0, 0]], "output_layers": [["s", 0, 0]]});
        let experiment = read(&json!({"class_name": "Functional", "config": config}).to_string());
        assert_eq!(trained(&experiment), ["c"]);
        noted(&experiment, &["training=False"]);
    }
}

/// A notebook runs its cells again; a text takes layers by the hundred.
#[test]
fn several_bases_fit() {
    let base = "base = MobileNetV2(input_shape=(96, 96, 3), include_top=False)\nbase.trainable = False\n\
                for layer in base.layers: print(layer.name)\n\
                model = Sequential([base, Flatten(), Dense(2)])\n";
    let experiment = read(&base.repeat(6));
    assert_eq!(trained(&experiment), ["dense"]);
    assert!(reading(&base.repeat(60)).is_err());
    assert_eq!(Base::MobileNetV2.layers().len(), 155);
}
