import type { DoneEvent, History, LayerVitals, Vitals } from "../../api/types";
import type { Texts } from "../../text/texts";

/** What was found, and what to do about it. `kind` tells the same finding in other numbers. */
export type Finding = {
  kind: "diverged" | "rate-high" | "dead" | "vanishing" | "guessing" | "rate-low" | "overfitting" | "well";
  /** `bad`: it will not learn like this. `watch`: it could learn better. */
  severity: "bad" | "watch" | "good";
  message: string;
  /** What to try; empty where nothing is wrong. */
  try: string;
};

/** What the lab knows of the present weights. */
export type Signs = {
  history: History;
  /** Oldest first. Without any, only what the history tells is found. */
  vitals: readonly Vitals[];
  classes: number;
  /** The share of training pictures in the largest class, where the pictures are known. */
  largestShare?: number | undefined;
  /** How the last run ended; null: it goes on, or there was none. */
  outcome: DoneEvent["reason"] | null;
};

/** Half a layer's units silent: what is left is no longer the network that was built. Healthy ones begin with up to a third. */
const deadShare = 0.5;
/** Training accuracy may lie a little above validation's in any good network; where it is a tenth of all pictures, those are known by heart. */
const gap = 0.1;
/** So many epochs tell a trend from chance. */
const window = 3;
/** Healthy networks lie between 1e-4 and 1e-2; above 5e-2 a few dozen steps replace all that was learned. */
const highRatio = 0.05;
/** At less, a weight needs a hundred thousand steps to change by its own size. */
const lowRatio = 1e-5;
/** An optimizer's first steps are larger than its later ones (RMSprop's by √10), and say nothing of the rate. */
const warmUp = 10;
/** Losses of epochs differ by some per cent by chance; a tenth is more than that. */
const rise = 0.1;
/** As a share of guessing's loss. Near zero a loss doubles and halves without meaning. */
const smallestRise = 0.02;
/** Out of the last four changes of the loss: one rise happens to any run, two are a sign. */
const rises = { of: 4, atLeast: 2 };
/** A network that guesses has the loss ln(classes). Ten times that is reached only by weights that were thrown far off. */
const wildLoss = 10;
/** Per cent an epoch that a loss falls at the least, as long as there is much to learn. */
const leastFall = 0.01;
/** As a share of guessing's loss: below it, a loss that hardly falls may just be as low as it gets. */
const muchToLearn = 0.25;
/** Above guessing by less than a fifth of it, or than five points, is within what small classes and chance make of it. */
const aboveChance = { times: 1.2, plus: 0.05 };
/** A thousandth: the first layers learn a thousand times slower than the last. */
const vanished = 1e-3;

/** What is wrong with a training, the gravest and most important first; where nothing is, that. Nothing is said before anything was learned. */
export function diagnose(t: Texts, signs: Signs): Finding[] {
  const latest = signs.vitals.at(-1);
  if (signs.history.steps.length === 0 && signs.outcome === null && !latest) {
    return [];
  }
  const found = [diverged(t, signs), rateHigh(t, signs), dead(t, latest), vanishing(t, latest), rateLow(t, signs), overfitting(t, signs)].filter((finding) => finding !== null);
  const explained = found.some(({ kind }) => kind !== "overfitting");
  const guesses = explained ? null : guessing(t, signs);
  const all = (guesses ? [guesses, ...found] : found).sort((a, b) => Number(b.severity === "bad") - Number(a.severity === "bad"));
  if (all.length > 0) {
    return all;
  }
  return signs.history.steps.length === 0 ? [] : [well(t, signs)];
}

function diverged(t: Texts, { history, outcome }: Signs): Finding | null {
  const last = history.steps.at(-1);
  if (outcome !== "diverged" && (!last || Number.isFinite(last.loss))) {
    return null;
  }
  return {
    kind: "diverged", severity: "bad",
    message: t.findings.diverged,
    try: t.findings.divergedTry(lower(t, last?.learningRate)),
  };
}

