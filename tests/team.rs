//! A batch in pieces: the same run to the last bit, whoever computes how many of them.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]
#![allow(clippy::single_range_in_vec_init)] // lists of pieces that hold one

mod common;

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use burn::tensor::Device;
use cnn_lab::model::network::Network;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::train::session::Session;
use cnn_lab::train::team::{Brief, Found, Leader, Replica, Task, Team, deal, pieces};
use common::{bars, convnet};
use pollster::block_on;
use serde_json::{Value, json};

/// A replica on a thread of its own, that computes one share.
struct AtWork {
    asks: Receiver<Vec<f32>>,
    answers: Sender<Vec<f32>>,
    /// Its number, of all that were handed out, and how often it was heard of.
    number: usize,
    heard: usize,
}

/// Asks whoever has handed out the share.
struct Asking(Sender<Vec<f32>>, Receiver<Vec<f32>>);

impl Leader for Asking {
    fn agree(&mut self, numbers: &[f32]) -> Pin<Box<dyn Future<Output = Option<Vec<f32>>>>> {
        let asked = self.0.send(numbers.to_vec());
        let answer = asked.ok().and_then(|()| self.1.recv().ok());
        Box::pin(async { answer })
    }
}

/// What goes wrong with shares, by their numbers.
#[derive(Clone, Copy)]
struct Trouble {
    /// Nobody takes it.
    left: fn(usize) -> bool,
    /// It has been heard of so often, and is not any more.
    lost: fn(usize, usize) -> bool,
}

const NONE: Trouble = Trouble { left: |_| false, lost: |_, _| false };

/// Replicas on threads.
struct Threads {
    brief: Brief,
    trouble: Trouble,
    at_work: Vec<Option<AtWork>>,
    handed_out: Rc<Cell<usize>>,
}

impl Team for Threads {
    fn begin(&mut self, weights: &[&[f32]], tasks: Vec<Task>) -> Vec<bool> {
        let begin = |task: Task| {
            let number = self.handed_out.replace(self.handed_out.get() + 1);
            if (self.trouble.left)(number) {
                return None;
            }
            let (brief, weights) = (self.brief.clone(), weights.concat());
            let ((ask, asks), (answers, answer)) = (channel(), channel());
            thread::spawn(move || {
                let mut replica = Replica::new(brief, &Device::flex()).unwrap();
                let mut leader = Asking(ask.clone(), answer);
                let found = block_on(replica.compute(weights, &task, &mut leader)).unwrap();
                // Nobody may listen any more.
                let _ = found.map(|found| ask.send(found.to_vec()));
            });
            Some(AtWork { asks, answers, number, heard: 0 })
        };
        self.at_work = tasks.into_iter().map(begin).collect();
        self.at_work.iter().map(Option::is_some).collect()
    }

    fn gather(&mut self) -> Pin<Box<dyn Future<Output = Found>>> {
        let found = self.at_work.iter_mut().map(|one| {
            let one = one.as_mut()?;
            one.heard += 1;
            let lost = (self.trouble.lost)(one.number, one.heard - 1);
            if lost { None } else { one.asks.recv().ok() }
        });
        let found: Found = found.collect();
        Box::pin(async { found })
    }

    fn spread(&mut self, numbers: &[f32]) {
        for one in self.at_work.iter().flatten() {
            one.answers.send(numbers.to_vec()).unwrap();
        }
    }

    fn leave(&mut self) {
        self.at_work.clear();
    }
}

/// Everything that a share could get wrong: dropout, a penalty, class weights, an augmentation that
/// blends pictures of two shares, clipping, a batch that comes out uneven.
fn hard() -> (ModelSpec, Value) {
    let spec = json!({"input_shape": [12, 12, 1], "layers": [
        {"layer": "Conv2D", "filters": 16, "kernel_size": 3, "activation": "relu",
         "kernel_regularizer": {"l2": 0.01}},
        {"layer": "MaxPooling2D"},
        {"layer": "SpatialDropout2D", "rate": 0.2},
        {"layer": "Conv2D", "filters": 64, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"layer": "Flatten"},
        {"layer": "Dropout", "rate": 0.4},
        {"layer": "Dense", "units": 64, "activation": "tanh"},
        {"layer": "Dense", "units": 3, "activation": "softmax"}],
        "compile": {"optimizer": {"name": "adam", "global_clipnorm": 1.0},
                    "loss": "sparse_categorical_crossentropy"}});
    let options = json!({"epochs": 20, "steps": 50, "batchSize": 50,
        "classWeight": [2.0, 1.0, 0.5],
        "augmentation": {"rotation_range": 20, "horizontal_flip": true, "mixup": 0.3}});
    (ModelSpec::from_json(&spec.to_string()).unwrap(), options)
}

