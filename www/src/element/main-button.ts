import type { TemplateResult } from "lit";
import { button } from "./parts";
import type { Workbench } from "./workbench";

const labels = { train: "Train", pause: "Pause", continue: "Continue", loading: "Loading …" } as const;

/** The one prominent button: it always does the next thing. */
export function mainButton(bench: Workbench): TemplateResult {
  const { mainAction } = bench.training;
  const why =
    mainAction === "loading"
      ? `The ${bench.network.download ? "network is" : "pictures are"} being loaded; training begins right after.`
      : bench.switching
        ? "Another device is being made ready."
        : bench.failed
          ? "The lab could not start; choose another device, or reload the page."
          : undefined;
  return button({ id: "main", label: labels[mainAction], kind: "primary", why, onClick: () => void bench.training.main() });
}
