//! What a training step takes of memory, counted by the allocator: after the first steps no step
//! holds more than those before it, and none leaves anything behind.
//!
//! A step does allocate: every tensor of Burn's is an allocation of its own. `--nocapture` prints
//! how many they are.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

#[allow(dead_code)] // its network is too small to count anything with
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use burn::tensor::Device;
use cnn_lab::model::preset::presets;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::train::session::Session;
use common::bars;
use pollster::block_on;
use serde_json::json;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static COUNT: AtomicUsize = AtomicUsize::new(0);
static LARGE: AtomicUsize = AtomicUsize::new(0);

/// From so many bytes on an allocation is more than bookkeeping.
const LARGE_BYTES: usize = 64 * 1024;

// SAFETY: all is the system's allocator's; beside it there is only counting.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(live, Relaxed);
        COUNT.fetch_add(1, Relaxed);
        if layout.size() >= LARGE_BYTES {
            LARGE.fetch_add(1, Relaxed);
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_step_holds_no_more_than_those_before_it() {
    let mut session = Session::new(Device::flex(), 1);
    session.set_dataset(bars(4000, 28)).unwrap();
    let preset = presets([28, 28, 1], 3).into_iter().find(|one| one.name == "mnist-convnet");
    session.set_model(ModelSpec::from_json(&preset.unwrap().spec).unwrap()).unwrap();
    let options = json!({"epochs": 1, "batchSize": 64, "validate": false});
    session.start_training(&serde_json::from_value(options).unwrap()).unwrap();
    // What the history grows by is not what a step computes with.
    let mut steps = |count: usize| {
        let before = [LIVE.load(Relaxed), COUNT.load(Relaxed), LARGE.load(Relaxed)];
        MOST.store(before[0], Relaxed);
        for _ in 0..count {
            block_on(session.advance(1)).unwrap();
        }
        let after = [LIVE.load(Relaxed), COUNT.load(Relaxed), LARGE.load(Relaxed)];
        let [left, made, large] = [0, 1, 2].map(|i| after[i] as f64 - before[i] as f64);
        (left, MOST.load(Relaxed) - before[0], made / count as f64, large / count as f64)
    };
    let (_, first_most, ..) = steps(10);
    let (left, most, made, large) = steps(40);
    println!(
        "a step: {made:.0} allocations, {large:.0} of 64 kB and more, {:.1} MB at once; 40 steps \
         leave {left:.0} bytes",
        most as f64 / 1e6
    );
    assert!(left < 16e3, "40 steps leave {left} bytes behind");
    assert!(most <= first_most + 64_000, "{most} bytes at once, {first_most} in the first ten");
}
