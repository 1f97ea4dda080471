/**
 * A schedule's rate at each step, to be drawn before a run takes it: the formulas of Keras 3's
 * `learning_rate_schedule.py`, as the core has them in `schedule.rs`. An end-to-end test
 * compares the two.
 */
import type { LearningRateSchedule } from "../../api/types";

/** From `height` down to `alpha` of it along half a cosine, for `part` from 0 to 1. */
function cosine(part: number, height: number, alpha: number): number {
  return (1 - alpha) * 0.5 * height * (1 + Math.cos(Math.PI * part)) + alpha;
}

/** The rate of the step that comes after so many; `start` is the run's learning rate. */
export function rateAt(schedule: LearningRateSchedule, start: number, step: number): number {
  const initial = ("initial_learning_rate" in schedule ? schedule.initial_learning_rate : undefined) ?? start;
  switch (schedule.name) {
    case "ExponentialDecay":
    case "InverseTimeDecay": {
      const exact = step / schedule.decay_steps;
      const part = schedule.staircase ? Math.floor(exact) : exact;
      return schedule.name === "ExponentialDecay" ? initial * schedule.decay_rate ** part : initial / (1 + schedule.decay_rate * part);
    }
    case "PiecewiseConstantDecay": {
      // The rate changes with the step after a boundary.
      const passed = schedule.boundaries.filter((boundary) => boundary < step).length;
      return schedule.values[passed] ?? 0;
    }
    case "PolynomialDecay": {
      const { decay_steps: steps, end_learning_rate: end = 1e-4, power = 1, cycle = false } = schedule;
      const part = cycle ? step / (steps * Math.max(1, Math.ceil(step / steps))) : Math.min(step, steps) / steps;
      return (initial - end) * (1 - part) ** power + end;
    }
    case "CosineDecay": {
      const { decay_steps: steps, alpha = 0, warmup_steps: warmup = 0 } = schedule;
      const target = schedule.warmup_target ?? null;
      if (target === null) {
        return initial * cosine(Math.min(step, steps) / steps, 1, alpha);
      }
      return step < warmup ? (target - initial) * (step / warmup) + initial : target * cosine(Math.min(step - warmup, steps) / steps, 1, alpha);
    }
    case "CosineDecayRestarts": {
      const { first_decay_steps: first, t_mul: longer = 2, m_mul: lower = 1, alpha = 0 } = schedule;
      const done = step / first;
      if (longer === 1) {
        return initial * cosine(done % 1, lower ** Math.floor(done), alpha);
      }
      /** Periods before this one. */
      const before = (restarts: number): number => (longer ** restarts - 1) / (longer - 1);
      let restarts = Math.floor(Math.log(1 + done * (longer - 1)) / Math.log(longer));
      // At the very restart the logarithms may fall short by a last digit.
      if (before(restarts + 1) <= done) restarts += 1;
      return initial * cosine((done - before(restarts)) / longer ** restarts, lower ** restarts, alpha);
    }
  }
}

/** What a run is: how many steps it takes, and at which rate it begins. */
export type Length = { steps: number; stepsPerEpoch: number; rate: number };

/** A schedule that makes sense for a run of this length. */
export function scheduleFor(name: LearningRateSchedule["name"], { steps, stepsPerEpoch, rate }: Length): LearningRateSchedule {
  switch (name) {
    case "ExponentialDecay":
      return { name, decay_steps: stepsPerEpoch, decay_rate: 0.8 };
    case "InverseTimeDecay":
      return { name, decay_steps: stepsPerEpoch, decay_rate: 0.5 };
    case "PiecewiseConstantDecay":
      return { name, boundaries: [Math.ceil(steps / 2), Math.ceil(steps / 2) + Math.ceil(steps / 4)], values: [rate, short(rate / 10), short(rate / 100)] };
    case "CosineDecayRestarts":
      // Periods of one and two parts.
      return { name, first_decay_steps: Math.ceil(steps / 3) };
    case "PolynomialDecay":
      return { name, decay_steps: steps, end_learning_rate: short(rate / 100) };
    case "CosineDecay":
      return { name, decay_steps: steps };
  }
}

/** The same schedule, its steps those of a run; the parts of a piecewise one are equally long. */
export function fitted(schedule: LearningRateSchedule, length: Length): LearningRateSchedule {
  switch (schedule.name) {
    case "PiecewiseConstantDecay": {
      const parts = schedule.values.length;
      const boundaries = schedule.boundaries.map((_, i) => Math.round(((i + 1) * length.steps) / parts));
      // A run of fewer steps than parts has no room for all of them.
      return length.steps < parts ? schedule : { ...schedule, boundaries };
    }
    case "CosineDecay": {
      const warmup = (schedule.warmup_target ?? null) === null ? 0 : (schedule.warmup_steps ?? 0);
      return { ...schedule, decay_steps: Math.max(1, length.steps - warmup) };
    }
    case "CosineDecayRestarts":
      return { ...schedule, first_decay_steps: Math.ceil(length.steps / 3) };
    case "PolynomialDecay":
      return { ...schedule, decay_steps: length.steps };
    default:
      return { ...schedule, decay_steps: length.stepsPerEpoch };
  }
}

/** A rate without the last digits that dividing leaves. */
export const short = (rate: number): number => Number(rate.toPrecision(3));

/** So many points of a run's rates. */
export function curveOf(schedule: LearningRateSchedule, start: number, steps: number, points = 400): { x: number[]; y: number[] } {
  const every = Math.max(1, steps / points);
  const x = Array.from({ length: Math.min(points, steps) }, (_, i) => Math.floor(i * every));
  if (steps > 1) x.push(steps - 1);
  const xs = [...new Set(x)];
  return { x: xs, y: xs.map((step) => rateAt(schedule, start, step)) };
}
