/**
 * Training in a tab that is really hidden. Playwright keeps each of its pages visible, whatever lies
 * before them, so this browser is driven over the protocol itself.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { chromium, expect, test } from "@playwright/test";
import { chrome, chromeArguments } from "./playwright.config";

type Send = (method: string, params?: object, session?: string) => Promise<Record<string, unknown>>;

/** Speaks the DevTools protocol over a browser's pipe: messages of JSON, each ended by a zero. */
function over(to: Writable, from: Readable): Send {
  const asked = new Map<number, { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }>();
  let rest = "";
  from.setEncoding("utf8").on("data", (text: string) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const { id, result, error } = JSON.parse(message) as { id?: number; result?: Record<string, unknown>; error?: { message: string } };
      const waiting = id === undefined ? undefined : asked.get(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result ?? {});
    }
  });
  let last = 0;
  return (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      last += 1;
      asked.set(last, { resolve, reject });
      to.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
}

test("in a hidden tab training goes on, and on coming back the page says for how long", async ({ baseURL }) => {
  const profile = mkdtempSync(join(tmpdir(), "cnn-lab-hidden-"));
  const browser = spawn(chrome ?? chromium.executablePath(), [...chromeArguments, "--headless", "--window-size=1440,900", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => browser.once("exit", resolve));
  try {
    const send = over(browser.stdio[3] as Writable, browser.stdio[4] as Readable);
    const { targetId } = await send("Target.createTarget", { url: baseURL });
    const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
    /** What an expression is in the page; nothing before there is a page. */
    const read = async <T>(expression: string): Promise<T | undefined> => {
      const { result } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId as string).catch(() => ({ result: {} }));
      return (result as { value?: T }).value;
    };
    const panel = `document.querySelector("cnn-lab").shadowRoot.querySelector("cnn-lab-train").shadowRoot`;
    const said = (): Promise<string | undefined> => read<string>(`${panel}.querySelector(".progress").innerText`);
    const steps = (): Promise<number | undefined> => read<number>(`document.querySelector("cnn-lab").lab.then(({ history }) => history.steps.length)`);
    const visibility = (): Promise<string | undefined> => read<string>("document.visibilityState");

    await expect.poll(() => read(`!${panel}.querySelector("#main").matches("[aria-disabled=true]")`), { timeout: 60_000 }).toBe(true);
    await read(`${panel}.querySelector("#main").click()`);
    await expect.poll(steps, { timeout: 60_000 }).toBeGreaterThan(5);
    expect(await visibility()).toBe("visible");

    const { targetId: other } = await send("Target.createTarget", { url: "about:blank" });
    await expect.poll(visibility).toBe("hidden");
    const before = (await steps())!;
    // A hidden page's timers go once a second at most: by them so many steps would take minutes.
    await expect.poll(steps, { timeout: 40_000 }).toBeGreaterThan(before + 100);
    expect(await visibility()).toBe("hidden");

    await send("Target.closeTarget", { targetId: other });
    await send("Target.activateTarget", { targetId });
    await expect.poll(visibility).toBe("visible");
    await expect.poll(said).toMatch(/Went on in the background for \d+ s/);
  } finally {
    browser.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
});
