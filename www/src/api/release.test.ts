import { expect, test } from "vitest";
import { release } from "./release";

test("what is released holds no memory any more, and can be released again", () => {
  const bytes = new Uint8Array(1000);
  release(bytes);
  expect(bytes.length).toBe(0);
  release(bytes);
  release(new Uint8Array(8));
});
