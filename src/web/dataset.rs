//! Data sets, for JavaScript: loading them, looking at them, changing them.

use js_sys::{Array, Object, Uint8Array, Uint16Array, Uint32Array};
use wasm_bindgen::prelude::*;
use web_sys::FileSystemSyncAccessHandle;

use super::convert::{from_js, set, to_js};
use super::storage::StoredFile;
use super::{Core, JsResult};
use crate::data::augment::Augmentation;
use crate::data::dataset::DatasetInfo;
use crate::data::dataset::{Dataset, Pictures, Split, SplitOptions, Warning};
use crate::data::decode;
use crate::data::prepare;
use crate::data::shard::{self, ShardHeader};
use crate::error::Error;

/// The header of a data set that is about to be loaded.
#[derive(serde::Deserialize)]
struct DatasetHeader {
    name: String,
    classes: Vec<String>,
    shape: [usize; 3],
    /// How many pictures are expected; room for them is made at once.
    #[serde(default)]
    pictures: usize,
}

/// What a gallery asks for.
#[derive(serde::Deserialize)]
struct GalleryQuery {
    split: Split,
    label: Option<u16>,
    #[serde(default)]
    offset: usize,
    count: usize,
}

#[wasm_bindgen]
impl Core {
    /// Begins to load a data set; the present one stays until `finishDataset`. With a
    /// `store`, an opened file, pixels go there and are read from there when needed.
    #[wasm_bindgen(js_name = beginDataset)]
    pub fn begin_dataset(
        &mut self,
        header: JsValue,
        store: Option<FileSystemSyncAccessHandle>,
    ) -> JsResult<()> {
        let store = store.map(StoredFile);
        let DatasetHeader { name, classes, shape, pictures } = from_js(header, "dataset")?;
        let mut dataset = Dataset::new(name, classes, shape)?;
        if let Some(store) = store {
            dataset.keep_in(Box::new(store))?;
        }
        dataset.reserve(pictures);
        self.loading = Some(dataset);
        Ok(())
    }

    /// Adds the first `take` pictures of a shard to the set that is being loaded.
    #[wasm_bindgen(js_name = pushShard)]
    pub fn push_shard(&mut self, header: JsValue, payload: &[u8], take: usize) -> JsResult<usize> {
        let header: ShardHeader = from_js(header, "shard")?;
        Ok(shard::read(self.loading()?, &header, payload, take)?)
    }

    /// Adds pictures to the set that is being loaded. `splits`: 0 train, 1 validation,
    /// 2 test; `sizes`: height and width before fitting, pair after pair.
    #[wasm_bindgen(js_name = pushPictures)]
    pub fn push_pictures(
        &mut self,
        labels: &[u16],
        splits: &[u8],
        names: Vec<String>,
        sizes: &[u32],
        pixels: &[u8],
    ) -> JsResult<()> {
        Ok(self.loading()?.push_pictures(pictures(labels, splits, names, sizes, pixels)?)?)
    }

    /// Notes what was passed over while loading.
    #[wasm_bindgen(js_name = warnDataset)]
    pub fn warn_dataset(&mut self, warnings: JsValue) -> JsResult<()> {
        let warnings: Vec<Warning> = from_js(warnings, "warnings")?;
        let dataset = self.loading()?;
        for Warning { file, message } in warnings {
            dataset.warn(file, message);
        }
        Ok(())
    }

    /// Puts the loaded set in place of the present one.
    #[wasm_bindgen(js_name = finishDataset)]
    pub fn finish_dataset(&mut self) -> JsResult<JsValue> {
        let dataset = self.loading.take().ok_or_else(not_loading)?;
        if std::mem::take(&mut self.restoring) {
            dataset.check_restored()?;
        }
        let info = self.session.set_dataset(dataset)?;
        (self.evaluator, self.look) = (None, None);
        to_js(&info)
    }

    /// Forgets the set that is being loaded.
    #[wasm_bindgen(js_name = cancelDataset)]
    pub fn cancel_dataset(&mut self) {
        self.loading = None;
        self.restoring = false;
    }

