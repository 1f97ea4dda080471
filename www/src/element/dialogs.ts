import { html, type TemplateResult } from "lit";
import { CnnLabError } from "../api/error";
import type { Workbench } from "./workbench";
import type { Texts } from "../text/texts";

/**
 * The dialogs: how each is shown, and the file that it comes in. Together they are larger than
 * the page that everybody loads, and many never open one, so each is fetched when it is first
 * asked for. Until its file is there an element must not be in the page: it would be connected
 * without its workbench.
 */
export const dialogs = {
  import: {
    load: () => import("./import-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-import .bench=${bench}></cnn-lab-import>`,
  },
  camera: {
    load: () => import("./camera-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-camera .bench=${bench}></cnn-lab-camera>`,
  },
  look: {
    load: () => import("./look-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-look .bench=${bench}></cnn-lab-look>`,
  },
  augment: {
    load: () => import("./augment-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-augment .bench=${bench}></cnn-lab-augment>`,
  },
  options: {
    load: () => import("./options/options-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-options .bench=${bench}></cnn-lab-options>`,
  },
  builder: {
    load: () => import("./builder/builder-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-builder .bench=${bench}></cnn-lab-builder>`,
  },
  runs: {
    load: () => import("./runs/runs-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-runs .bench=${bench}></cnn-lab-runs>`,
  },
  sessions: {
    load: () => import("./sessions/sessions-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-sessions .bench=${bench}></cnn-lab-sessions>`,
  },
  evaluation: {
    load: () => import("./evaluation/evaluation-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-evaluation .bench=${bench}></cnn-lab-evaluation>`,
  },
  inside: {
    load: () => import("./inside/inside-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-inside-dialog .bench=${bench}></cnn-lab-inside-dialog>`,
  },
  vitals: {
    load: () => import("./vitals/vitals-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-vitals .bench=${bench}></cnn-lab-vitals>`,
  },
  export: {
    load: () => import("./export-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-export .bench=${bench}></cnn-lab-export>`,
  },
  /** No dialog, but a part of the network's panel that few see. */
  pretrained: {
    load: () => import("./pretrained/pretrained-part"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-pretrained .bench=${bench}></cnn-lab-pretrained>`,
  },
  folds: {
    load: () => import("./runs/folds-dialog"),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-folds .bench=${bench}></cnn-lab-folds>`,
  },
};

export type DialogName = keyof typeof dialogs;

/** Files that could not be fetched. */
const failed = new Map<DialogName, string>();

/**
 * Fetches a dialog's file. Chrome, at least from version 148 on, remembers an import that failed
 * for as long as the page lives, so at the next try the same file is asked for by another address.
 * Rejects with `network`.
 */
export async function loadDialog(t: Texts, name: DialogName): Promise<void> {
  const file = failed.get(name);
  try {
    await (file ? import(/* @vite-ignore */ `${file}?again=${Date.now()}`) : dialogs[name].load());
  } catch (error) {
    const address = /https?:[^\s?]+/.exec(String(error))?.[0];
    if (address) failed.set(name, address);
    throw new CnnLabError({ code: "network", message: t.lab.notLoaded });
  }
}
