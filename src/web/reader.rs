//! Dropped files, for JavaScript: one class, [`Reader`], that every reader worker owns.

use js_sys::{Array, Object, Reflect, Uint8Array, Uint16Array, Uint32Array};
use std::io;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, FileReaderSync};

use super::JsResult;
use super::convert::{from_js, set, to_js};
use super::storage::to_io;
use crate::data::source::{Dropped, Plan, ReadAt, ReadOptions, Source};
use crate::data::{decode, shard};
use crate::error::Error;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = MessageChannel)]
    type Channel;
    #[wasm_bindgen(constructor, js_class = MessageChannel)]
    fn new() -> Channel;
    #[wasm_bindgen(method, getter)]
    fn port1(this: &Channel) -> Port;
    #[wasm_bindgen(method, getter)]
    fn port2(this: &Channel) -> Port;
    #[wasm_bindgen(js_name = MessagePort)]
    type Port;
    #[wasm_bindgen(method)]
    fn close(this: &Port);
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post(this: &Port, message: &JsValue, transfer: &Array);
}

thread_local! {
    /// A port that nobody listens to: see `www/src/api/release.ts`.
    static NOWHERE: Port = {
        let channel = Channel::new();
        channel.port2().close();
        channel.port1()
    };
}

/// A dropped file, read synchronously; only workers may.
struct DroppedFile {
    blob: Blob,
    size: u64,
    reader: FileReaderSync,
}

impl ReadAt for DroppedFile {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let end = offset + into.len() as u64;
        if end > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let piece = self.blob.slice_with_f64_and_f64(offset as f64, end as f64).map_err(to_io)?;
        let buffer = self.reader.read_as_array_buffer(&piece).map_err(to_io)?;
        let bytes = Uint8Array::new(&buffer);
        if bytes.length() as usize != into.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.copy_to(into);
        // The collector would keep it for a while.
        NOWHERE.with(|port| port.post(&JsValue::NULL, &Array::of1(&buffer)));
        Ok(())
    }
}

/// What a plan says, without the list of every picture.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanInfo<'a> {
    name: &'a str,
    kind: &'a str,
    table: bool,
    classes: &'a [String],
    shape: [usize; 3],
    splits: &'a crate::data::dataset::PerSplit<usize>,
    counts: &'a crate::data::dataset::PerSplit<Vec<usize>>,
    warnings: &'a [crate::data::dataset::Warning],
    bytes: u64,
    options: &'a ReadOptions,
    chunks: Vec<ChunkInfo>,
}

#[derive(serde::Serialize)]
struct ChunkInfo {
    lane: Option<u32>,
    pictures: usize,
    bytes: u64,
}

/// Reads dropped files: plans what they hold, then gives the pictures chunk by chunk.
#[wasm_bindgen]
pub struct Reader {
    source: Source,
    plan: Option<Plan>,
}

#[wasm_bindgen]
impl Reader {
    /// Takes files as `{ path, file }`.
    #[wasm_bindgen(constructor)]
    pub fn new(files: Array) -> JsResult<Reader> {
        let dropped = files
            .iter()
            .map(|entry| {
                let path = Reflect::get(&entry, &"path".into())?.as_string().unwrap_or_default();
                let blob: Blob = Reflect::get(&entry, &"file".into())?.dyn_into()?;
                let size = blob.size() as u64;
                let file = DroppedFile { blob, size, reader: FileReaderSync::new()? };
                Ok(Dropped { path, bytes: Box::new(file) })
            })
            .collect::<JsResult<Vec<_>>>()?;
        Ok(Self { source: Source::new(dropped), plan: None })
    }

    /// Looks through the files and says what reading them would give.
    pub fn plan(&mut self, options: JsValue) -> JsResult<JsValue> {
        let options: ReadOptions = from_js(options, "files")?;
        let plan = self.plan.insert(self.source.plan(&options)?);
        to_js(&PlanInfo {
            name: &plan.name,
            kind: &plan.kind,
            table: plan.table,
            classes: &plan.classes,
            shape: plan.shape,
            splits: &plan.splits,
            counts: &plan.counts,
            warnings: &plan.warnings,
            bytes: plan.bytes,
            options: &plan.options,
            chunks: plan
                .chunks
                .iter()
                .map(|chunk| ChunkInfo {
                    lane: chunk.lane,
                    pictures: chunk.pictures,
                    bytes: chunk.bytes,
                })
                .collect(),
        })
    }

