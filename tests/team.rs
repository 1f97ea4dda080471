//! A batch in pieces: the same run to the last bit, whoever computes how many of them.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]
#![allow(clippy::single_range_in_vec_init)] // lists of pieces that hold one

mod common;

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::thread;

use burn::tensor::Device;
use cnn_lab::model::network::Network;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::train::session::Session;
use cnn_lab::train::team::{Brief, Found, Replica, Task, Team, deal, pieces};
use common::{bars, convnet};
use pollster::block_on;
use serde_json::{Value, json};

/// Replicas on threads of their own; of the shares that `lost` counts, from 0 on, nothing comes
/// back.
struct Threads {
    brief: Brief,
    found: Vec<thread::JoinHandle<Vec<f32>>>,
    lost: fn(usize) -> bool,
    handed_out: Rc<Cell<usize>>,
}

impl Team for Threads {
    fn begin(&mut self, weights: &[&[f32]], tasks: Vec<Task>) {
        self.found = tasks
            .into_iter()
            .map(|task| {
                let (brief, weights) = (self.brief.clone(), weights.concat());
                thread::spawn(move || {
                    let mut replica = Replica::new(brief, &Device::flex()).unwrap();
                    block_on(replica.compute(weights, &task)).unwrap().to_vec()
                })
            })
            .collect();
    }

    fn finish(&mut self) -> Pin<Box<dyn Future<Output = Found>>> {
        let mut number = self.handed_out.get();
        let lost = self.lost;
        let found = std::mem::take(&mut self.found).into_iter().map(|thread| {
            let share = thread.join().unwrap();
            number += 1;
            (!lost(number - 1)).then_some(share)
        });
        let found: Found = found.collect();
        self.handed_out.set(number);
        Box::pin(async { found })
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

/// The losses of 50 steps of a session that was prepared.
fn run(prepare: impl FnOnce(&mut Session)) -> Vec<f32> {
    let (spec, options) = hard();
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
    session.history().steps.iter().map(|step| step.loss).collect()
}

/// The same with so many workers, and how many shares were handed out; without a team all are
/// computed in place.
fn losses(workers: usize, team: Option<fn(usize) -> bool>) -> (Vec<f32>, usize) {
    let handed_out = Rc::new(Cell::new(0));
    let counter = handed_out.clone();
    let losses = run(|session| {
        session.workers = workers;
        if let (Some(lost), Some(brief)) = (team, session.brief()) {
            session.team =
                Some(Box::new(Threads { brief, found: Vec::new(), lost, handed_out: counter }));
        }
    });
    (losses, handed_out.get())
}

#[test]
fn any_number_of_workers_gives_the_same_run() {
    let (one, none) = losses(1, Some(|_| false));
    assert_eq!((one.len(), none), (50, 0));
    assert!(one[49] < 0.8 * one[0], "it learns: {one:?}");
    for workers in 2..=5 {
        let (many, handed_out) = losses(workers, Some(|_| false));
        assert_eq!(handed_out, 50 * (workers.min(4) - 1));
        assert_eq!(one, many, "{workers} workers");
    }
    assert_eq!(one, losses(3, None).0, "nobody there");
    assert_eq!(one, losses(3, Some(|share| share % 3 == 1)).0, "replicas that fail");
}

/// In pieces the sums have another order: the numbers are not the same, but they agree.
#[test]
fn pieces_agree_with_the_whole_batch() {
    let whole = run(|session| session.cut = false);
    let pieces = run(|_| ());
    assert_ne!(whole, pieces);
    let apart = whole.iter().zip(&pieces).map(|(whole, pieces)| (whole - pieces).abs());
    let apart = apart.fold(0.0, f32::max);
    assert!(apart < 1e-4, "{apart} apart\n{whole:?}\n{pieces:?}");
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
            let (lost, handed_out) = (|_| false, handed_out.clone());
            let threads = Threads { brief, found: Vec::new(), lost, handed_out };
            session.team = Some(Box::new(threads));
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
        fn begin(&mut self, _: &[&[f32]], tasks: Vec<Task>) {
            *self.0.borrow_mut() += tasks.len();
        }
        fn finish(&mut self) -> Pin<Box<dyn Future<Output = Found>>> {
            Box::pin(async { vec![Some(vec![0.0; 7])] })
        }
    }
    let asked = Rc::new(RefCell::new(0));
    let counter = asked.clone();
    let losses = run(|session| {
        session.workers = 3;
        session.team = Some(Box::new(Babbling(counter)));
    });
    assert_eq!(*asked.borrow(), 100);
    assert_eq!(losses, run(|_| ()));
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
    let normalised = photo("BatchNormalization");
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
