#![no_main]
//! Tables: of pixels alone, and of labels beside two pictures.

use cnn_lab::data::source::LabelColumn;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let mut options = fuzz::options(*choice);
    if choice & 8 != 0 {
        options.label_column = Some(LabelColumn::Place(usize::from(choice >> 5)));
    }
    let mut files = vec![("table.csv".to_owned(), data.to_vec())];
    if choice & 16 != 0 {
        for name in ["a/1.pgm", "b/2.pgm"] {
            files.push((name.into(), b"P5 2 2 255\n0123".to_vec()));
        }
    }
    fuzz::read(&files, &options);
});
