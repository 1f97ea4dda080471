#![no_main]
//! Models as text: Python, Keras's JSON, the lab's own spec; and what is written of them.

use cnn_lab::model::keras::{Options, read_with, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(data);
    let options = Options {
        input_shape: (choice & 1 != 0).then_some([28, 28, 1]),
        classes: (choice & 2 != 0).then_some(10),
    };
    match read_with(&text, &options) {
        Err(error) => assert!(error.line_number().is_some(), "{error}"),
        Ok(experiment) => {
            // Whether values make sense is the spec's business: reading it again may refuse them.
            if let Ok(written) = write::keras(&experiment) {
                let _ = read_with(&written, &options);
            }
            let _ = (write::pytorch(&experiment), write::burn(&experiment));
        }
    }
});
