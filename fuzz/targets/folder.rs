#![no_main]
//! The folder rules: the input is a list of paths, one a line.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(data);
    let files: Vec<(String, Vec<u8>)> = text
        .lines()
        .take(200)
        .map(|path| (format!("{path}.pgm"), b"P5 2 2 255\n0123".to_vec()))
        .collect();
    fuzz::read(&files, &fuzz::options(*choice));
});
