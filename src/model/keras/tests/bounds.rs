//! What a reviewer found: work that nobody paid for, and text that said another thing.

use serde_json::{Value, json};

use super::super::{Experiment, read as reading, write};
use super::read;

const NET: &str = "model = Sequential([Flatten(input_shape=(9, 9, 1)), Dense(3)])\n";

/// Looking through a statement's words costs steps each time that it is run.
#[test]
fn words_that_are_looked_through_are_paid_for() {
    let words = "a,".repeat(60_000);
    let text = format!(
        "for i in range(2000):\n    for j in range(300):\n        x = {words}a\n        Dense(1)"
    );
    assert!(reading(&text).unwrap_err().to_string().contains("steps"));
    let text =
        format!("for i in range(2000):\n    def f():\n        x = {words}a\n        Dense(1)");
    assert!(reading(&text).unwrap_err().to_string().contains("steps"));
}

/// Each is looked for once, however many begin on the way.
#[test]
fn quotes_without_an_end() {
    for line in ["\\'\\\n", "\\'\u{2019}\\\n", "\\\"\\\n"] {
        assert!(reading(&line.repeat(40_000)).is_err());
    }
}

#[test]
fn models_over_a_large_graph_are_paid_for() {
    let text = "i = Input((4, 4, 1))\nx = i\nfor k in range(40):\n    x = Add()([x] * 1000)\n\
                for k in range(1500):\n    m = Model(i, x)";
    assert!(reading(text).unwrap_err().to_string().contains("steps"));
}

#[test]
fn constants_and_other_spellings() {
    let experiment = read(
        "model = Sequential([Flatten(input_shape=(2, 2, 1)), Dense(3, bias_initializer=keras.initializers.Constant(0.5))])",
    );
    let constant = json!({"name": "constant", "value": 0.5});
    assert_eq!(experiment.spec["layers"][1]["bias_initializer"], constant);
    assert!(write::keras(&experiment).unwrap().contains("keras.initializers.Constant(value=0.5)"));
    assert!(
        write::pytorch(&experiment).unwrap().contains("nn.init.constant_(self.dense.bias, 0.5)")
    );
    assert!(write::burn(&experiment).unwrap().contains("Initializer::Constant { value: 0.5 }"));
    let of = |name: &str| {
        Experiment::of(json!({"input_shape": [2, 2, 1], "layers": [{"layer": "Flatten"},
            {"layer": "Dense", "units": 3, "kernel_initializer": name}]}))
    };
    assert!(write::pytorch(&of("HeNormal")).unwrap().contains("kaiming_normal_"));
    assert!(write::burn(&of("uniform")).unwrap().contains("Initializer::Uniform"));
    for write in [write::keras, write::pytorch, write::burn] {
        let error = write(&of("orthogonal")).unwrap_err();
        assert_eq!(error.layer_name(), Some("dense"));
        assert_eq!(error.field_name(), Some("kernel_initializer"));
    }
}

/// An experiment that is compiled so.
fn compiled(compile: Value) -> Experiment {
    Experiment::of(json!({"input_shape": [2, 2, 1], "compile": compile,
        "layers": [{"layer": "Flatten"}, {"layer": "Dense", "units": 1, "activation": "sigmoid"}]}))
}

#[test]
fn schedules_that_begin_again() {
    for schedule in [
        "CosineDecayRestarts(0.1, 10, t_mul=1.5, m_mul=0.5)",
        "PolynomialDecay(0.1, 10, cycle=True)",
    ] {
        let experiment = read(&format!(
            "{NET}model.compile(keras.optimizers.SGD(keras.optimizers.schedules.{schedule}), 'categorical_crossentropy')"
        ));
        let back = read(&write::keras(&experiment).unwrap());
        assert_eq!(back.spec["compile"], experiment.spec["compile"]);
        let torch = write::pytorch(&experiment).unwrap();
        assert!(torch.contains("while done >= length") || torch.contains("math.ceil"), "{torch}");
    }
    let wrong = json!({"optimizer": {"name": "sgd", "learning_rate": {"name": "StepDecay"}}});
    assert!(write::pytorch(&compiled(wrong)).is_err());
}

#[test]
fn pytorch_trains_as_keras_does() {
    let loss = json!({"name": "binary_crossentropy", "label_smoothing": 0.5});
    let mut experiment =
        compiled(json!({"loss": loss, "optimizer": {"name": "adam", "weight_decay": 0.1}}));
    experiment.train.insert("classWeight".into(), json!([1.0, 3.0]));
    let text = write::pytorch(&experiment).unwrap();
    for part in
        ["torch.optim.AdamW(", "y.float() * 0.5 + 0.25", "torch.tensor([1.0, 3.0]", ".mean()"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What the run is asked for stands before what compile says.
    experiment.train.insert("optimizer".into(), json!({"name": "rmsprop", "weight_decay": 0.1}));
    experiment.train.insert("learningRate".into(), json!(0.25));
    let text = write::pytorch(&experiment).unwrap();
    assert!(
        text.contains("RMSprop(model.parameters(), lr=0.25") && !text.contains("weight_decay=")
    );
    assert!(text.contains("    decay_weights()\n    optimizer.step()"), "{text}");
    assert!(write::keras(&experiment).unwrap().contains("RMSprop(learning_rate=0.25"));
}

#[test]
fn a_decay_that_is_not_known() {
    let error = reading(&format!(
        "{NET}model.compile(keras.optimizers.SGD(decay=rate), 'categorical_crossentropy')"
    ));
    assert_eq!(error.unwrap_err().line_number(), Some(2));
}

#[test]
fn only_a_rescaling_of_the_input_scales_pixels() {
    for (layers, scales) in [
        ("Rescaling(1/255), Flatten()", true),
        ("Rescaling(1, -128), Rescaling(1/128), Flatten()", true),
        ("Flatten(), Dense(9), Rescaling(1/255)", false),
    ] {
        let text = format!("model = Sequential([Input((9, 9, 1)), {layers}, Dense(3)])");
        assert_eq!(read(&text).augmentation.is_some(), scales, "{layers}");
    }
}

#[test]
fn json_with_more_than_any_model_has() {
    let layers = vec![json!({"layer": "RandomFlip"}); 3_000];
    let error = reading(&json!({"input_shape": [4, 4, 1], "layers": layers}).to_string());
    assert_eq!(error.unwrap_err().field_name(), Some("layers"));
    let options: serde_json::Map<String, Value> =
        (0..1_000).map(|at| (format!("a{at}"), json!(0))).collect();
    let layer = json!({"class_name": "Dense", "config": options});
    let text = json!({"class_name": "Sequential", "config": {"layers": [layer]}}).to_string();
    assert!(reading(&text).unwrap_err().to_string().contains("more arguments"));
}
