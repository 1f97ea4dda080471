//! The optimizer, the schedule, the loss and a step of training.

use std::fmt::Write;

use serde_json::{Map, Value as Json};

use super::super::{Ending, Net, default_rate, flag, float, text};
use super::freeze::Frozen;
use crate::error::{Error, Result};
use crate::model::keras::Experiment;

/// Writes what stands behind the module.
///
/// # Errors
/// `spec` naming the field of `compile` that has no counterpart here.
pub(super) fn training(
    net: &Net,
    experiment: &Experiment,
    penalty: bool,
    frozen: Frozen,
    out: &mut String,
) -> Result<()> {
    let optimizer = match &net.compile["optimizer"] {
        Json::String(name) => Some((name.to_lowercase(), Map::new())),
        Json::Object(map) => Some((text(map, "name").to_lowercase(), map.clone())),
        _ => None,
    };
    let (mut schedule, mut decay) = (None, 0.0);
    if let Some((name, options)) = &optimizer {
        let mut line = optimizer_line(name, options, &mut decay)?;
        if frozen.weights {
            // Weight decay would change those that have no gradient too.
            let trained = "[weight for weight in model.parameters() if weight.requires_grad]";
            line = line.replacen("model.parameters()", trained, 1);
        }
        let _ = writeln!(out, "optimizer = {line}");
        if let Some(Json::Object(map)) = options.get("learning_rate") {
            schedule = Some(schedule_of(map)?);
        }
    }
    if let Some(Schedule { made, rate }) = &schedule {
        out.push_str(made);
        let _ = writeln!(out, "# Call scheduler.step() after every optimizer.step().");
        let _ = writeln!(out, "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, {rate})");
    }
    if decay != 0.0 {
        let _ = writeln!(
            out,
            "\n\ndef decay_weights():\n    \"\"\"Keras's weight decay, before every \
             optimizer.step(); PyTorch's own is added to the gradients.\"\"\"\n    with \
             torch.no_grad():\n        for group in optimizer.param_groups:\n            for \
             weight in group[\"params\"]:\n                weight.mul_(1 - group[\"lr\"] * {})",
            float(decay)
        );
    }
    let Some((name, smoothing)) = net.loss() else { return Ok(()) };
    loss_function(name, smoothing, net.ends_with(), experiment, penalty, out);
    if let Some((_, options)) = &optimizer {
        let mut before = String::new();
        let limit = |name: &str| options.get(name).and_then(Json::as_f64).map(float);
        if let Some(value) = limit("clipvalue") {
            let _ = writeln!(before, "    nn.utils.clip_grad_value_(model.parameters(), {value})");
        }
        if let Some(norm) = limit("global_clipnorm") {
            let _ = writeln!(before, "    nn.utils.clip_grad_norm_(model.parameters(), {norm})");
        }
        if let Some(norm) = limit("clipnorm") {
            let _ = writeln!(
                before,
                "    for weight in model.parameters():\n        nn.utils.clip_grad_norm_(weight, {norm})"
            );
        }
        if decay != 0.0 {
            before.push_str("    decay_weights()\n");
        }
        let mode = if frozen.norms { "train_mode()" } else { "model.train()" };
        let step = if schedule.is_some() { "    scheduler.step()\n" } else { "" };
        let _ = write!(
            out,
            "\n\ndef train_step(x, y):\n    {mode}\n    optimizer.zero_grad()\n    loss = \
             loss_of(model(x), y)\n    loss.backward()\n{before}    optimizer.step()\n{step}    return loss.item()\n"
        );
    }
    if let (Some(epochs), Some(batch)) = (experiment.epochs, experiment.batch_size) {
        let _ = writeln!(out, "\n\n# Train for {epochs} epochs in batches of {batch}.");
    }
    Ok(())
}

