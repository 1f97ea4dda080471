//! The optimizer, the schedule, the loss and a step of training.

use std::fmt::Write;

use serde_json::{Map, Value as Json};

use super::super::{Ending, Net, flag, float, text};
use crate::model::keras::Experiment;

/// Writes what stands behind the module.
pub(super) fn training(net: &Net, experiment: &Experiment, penalty: bool, out: &mut String) {
    let mut schedule = None;
    let optimizer = match &net.compile["optimizer"] {
        Json::String(name) => Some((name.to_lowercase(), Map::new())),
        Json::Object(map) => Some((text(map, "name").to_lowercase(), map.clone())),
        _ => None,
    };
    if let Some((name, options)) = &optimizer {
        let line = optimizer_line(name, options, &mut schedule);
        let _ = writeln!(out, "optimizer = {line}");
    }
    if let Some(schedule) = &schedule {
        let _ = writeln!(out, "# Call scheduler.step() after every optimizer.step().");
        let _ =
            writeln!(out, "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, {schedule})");
    }
    let Some((name, smoothing)) = net.loss() else { return };
    let smooth = if smoothing > 0.0 {
        format!(", label_smoothing={}", float(smoothing))
    } else {
        String::new()
    };
    let _ = writeln!(out, "\n\ndef loss_of(output, y):");
    let line = match (name, net.ends_with()) {
        ("binary_crossentropy", Ending::Logits) => {
            "F.binary_cross_entropy_with_logits(output.flatten(), y.float())".to_owned()
        }
        ("binary_crossentropy", _) => "F.binary_cross_entropy(output.flatten(), y.float())".into(),
        (_, Ending::Logits) => format!("F.cross_entropy(output, y{smooth})"),
        // The model ends with a softmax, as Keras has it.
        _ => format!("F.cross_entropy(torch.log(output.clamp_min(1e-7)), y{smooth})"),
    };
    let line = if penalty { format!("{line} + model.penalty()") } else { line };
    let _ = writeln!(
        out,
        "    \"\"\"The loss of a batch; y has class numbers.\"\"\"\n    return {line}"
    );
    if optimizer.is_some() {
        let mut clip = String::new();
        if let Some((_, options)) = &optimizer {
            if let Some(value) = options.get("clipvalue").and_then(Json::as_f64) {
                let _ = writeln!(
                    clip,
                    "    nn.utils.clip_grad_value_(model.parameters(), {})",
                    float(value)
                );
            }
            if let Some(norm) = options.get("global_clipnorm").and_then(Json::as_f64) {
                let _ = writeln!(
                    clip,
                    "    nn.utils.clip_grad_norm_(model.parameters(), {})",
                    float(norm)
                );
            }
            if let Some(norm) = options.get("clipnorm").and_then(Json::as_f64) {
                let _ = writeln!(
                    clip,
                    "    for weight in model.parameters():\n        nn.utils.clip_grad_norm_(weight, {})",
                    float(norm)
                );
            }
        }
        let step = if schedule.is_some() { "    scheduler.step()\n" } else { "" };
        let _ = write!(
            out,
            "\n\ndef train_step(x, y):\n    model.train()\n    optimizer.zero_grad()\n    loss = \
             loss_of(model(x), y)\n    loss.backward()\n{clip}    optimizer.step()\n{step}    return loss.item()\n"
        );
    }
    if let (Some(epochs), Some(batch)) = (experiment.epochs, experiment.batch_size) {
        let _ = writeln!(out, "\n\n# Train for {epochs} epochs in batches of {batch}.");
    }
}

fn optimizer_line(
    name: &str,
    options: &Map<String, Json>,
    schedule: &mut Option<String>,
) -> String {
    let default = if name == "sgd" { 0.01 } else { 0.001 };
    let mut rate = default;
    match options.get("learning_rate") {
        Some(Json::Object(map)) => {
            rate = 1.0;
            *schedule = Some(schedule_of(map));
        }
        Some(value) => rate = value.as_f64().unwrap_or(default),
        None => {}
    }
    let get =
        |field: &str, default: f64| options.get(field).and_then(Json::as_f64).unwrap_or(default);
    let mut arguments = vec!["model.parameters()".to_owned(), format!("lr={}", float(rate))];
    let epsilon = format!("eps={}", float(get("epsilon", 1e-7)));
    let betas = format!("betas=({}, {})", float(get("beta_1", 0.9)), float(get("beta_2", 0.999)));
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
        other => {
            arguments.push(betas);
            arguments.push(epsilon);
            if flag(options, "amsgrad") {
                arguments.push("amsgrad=True".into());
            }
            match other {
                "adamw" => "AdamW",
                "nadam" => "NAdam",
                _ => "Adam",
            }
        }
    };
    let decay = get("weight_decay", if name == "adamw" { 0.004 } else { 0.0 });
    if decay != 0.0 {
        // Keras takes the decay from the weights themselves, as AdamW does.
        arguments.push(format!("weight_decay={}", float(decay)));
    }
    format!("torch.optim.{class}({})", arguments.join(", "))
}

/// A schedule as a function of the step.
fn schedule_of(map: &Map<String, Json>) -> String {
    let get =
        |field: &str, default: f64| float(map.get(field).and_then(Json::as_f64).unwrap_or(default));
    let rate = get("initial_learning_rate", 0.001);
    let steps = get("decay_steps", 1000.0);
    let whole = if flag(map, "staircase") { "//" } else { "/" };
    match text(map, "name") {
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
            format!(
                "lambda step: ({rate} - {end}) * (1 - min(step, {steps}) / {steps}) ** {power} + {end}"
            )
        }
        "PiecewiseConstantDecay" => {
            let list = |field: &str| map.get(field).map_or("[]".to_owned(), Json::to_string);
            format!(
                "lambda step: {}[sum(step > bound for bound in {})]",
                list("values"),
                list("boundaries")
            )
        }
        _ => {
            let alpha = get("alpha", 0.0);
            let warm = map.get("warmup_steps").and_then(Json::as_f64).unwrap_or(0.0);
            let target = map.get("warmup_target").and_then(Json::as_f64);
            let half = |rate: &str, step: &str| {
                format!(
                    "{rate} * ((1 - {alpha}) * 0.5 * (1 + math.cos(math.pi * min({step}, {steps}) / {steps})) + {alpha})"
                )
            };
            match target {
                Some(target) if warm > 0.0 => {
                    let (target, warm) = (float(target), float(warm));
                    format!(
                        "lambda step: {rate} + ({target} - {rate}) * step / {warm} if step < {warm} else {}",
                        half(&target, &format!("step - {warm}"))
                    )
                }
                _ => format!("lambda step: {}", half(&rate, "step")),
            }
        }
    }
}
