import { expect, test } from "vitest";
import { german } from "../text/de";
import { bytes, count, decimal, duration, figure, loss, percent, plural, rate, shape, value } from "../text/en/numbers";

test("thousands are parted by a narrow space that does not break", () => {
  expect(count(999)).toBe("999");
  expect(count(60000)).toBe("60\u202f000");
  expect(decimal(1234567.891, 2)).toBe("1\u202f234\u202f567.89");
});

test("a negative number has a real minus sign, and a rounded zero has none", () => {
  expect(decimal(-0.25, 2)).toBe("\u22120.25");
  expect(decimal(-0.0001, 2)).toBe("0.00");
});

test("numbers that are none say so", () => {
  expect(loss(NaN)).toBe("not a number");
  expect(loss(Infinity)).toBe("∞");
  expect(loss(-Infinity)).toBe("\u2212∞");
});

test("losses keep their width as they fall", () => {
  expect([12345, 23.456, 2.30259, 0.03124].map(loss)).toEqual(["12\u202f345", "23.5", "2.303", "0.0312"]);
});

test("values of maps keep three significant figures", () => {
  expect([0, 1234.5, 3.14159, 0.0012345, -0.5].map(value)).toEqual([
    "0", "1\u202f235", "3.14", "0.00123", "\u22120.500",
  ]);
});

test("learning rates keep three significant figures, and stay short", () => {
  expect([0, 0.1, 1 / 3, 0.0012345, 0.0001, 0.00003162, 1e-7].map(rate)).toEqual(["0", "0.1", "0.333", "0.00123", "0.0001", "3.16e\u22125", "1e\u22127"]);
});

test("shares, sizes and times read as a person says them", () => {
  expect(percent(0.98941, 2)).toBe("98.94%");
  expect([512, 34_000, 11_594_722].map(bytes)).toEqual(["512 bytes", "34 kB", "11.6 MB"]);
  expect([0.4, 59.6, 80, 7500].map(duration)).toEqual(["0 s", "1 min 0 s", "1 min 20 s", "2 h 5 min"]);
  expect(plural(1, "picture")).toBe("1 picture");
  expect(plural(3, "class", "classes")).toBe("3 classes");
});

test("a shape leaves the batch out", () => {
  expect(shape([null, 26, 26, 32])).toBe("26\u202f×\u202f26\u202f×\u202f32");
  expect(shape([28, 28, 1])).toBe("28\u202f×\u202f28\u202f×\u202f1");
});

test("any value has three significant figures", () => {
  expect([0, -0.01234, 123.4, -12345.6, 4.5678e-7, 1.388e23, NaN].map(figure)).toEqual([
    "0", "\u22120.0123", "123", "\u221212\u202f346", "4.57e\u22127", "1.39e23", "not a number",
  ]);
});

test("German has a comma, and a space before the percent sign", () => {
  expect(german.decimal(-1234.5, 2)).toBe("\u22121\u202f234,50");
  expect(german.percent(0.98941, 2)).toBe("98,94\u202f%");
  expect([0.0012345, 0.00003162].map(german.rate)).toEqual(["0,00123", "3,16e\u22125"]);
  expect(german.figure(4.5678e-7)).toBe("4,57e\u22127");
});
