/** Chooses where to compute, and says why in one plain sentence. */
import { CnnLabError } from "../api/error";
import type { Device, DeviceChoice } from "../api/types";
import { loadCore, type Core } from "./core";

/** A device that takes longer than this for one small training step is no use. */
const MOST_MS = 60_000;

export type Opened = { core: Core; device: Device };

/**
 * Loads the module that a device needs, and makes a core on it. `auto` takes WebGPU where
 * the browser gives an adapter; whether it then works, the first training step tells.
 */
export async function open(base: string, choice: DeviceChoice, seed: number): Promise<Opened> {
  if (choice === "cpu") return cpu(base, choice, seed, "You chose the CPU.");
  if (choice === "flex") return cpu(base, choice, seed, "You chose burn-flex alone; cpu is faster.");
  if (choice === "ndarray") return cpu(base, choice, seed, "You chose ndarray, an older way to compute on the CPU; cpu is much faster.");
  const gpu = (navigator as { gpu?: GPU }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) {
    const why = gpu ? "This browser gives no WebGPU adapter" : "This browser has no WebGPU";
    if (choice === "auto") return cpu(base, "cpu", seed, `${why}, so training runs on the CPU.`);
    throw new CnnLabError({
      code: "webgpu-unavailable",
      field: "device",
      message: `${why}. Choose the device auto or cpu.`,
    });
  }
  const Core = await loadCore(base, "webgpu");
  const core = await inTime(Core.create("webgpu", seed));
  const software = isSoftware(adapter.info);
  const reason = software
    ? "WebGPU runs on a software adapter here, so the CPU may be faster."
    : "This browser has WebGPU, so training runs on the graphics processor.";
  const device = describe(core, "webgpu", reason);
  // The core does not learn the adapter's name from a browser.
  return { core, device: { ...device, name: adapterName(adapter.info) || device.name } };
}

async function cpu(base: string, kind: "cpu" | "flex" | "ndarray", seed: number, reason: string): Promise<Opened> {
  const Core = await loadCore(base, kind);
  const core = await Core.create(kind, seed);
  return { core, device: describe(core, kind, reason) };
}

function describe(core: Core, kind: Device["kind"], reason: string): Device {
  return { kind, name: core.deviceName(), workers: 1, reason };
}

/** Whether an adapter computes on the CPU after all. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  if (info.isFallbackAdapter) return true;
  return /swiftshader|llvmpipe|lavapipe|basic render/i.test(adapterName(info));
}

function adapterName(info: GPUAdapterInfo): string {
  return [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ");
}

/** A driver that hangs must not keep the page waiting for ever. */
async function inTime(core: Promise<Core>): Promise<Core> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = "WebGPU did not finish its first training step within a minute.";
      reject(new CnnLabError({ code: "webgpu-failed", message }));
    }, MOST_MS);
  });
  try {
    return await Promise.race([core, late]);
  } finally {
    clearTimeout(timer);
  }
}
