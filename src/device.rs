//! Chooses the device that tensors live on, and reads from it.
//!
//! The one file, with `fast.rs`, that names Burn's backends. `cpu` is burn-flex with our own
//! kernels, `flex` the same without them; `ndarray` is burn-ndarray, which its authors deprecate
//! in favour of burn-flex. `webgpu` is burn-wgpu on the browser's WebGPU with our own kernels, `wgpu`
//! the same without them. `flex`, `ndarray` and `wgpu` stay selectable to compare with. Which of
//! them a build has is decided by this crate's features.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

#[cfg(feature = "webgpu")]
use burn::tensor::wgpu::WgpuInitError;
use burn::tensor::{Device, Tensor, Transaction};

use crate::error::{Error, Result};

/// A device with the name that a person is told.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Where tensors are made.
    pub device: Device,
    /// What computes: a backend's name or an adapter's.
    pub name: String,
    /// Whether our own kernels compute what they cover.
    pub fast: bool,
    /// Resolves when a GPU is lost; `None` for a CPU, which is never lost.
    pub lost: Option<Lost>,
}

/// The devices that this build has, by their names in the public contract. `wgpu` is `webgpu`'s
/// device, of which a thread can open only one.
pub const AVAILABLE: &[&str] = &[
    #[cfg(feature = "cpu")]
    "cpu",
    #[cfg(feature = "cpu")]
    "flex",
    #[cfg(feature = "ndarray")]
    "ndarray",
    #[cfg(feature = "webgpu")]
    "webgpu",
];

/// Opens a device by its name in the public contract: `cpu`, `flex`, `ndarray`, `webgpu` or `wgpu`.
///
/// # Errors
/// `option` for a name that is none of these, `unsupported` for one that this build lacks,
/// `webgpu-unavailable` where no adapter is given.
pub async fn open(kind: &str) -> Result<Chosen> {
    match kind {
        #[cfg(feature = "cpu")]
        "cpu" => Ok(cpu(Device::flex(), "burn-flex with cnn-lab's kernels", true)),
        #[cfg(feature = "cpu")]
        "flex" => Ok(cpu(Device::flex(), "burn-flex", false)),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)] // kept on purpose, see the top of this file
        "ndarray" => Ok(cpu(Device::ndarray(), "burn-ndarray", false)),
        #[cfg(feature = "webgpu")]
        "webgpu" => webgpu(true).await,
        #[cfg(feature = "webgpu")]
        "wgpu" => webgpu(false).await,
        known if ["cpu", "flex", "ndarray", "webgpu", "wgpu"].contains(&known) => {
            Err(Error::unsupported(format!(
                "This build has no {known} device; it has {}.",
                AVAILABLE.join(", ")
            ))
            .field("device"))
        }
        other => Err(Error::option(format!(
            "The device is auto, webgpu, cpu, flex, ndarray or wgpu; it is {other}."
        ))
        .field("device")),
    }
}

#[cfg(any(feature = "cpu", feature = "ndarray"))]
fn cpu(device: Device, name: &str, fast: bool) -> Chosen {
    Chosen { device, name: name.into(), fast, lost: None }
}

#[cfg(feature = "webgpu")]
async fn webgpu(fast: bool) -> Result<Chosen> {
    let opened = Device::wgpu_options().init_with_setup_async().await;
    let (device, setup) = opened.map_err(|error| match error {
        WgpuInitError::AdapterUnavailable { .. } => Error::webgpu_unavailable(
            "This browser gives no WebGPU adapter. Choose the device cpu.",
        ),
        // What the browser says of it is an object without text.
        _ => Error::webgpu_failed(
            "The WebGPU adapter is there, but the browser could not open it. Choose the device cpu.",
        ),
    })?;
    let info = setup.adapter.get_info();
    let name = if info.name.is_empty() { "WebGPU".to_owned() } else { info.name };
    let lost = Lost::default();
    let notify = lost.clone();
    setup.device.set_device_lost_callback(move |reason, message| {
        notify.set(format!("{reason:?}: {message}"));
    });
    Ok(Chosen { device, name, fast, lost: Some(lost) })
}

/// Reads tensors of one axis from their device in one go, without blocking.
///
/// # Errors
/// `device-lost` where the device no longer answers.
pub async fn read(tensors: Vec<Tensor<1>>) -> Result<Vec<Vec<f32>>> {
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    let transaction = tensors.into_iter().fold(Transaction::default(), Transaction::register);
    let lost = |error: String| {
        Error::device_lost(format!("The device stopped in the middle of a computation ({error})."))
    };
    let data = transaction.execute_async().await.map_err(|error| lost(error.to_string()))?;
    data.into_iter()
        .map(|data| data.try_into_vec::<f32>().map_err(|error| lost(error.to_string())))
        .collect()
}

/// A future that resolves with the reason when a GPU is lost. Clones share one reason.
#[derive(Clone, Debug, Default)]
pub struct Lost(Arc<Mutex<LostState>>);

#[derive(Debug, Default)]
struct LostState {
    reason: Option<String>,
    waker: Option<Waker>,
}

#[cfg_attr(not(feature = "webgpu"), allow(dead_code))]
impl Lost {
    fn set(&self, reason: String) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.reason.get_or_insert(reason);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

impl Future for Lost {
    type Output = String;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.reason {
            Some(reason) => Poll::Ready(reason.clone()),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