    /// The plan, for other workers with the same files.
    #[wasm_bindgen(js_name = planBytes)]
    pub fn plan_bytes(&self) -> JsResult<Uint8Array> {
        let bytes = serde_json::to_vec(self.plan.as_ref().ok_or_else(no_plan)?);
        Ok(bytes.unwrap_or_default().as_slice().into())
    }

    /// Takes the plan that another worker made of the same files.
    pub fn adopt(&mut self, plan: &[u8]) -> JsResult<()> {
        let plan = serde_json::from_slice(plan)
            .map_err(|error| Error::state(format!("The plan cannot be read: {error}.")))?;
        self.plan = Some(plan);
        Ok(())
    }

    /// The pictures of a chunk.
    pub fn read(&mut self, chunk: usize) -> JsResult<Object> {
        let plan = self.plan.as_ref().ok_or_else(no_plan)?;
        let pictures = self.source.read(plan, chunk)?;
        let splits: Vec<u8> = pictures.splits.iter().map(|&split| split as u8).collect();
        let names: Array = pictures.names.iter().map(JsValue::from).collect();
        let object = Object::new();
        set(&object, "labels", Uint16Array::from(pictures.labels.as_slice()))?;
        set(&object, "splits", Uint8Array::from(splits.as_slice()))?;
        set(&object, "names", names)?;
        set(&object, "sizes", Uint32Array::from(pictures.sizes.as_flattened()))?;
        set(&object, "pixels", Uint8Array::from(pictures.pixels.as_slice()))?;
        set(&object, "warnings", to_js(&pictures.warnings)?)?;
        Ok(object)
    }

    /// The files of a chunk as they are, for the browser's own decoder; `undefined` for
    /// tables, which hold no files.
    pub fn encoded(&mut self, chunk: usize) -> JsResult<JsValue> {
        let plan = self.plan.as_ref().ok_or_else(no_plan)?;
        let Some(files) = self.source.encoded(plan, chunk)? else {
            return Ok(JsValue::UNDEFINED);
        };
        let list = Array::new();
        for file in files {
            let object = Object::new();
            set(&object, "name", file.name)?;
            set(&object, "label", file.label)?;
            set(&object, "split", file.split as u8)?;
            set(&object, "bytes", Uint8Array::from(file.bytes.as_slice()))?;
            list.push(&object);
        }
        Ok(list.into())
    }

    /// Fits a decoded picture, given as RGBA, to the plan's shape.
    pub fn fit(&self, rgba: &[u8], width: usize, height: usize) -> JsResult<Uint8Array> {
        let plan = self.plan.as_ref().ok_or_else(no_plan)?;
        let ReadOptions { fit, filter, .. } = plan.options;
        Ok(decode::fit_with(rgba, width, height, plan.shape, fit, filter)?.as_slice().into())
    }
}

/// A shard of JPEG files as one of pixels: its `header` and `payload`, for `Core.pushShard`, and
/// the `warnings`.
#[wasm_bindgen(js_name = unpackShard)]
pub fn unpack_shard(
    header: JsValue,
    shape: Vec<usize>,
    payload: &[u8],
    take: usize,
) -> JsResult<Object> {
    let shape = shape.try_into().map_err(|_| Error::option("A shape has three sides."))?;
    let found = shard::unpack(&from_js(header, "shard")?, shape, payload, take)?;
    let object = Object::new();
    set(&object, "header", to_js(&found.header)?)?;
    set(&object, "payload", Uint8Array::from(found.payload.as_slice()))?;
    set(&object, "warnings", to_js(&found.warnings)?)?;
    Ok(object)
}

fn no_plan() -> Error {
    Error::state("There is no plan yet; make one first.")
}
