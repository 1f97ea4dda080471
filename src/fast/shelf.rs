//! Kernels in panels, kept while a step lasts.

use std::cell::RefCell;

use burn::backend::flex::FlexTensor;
use cnn_lab_kernels::conv::{Block, Panels, by_filters, by_inputs};

use super::flex::values;

thread_local! {
    static SHELF: RefCell<Shelf> = RefCell::default();
}

/// Kernels in panels, and memory for them.
#[derive(Default)]
struct Shelf {
    /// How many want panels to be kept.
    keeping: usize,
    /// Panels with the kernel that they are of. It cannot change meanwhile: whoever would write to
    /// a tensor that others hold gets a copy.
    kept: Vec<(FlexTensor, Panels)>,
    spare: Vec<Panels>,
}

/// While one lives, a kernel that is used again is not put into panels again. Weights that are to
/// be changed in place should be changed after it is gone.
pub struct KeepPanels(());

impl KeepPanels {
    /// From now on.
    #[allow(clippy::new_without_default)] // it is for what it does, not for what it is
    pub fn new() -> Self {
        SHELF.with_borrow_mut(|shelf| shelf.keeping += 1);
        Self(())
    }
}

impl Drop for KeepPanels {
    fn drop(&mut self) {
        SHELF.with_borrow_mut(|shelf| {
            shelf.keeping -= 1;
            if shelf.keeping == 0 {
                let Shelf { kept, spare, .. } = shelf;
                spare.extend(kept.drain(..).map(|(_, panels)| panels));
            }
        });
    }
}

/// A kernel's panels, from the shelf and back to it.
pub(super) struct Borrowed(Option<(FlexTensor, Panels)>);

impl Borrowed {
    pub(super) fn new(kernel: &FlexTensor, block: &Block, inputs: bool) -> Self {
        let numbers = values(kernel);
        let own = |(kernel, panels): &(FlexTensor, Panels)| {
            values(kernel).as_ptr() == numbers.as_ptr() && panels.is_for(block, inputs)
        };
        let (kept, spare) = SHELF.with_borrow_mut(|shelf| {
            let kept = shelf.kept.iter().position(own).map(|at| shelf.kept.swap_remove(at));
            // Memory that is just large enough.
            let fitting = shelf.spare.iter().enumerate();
            let fitting = fitting.filter(|(_, panels)| panels.capacity() >= numbers.len());
            let least = fitting.min_by_key(|(_, panels)| panels.capacity()).map(|(at, _)| at);
            let spare = least.filter(|_| kept.is_none()).map(|at| shelf.spare.swap_remove(at));
            (kept, spare.unwrap_or_default())
        });
        Self(Some(kept.unwrap_or_else(|| {
            let mut panels = spare;
            let pack = if inputs { by_inputs } else { by_filters };
            pack(block, numbers, &mut panels);
            (kernel.clone(), panels)
        })))
    }
}

impl std::ops::Deref for Borrowed {
    type Target = Panels;

    fn deref(&self) -> &Panels {
        &self.0.as_ref().expect("given back when it is dropped, and not before").1
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let Some((kernel, panels)) = self.0.take() else { return };
        SHELF.with_borrow_mut(|shelf| match shelf.keeping {
            0 => shelf.spare.push(panels),
            _ => shelf.kept.push((kernel, panels)),
        });
    }
}
