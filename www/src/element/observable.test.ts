import { beforeEach, expect, test, vi } from "vitest";
import { Observable } from "./observable";

class Page extends Observable {
  dialog = false;

  protected override covered(): boolean {
    return this.dialog;
  }
}

let frames: (() => void)[] = [];

function frame(): void {
  const due = frames;
  frames = [];
  for (const callback of due) callback();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => frames.push(callback));
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

test("behind a dialog panels are drawn a second after a change, one after the other, and at once when it is closed", async () => {
  const page = new Page();
  const drawn = { dialog: 0, panel: 0, other: 0 };
  page.watch(() => (drawn.dialog += 1));
  page.watch(() => Promise.resolve((drawn.panel += 1)), true);
  page.watch(() => Promise.resolve((drawn.other += 1)), true);
  const change = (): void => {
    page.changed();
    frame();
  };
  change();
  expect(drawn).toEqual({ dialog: 1, panel: 1, other: 1 });
  page.dialog = true;
  for (let i = 0; i < 9; i += 1) {
    change();
    vi.advanceTimersByTime(100);
  }
  expect(drawn).toEqual({ dialog: 10, panel: 1, other: 1 });
  vi.advanceTimersByTime(100);
  frame();
  await vi.advanceTimersByTimeAsync(0);
  expect(drawn).toEqual({ dialog: 10, panel: 2, other: 1 });
  frame();
  await vi.advanceTimersByTimeAsync(0);
  expect(drawn).toEqual({ dialog: 10, panel: 2, other: 2 });
  change();
  page.dialog = false;
  change();
  expect(drawn).toEqual({ dialog: 12, panel: 3, other: 3 });
  // What was about to be drawn has been.
  vi.advanceTimersByTime(2000);
  expect(drawn).toEqual({ dialog: 12, panel: 3, other: 3 });
});
