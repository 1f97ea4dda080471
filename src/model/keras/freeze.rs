//! Frozen layers: which of them training leaves as they are, and when.
//!
//! A lesson on transfer trains twice: a head on a frozen base, then some of the base with it, in
//! small steps. The lab is set to the first of these phases; what follows is told in a note.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value as Json;

use super::graph::{Finished, Graph, Layers};
use super::interpreter::Interpreter;
use super::table::Kind;
use super::training::Fit;
use super::value::{Phase, Value};
use crate::error::{Error, Result};

/// What `training=False` means where batch normalisations are set free.
pub(super) const QUIET: &str = "Batch normalisations that are applied with training=False keep to their moving statistics, \
     also when they are set free. Here they stay frozen, and with them their gamma and beta, which \
     Keras would train.";

/// How a model is trained first, and what comes later.
pub(super) struct Plan {
    pub frozen: Rc<Layers>,
    pub compile: Option<Json>,
    pub fit: Option<Fit>,
    later: Vec<Phase>,
}

impl Interpreter<'_> {
    /// `of.trainable = value`.
    pub fn set_trainable(&mut self, of: &Value, value: &Value, line: u32) -> Result<()> {
        let wrong = |what: &str| Err(Error::model_text(what).line(line).field("trainable"));
        let trainable = match value {
            Value::Bool(flag) => *flag,
            Value::Int(number) => *number != 0,
            _ => return wrong("trainable is True or False; what it is here cannot be told."),
        };
        let layers = match of {
            Value::Layer(layer) => self.with_ours(*layer),
            Value::Model(model) => {
                self.store.models[*model].trainable = trainable;
                self.all_layers(*model, 0, line)?
            }
            Value::Inside => {
                return wrong(
                    "which layer this is cannot be told from the text. Give the layer a name, or \
                     say which it is by its number: model.layers[0].",
                );
            }
            _ => return Ok(()),
        };
        let layers: Vec<usize> = layers
            .into_iter()
            .filter(|layer| self.graph.frozen.contains(layer) == trainable)
            .collect();
        if let Some(settled) = &self.settled {
            let changes = layers.iter().any(|layer| *layer < settled.layers);
            self.settled(changes, line)?;
        }
        self.note_frozen_base(of, trainable);
        if !layers.is_empty() {
            // A phase that was kept shares the set, which is copied then.
            let shared = Rc::strong_count(&self.graph.frozen) > 1;
            let copied = if shared { self.graph.frozen.len() } else { 0 };
            self.steps(((layers.len() + copied) / 4) as u32, line)?;
            let frozen = Rc::make_mut(&mut self.graph.frozen);
            for layer in layers {
                if trainable {
                    frozen.remove(&layer)
                } else {
                    frozen.insert(layer)
                };
            }
        }
        Ok(())
    }

    /// A layer, and those that only our base has in front of it.
    fn with_ours(&self, layer: usize) -> Vec<usize> {
        let ours = |at: &usize| self.graph.layers[*at].ours_alone;
        let before = (0..layer).rev().take_while(ours);
        before.chain([layer]).collect()
    }

    fn note_frozen_base(&mut self, of: &Value, trainable: bool) {
        let Value::Layer(layer) = of else { return };
        let frozen = self.store.models.iter().any(|model| model.base.is_some() && !model.trainable);
        if trainable && frozen && self.graph.layers[*layer].base.is_some() {
            self.note(
                "Single layers of a frozen base are set free, as Keras 3 has it; Keras 2 leaves \
                 them frozen unless base.trainable = True comes first.",
            );
        }
    }

    /// Keeps what a model is trained with, which a later run may have otherwise.
    pub fn keep_phase(&mut self, model: usize, line: u32) {
        let frozen = self.graph.frozen.clone();
        let model = &mut self.store.models[model];
        let (compile, fit) = (model.compile.clone(), model.fit.clone());
        match model.phases.last_mut() {
            Some(last) if Rc::ptr_eq(&last.frozen, &frozen) => {
                (last.compile, last.fit) = (compile, fit);
            }
            _ => model.phases.push(Phase { line, frozen, compile, fit }),
        }
    }

    /// The first phase of training the net that ends in `output`.
    pub fn plan(&mut self, model: usize, output: usize) -> Plan {
        let model = &self.store.models[model];
        let (compile, fit) = (model.compile.clone(), model.fit.clone());
        let mut phases = model.phases.clone();
        let now = self.graph.frozen.clone();
        match phases.last() {
            None => return Plan { frozen: now, compile, fit, later: Vec::new() },
            // It is compiled for one more, which the text does not have.
            Some(last) if model.compiled > last.line => {
                phases.push(Phase { line: model.compiled, frozen: now, compile, fit: None });
            }
            Some(_) => {}
        }
        let state = |phase: &Phase| self.graph.still(output, &phase.frozen);
        phases.dedup_by(|next, kept| {
            let same = state(next) == state(kept);
            if same {
                kept.compile = next.compile.take();
                kept.fit = next.fit.take().or(kept.fit.take());
            }
            same
        });
        let later = phases.split_off(1);
        let Phase { frozen, compile, fit, .. } = phases.swap_remove(0);
        Plan { frozen, compile: compile.or_else(|| model.compile.clone()), fit, later }
    }

    /// Says what comes after the first phase, and what `training=False` means here.
    pub fn note_phases(&mut self, plan: &Plan, output: usize, finished: &Finished) {
        let mut before = self.graph.still(output, &plan.frozen);
        for phase in plan.later.iter().take(3) {
            let now = self.graph.still(output, &phase.frozen);
            let freed = finished.among(before.difference(&now));
            let held = finished.among(now.difference(&before));
            self.note(sentence(phase, &freed, &held));
            before = now;
        }
        let all = std::iter::once(&plan.frozen).chain(plan.later.iter().map(|phase| &phase.frozen));
        let quiet = |layer: &usize| self.graph.stays_quiet(*layer);
        let layers = finished.made.iter().flatten().filter(|layer| quiet(layer));
        let set_free = layers.into_iter().any(|layer| all.clone().any(|one| !one.contains(layer)));
        if set_free {
            self.note(QUIET);
        }
    }
}