/// `loss_of`: the mean over a batch, each picture with its class's weight where there are some.
fn loss_function(
    name: &str,
    smoothing: f64,
    ending: Ending,
    experiment: &Experiment,
    penalty: bool,
    out: &mut String,
) {
    out.push_str("\n\n");
    let weights = match experiment.train.get("classWeight") {
        Some(Json::Array(weights)) => {
            let weights: Vec<_> =
                weights.iter().map(|weight| float(weight.as_f64().unwrap_or(1.0))).collect();
            Some(weights.join(", "))
        }
        Some(Json::String(name)) => {
            let _ = writeln!(
                out,
                "# class_weight is {name}, which the data must tell: multiply every picture's loss \
                 by\n# pictures / (classes * pictures of its class) before the mean is taken."
            );
            None
        }
        _ => None,
    };
    let each = if weights.is_some() { ", reduction=\"none\"" } else { "" };
    let smooth = if smoothing > 0.0 {
        format!(", label_smoothing={}", float(smoothing))
    } else {
        String::new()
    };
    let target = if smoothing > 0.0 {
        // PyTorch smooths no labels of two classes.
        format!("y.float() * {} + {}", float(1.0 - smoothing), float(smoothing / 2.0))
    } else {
        "y.float()".to_owned()
    };
    let line = match (name, ending) {
        ("binary_crossentropy", Ending::Logits) => {
            format!("F.binary_cross_entropy_with_logits(output.flatten(), {target}{each})")
        }
        ("binary_crossentropy", _) => {
            format!("F.binary_cross_entropy(output.flatten(), {target}{each})")
        }
        (_, Ending::Logits) => format!("F.cross_entropy(output, y{each}{smooth})"),
        // The model ends with a softmax, as Keras has it.
        _ => format!("F.cross_entropy(torch.log(output.clamp_min(1e-7)), y{each}{smooth})"),
    };
    let end = if penalty { " + model.penalty()" } else { "" };
    out.push_str(
        "def loss_of(output, y):\n    \"\"\"The loss of a batch; y has class numbers.\"\"\"\n",
    );
    let _ = match weights {
        None => writeln!(out, "    return {line}{end}"),
        // Keras divides by the number of pictures, not by the sum of their weights.
        Some(weights) => writeln!(
            out,
            "    weight = torch.tensor([{weights}], device=output.device)[y.long()]\n    return \
             ({line} * weight).mean(){end}"
        ),
    };
}

fn optimizer_line(name: &str, options: &Map<String, Json>, decay: &mut f64) -> Result<String> {
    let rate = match options.get("learning_rate") {
        // The schedule's function gives the rate itself.
        Some(Json::Object(_)) => 1.0,
        given => given.and_then(Json::as_f64).unwrap_or_else(|| default_rate(name)),
    };
    let get =
        |field: &str, default: f64| options.get(field).and_then(Json::as_f64).unwrap_or(default);
    let mut arguments = vec!["model.parameters()".to_owned(), format!("lr={}", float(rate))];
    let epsilon = format!("eps={}", float(get("epsilon", 1e-7)));
    let betas = format!("betas=({}, {})", float(get("beta_1", 0.9)), float(get("beta_2", 0.999)));
    let given_decay = get("weight_decay", if name == "adamw" { 0.004 } else { 0.0 });
    let class = match name {
        "sgd" => {
            arguments.push(format!("momentum={}", float(get("momentum", 0.0))));
            if flag(options, "nesterov") && get("momentum", 0.0) > 0.0 {
                arguments.push("nesterov=True".into());
            }
            "SGD"
        }
        "rmsprop" => {
            arguments.push(format!("alpha={}", float(get("rho", 0.9))));
            arguments.push(epsilon);
            arguments.push(format!("momentum={}", float(get("momentum", 0.0))));
            if flag(options, "centered") {
                arguments.push("centered=True".into());
            }
            "RMSprop"
        }
        "adagrad" => {
            let start = get("initial_accumulator_value", 0.1);
            arguments.push(format!("initial_accumulator_value={}", float(start)));
            arguments.push(epsilon);
            "Adagrad"
        }
        "adadelta" => {
            arguments.push(format!("rho={}", float(get("rho", 0.95))));
            arguments.push(epsilon);
            "Adadelta"
        }
        "adam" | "adamw" | "nadam" => {
            arguments.push(betas);
            arguments.push(epsilon);
            if flag(options, "amsgrad") {
                arguments.push("amsgrad=True".into());
            }
            match name {
                "nadam" => "NAdam",
                // Keras takes Adam's decay from the weights themselves too.
                "adam" if given_decay == 0.0 => "Adam",
                _ => "AdamW",
            }
        }
        _ => {
            let what = format!("there is no optimizer {name} here.");
            return Err(Error::spec(what).field("optimizer"));
        }
    };
    if class == "AdamW" {
        arguments.push(format!("weight_decay={}", float(given_decay)));
    } else {
        *decay = given_decay;
    }
    Ok(format!("torch.optim.{class}({})", arguments.join(", ")))
}

