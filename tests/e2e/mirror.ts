/** The lab on another origin: with other headers, with other files, or gone. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type Mirror = {
  /** The folder that the lab stands in there, with a slash at its end. */
  readonly url: string;
  /** Files in place of the lab's, by their paths; null: there is none. */
  readonly files: Map<string, string | null>;
  close(): Promise<void>;
};

type Options = {
  /** In place of the lab's; null: none of that name. */
  headers?: Record<string, string | null>;
  /** `127.0.0.1` is another site than `localhost`. */
  host?: "localhost" | "127.0.0.1";
  folder?: string;
};

const types: Record<string, string> = { html: "text/html", js: "text/javascript" };

/** Serves what the lab at `lab` serves. */
export async function mirror(lab: string, { headers = {}, host = "localhost", folder = "/" }: Options = {}): Promise<Mirror> {
  const files: Mirror["files"] = new Map();
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://mirror");
    const path = pathname.startsWith(folder) ? pathname.slice(folder.length) || "index.html" : null;
    const own = path === null ? null : files.get(path);
    const answer = async (): Promise<void> => {
      if (path === null || own === null) {
        response.writeHead(404).end();
        return;
      }
      const found = await fetch(new URL(path, lab));
      for (const name of ["content-type", "content-security-policy", "cross-origin-opener-policy", "cross-origin-embedder-policy", "cross-origin-resource-policy"]) {
        const value = headers[name] === undefined ? found.headers.get(name) : headers[name];
        if (value !== null) response.setHeader(name, value);
      }
      response.setHeader("cache-control", "no-cache");
      if (own === undefined) {
        response.writeHead(found.status).end(Buffer.from(await found.arrayBuffer()));
      } else {
        await found.body?.cancel();
        response.setHeader("content-type", types[path.split(".").at(-1) ?? ""] ?? "text/plain");
        response.writeHead(200).end(own);
      }
    };
    answer().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}${folder}`,
    files,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
