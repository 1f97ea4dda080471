import { expect, test } from "vitest";
import type { Session } from "../../api/types";
import { dataName, described, offered, place, when } from "./words";
import { english } from "../../text/en";

const now = new Date(2026, 4, 4, 13, 0);
const at = (...parts: [number, number, number, number, number]): string => new Date(...parts).toISOString();
const session: Session = {
  id: "a", name: "Session 1", named: false, started: "", saved: at(2026, 4, 4, 12, 31), step: 1240, epoch: 3, epochs: 5, unfinished: true,
  data: { name: "mnist", classes: [], splits: { train: 1, validation: 0, test: 0 }, source: { kind: "bundled", name: "mnist", limit: undefined }, edits: [] },
  device: "cpu", parameters: 1, bytes: 2_240_000, note: null, open: null, problem: null,
};

test("times are said as far as they are not clear", () => {
  expect(when(english, at(2026, 4, 4, 0, 5), now)).toBe("00:05");
  expect(when(english, at(2026, 4, 3, 23, 59), now)).toBe("yesterday, 23:59");
  expect(when(english, at(2026, 3, 30, 9, 7), now)).toBe("30 April, 09:07");
  expect(when(english, "gone", now)).toBe("some time ago");
});

test("a session is told by its data, its place, its time and its size", () => {
  expect(described(english, session, "MNIST", now)).toBe("MNIST, epoch 3 of 5, step 1\u202f240, saved 12:31, 2.2 MB");
  expect(described(english, { ...session, unfinished: false, open: "elsewhere" }, "", now)).toBe("epoch 3 of 5, step 1\u202f240, finished, saved 12:31, 2.2 MB, open in another tab");
  expect(place(english, { ...session, epoch: 7 })).toContain("epoch 7 of 7");
});

test("a bundled set goes by its title", () => {
  const sets = [{ name: "mnist", title: "MNIST: handwritten digits" }];
  expect(dataName(session, sets)).toBe("MNIST");
  expect(dataName(session, [])).toBe("mnist");
  expect(dataName({ ...session, data: { ...session.data!, source: { kind: "remembered", name: "mnist" } } }, sets)).toBe("mnist");
  expect(dataName({ ...session, data: null }, sets)).toBe("");
});

test("the offer says what has to be given again", () => {
  expect(offered(english, session, "MNIST", now)).toBe("Your training of 12:31 on MNIST, epoch 3 of 5, step 1\u202f240, can go on.");
  const own = { ...session, data: { ...session.data!, name: "pets", source: { kind: "own" as const } } };
  expect(offered(english, own, "pets", now)).toContain("Its pictures are not kept here");
});
