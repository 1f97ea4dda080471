/** Chooses where to compute, and says why in one plain sentence. */
import { CnnLabError } from "../api/error";
import type { Device, DeviceChoice } from "../api/types";
import { hasRelaxedSimd, hasSimd, loadCore, type Core } from "./core";

/** A device that takes longer than this for one small training step is no use. */
const MOST_MS = 60_000;

/** More share too little of a batch each. */
const MOST_WORKERS = 8;

export type OpenOptions = { base: string; device: DeviceChoice; seed: number; workers: number | undefined };
type CpuKind = "cpu" | "flex" | "ndarray";
export type Opened = { core: Core; device: Device };

/**
 * Loads the module that a device needs, and makes a core on it. `auto` takes WebGPU where
 * the browser gives an adapter; whether it then works, the first training step tells.
 */
export async function open({ base, device: choice, seed, workers }: OpenOptions): Promise<Opened> {
  const cpu = (kind: CpuKind, why: string): Promise<Opened> => openCpu({ base, seed, kind, workers, why });
  if (choice === "cpu") return cpu(choice, "You chose the CPU.");
  if (choice === "flex") return cpu(choice, "You chose burn-flex alone; cpu is faster.");
  if (choice === "ndarray" && !hasSimd()) {
    throw new CnnLabError({
      code: "unsupported",
      field: "device",
      message: "This browser has no SIMD in WebAssembly, which the program for ndarray needs. Choose the device auto or cpu.",
    });
  }
  if (choice === "ndarray") return cpu(choice, "You chose ndarray, an older way to compute on the CPU; cpu is much faster.");
  const gpu = (navigator as { gpu?: GPU }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter || !hasSimd()) {
    const none = gpu ? "This browser gives no WebGPU adapter" : "This browser has no WebGPU";
    const why = adapter ? "This browser has no SIMD in WebAssembly, which the program for WebGPU needs" : none;
    if (choice === "auto") return cpu("cpu", `${why}, so training runs on the CPU.`);
    throw new CnnLabError({
      code: "webgpu-unavailable",
      field: "device",
      message: `${why}. Choose the device auto or cpu.`,
    });
  }
  const kind = choice === "wgpu" ? choice : "webgpu";
  const Core = await loadCore(base, kind);
  const core = await inTime(Core.create(kind, seed));
  const software = isSoftware(adapter.info);
  const reason = software
    ? "WebGPU runs on a software adapter here, so the CPU may be faster."
    : "This browser has WebGPU, so training runs on the graphics processor.";
  const device: Device = { kind, name: core.deviceName(), workers: 1, reason };
  // The core does not learn the adapter's name from a browser.
  return { core, device: { ...device, name: adapterName(adapter.info) || device.name } };
}

async function openCpu(o: { base: string; seed: number; kind: CpuKind; workers: number | undefined; why: string }): Promise<Opened> {
  const Core = await loadCore(o.base, o.kind);
  const core = await Core.create(o.kind, o.seed);
  // The other two are there to compare with.
  const asked = o.workers ?? (o.kind === "cpu" ? undefined : 1);
  const workers = asked ?? workersFor(navigator.hardwareConcurrency);
  const reason = `${o.why}${together(workers, asked === undefined)}${slower()}`;
  return { core, device: { kind: o.kind, name: core.deviceName(), workers, reason } };
}

/** What there is to say of the browser's instructions. */
function slower(): string {
  if (hasRelaxedSimd()) return "";
  if (hasSimd()) return " This browser has no relaxed SIMD, so a step takes about a fifth longer.";
  return " This browser has no SIMD in WebAssembly, so a step takes six to seven times as long.";
}

/** What there is to say of the workers: how they share a batch, or why there is but one. */
function together(workers: number, chosen: boolean): string {
  if (workers === 1) return chosen && navigator.hardwareConcurrency === 1 ? " The browser tells of one core." : "";
  const shared = `${workers} workers share each batch`;
  return self.crossOriginIsolated ? ` ${shared}.` : ` ${shared}, by messages: the page is not cross-origin isolated.`;
}

/** So many workers train side by side on a machine of so many cores, unless told otherwise: one core is left for the page, which would stutter. */
export function workersFor(cores: number | undefined): number {
  return Math.max(1, Math.min((cores ?? 1) - 1, MOST_WORKERS));
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
