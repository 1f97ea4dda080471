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

test("behind a dialog panels are drawn a second after a change, and at once when it is closed", () => {
  const page = new Page();
  const drawn = { dialog: 0, panel: 0 };
  page.watch(() => (drawn.dialog += 1));
  page.watch(() => (drawn.panel += 1), true);
  const change = (): void => {
    page.changed();
    frame();
  };
  change();
  expect(drawn).toEqual({ dialog: 1, panel: 1 });
  page.dialog = true;
  for (let i = 0; i < 9; i += 1) {
    change();
    vi.advanceTimersByTime(100);
  }
  expect(drawn).toEqual({ dialog: 10, panel: 1 });
  vi.advanceTimersByTime(100);
  expect(drawn).toEqual({ dialog: 10, panel: 2 });
  change();
  page.dialog = false;
  change();
  expect(drawn).toEqual({ dialog: 12, panel: 3 });
  // What was about to be drawn has been.
  vi.advanceTimersByTime(2000);
  expect(drawn).toEqual({ dialog: 12, panel: 3 });
});