function rateHigh(t: Texts, { history, vitals, classes, largestShare }: Signs): Finding | null {
  const losses = history.epochs.map((epoch) => epoch.loss).filter(Number.isFinite);
  const now = losses.at(-1);
  const tell = (message: string): Finding => ({
    kind: "rate-high", severity: "bad", message: t.findings.tooHigh(message),
    try: t.findings.tooHighTry(lower(t, history.epochs.at(-1)?.learningRate ?? history.steps.at(-1)?.learningRate)),
  });
  const guessed = guessingLoss(classes);
  const worst = Math.max(0, ...losses);
  if (now !== undefined && (now > wildLoss * guessed || (worst > wildLoss * guessed && atChance(history, classes, largestShare, 1)))) {
    return tell(t.findings.overGuessing(worst, guessed));
  }
  const seen = losses.slice(-rises.of - 1);
  const up = seen.slice(1).map((to, i) => to - (seen[i] ?? NaN) > Math.max(rise * (seen[i] ?? NaN), smallestRise * guessed));
  if (up.filter(Boolean).length >= rises.atLeast) {
    const [lowest, highest] = [Math.min(...seen), Math.max(...seen)];
    return up.slice(-rises.atLeast).every(Boolean)
      ? tell(t.findings.rose(lowest, now ?? NaN))
      : tell(t.findings.swings(lowest, highest));
  }
  const latest = vitals.at(-1);
  const ratio = latest && latest.step >= warmUp ? typicalRatio(latest) : null;
  return ratio !== null && ratio > highRatio ? tell(t.findings.largeSteps(ratio)) : null;
}

function dead(t: Texts, latest: Vitals | undefined): Finding | null {
  const silent = latest?.layers.filter((layer) => layer.dead !== null && layer.dead > deadShare * layer.units) ?? [];
  const [first, ...others] = silent;
  if (!latest || !first) {
    return null;
  }
  const also = others.length === 0 ? "" : t.findings.alsoDead(others.length === 1 ? (others[0]?.layer ?? "") : t.findings.laterLayers(others.length));
  return {
    kind: "dead",
    // Where a layer passes nothing at all, nothing before it learns.
    severity: silent.some((layer) => layer.dead === layer.units) ? "bad" : "watch",
    message: t.findings.dead(first.layer, first.dead ?? 0, first.units, latest.pictures, also),
    try: t.findings.deadTry,
  };
}

/** Where units are silent, the gradient ends there, and that is what is told. */
function vanishing(t: Texts, latest: Vitals | undefined): Finding | null {
  const layers = latest?.layers.filter((layer) => layer.gradients !== null) ?? [];
  const [first, last] = [layers[0], layers.at(-1)];
  if (!first || !last || first === last || dead(t, latest)) {
    return null;
  }
  const [small, large] = [size(first), size(last)];
  if (!(large > 0 && small < vanished * large)) {
    return null;
  }
  return {
    kind: "vanishing", severity: "watch",
    message: t.findings.vanish(first.layer, small > 0 ? t.findings.shareOf(small / large) : t.findings.zeroBeside, last.layer),
    try: t.findings.vanishTry,
  };
}

function guessing(t: Texts, { history, classes, largestShare }: Signs): Finding | null {
  if (!atChance(history, classes, largestShare, window)) {
    return null;
  }
  const accuracy = history.epochs.at(-1)?.accuracy;
  return {
    kind: "guessing", severity: "bad",
    message: t.findings.guesses(history.epochs.length, share(t, accuracy)),
    try: t.findings.guessesTry,
  };
}