/// The same difficulties, with normalisations by the batch's statistics: of one learned scale and
/// offset each, of none, and right before the end, on two ways that come together.
fn normalised() -> (ModelSpec, Value) {
    let (_, options) = hard();
    let conv = json!({"layer": "Conv2D", "filters": 16, "kernel_size": 3, "padding": "same",
         "use_bias": false, "kernel_regularizer": {"l2": 0.01}});
    let mut second = conv.clone();
    second["name"] = json!("second");
    let spec = json!({"input_shape": [12, 12, 1], "layers": [
        conv,
        {"layer": "BatchNormalization", "momentum": 0.9, "name": "shared"},
        {"layer": "ReLU"},
        {"layer": "SpatialDropout2D", "rate": 0.2, "name": "trunk"},
        second,
        {"layer": "BatchNormalization", "scale": false, "name": "branch"},
        {"layer": "Add", "inputs": ["trunk", "branch"]},
        {"layer": "ReLU"},
        {"layer": "MaxPooling2D"},
        {"layer": "Flatten"},
        {"layer": "Dense", "units": 64, "activation": "tanh"},
        {"layer": "BatchNormalization", "center": false},
        {"layer": "Dropout", "rate": 0.4},
        {"layer": "Dense", "units": 3, "activation": "softmax"}],
        "compile": {"optimizer": {"name": "adam", "global_clipnorm": 1.0},
                    "loss": "sparse_categorical_crossentropy"}});
    (ModelSpec::from_json(&spec.to_string()).unwrap(), options)
}

/// The losses of 50 steps of a session that was prepared, and its moving statistics after them.
fn run((spec, options): (ModelSpec, Value), prepare: impl FnOnce(&mut Session)) -> Vec<f32> {
    let mut session = Session::new(Device::flex(), 5);
    session.set_dataset(bars(500, 12)).unwrap();
    session.set_model(spec).unwrap();
    session.start_training(&serde_json::from_value(options).unwrap()).unwrap();
    prepare(&mut session);
    while session.is_training() {
        block_on(session.advance(3)).unwrap();
        if session.history().steps.len().is_multiple_of(2) {
            session.slim();
        }
    }
    let state = session.network().unwrap().state.iter();
    let state = state.flat_map(|one| one.to_data().try_to_vec::<f32>().unwrap());
    session.history().steps.iter().map(|step| step.loss).chain(state).collect()
}

/// The same with so many workers, and how many shares were handed out; without a team all are
/// computed in place.
fn losses(
    of: fn() -> (ModelSpec, Value),
    workers: usize,
    team: Option<Trouble>,
) -> (Vec<f32>, usize) {
    let handed_out = Rc::new(Cell::new(0));
    let counter = handed_out.clone();
    let losses = run(of(), |session| {
        session.workers = workers;
        if let (Some(trouble), Some(brief)) = (team, session.brief()) {
            let (at_work, handed_out) = (Vec::new(), counter);
            session.team = Some(Box::new(Threads { brief, trouble, at_work, handed_out }));
        }
    });
    (losses, handed_out.get())
}

#[test]
fn any_number_of_workers_gives_the_same_run() {
    for of in [hard, normalised] {
        let (one, none) = losses(of, 1, Some(NONE));
        let statistics = if of().0.layers.len() > 8 { 2 * (16 + 16 + 64) } else { 0 };
        assert_eq!((one.len(), none), (50 + statistics, 0));
        assert!(one[49] < 0.8 * one[0], "it learns: {one:?}");
        for workers in 2..=5 {
            let (many, handed_out) = losses(of, workers, Some(NONE));
            assert_eq!(handed_out, 50 * (workers.min(4) - 1));
            assert_eq!(one, many, "{workers} workers");
        }
        assert_eq!(one, losses(of, 3, None).0, "nobody there");
        let left = Trouble { left: |share| share % 4 != 2, ..NONE };
        assert_eq!(one, losses(of, 4, Some(left)).0, "shares that nobody takes");
        // Of the normalised one at its first normalisation, at others, on the way back, at the end.
        let lost = Trouble { lost: |share, heard| share % 3 == 1 && heard == share % 7, ..NONE };
        assert_eq!(one, losses(of, 3, Some(lost)).0, "replicas that fail");
    }
}

/// In pieces the sums have another order: the numbers are not the same, but they agree.
#[test]
fn pieces_agree_with_the_whole_batch() {
    for of in [hard, normalised] {
        let whole = run(of(), |session| session.cut = false);
        let pieces = run(of(), |_| ());
        assert_ne!(whole, pieces);
        let apart = whole.iter().zip(&pieces).map(|(whole, pieces)| (whole - pieces).abs());
        let apart = apart.fold(0.0, f32::max);
        assert!(apart < 1e-4, "{apart} apart\n{whole:?}\n{pieces:?}");
    }
}

/// Batches of 18 are cut into pieces of 5 and 4; one of 10 is not cut. Then batches become smaller.
#[test]
fn a_last_batch_may_be_larger_than_the_pieces_of_the_others() {
    let run = |fast: bool| {
        let mut session = Session::new(Device::flex(), 5);
        session.fast = fast;
        session.set_dataset(bars(100, 12)).unwrap();
        session.set_model(hard().0).unwrap();
        let options = json!({"epochs": 3, "batchSize": 18, "validate": false});
        session.start_training(&serde_json::from_value(options).unwrap()).unwrap();
        let update = json!({"batchSize": 13});
        session.update_training(&serde_json::from_value(update).unwrap()).unwrap();
        while session.is_training() {
            block_on(session.advance(2)).unwrap();
        }
        session.history().steps.iter().map(|step| step.loss).collect::<Vec<_>>()
    };
    let (found, right) = (run(true), run(false));
    assert_eq!(found.len(), 6 + 8 + 8);
    let apart = found.iter().zip(&right).map(|(found, right)| (found - right).abs());
    assert!(apart.fold(0.0, f32::max) < 1e-3, "{found:?} {right:?}");
}

