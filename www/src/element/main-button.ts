import type { TemplateResult } from "lit";
import { button } from "./parts";
import type { MainAction } from "./train-step";
import type { Workbench } from "./workbench";
import type { Phrase } from "../text/texts";

const labels = { train: (t) => t.train.train, pause: (t) => t.train.pause, continue: (t) => t.common.continue, loading: (t) => t.common.loadingDots } satisfies Record<MainAction, Phrase>;

/** The one prominent button: it always does the next thing. */
export function mainButton(bench: Workbench): TemplateResult {
  const t = bench.text;
  const { mainAction } = bench.training;
  const why =
    mainAction === "loading"
      ? bench.network.download ? t.train.networkLoading : t.train.picturesLoading
      : bench.switching
        ? t.common.anotherDevice
        : bench.failed
          ? t.train.couldNotStart
          : mainAction === "train" && bench.network.classes ? t.train.needsNone : undefined;
  return button({ id: "main", label: labels[mainAction](t), kind: "primary", why, onClick: () => void bench.training.main() });
}
