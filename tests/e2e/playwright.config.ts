import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

const address = process.env["CNN_LAB_URL"];
if (!address) {
  throw new Error("Set CNN_LAB_URL to the address of a served lab; `cargo xtask test e2e` does.");
}

/** What Chrome needs anywhere; the tests with WebGPU add its software adapter. */
export const chromeArguments = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const chrome = process.env["CNN_LAB_CHROME"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

/** Marks a test of milliseconds, of memory or of all cores: another one beside it would be in its way. */
export const alone = "@alone";

export default defineConfig({
  testDir: ".",
  outputDir: "test-results",
  // Most of a test is waiting: two at once take less time than one after the other. Each project is run
  // by itself, with `--project`.
  workers: 2,
  projects: [
    { name: "together", grepInvert: new RegExp(alone), timeout: 150_000 },
    { name: "alone", grep: new RegExp(alone), workers: 1, timeout: 90_000 },
  ],
  expect: { timeout: 20_000 },
  // Two promises are of milliseconds, and the machine may be busy with something else for that
  // moment: a test has failed when it fails twice, and one that passed late is listed as flaky.
  retries: 1,
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    baseURL: address,
    // A service worker answers before the tests' own routes would; its own tests allow it.
    serviceWorkers: "block",
    viewport: { width: 1440, height: 900 },
    launchOptions: { ...(chrome === undefined ? {} : { executablePath: chrome }), args: chromeArguments },
  },
});
