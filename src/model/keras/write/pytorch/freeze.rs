//! Modules that training leaves as they are.

use std::fmt::Write;

use super::super::{Layer, Net, folded};

/// What of a net is frozen.
#[derive(Clone, Copy, Default)]
pub(super) struct Frozen {
    /// Weights that the optimizer must leave out.
    pub weights: bool,
    /// Batch normalisations, which must not go by the batch.
    pub norms: bool,
}

/// Writes what freezes them, naming these or the others, whichever are fewer.
pub(super) fn freeze(net: &Net, names: &[String], out: &mut String) -> Frozen {
    let modules = |frozen: bool| -> Vec<String> {
        let layers = net.layers.iter().zip(names);
        let layers = layers.filter(|(layer, _)| layer.params != [0, 0]);
        let layers = layers.filter(|(layer, _)| layer.is_frozen() == frozen);
        layers.flat_map(|(layer, name)| modules_of(layer, name)).collect()
    };
    let (frozen, trained) = (modules(true), modules(false));
    if frozen.is_empty() {
        return Frozen::default();
    }
    let _ = if frozen.len() <= trained.len() {
        writeln!(
            out,
            "\n# Training leaves these modules as they are.\nfrozen = {}",
            folded(&frozen)
        )
    } else {
        writeln!(
            out,
            "\n# Training leaves all modules but these as they are.\ntrained = {}\nfrozen = [module \
             for module in model.children() if module not in trained]",
            folded(&trained)
        )
    };
    out.push_str("for module in frozen:\n    module.requires_grad_(False)\n");
    let is_norm = |layer: &&Layer| layer.class.name == "BatchNormalization";
    let norms = net.layers.iter().filter(is_norm).any(Layer::is_frozen);
    if norms {
        out.push_str(
            "\n\ndef train_mode():\n    \"\"\"model.train(), but frozen batch normalisations go by \
             their moving statistics.\"\"\"\n    model.train()\n    for module in frozen:\n        \
             if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):\n            \
             module.eval()\n\n\n",
        );
    }
    Frozen { weights: true, norms }
}

/// The modules of a layer with weights.
fn modules_of(layer: &Layer, name: &str) -> Vec<String> {
    let own = format!("model.{name}");
    match layer.class.name {
        "SeparableConv2D" => vec![format!("{own}_depthwise"), own],
        _ => vec![own],
    }
}
