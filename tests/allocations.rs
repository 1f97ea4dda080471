//! What a training step takes of memory, counted by the allocator: nothing after the first ten where
//! the network is compiled; otherwise every tensor of Burn's is an allocation of its own, but no step
//! holds more than those before it, and none leaves anything behind.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

#[allow(dead_code)] // its network is too small to count anything with
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use burn::tensor::Device;
use cnn_lab::model::preset::presets;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::train::history::Event;
use cnn_lab::train::session::Session;
use common::bars;
use serde_json::json;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static COUNT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Only the thread that takes the steps is counted: the one that runs the tests allocates too, where
    /// it says after a minute that this one is slow.
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

fn is_counted() -> bool {
    COUNTED.try_with(Cell::get).unwrap_or(false)
}

// SAFETY: all is the system's allocator's; beside it there is only counting.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_counted() {
            let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
            MOST.fetch_max(live, Relaxed);
            COUNT.fetch_add(1, Relaxed);
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if is_counted() {
            LIVE.fetch_sub(layout.size(), Relaxed);
        }
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A run of a lesson's network, longer than the steps that are taken.
fn session(name: &str, side: usize, prepare: impl FnOnce(&mut Session)) -> Session {
    let mut session = Session::new(Device::flex(), 1);
    prepare(&mut session);
    session.set_dataset(bars(4000, side)).unwrap();
    let preset = presets([side, side, 1], 3).into_iter().find(|one| one.name == name);
    session.set_model(ModelSpec::from_json(&preset.unwrap().spec).unwrap()).unwrap();
    let options = json!({"epochs": 1, "batchSize": 32, "validate": false});
    session.start_training(&serde_json::from_value(options).unwrap()).unwrap();
    session
}

/// What so many steps allocate: bytes that they leave, most at once, and how many allocations.
fn steps(session: &mut Session, events: &mut Vec<Event>, count: usize) -> [usize; 3] {
    let before = [LIVE.load(Relaxed), COUNT.load(Relaxed)];
    MOST.store(before[0], Relaxed);
    for _ in 0..count {
        events.clear();
        // Nobody has to wait here, and so nobody has to be woken.
        let advance = pin!(session.advance_into(1, events));
        match advance.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done.unwrap(),
            Poll::Pending => panic!("a step on the CPU is done at once"),
        }
    }
    let left = LIVE.load(Relaxed).saturating_sub(before[0]);
    [left, MOST.load(Relaxed) - before[0], COUNT.load(Relaxed) - before[1]]
}

/// One test, for the figures are for all.
#[test]
fn a_step_allocates_nothing_after_the_first_ten() {
    COUNTED.set(true);
    let mut events = Vec::with_capacity(8);
    for name in ["mnist-convnet", "deep-convnet", "lenet", "residual-net"] {
        let mut session = session(name, 28, |_| ());
        let [_, most, first] = steps(&mut session, &mut events, 10);
        assert!(first > 10 && most > 100_000, "{name}: something is counted");
        let [left, _, made] = steps(&mut session, &mut events, 40);
        assert_eq!([left, made], [0, 0], "{name}: bytes left and allocations of 40 steps");
        assert_eq!(session.history().steps.len(), 50);
    }
    // Over Burn's tensors.
    let mut session = session("mnist-convnet", 28, |session| session.fast = false);
    let [_, first_most, _] = steps(&mut session, &mut events, 5);
    let [left, most, made] = steps(&mut session, &mut events, 10);
    println!("without our kernels a step makes {} allocations", made / 10);
    assert!(left < 16_000, "10 steps leave {left} bytes behind");
    assert!(most <= first_most + 64_000, "{most} bytes at once, {first_most} in the first five");
}