impl Graph {
    /// The layers of the net of `output` whose weights stay as they are.
    fn still(&self, output: usize, frozen: &Layers) -> BTreeSet<usize> {
        let layers = self.reach(output).into_iter().map(|node| self.nodes[node].layer);
        let weighs = |layer: &usize| self.layers[*layer].class.kind == Kind::Weights;
        layers
            .filter(|layer| frozen.contains(layer) && weighs(layer) && !self.stays_quiet(*layer))
            .collect()
    }
}

impl Finished {
    /// The names of some layers, in the net's order, in words.
    fn among<'a>(&self, layers: impl Iterator<Item = &'a usize>) -> Option<String> {
        let layers: BTreeSet<usize> = layers.copied().collect();
        let named = self.lines.iter().zip(&self.made);
        let names: Vec<&str> = named
            .filter(|(_, made)| made.is_some_and(|layer| layers.contains(&layer)))
            .map(|((name, _), _)| name.as_str())
            .collect();
        match names.as_slice() {
            [] => None,
            [first, .., last] if names.len() > 4 => {
                Some(format!("{} layers from {first} to {last}", names.len()))
            }
            few => Some(few.join(", ")),
        }
    }
}

fn sentence(phase: &Phase, freed: &Option<String>, held: &Option<String>) -> String {
    let mut what = Vec::new();
    what.extend(freed.as_ref().map(|names| format!("sets free {names}")));
    what.extend(held.as_ref().map(|names| format!("freezes {names}")));
    let rate = rate(phase.compile.as_ref()).unwrap_or_default();
    format!(
        "The text trains in phases; the first is taken. The next, on line {}, {}{rate}. When the \
         first is done, do the same in the Network panel, set the learning rate, and train on.",
        phase.line,
        what.join(" and "),
    )
}

/// The learning rate that a model is compiled with, in words.
fn rate(compile: Option<&Json>) -> Option<String> {
    let optimizer = &compile?["optimizer"];
    let name = optimizer["name"].as_str().or(optimizer.as_str())?;
    Some(match &optimizer["learning_rate"] {
        Json::Number(rate) => {
            // 0.0001 / 10 is not quite 0.00001.
            format!(", with a learning rate of {}", rate.as_f64()? as f32)
        }
        Json::Object(schedule) => format!(", with {}", schedule.get("name")?.as_str()?),
        _ => format!(", with {name}'s own learning rate"),
    })
}
