import { beforeEach, expect, test, vi } from "vitest";
import { address, forgetOthers, keep, keptAddresses } from "./store";

const base = "https://host.example/lab/";

beforeEach(() => {
  const files = new Map<string, Response>();
  const cache = {
    put: (url: string, body: Response) => Promise.resolve(void files.set(url, body)),
    keys: () => Promise.resolve([...files.keys()].map((url) => ({ url }))),
    delete: (url: string) => Promise.resolve(files.delete(url)),
  };
  vi.stubGlobal("caches", { open: () => Promise.resolve(cache) });
});

test("older shards are forgotten, pretrained networks and what is of other labs are not", async () => {
  const [now, before, pretrained] = ["set/1-b.bin", "set/1-a.bin", "bases/net.safetensors"].map((file) => address(base, file)) as [string, string, string];
  const other = address("https://host.example/", "set/1-a.bin");
  for (const url of [now, before, pretrained, other]) await keep(url, "values");
  await forgetOthers(base, new Set([now]));
  expect([...(await keptAddresses())]).toEqual([now, pretrained, other]);
});
