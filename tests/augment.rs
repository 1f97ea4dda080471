//! Augmentation and preprocessing against Keras, SciPy and Pillow: tests/fixtures/augment.py
//! makes the numbers.

#![cfg(not(target_arch = "wasm32"))]

use std::borrow::Cow;

use cnn_lab::data::augment::{Augmentation, Drawn, FillMode, Shift, Zoom, stream};
use cnn_lab::data::dataset::{Dataset, Split};
use cnn_lab::data::prepare::preview;
use cnn_lab::data::preprocess::Preprocessing;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Golden {
    pictures: std::collections::HashMap<String, Picture>,
    affine: Vec<Affine>,
    colours: Vec<Colour>,
    crops: Vec<Crop>,
    standard: Vec<Standard>,
}

#[derive(Deserialize)]
struct Picture {
    shape: [usize; 3],
    pixels: Vec<u8>,
}

#[derive(Deserialize)]
struct Affine {
    picture: String,
    fill_mode: FillMode,
    cval: f64,
    drawn: Value,
    matrix: Option<[f64; 6]>,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Colour {
    picture: String,
    kind: String,
    by: f64,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Crop {
    picture: String,
    fill_mode: FillMode,
    cval: f64,
    crop: [i32; 2],
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Standard {
    settings: Value,
    shape: [usize; 3],
    train: Vec<u8>,
    count: usize,
    fresh: Vec<u8>,
    values: Vec<f32>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("fixtures/augment.json")).unwrap()
}

fn drawn(value: &Value) -> Drawn {
    let number = |key: &str, default: f64| value[key].as_f64().unwrap_or(default);
    let flag = |key: &str| value[key].as_bool().unwrap_or(false);
    Drawn {
        theta: number("theta", 0.0),
        tx: number("tx", 0.0),
        ty: number("ty", 0.0),
        shear: number("shear", 0.0),
        zx: number("zx", 1.0),
        zy: number("zy", 1.0),
        flip_horizontal: flag("flip_horizontal"),
        flip_vertical: flag("flip_vertical"),
        channel_shift_intensity: value["channel_shift_intensity"].as_f64(),
        brightness: value["brightness"].as_f64(),
        ..Drawn::default()
    }
}

fn apply(settings: &Augmentation, drawn: &Drawn, picture: &Picture) -> Vec<f32> {
    let mut values = Vec::new();
    settings.apply(drawn, &picture.pixels, picture.shape, &mut values);
    values
}

/// Mean and largest absolute difference.
fn difference(a: &[f32], b: &[f32]) -> (f32, f32) {
    assert_eq!(a.len(), b.len());
    let differences = || a.iter().zip(b).map(|(a, b)| (a - b).abs());
    (differences().sum::<f32>() / a.len() as f32, differences().fold(0.0, f32::max))
}

/// Where a place lies on the edge but for rounding, SciPy's rounding decides on which side it is
/// and the value jumps there: such values, a row or a column at the most, are taken as they come.
fn skip_edge(values: &mut [f32], expected: &[f32], drawn: &Drawn, shape: [usize; 3]) {
    let [height, width, channels] = shape;
    let mut skipped = 0;
    for place in 0..height * width {
        let [row, column] = [place / width, place % width].map(|at| at as f64);
        let on_edge = |[a, b, c]: [f64; 3], side: usize| {
            let at = a * row + b * column + c;
            [0.0, (side - 1) as f64].iter().any(|edge| at != *edge && (at - edge).abs() < 1e-9)
        };
        let [y, x] = drawn.matrix(shape);
        if on_edge(y, height) || on_edge(x, width) {
            let pixel = place * channels..(place + 1) * channels;
            values[pixel.clone()].copy_from_slice(&expected[pixel]);
            skipped += 1;
        }
    }
    assert!(skipped <= 2 * height.max(width), "{skipped}");
}

#[test]
fn matrices_and_pictures_are_those_of_keras() {
    let golden = golden();
    assert!(golden.affine.len() > 150);
    for case in &golden.affine {
        let name = format!("{} {:?} {} {}", case.picture, case.fill_mode, case.cval, case.drawn);
        let picture = &golden.pictures[&case.picture];
        let mut drawn = drawn(&case.drawn);
        let settings =
            Augmentation { fill_mode: case.fill_mode, cval: case.cval, ..Augmentation::default() };
        let mut values = apply(&settings, &drawn, picture);
        if matches!(case.fill_mode, FillMode::Constant | FillMode::Wrap) {
            skip_edge(&mut values, &case.values, &drawn, picture.shape);
        }
        let (mean, largest) = difference(&values, &case.values);
        // Shifts by whole pixels, flips and brightness alone are exact; the rest is rounded to
        // two places in the file, and a brightness after interpolation cuts off what is
        // behind the point, where the smallest difference becomes a whole step.
        let whole = ["tx", "ty"]
            .iter()
            .all(|key| case.drawn[*key].as_f64().is_none_or(|shift| shift.fract() == 0.0));
        let exact = whole && ["theta", "shear", "zx"].iter().all(|key| case.drawn[*key].is_null());
        if exact {
            assert_eq!((mean, largest), (0.0, 0.0), "{name}");
        } else {
            assert!(mean < 0.02, "{name}: mean difference {mean}");
            assert!(largest < 1.6, "{name}: largest difference {largest}");
        }
        drawn.flip_horizontal = false;
        drawn.flip_vertical = false;
        let matrix = drawn.matrix(picture.shape).concat();
        let expected = case.matrix.unwrap_or([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        for (ours, keras) in matrix.iter().zip(expected) {
            assert!((ours - keras).abs() < 1e-10, "{name}: {matrix:?}, Keras has {expected:?}");
        }
    }
}

#[test]
fn colours_are_those_of_pillow() {
    let golden = golden();
    for case in &golden.colours {
        let place = ["brightness", "contrast", "saturation", "hue"];
        let place = place.iter().position(|kind| *kind == case.kind).unwrap();
        let mut jitter = [0.0; 4];
        jitter[place] = case.by;
        let drawn = Drawn { jitter: Some(jitter), ..Drawn::default() };
        let values = apply(&Augmentation::default(), &drawn, &golden.pictures[&case.picture]);
        let (mean, largest) = difference(&values, &case.values);
        // Pillow rounds the grey that it moves away from, and cuts off the result's places.
        let (mean_bound, bound) = if case.kind == "hue" { (0.01, 0.02) } else { (0.8, 1.8) };
        assert!(mean < mean_bound, "{} {} {}: {mean}", case.picture, case.kind, case.by);
        assert!(largest < bound, "{} {} {}: {largest}", case.picture, case.kind, case.by);
    }
}

#[test]
fn a_crop_is_cut_out_of_the_padded_picture() {
    let golden = golden();
    for case in &golden.crops {
        let settings =
            Augmentation { fill_mode: case.fill_mode, cval: case.cval, ..Augmentation::default() };
        let drawn = Drawn { crop: case.crop, ..Drawn::default() };
        let values = apply(&settings, &drawn, &golden.pictures[&case.picture]);
        assert_eq!(values, case.values, "{} {:?} {:?}", case.picture, case.fill_mode, case.crop);
    }
}

#[test]
fn standardising_is_that_of_keras() {
    for case in golden().standard {
        let settings = Augmentation::from_value(&case.settings).unwrap();
        let size: usize = case.shape.iter().product();
        let picture = |index: usize| Ok(Cow::from(&case.train[index * size..][..size]));
        let present = Preprocessing::default();
        let fitted =
            Preprocessing::fit(&settings, case.shape, case.count, 1, &present, picture).unwrap();
        assert!(fitted.fits(case.shape));
        let mut values = Vec::new();
        case.fresh.chunks(size).for_each(|one| fitted.append(one, 3, &mut values));
        // Ours are channel after channel.
        let expected: Vec<f32> = case
            .values
            .chunks(size)
            .flat_map(|one| (0..3).flat_map(|channel| one[channel..].iter().step_by(3)))
            .copied()
            .collect();
        let largest = expected.iter().fold(0f32, |top, value| top.max(value.abs()));
        let (_, difference) = difference(&values, &expected);
        assert!(
            difference < 2e-4 * largest.max(1.0),
            "{} with {}: {difference} of {largest}",
            case.settings,
            case.count
        );
        // The same settings on the same pictures are not fitted again; others are.
        let again = |fingerprint| {
            let refuse = |_| Err(cnn_lab::Error::state("fitted again"));
            Preprocessing::fit(&settings, case.shape, case.count, fingerprint, &fitted, refuse)
        };
        assert_eq!(again(1).unwrap(), fitted);
        assert_eq!(again(2).is_err(), fitted.fitted_on.is_some());
    }
}

#[test]
fn whitening_refuses_pictures_that_are_too_large() {
    let settings = Augmentation { zca_whitening: true, ..Augmentation::default() };
    let present = Preprocessing::default();
    let picture = |_| -> cnn_lab::Result<Cow<[u8]>> { panic!("no picture is needed") };
    let error = Preprocessing::fit(&settings, [150, 150, 3], 9, 1, &present, picture).unwrap_err();
    assert_eq!((error.code(), error.field_name()), ("option", Some("zca_whitening")));
}

/// Everything at once, within bounds that tell a range from twice of it or half.
fn everything() -> Augmentation {
    Augmentation::from_value(&json!({
        "rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 3, "shear_range": 0.2,
        "zoom_range": [0.5, 2], "horizontal_flip": true, "vertical_flip": true,
        "brightness_range": [0.25, 1.5], "channel_shift_range": 30, "random_crop": 2, "cutout": 4,
        "mixup": 0.4, "fill_mode": "reflect",
        "color_jitter": {"brightness": 0.1, "contrast": 0.2, "saturation": 0.3, "hue": 0.5}
    }))
    .unwrap()
}

#[test]
fn draws_fill_their_ranges() {
    let settings = everything();
    let shape = [20, 30, 3];
    settings.check(shape).unwrap();
    let drawn: Vec<Drawn> =
        (0..4000).map(|index| settings.draw(&mut stream(1, 0, 1, index), shape)).collect();
    let check = |name: &str, low: f64, high: f64, value: &dyn Fn(&Drawn) -> f64| {
        let values = || drawn.iter().map(value);
        let (least, most) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
        let margin = (high - low) / 100.0;
        assert!(low <= least && least < low + margin, "{name}: least {least}");
        assert!(most <= high && high - margin < most, "{name}: most {most}");
        let mean = values().sum::<f64>() / 4000.0;
        assert!((mean - (low + high) / 2.0).abs() < 4.0 * margin, "{name}: mean {mean}");
    };
    check("theta", -40.0, 40.0, &|drawn| drawn.theta);
    check("tx", -6.0, 6.0, &|drawn| drawn.tx);
    check("ty", -2.0, 2.0, &|drawn| drawn.ty);
    check("shear", -0.2, 0.2, &|drawn| drawn.shear);
    check("zx", 0.5, 2.0, &|drawn| drawn.zx);
    check("zy", 0.5, 2.0, &|drawn| drawn.zy);
    check("channel shift", -30.0, 30.0, &|drawn| drawn.channel_shift_intensity.unwrap());
    check("brightness", 0.25, 1.5, &|drawn| drawn.brightness.unwrap());
    check("crop", -2.0, 2.0, &|drawn| f64::from(drawn.crop[0]));
    check("crop", -2.0, 2.0, &|drawn| f64::from(drawn.crop[1]));
    check("cutout", 0.0, 19.0, &|drawn| drawn.cutout.unwrap()[0] as f64);
    check("cutout", 0.0, 29.0, &|drawn| drawn.cutout.unwrap()[1] as f64);
    for (place, range) in [0.1, 0.2, 0.3, 0.5].into_iter().enumerate() {
        check("jitter", -range, range, &|drawn| drawn.jitter.unwrap()[place]);
    }
    // A whole number of pixels gives whole pixels below it, as Keras's randint.
    assert!(drawn.iter().all(|drawn| drawn.ty.fract() == 0.0));
    for flipped in [
        drawn.iter().filter(|drawn| drawn.flip_horizontal).count(),
        drawn.iter().filter(|drawn| drawn.flip_vertical).count(),
    ] {
        assert!(flipped.abs_diff(2000) < 200, "{flipped}");
    }
    // Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)).
    for alpha in [0.2, 1.0, 5.0] {
        let settings = Augmentation { mixup: alpha, ..Augmentation::default() };
        let mixes: Vec<_> = (0..8000)
            .map(|index| settings.draw_mix(&mut stream(1, 1, 1, index), 10).unwrap())
            .collect();
        let mean = mixes.iter().map(|mix| f64::from(mix.1)).sum::<f64>() / 8000.0;
        let square = mixes.iter().map(|mix| (f64::from(mix.1) - mean).powi(2)).sum::<f64>();
        let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
        assert!((mean - 0.5).abs() < 0.02, "{alpha}: {mean}");
        assert!((square / 8000.0 / expected - 1.0).abs() < 0.06, "{alpha}: {}", square / 8000.0);
        assert!((0..10).all(|other| mixes.iter().any(|mix| mix.0 == other)));
    }
}

#[test]
fn a_draw_depends_on_seed_epoch_and_picture_and_a_setting_moves_nothing_else() {
    let settings = everything();
    let draw = |seed, epoch, index| settings.draw(&mut stream(seed, 0, epoch, index), [20, 30, 3]);
    let first = draw(1, 2, 3);
    assert_eq!(first, draw(1, 2, 3));
    for other in [draw(2, 2, 3), draw(1, 3, 3), draw(1, 2, 4)] {
        assert_ne!(first, other);
    }
    let more = Augmentation { rotation_range: 80.0, random_crop: 0, ..settings.clone() };
    let moved = more.draw(&mut stream(1, 0, 2, 3), [20, 30, 3]);
    assert_eq!(moved, Drawn { theta: 2.0 * first.theta, crop: [0, 0], ..first });
    let nothing = Augmentation::default().draw(&mut stream(1, 0, 2, 3), [20, 30, 3]);
    assert_eq!(nothing, Drawn::default());
}

#[test]
fn wrong_settings_name_their_field() {
    let fields = [
        ("rotation_range", json!(-1)),
        ("rotation_range", json!("a lot")),
        ("width_shift_range", json!(31)),
        ("width_shift_range", json!([])),
        ("height_shift_range", json!(-0.5)),
        ("shear_range", json!(91)),
        ("zoom_range", json!(1)),
        ("zoom_range", json!([0, 1])),
        ("zoom_range", json!([1, 2, 3])),
        ("horizontal_flip", json!(1)),
        ("brightness_range", json!([1.0, 0.5])),
        ("brightness_range", json!(0.5)),
        ("channel_shift_range", json!(256)),
        ("fill_mode", json!("mirror")),
        ("cval", json!(-1)),
        ("rescale", json!(0)),
        ("zca_epsilon", json!(0)),
        ("random_crop", json!(21)),
        ("random_crop", json!(-1)),
        ("random_crop", json!(0.5)),
        ("cutout", json!(31)),
        ("mixup", json!(-0.1)),
        ("mixup", Value::Null),
        ("color_jitter", json!({"hue": 0.6})),
        ("color_jitter", json!({"hues": 0.6})),
        ("rotate", json!(3)),
    ];
    for (field, value) in fields {
        let settings = json!({field: value});
        let read = Augmentation::from_value(&settings);
        let error = read.and_then(|read| read.check([20, 30, 3])).unwrap_err();
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)), "{settings}");
        assert!(error.to_string().contains(field), "{error}");
    }
    assert_eq!(Augmentation::from_value(&json!(7)).unwrap_err().field_name(), Some("augmentation"));
    // Everything that Keras takes is taken.
    let settings = Augmentation::from_value(&json!({
        "width_shift_range": [0.1, 0.2], "height_shift_range": 20, "zoom_range": 0.2
    }));
    let settings = settings.unwrap();
    settings.check([20, 30, 3]).unwrap();
    assert_eq!(settings.width_shift_range, Shift::Among(vec![0.1, 0.2]));
    assert_eq!(settings.zoom_range, Zoom::Number(0.2));
    let json = serde_json::to_value(&settings).unwrap();
    assert_eq!(Augmentation::from_value(&json).unwrap(), settings);
}

/// Any settings on any shape stay within a pixel's range and never panic.
#[test]
fn extreme_settings_are_harmless() {
    for shape in [[1, 1, 1], [1, 7, 3], [6, 1, 1], [2, 2, 3], [5, 9, 3]] {
        let pixels: Vec<u8> =
            (0..shape.iter().product::<usize>()).map(|i| (i * 37) as u8).collect();
        let picture = Picture { shape, pixels };
        for mode in [FillMode::Nearest, FillMode::Constant, FillMode::Reflect, FillMode::Wrap] {
            let settings = Augmentation {
                rotation_range: 360.0,
                width_shift_range: Shift::Number(shape[1] as f64),
                height_shift_range: Shift::Number(0.99),
                shear_range: 90.0,
                zoom_range: Zoom::Pair([1e-3, 100.0]),
                fill_mode: mode,
                cval: 255.0,
                random_crop: shape[0].min(shape[1]),
                cutout: shape[0].max(shape[1]),
                ..everything()
            };
            settings.check(shape).unwrap();
            for index in 0..200 {
                let drawn = settings.draw(&mut stream(3, 0, 1, index), shape);
                let values = apply(&settings, &drawn, &picture);
                assert_eq!(values.len(), picture.pixels.len());
                assert!(values.iter().all(|value| (0.0..=255.0).contains(value)), "{drawn:?}");
            }
        }
    }
}

#[test]
fn cutout_fills_a_square_that_is_cut_off_at_the_edge() {
    let picture = Picture { shape: [5, 6, 1], pixels: vec![9; 30] };
    let settings = Augmentation { cutout: 3, cval: 1.0, ..Augmentation::default() };
    let drawn = Drawn { cutout: Some([4, 0]), ..Drawn::default() };
    let values = apply(&settings, &drawn, &picture);
    let cut: Vec<usize> = (0..30).filter(|&place| values[place] == 1.0).collect();
    assert_eq!(cut, [18, 19, 24, 25]);
}

#[test]
fn a_preview_repeats_itself_and_without_settings_shows_the_picture() {
    let classes = vec!["a".into(), "b".into()];
    let mut dataset = Dataset::new("two".into(), classes, [4, 5, 3]).unwrap();
    let pixels: Vec<u8> = (0..120).collect();
    dataset.push(Split::Train, &[0, 1], &pixels).unwrap();
    let plain = preview(&dataset, 1, 2, &Augmentation::default(), 3).unwrap();
    assert_eq!(plain, [pixels[60..].to_vec(), pixels[60..].to_vec()]);
    let settings = Augmentation { cutout: 2, random_crop: 0, ..everything() };
    let settings = Augmentation { height_shift_range: Shift::Number(2.0), ..settings };
    let shown = preview(&dataset, 1, 6, &settings, 3).unwrap();
    assert_eq!(shown, preview(&dataset, 1, 6, &settings, 3).unwrap());
    assert_ne!(shown, preview(&dataset, 1, 6, &settings, 4).unwrap());
    assert!((1..6).all(|other| shown[other] != shown[0]));
    assert_eq!(preview(&dataset, 2, 1, &settings, 3).unwrap_err().field_name(), Some("index"));
    let wrong = Augmentation { cutout: 9, ..settings };
    assert_eq!(preview(&dataset, 1, 1, &wrong, 3).unwrap_err().field_name(), Some("cutout"));
}
