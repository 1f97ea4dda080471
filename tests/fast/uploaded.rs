//! Batches made on a graphics processor against those that the CPU makes.

use burn::tensor::Device;
use cnn_lab::data::augment::Augmentation;
use cnn_lab::data::dataset::{Dataset, Split};
use cnn_lab::data::prepare::{Recipe, StepPlan};
use cnn_lab::data::preprocess::Preprocessing;
use cnn_lab::device;
use cnn_lab::train::uploaded::Uploaded;
use serde_json::{Value, json};

/// Blots of colour, of a size that is no multiple of four bytes.
fn pictures(channels: usize) -> Dataset {
    let (count, shape) = (9, [11, 13, channels]);
    let classes = ["a", "b"].map(String::from).to_vec();
    let mut dataset = Dataset::new("blots".into(), classes, shape).unwrap();
    let pixels = (0..count * shape.iter().product::<usize>()).map(|at| (at * at / 7 % 256) as u8);
    let labels: Vec<u16> = (0..count as u16).map(|picture| picture % 2).collect();
    dataset.push(Split::Train, &labels, &pixels.collect::<Vec<_>>()).unwrap();
    dataset
}

/// How far the values of a batch by these settings are from the CPU's, at the most, and which share
/// of them is further away than rounding explains.
async fn apart(dataset: &Dataset, recipe: &Recipe, device: &Device) -> [f32; 2] {
    assert!(Uploaded::covers(recipe), "{recipe:?}");
    let uploaded = Uploaded::of(dataset, device, None).unwrap().unwrap();
    let plan = StepPlan { step: 0, epoch: 2, numbers: vec![4, 0, 8, 3, 7] };
    let found = uploaded.batch(dataset, recipe, &plan).flatten::<1>(0, 3);
    let found = device::read(vec![found]).await.unwrap().remove(0);
    let count = dataset.len(Split::Train);
    let picture = |index| dataset.picture(Split::Train, index);
    let numbers = &plan.numbers;
    let right = recipe.prepare(picture, dataset.shape(), count, plan.epoch, numbers).unwrap();
    assert_eq!(found.len(), right.values.len());
    let apart = found.iter().zip(&right.values).map(|(found, right)| (found - right).abs());
    let most = apart.clone().fold(0.0, f32::max);
    [most, apart.filter(|apart| *apart > 1e-3).count() as f32 / found.len() as f32]
}

/// Every setting that is covered, alone and together, in grey and in colour.
pub async fn batches(device: &Device) {
    let moves = json!({
        "rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 0.2,
        "shear_range": 20, "zoom_range": 0.3, "horizontal_flip": true, "vertical_flip": true,
    });
    let with = |more: Value| {
        let mut all = moves.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let settings = [
        json!({}),
        json!({"horizontal_flip": true, "vertical_flip": true}),
        json!({"random_crop": 3, "fill_mode": "reflect"}),
        json!({"random_crop": 3, "fill_mode": "constant", "cval": 50}),
        json!({"cutout": 5, "cval": 90}),
        json!({"mixup": 0.4}),
        moves.clone(),
        with(json!({"fill_mode": "constant", "cval": 20})),
        with(json!({"fill_mode": "reflect"})),
        with(json!({"fill_mode": "wrap"})),
        with(
            json!({"color_jitter": {"brightness": 0.4, "saturation": 0.6, "hue": 0.3}, "mixup": 0.3, "cutout": 4}),
        ),
        json!({"rescale": 0.01, "featurewise_center": true, "featurewise_std_normalization": true}),
        // A value that stands on the edge of a whole number may fall on either side of it.
        with(json!({"brightness_range": [0.5, 1.4]})),
    ];
    for channels in [1, 3] {
        let dataset = pictures(channels);
        for settings in &settings {
            let augmentation: Augmentation = serde_json::from_value(settings.clone()).unwrap();
            let picture = |index| Ok(dataset.picture(Split::Train, index)?.0);
            let (shape, count) = (dataset.shape(), dataset.len(Split::Train));
            let preprocessing = Preprocessing::fit(
                &augmentation,
                shape,
                count,
                dataset.fingerprint(),
                &Preprocessing::default(),
                picture,
            );
            let preprocessing = preprocessing.unwrap();
            let whole = augmentation.brightness_range.is_some();
            let recipe = Recipe { seed: 5, augmentation, preprocessing };
            let [most, share] = apart(&dataset, &recipe, device).await;
            let (furthest, beyond) = if whole { (0.02, 0.01) } else { (1e-3, 0.0) };
            assert!(
                most <= furthest && share <= beyond,
                "{settings}: {most} apart, {share} beyond"
            );
        }
        // As they are, by their numbers.
        let uploaded = Uploaded::of(&dataset, device, None).unwrap().unwrap();
        let found = uploaded.pictures(&[8, 2], &Preprocessing::default()).unwrap();
        let found = device::read(vec![found.flatten(0, 3)]).await.unwrap().remove(0);
        let mut right = Vec::new();
        for index in [8, 2] {
            let (pixels, _) = dataset.picture(Split::Train, index).unwrap();
            Preprocessing::default().append(&pixels, channels, &mut right);
        }
        assert!(found.iter().zip(&right).all(|(found, right)| (found - right).abs() < 1e-6));
        assert_eq!(found.len(), right.len());
    }
    let whole = [
        json!({"channel_shift_range": 5}),
        json!({"color_jitter": {"contrast": 0.2}}),
        json!({"samplewise_center": true}),
        json!({"zca_whitening": true}),
    ];
    for settings in whole {
        let augmentation: Augmentation = serde_json::from_value(settings.clone()).unwrap();
        let preprocessing = Preprocessing {
            samplewise_center: augmentation.samplewise_center,
            zca_epsilon: augmentation.zca_whitening.then_some(1e-6),
            ..Preprocessing::default()
        };
        let recipe = Recipe { seed: 5, augmentation, preprocessing };
        assert!(!Uploaded::covers(&recipe), "{settings}");
    }
}
