//! Python text -> an experiment: which of its models is meant, and what it is trained with.

use serde_json::{Map, Value as Json, json};

use super::argument::Arg;
use super::freeze::Plan;
use super::graph::Finished;
use super::interpreter::{Interpreter, empty};
use super::lexer::{Lexeme, Token};
use super::value::{Item, Model, ModelKind, Value};
use super::{Experiment, Options, lexer, parser, pixels};
use crate::error::{Error, Result};

/// Reads Python text.
pub(super) fn read(text: &str, options: &Options) -> Result<Experiment> {
    let tokens = lexer::lex(text)?;
    let options = &with_keras_data(&tokens, options);
    let statements = parser::parse(&tokens);
    let mut reader = Interpreter::new(&tokens);
    reader.block(&statements)?;
    if reader.store.models.iter().all(|model| empty(&model.kind)) {
        reader.call_uncalled()?;
        if !reader.alone.is_empty() {
            bare_layers(&mut reader);
        }
    }
    let lines = tokens.last().map_or(1, |last| last.line);
    let model = choose(&mut reader).ok_or_else(|| nothing(&reader, lines))?;
    let line = reader.store.models[model].line;
    let output = match &reader.store.models[model].kind {
        ModelKind::Functional { output, .. } => *output,
        ModelKind::Sequential { .. } => {
            let (shape, line) = sequential_shape(&mut reader, model, 0)?;
            reader.settled = None;
            let input = reader.graph.input(shape, line)?;
            reader.instantiate(model, input, line, 0)?
        }
    };
    let plan = reader.plan(model, output);
    let finished = reader.graph.finish(output, &plan.frozen, options, line)?;
    reader.note_phases(&plan, output, &finished);
    let random = reader.graph.random_outside(output);
    if !random.is_empty() {
        reader.note(format!(
            "{random} stand outside of the net and are left out; set them as augmentation."
        ));
    }
    Ok(experiment(reader, plan, finished))
}

/// Keras's own data sets that a text may load: their pictures and numbers of classes.
const KERAS_DATA: [(&str, [usize; 3], usize); 4] = [
    ("mnist", [28, 28, 1], 10),
    ("fashion_mnist", [28, 28, 1], 10),
    ("cifar10", [32, 32, 3], 10),
    ("cifar100", [32, 32, 3], 100),
];

/// Where nobody says what the pictures are, but the text loads one of Keras's sets, they are
/// that set's.
fn with_keras_data(tokens: &[Lexeme], options: &Options) -> Options {
    let names = || {
        tokens.iter().filter_map(|lexeme| match &lexeme.token {
            Token::Name(name) => Some(&**name),
            _ => None,
        })
    };
    let loaded: Vec<_> =
        KERAS_DATA.iter().filter(|(set, ..)| names().any(|name| name == *set)).collect();
    match loaded[..] {
        [&(_, shape, classes)] if names().any(|name| name == "load_data") => Options {
            input_shape: options.input_shape.or(Some(shape)),
            classes: options.classes.or(Some(classes)),
        },
        _ => *options,
    }
}

/// Layers without a model around them, as a lesson shows a single one: one after the other.
fn bare_layers(reader: &mut Interpreter) {
    if reader.store.models.iter().any(|model| !empty(&model.kind)) {
        return;
    }
    let items: Vec<_> =
        reader.alone.iter().map(|(layer, line)| (Item::Layer(*layer), *line)).collect();
    let line = items.first().map_or(1, |(_, line)| *line);
    let kind = ModelKind::Sequential { items, shape: None };
    reader.store.models.push(Model::new(kind, line));
    reader.note("There is no Sequential in the text; its layers are read as one.");
}

/// The model that is meant: the last one, but for models that look into another.
fn choose(reader: &mut Interpreter) -> Option<usize> {
    let models = &reader.store.models;
    let input = |model: usize| match &models[model].kind {
        ModelKind::Functional { input, .. } => Some(*input),
        ModelKind::Sequential { .. } => None,
    };
    let trained = |model: usize| models[model].compile.is_some() || models[model].fit.is_some();
    let mut candidates: Vec<_> = (0..models.len())
        .filter(|model| !models[*model].used && !empty(&models[*model].kind))
        .filter(|model| models[*model].base.is_none())
        .collect();
    let all = candidates.len();
    // Made of the same input as an earlier model that is trained, and never trained itself.
    let looks = |model: usize| {
        !trained(model)
            && input(model).is_some()
            && (models[model].looks
                || (0..model).any(|before| trained(before) && input(before) == input(model)))
    };
    candidates.retain(|model| !looks(*model));
    let chosen = *candidates.last()?;
    if all > 1 {
        let line = models[chosen].line;
        reader.note(format!("The text builds {all} models; the one of line {line} is taken."));
    }
    Some(chosen)
}