/// A schedule in Python.
struct Schedule {
    /// What has to be defined before.
    made: String,
    /// The rate as a function of the step.
    rate: String,
}

fn schedule_of(map: &Map<String, Json>) -> Result<Schedule> {
    let number = |field: &str| map.get(field).and_then(Json::as_f64);
    let get = |field: &str, default: f64| float(number(field).unwrap_or(default));
    let rate = get("initial_learning_rate", 0.001);
    let steps = get("decay_steps", 1000.0);
    let whole = if flag(map, "staircase") { "//" } else { "/" };
    let mut made = String::new();
    let rate = match text(map, "name") {
        "ExponentialDecay" => {
            format!("lambda step: {rate} * {} ** (step {whole} {steps})", get("decay_rate", 0.96))
        }
        "InverseTimeDecay" => {
            format!(
                "lambda step: {rate} / (1 + {} * (step {whole} {steps}))",
                get("decay_rate", 0.0)
            )
        }
        "PolynomialDecay" => {
            let (end, power) = (get("end_learning_rate", 0.0001), get("power", 1.0));
            let part = if flag(map, "cycle") {
                format!("step / ({steps} * max(1, math.ceil(step / {steps})))")
            } else {
                format!("min(step, {steps}) / {steps}")
            };
            format!("lambda step: ({rate} - {end}) * (1 - {part}) ** {power} + {end}")
        }
        "PiecewiseConstantDecay" => {
            let list = |field: &str| map.get(field).map_or("[]".to_owned(), Json::to_string);
            format!(
                "lambda step: {}[sum(step > bound for bound in {})]",
                list("values"),
                list("boundaries")
            )
        }
        "CosineDecay" => {
            let alpha = get("alpha", 0.0);
            let warm = number("warmup_steps").unwrap_or(0.0);
            let half = |rate: &str, step: &str| {
                format!(
                    "{rate} * ((1 - {alpha}) * 0.5 * (1 + math.cos(math.pi * min({step}, {steps}) / {steps})) + {alpha})"
                )
            };
            match number("warmup_target").map(float) {
                Some(target) if warm > 0.0 => {
                    let warm = float(warm);
                    format!(
                        "lambda step: {rate} + ({target} - {rate}) * step / {warm} if step < {warm} else {}",
                        half(&target, &format!("step - {warm}"))
                    )
                }
                Some(target) => format!("lambda step: {}", half(&target, "step")),
                None => format!("lambda step: {}", half(&rate, "step")),
            }
        }
        "CosineDecayRestarts" => {
            let (first, alpha) = (get("first_decay_steps", 1000.0), get("alpha", 0.0));
            let (longer, lower) = (get("t_mul", 2.0), get("m_mul", 1.0));
            let _ = writeln!(
                made,
                "\n\ndef rate_of(step):\n    \"\"\"The step size after so many steps: cosines, \
                 each {longer} times as long as the one before.\"\"\"\n    done, length, restarts = \
                 step / {first}, 1.0, 0\n    while done >= length:\n        done, length, restarts \
                 = done - length, length * {longer}, restarts + 1\n    return {rate} * ((1 - \
                 {alpha}) * 0.5 * {lower} ** restarts * (1 + math.cos(math.pi * done / length)) + \
                 {alpha})\n\n"
            );
            "rate_of".into()
        }
        other => {
            let what = format!("there is no schedule {other} here.");
            return Err(Error::spec(what).field("learning_rate"));
        }
    };
    Ok(Schedule { made, rate })
}