    /// Adds pictures to the present set; `classes` is the whole new list, the present ones
    /// first.
    #[wasm_bindgen(js_name = addPictures)]
    pub fn add_pictures(
        &mut self,
        classes: Vec<String>,
        labels: &[u16],
        splits: &[u8],
        names: Vec<String>,
        sizes: &[u32],
        pixels: &[u8],
    ) -> JsResult<JsValue> {
        let pictures = pictures(labels, splits, names, sizes, pixels)?;
        self.edit(|dataset| dataset.add(classes, pictures))
    }

    /// Divides the present set anew.
    pub fn split(&mut self, options: JsValue) -> JsResult<JsValue> {
        let options: SplitOptions = from_js(options, "split")?;
        let info = self.session.split(options)?;
        (self.evaluator, self.look) = (None, None);
        to_js(&info)
    }

    /// Gives a class another name.
    #[wasm_bindgen(js_name = renameClass)]
    pub fn rename_class(&mut self, label: usize, name: &str) -> JsResult<JsValue> {
        self.edit(|dataset| dataset.rename_class(label, name))
    }

    /// Gives the pictures of a class to another.
    #[wasm_bindgen(js_name = mergeClasses)]
    pub fn merge_classes(&mut self, from: usize, into: usize) -> JsResult<JsValue> {
        self.edit(|dataset| dataset.merge_classes(from, into))
    }

    /// Takes out a class with its pictures.
    #[wasm_bindgen(js_name = dropClass)]
    pub fn drop_class(&mut self, label: usize) -> JsResult<JsValue> {
        self.edit(|dataset| dataset.drop_class(label))
    }

    /// Takes out one picture.
    pub fn exclude(&mut self, split: JsValue, index: usize) -> JsResult<JsValue> {
        let split: Split = from_js(split, "split")?;
        self.edit(|dataset| dataset.exclude(split, index))
    }

    /// Gives one picture another label.
    pub fn relabel(&mut self, split: JsValue, index: usize, label: usize) -> JsResult<JsValue> {
        let split: Split = from_js(split, "split")?;
        self.edit(|dataset| dataset.relabel(split, index, label))
    }

    /// One picture, as RGBA.
    pub fn image(&self, split: JsValue, index: f64) -> JsResult<Object> {
        let split: Split = from_js(split, "split")?;
        let dataset = self.session.dataset()?;
        let place = if index >= 0.0 && index.fract() == 0.0 { index as usize } else { usize::MAX };
        let (pixels, label) = dataset.picture(split, place)?;
        let [height, width, channels] = dataset.shape();
        let picture = Object::new();
        set(&picture, "pixels", Uint8Array::from(decode::to_rgba(&pixels, channels).as_slice()))?;
        set(&picture, "width", width as f64)?;
        set(&picture, "height", height as f64)?;
        set(&picture, "label", label)?;
        set(&picture, "name", dataset.picture_name(split, place)?)?;
        Ok(picture)
    }

    /// A page of the pictures of a split, of one class or of all, as RGBA one after another.
    pub fn gallery(&self, query: JsValue) -> JsResult<Object> {
        let GalleryQuery { split, label, offset, count } = from_js(query, "gallery")?;
        let dataset = self.session.dataset()?;
        let [height, width, channels] = dataset.shape();
        let (mut labels, mut sizes, mut pixels) = (Vec::new(), Vec::new(), Vec::new());
        let (names, indices) = (Array::new(), dataset.indices(split, label).collect::<Vec<_>>());
        let total = indices.len();
        let page: Vec<_> = indices.into_iter().skip(offset).take(count).collect();
        for &index in &page {
            let (picture, label) = dataset.picture(split, index)?;
            pixels.extend(decode::to_rgba(&picture, channels));
            labels.push(label);
            sizes.extend(dataset.original_size(split, index)?);
            names.push(&dataset.picture_name(split, index)?.into());
        }
        let places: Vec<u32> = page.iter().map(|&index| index as u32).collect();
        let object = Object::new();
        set(&object, "total", total as f64)?;
        set(&object, "width", width as f64)?;
        set(&object, "height", height as f64)?;
        set(&object, "indices", Uint32Array::from(places.as_slice()))?;
        set(&object, "labels", Uint16Array::from(labels.as_slice()))?;
        set(&object, "sizes", Uint32Array::from(sizes.as_slice()))?;
        set(&object, "names", names)?;
        set(&object, "pixels", Uint8Array::from(pixels.as_slice()))?;
        Ok(object)
    }