/// Why there is no model, and where.
fn nothing(reader: &Interpreter, lines: u32) -> Error {
    if let Some((library, line)) = &reader.foreign {
        return Error::model_text(format!(
            "this uses {library}; models in Keras's Python are read here."
        ))
        .line(*line);
    }
    if let Some((name, line)) = &reader.subclass {
        return Error::model_text(format!(
            "{name} is a class of its own, which cannot be read. Write the model as Sequential([...]) \
             or as Model(inputs, outputs)."
        ))
        .line(*line);
    }
    if let Some((model, base)) =
        reader.store.models.iter().find_map(|model| Some((model, model.base?)))
    {
        return Error::model_text(format!(
            "{} stands here without a head. Put GlobalAveragePooling2D() and Dense(classes) behind \
             it.",
            base.class()
        ))
        .line(model.line);
    }
    if let Some(model) = reader.store.models.first() {
        return Error::model_text("the model has no layers.").line(model.line);
    }
    Error::model_text(
        "there is no model in this text. A model begins with Sequential() or Input(...).",
    )
    .line(lines)
}

/// The input's shape of a Sequential and the line that it is given in.
fn sequential_shape(
    reader: &mut Interpreter,
    model: usize,
    depth: usize,
) -> Result<(Option<Arg>, u32)> {
    let line = reader.store.models[model].line;
    let (first, built) = match &reader.store.models[model].kind {
        ModelKind::Sequential { items, shape } => (items.first().copied(), shape.clone()),
        ModelKind::Functional { input, .. } => (Some((Item::Input(*input), line)), None),
    };
    let own = match first {
        Some((Item::Layer(layer), line)) => {
            Some((reader.graph.layers[layer].read.shape.clone(), line))
        }
        Some((Item::Input(node), _)) => {
            let node = &reader.graph.nodes[node];
            Some((reader.graph.layers[node.layer].read.shape.clone(), node.line))
        }
        Some((Item::Model(inner), _)) if depth < super::limits::NESTED => {
            Some(sequential_shape(reader, inner, depth + 1)?)
        }
        _ => None,
    };
    if let Some((shape @ Some(_), line)) = own {
        return Ok((shape, line));
    }
    // model.build((None, height, width, channels))
    let built: Option<Value> = built;
    let built = match built {
        Some(value) => match reader.argument(&value, 0, line)? {
            Arg::List(sizes) if !sizes.is_empty() => {
                Some(Arg::List(sizes.into_iter().skip(1).collect()))
            }
            other => Some(other),
        },
        None => None,
    };
    Ok((built, own.map_or(line, |(_, line)| line)))
}

fn experiment(reader: Interpreter, plan: Plan, finished: Finished) -> Experiment {
    let Interpreter { store, mut notes, .. } = reader;
    let fit = plan.fit.unwrap_or_default();
    let generator = fit.generator.or_else(|| {
        let random = store.generators.iter().rposition(|generator| generator.random);
        random.or(store.generators.len().checked_sub(1))
    });
    let mut augmentation = finished.augmentation.clone();
    let mut validation_split = fit.validation_split;
    if let Some(generator) = generator.map(|at| &store.generators[at]) {
        augmentation.extend(generator.augmentation.clone());
        validation_split = validation_split.or(generator.validation_split);
        notes.extend(generator.notes.clone());
    }
    let mut experiment = Experiment {
        epochs: fit.epochs,
        batch_size: fit.batch_size,
        validation_split,
        train: fit.train,
        ..build(finished, plan.compile, augmentation)
    };
    notes.append(&mut experiment.notes);
    experiment.notes = notes;
    experiment
}

/// An experiment of a finished net.
pub(super) fn build(
    finished: Finished,
    compile: Option<Json>,
    mut augmentation: Map<String, Json>,
) -> Experiment {
    let Finished { input_shape, mut layers, mut lines, mut notes, .. } = finished;
    let text = |layer: Option<&Json>, field: &str| {
        layer.and_then(|layer| layer[field].as_str()).unwrap_or_default().to_owned()
    };
    let last = layers.last();
    let units = last.map_or(0, |layer| layer["units"].as_u64().unwrap_or(0));
    let activation = text(last, "activation");
    let mut compile = compile.unwrap_or(Json::Null);
    if compile.is_null() && text(last, "layer") == "Dense" && units == 1 {
        compile = json!({"loss": "binary_crossentropy"});
    }
    let loss = match &compile["loss"] {
        Json::Object(map) => map.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    if loss == "binary_crossentropy" && units == 2 && activation == "softmax" {
        let name = json!("categorical_crossentropy");
        match &mut compile["loss"] {
            Json::Object(map) => drop(map.insert("name".into(), name)),
            other => *other = name,
        }
        notes.push(
            "Keras computes something else here: after a softmax of two units its \
             binary_crossentropy takes the sigmoid of each and the mean of both losses. The lab \
             takes categorical_crossentropy instead, which is what a softmax is meant for."
                .into(),
        );
    }
    pixels::settle(&mut layers, &mut lines, &mut augmentation, &mut notes);
    let mut spec = Map::new();
    spec.insert("input_shape".into(), json!(input_shape));
    spec.insert("layers".into(), Json::Array(layers));
    if !compile.is_null() {
        spec.insert("compile".into(), compile);
    }
    Experiment {
        spec: Json::Object(spec),
        augmentation: (!augmentation.is_empty()).then_some(Json::Object(augmentation)),
        lines,
        notes,
        ..Experiment::default()
    }
}