/// A base that is frozen, with a normalisation that is, and a new head.
#[test]
fn replicas_know_frozen_layers() {
    let spec = json!({"input_shape": [12, 12, 1], "layers": [
        {"layer": "Conv2D", "filters": 16, "kernel_size": 3, "activation": "relu", "trainable": false},
        {"layer": "BatchNormalization", "trainable": false},
        {"layer": "Conv2D", "filters": 64, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"layer": "GlobalAveragePooling2D"},
        {"layer": "Dense", "units": 3, "activation": "softmax"}]});
    let run = |team: bool| {
        let handed_out = Rc::new(Cell::new(0));
        let mut session = Session::new(Device::flex(), 5);
        session.keep_features = false;
        session.set_dataset(bars(500, 12)).unwrap();
        session.set_model(ModelSpec::from_json(&spec.to_string()).unwrap()).unwrap();
        let options = json!({"epochs": 1, "steps": 8, "batchSize": 64, "validate": false});
        session.start_training(&serde_json::from_value(options).unwrap()).unwrap();
        session.workers = 2;
        if let (true, Some(brief)) = (team, session.brief()) {
            let (trouble, at_work, handed_out) = (NONE, Vec::new(), handed_out.clone());
            session.team = Some(Box::new(Threads { brief, trouble, at_work, handed_out }));
        }
        while session.is_training() {
            block_on(session.advance(3)).unwrap();
        }
        let losses = session.history().steps.iter().map(|step| step.loss);
        (losses.collect::<Vec<_>>(), handed_out.get())
    };
    let (alone, none) = run(false);
    let (together, handed_out) = run(true);
    assert_eq!((alone.len(), none, handed_out), (8, 0, 8));
    assert_eq!(alone, together);
}

#[test]
fn a_share_that_is_nonsense_is_computed_again() {
    /// Says what it was never asked.
    struct Babbling(Rc<RefCell<usize>>);
    impl Team for Babbling {
        fn begin(&mut self, _: &[&[f32]], tasks: Vec<Task>) -> Vec<bool> {
            *self.0.borrow_mut() += tasks.len();
            vec![true; tasks.len()]
        }
        fn gather(&mut self) -> Pin<Box<dyn Future<Output = Found>>> {
            Box::pin(async { vec![Some(vec![0.0; 7])] })
        }
        fn spread(&mut self, _: &[f32]) {}
        fn leave(&mut self) {}
    }
    for of in [hard, normalised] {
        let asked = Rc::new(RefCell::new(0));
        let counter = asked.clone();
        let losses = run(of(), |session| {
            session.workers = 3;
            session.team = Some(Box::new(Babbling(counter)));
        });
        assert_eq!(*asked.borrow(), 100);
        assert_eq!(losses, run(of(), |_| ()));
    }
}

#[test]
fn a_batch_is_cut_where_it_pays() {
    let network = |spec: ModelSpec| Network::new(spec, 1, &Device::flex()).unwrap();
    let large = network(hard().0);
    assert_eq!(pieces(&large, 50, true), [0..13, 13..26, 26..38, 38..50]);
    assert_eq!(pieces(&large, 50, false), [0..50]);
    assert_eq!(pieces(&large, 40, true), [0..40], "too little work");
    assert_eq!(pieces(&network(convnet(12)), 50, true), [0..50], "too little work");
    let photo = |layer: &str| {
        let spec = json!({"input_shape": [64, 64, 3], "layers": [
            {"layer": "Conv2D", "filters": 64, "kernel_size": 3}, {"layer": layer},
            {"layer": "Flatten"}, {"layer": "Dense", "units": 3, "activation": "softmax"}]});
        network(ModelSpec::from_json(&spec.to_string()).unwrap())
    };
    assert_eq!(pieces(&photo("MaxPooling2D"), 16, true).len(), 4);
    assert_eq!(pieces(&photo("MaxPooling2D"), 15, true), [0..15], "too few pictures");
    let mut normalised = photo("BatchNormalization");
    assert_eq!(pieces(&normalised, 50, true).len(), 4, "its pieces agree about their statistics");
    normalised.fast = false;
    assert_eq!(pieces(&normalised, 50, true), [0..50], "statistics of the whole batch");
}

#[test]
fn shares_are_branches_of_one_tree() {
    assert_eq!(deal(0..1, 9), [0..1]);
    assert_eq!(deal(0..4, 1), [0..4]);
    assert_eq!(deal(0..4, 2), [0..2, 2..4]);
    assert_eq!(deal(0..4, 3), [0..1, 1..2, 2..4]);
    assert_eq!(deal(0..4, 9), [0..1, 1..2, 2..3, 3..4]);
}