    /// A training picture as the first `count` epochs with this seed would show it, as RGBA.
    pub fn augmented(
        &self,
        index: usize,
        count: usize,
        augmentation: JsValue,
        seed: f64,
    ) -> JsResult<Array> {
        let dataset = self.session.dataset()?;
        let augmentation = Augmentation::from_value(&from_js(augmentation, "augmentation")?)?;
        let pictures = prepare::preview(dataset, index, count, &augmentation, seed as u64)?;
        let rgba = |pixels: Vec<u8>| decode::to_rgba(&pixels, dataset.shape()[2]);
        Ok(pictures.into_iter().map(|pixels| Uint8Array::from(rgba(pixels).as_slice())).collect())
    }

    /// What the present set is like. Reads every picture once.
    pub fn statistics(&self) -> JsResult<JsValue> {
        to_js(&self.session.dataset()?.statistics()?)
    }

    /// All of the present set but its pixels.
    #[wasm_bindgen(js_name = exportDataset)]
    pub fn export_dataset(&self) -> JsResult<Uint8Array> {
        Ok(self.session.dataset()?.header().as_slice().into())
    }

    /// The pixels of some pictures of the present set, in the order of their adding; empty
    /// past the last.
    #[wasm_bindgen(js_name = exportPixels)]
    pub fn export_pixels(&self, first: usize, count: usize) -> JsResult<Uint8Array> {
        Ok((&*self.session.dataset()?.pixels_of(first, count)?).into())
    }

    /// Begins to load a set that was exported; `importPixels` and `finishDataset` follow.
    #[wasm_bindgen(js_name = importDataset)]
    pub fn import_dataset(
        &mut self,
        header: &[u8],
        store: Option<FileSystemSyncAccessHandle>,
    ) -> JsResult<()> {
        let store = store.map(StoredFile);
        let mut dataset = Dataset::from_header(header)?;
        match store {
            Some(store) => dataset.keep_in(Box::new(store))?,
            None => dataset.reserve(dataset.expected()),
        }
        self.loading = Some(dataset);
        self.restoring = true;
        Ok(())
    }

    /// Puts back pixels of the set that is being imported.
    #[wasm_bindgen(js_name = importPixels)]
    pub fn import_pixels(&mut self, pixels: &[u8]) -> JsResult<()> {
        Ok(self.loading()?.restore_pixels(pixels)?)
    }

    fn loading(&mut self) -> Result<&mut Dataset, Error> {
        self.loading.as_mut().ok_or_else(not_loading)
    }

    fn edit(
        &mut self,
        change: impl FnOnce(&mut Dataset) -> Result<(), Error>,
    ) -> JsResult<JsValue> {
        let info: DatasetInfo = self.session.edit(change)?;
        (self.evaluator, self.look) = (None, None);
        to_js(&info)
    }
}

fn not_loading() -> Error {
    Error::state("No data set is being loaded; begin one first.")
}

fn pictures<'a>(
    labels: &'a [u16],
    splits: &[u8],
    names: Vec<String>,
    sizes: &'a [u32],
    pixels: &'a [u8],
) -> Result<Pictures<'a>, Error> {
    let splits = splits
        .iter()
        .map(|&split| Split::ALL.get(usize::from(split)).copied())
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::option("A split is 0, 1 or 2.").field("splits"))?;
    let sizes = sizes.as_chunks::<2>().0;
    Ok(Pictures {
        labels: labels.into(),
        splits: splits.into(),
        names,
        sizes: sizes.into(),
        pixels: pixels.into(),
    })
}