function rateLow(t: Texts, { history, vitals, classes }: Signs): Finding | null {
  const latest = vitals.at(-1);
  const ratio = latest && latest.step >= warmUp ? typicalRatio(latest) : null;
  const losses = history.epochs.slice(-window).map((epoch) => epoch.loss);
  const [from, to] = [losses[0], losses.at(-1)];
  if (!latest || ratio === null || ratio >= lowRatio || from === undefined || to === undefined || losses.length < 2 || dead(t, latest)) {
    return null;
  }
  // Where no gradient comes, a larger step is as far from it.
  const learns = latest.layers.some((layer) => layer.gradients !== null && size(layer) > 0);
  const hardly = to > from * (1 - leastFall * (losses.length - 1)) && to > muchToLearn * guessingLoss(classes);
  if (!learns || !hardly) {
    return null;
  }
  const learningRate = history.epochs.at(-1)?.learningRate;
  return {
    kind: "rate-low", severity: "watch",
    message: t.findings.tooLow(ratio),
    try: t.findings.tooLowTry(learningRate ? t.findings.suchAs(learningRate * 100) : ""),
  };
}

function overfitting(t: Texts, { history }: Signs): Finding | null {
  const seen = history.epochs.slice(-window);
  const gaps = seen.map(gapOf);
  const epoch = seen.at(-1);
  // One epoch of it may be chance. Where it does not grow, it was there in all of them.
  if (seen.length < window || !epoch || !gaps.slice(1).every((one) => one > gap)) {
    return null;
  }
  const grows = (gaps.at(-1) ?? NaN) > (gaps[0] ?? NaN);
  return {
    kind: "overfitting", severity: "watch",
    message: t.findings.byHeart(share(t, epoch.accuracy), share(t, epoch.valAccuracy), grows ? t.findings.grows : t.findings.stays),
    try: t.findings.byHeartTry,
  };
}

/** How far training accuracy lies above validation's. */
function gapOf({ accuracy, valAccuracy }: History["epochs"][number]): number {
  return valAccuracy === undefined ? NaN : accuracy - valAccuracy;
}

function share(t: Texts, accuracy: number | undefined): string {
  return accuracy === undefined ? "–" : t.percent(accuracy, 1);
}

function well(t: Texts, { history, vitals }: Signs): Finding {
  const [first, last] = [history.epochs[0], history.epochs.at(-1)];
  const ratio = vitals.length > 0 ? typicalRatio(vitals.at(-1)) : null;
  const course =
    !first || !last ? t.findings.moreLater
    : first === last ? t.findings.afterFirst(last.loss)
    : t.findings.lossWent(first.epoch, last.epoch, first.loss, last.loss);
  const vital = ratio === null ? "" : t.findings.noneSilent(ratio);
  const behind = last && gapOf(last) > gap ? t.findings.validationBehind(share(t, last.valAccuracy), share(t, last.accuracy)) : "";
  return { kind: "well", severity: "good", message: `${last && !behind ? t.findings.allWell : t.findings.nothingWrong}${course}${behind}${vital}`, try: "" };
}

/** The loss of who says the same of every picture. */
function guessingLoss(classes: number): number {
  return Math.log(Math.max(2, classes));
}

/** Whether the last `least` epochs all were as good as naming the largest class. */
function atChance({ epochs }: History, classes: number, largestShare: number | undefined, least: number): boolean {
  const chance = Math.max(1 / Math.max(2, classes), largestShare ?? 0);
  const most = Math.min(chance * aboveChance.times, chance + aboveChance.plus);
  return epochs.length >= least && epochs.slice(-least).every(({ accuracy }) => accuracy <= most);
}

/** The middle one of the layers': one small layer says little of a network. */
export function typicalRatio(vitals: Vitals | undefined): number | null {
  const ratios = (vitals?.layers ?? []).map(({ updateRatio }) => updateRatio).filter((ratio) => ratio !== null && Number.isFinite(ratio)) as number[];
  return ratios.sort((a, b) => a - b)[ratios.length >> 1] ?? null;
}

/** The root of the mean square of a layer's gradients. */
function size({ gradients }: LayerVitals): number {
  return gradients ? Math.hypot(gradients.mean, gradients.std) : 0;
}

function lower(t: Texts, learningRate: number | undefined): string {
  return learningRate ? t.findings.tenthOf(learningRate / 10) : t.findings.tenth;
}
