import { html, type TemplateResult } from "lit";
import { CnnLabError } from "../api/error";
import type { Workbench } from "./workbench";
import { fetched } from "../text/fetched";
import type { Texts } from "../text/texts";

/**
 * The dialogs: how each is shown, and the file that it comes in. Together they are larger than
 * the page that everybody loads, and many never open one, so each is fetched when it is first
 * asked for. Until its file is there an element must not be in the page: it would be connected
 * without its workbench.
 */
export const dialogs = {
  import: {
    load: fetched(() => import("./import-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-import .bench=${bench}></cnn-lab-import>`,
  },
  camera: {
    load: fetched(() => import("./camera-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-camera .bench=${bench}></cnn-lab-camera>`,
  },
  look: {
    load: fetched(() => import("./look-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-look .bench=${bench}></cnn-lab-look>`,
  },
  augment: {
    load: fetched(() => import("./augment-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-augment .bench=${bench}></cnn-lab-augment>`,
  },
  options: {
    load: fetched(() => import("./options/options-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-options .bench=${bench}></cnn-lab-options>`,
  },
  builder: {
    load: fetched(() => import("./builder/builder-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-builder .bench=${bench}></cnn-lab-builder>`,
  },
  runs: {
    load: fetched(() => import("./runs/runs-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-runs .bench=${bench}></cnn-lab-runs>`,
  },
  sessions: {
    load: fetched(() => import("./sessions/sessions-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-sessions .bench=${bench}></cnn-lab-sessions>`,
  },
  evaluation: {
    load: fetched(() => import("./evaluation/evaluation-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-evaluation .bench=${bench}></cnn-lab-evaluation>`,
  },
  inside: {
    load: fetched(() => import("./inside/inside-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-inside-dialog .bench=${bench}></cnn-lab-inside-dialog>`,
  },
  vitals: {
    load: fetched(() => import("./vitals/vitals-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-vitals .bench=${bench}></cnn-lab-vitals>`,
  },
  export: {
    load: fetched(() => import("./export-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-export .bench=${bench}></cnn-lab-export>`,
  },
  /** No dialog, but a part of the network's panel that few see. */
  pretrained: {
    load: fetched(() => import("./pretrained/pretrained-part")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-pretrained .bench=${bench}></cnn-lab-pretrained>`,
  },
  folds: {
    load: fetched(() => import("./runs/folds-dialog")),
    show: (bench: Workbench): TemplateResult => html`<cnn-lab-folds .bench=${bench}></cnn-lab-folds>`,
  },
};

export type DialogName = keyof typeof dialogs;

/** Fetches a dialog's file. Rejects with `network`. */
export async function loadDialog(t: Texts, name: DialogName): Promise<void> {
  try {
    await dialogs[name].load();
  } catch {
    throw new CnnLabError({ code: "network", message: t.lab.notLoaded });
  }
}
