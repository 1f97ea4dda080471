import { expect, test } from "vitest";
import { checkSchedule } from "../../api/check-training";
import { schedules } from "../../api/keras";
import type { LearningRateSchedule } from "../../api/types";
import { curveOf, fitted, rateAt, scheduleFor } from "./schedule";

const rates = (schedule: LearningRateSchedule, steps: number[], start = 0.1): number[] => steps.map((step) => Number(rateAt(schedule, start, step).toPrecision(6)));

test("rates are those of Keras's formulas", () => {
  expect(rates({ name: "ExponentialDecay", decay_steps: 10, decay_rate: 0.5 }, [0, 5, 10, 20])).toEqual([0.1, 0.0707107, 0.05, 0.025]);
  expect(rates({ name: "ExponentialDecay", decay_steps: 10, decay_rate: 0.5, staircase: true }, [9, 10, 19])).toEqual([0.1, 0.05, 0.05]);
  expect(rates({ name: "InverseTimeDecay", decay_steps: 10, decay_rate: 1 }, [0, 10, 30])).toEqual([0.1, 0.05, 0.025]);
  expect(rates({ name: "PiecewiseConstantDecay", boundaries: [3, 8], values: [1, 0.5, 0.1] }, [0, 3, 4, 8, 9])).toEqual([1, 1, 0.5, 0.5, 0.1]);
  expect(rates({ name: "PolynomialDecay", decay_steps: 10, end_learning_rate: 0, power: 2 }, [0, 5, 10, 11])).toEqual([0.1, 0.025, 0, 0]);
  expect(rates({ name: "PolynomialDecay", decay_steps: 10, end_learning_rate: 0, cycle: true }, [5, 10, 15, 20])).toEqual([0.05, 0, 0.025, 0]);
  expect(rates({ name: "CosineDecay", decay_steps: 10, alpha: 0 }, [0, 5, 10, 99])).toEqual([0.1, 0.05, 0, 0]);
  expect(rates({ name: "CosineDecay", initial_learning_rate: 0, decay_steps: 10, warmup_target: 0.2, warmup_steps: 4 }, [0, 2, 4, 9, 14])).toEqual([0, 0.1, 0.2, 0.1, 0]);
  expect(rates({ name: "CosineDecayRestarts", first_decay_steps: 10, t_mul: 2, m_mul: 0.5 }, [0, 5, 10, 20, 30])).toEqual([0.1, 0.05, 0.05, 0.025, 0.025]);
  expect(rates({ name: "CosineDecayRestarts", first_decay_steps: 10, t_mul: 1 }, [5, 10, 15])).toEqual([0.05, 0.1, 0.05]);
});

test.each(Object.keys(schedules) as LearningRateSchedule["name"][])("%s made for a run can be asked for, and falls", (name) => {
  for (const steps of [1, 2, 7, 4690]) {
    const schedule = scheduleFor(name, { steps, stepsPerEpoch: Math.ceil(steps / 5), rate: 0.001 });
    checkSchedule("schedule", schedule);
    const { x, y } = curveOf(schedule, 0.001, steps);
    expect(x[0]).toBe(0);
    expect(x.at(-1)).toBe(steps - 1);
    expect(y[0]).toBe(0.001);
    expect(y.every((rate) => rate >= 0 && rate <= 0.001)).toBe(true);
    if (steps > 100) expect(Math.min(...y)).toBeLessThan(0.0005);
  }
});

test("a schedule is fitted to another run with what else it says", () => {
  const length = { steps: 900, stepsPerEpoch: 300, rate: 0.1 };
  expect(fitted({ name: "CosineDecay", decay_steps: 5, alpha: 0.1 }, length)).toEqual({ name: "CosineDecay", decay_steps: 900, alpha: 0.1 });
  expect(fitted({ name: "CosineDecay", decay_steps: 5, warmup_target: 1, warmup_steps: 100 }, length)).toMatchObject({ decay_steps: 800 });
  expect(fitted({ name: "ExponentialDecay", decay_steps: 5, decay_rate: 0.9 }, length)).toMatchObject({ decay_steps: 300 });
  const pieces = { name: "PiecewiseConstantDecay" as const, boundaries: [1, 2], values: [3, 2, 1] };
  expect(fitted(pieces, length)).toMatchObject({ boundaries: [300, 600] });
  expect(fitted(pieces, { ...length, steps: 1 })).toEqual(pieces);
});
