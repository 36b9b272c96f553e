/** A web site on this machine: serves a folder, and waits for the report of a page in it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

export interface Site {
  readonly url: string;
  /** What was asked for so far, without the report. */
  readonly requests: readonly string[];
  /** What a page posts to /result as JSON; rejects where that has an `error`, or nothing comes in time. */
  readonly report: Promise<unknown>;
  close(): void;
}

/** Serves `folder`, every answer with `headers`. */
export async function serve(
  folder: string,
  {
    headers = {},
    answersWithin = 120_000,
  }: { headers?: Readonly<Record<string, string>>; answersWithin?: number } = {},
): Promise<Site> {
  const requests: string[] = [];
  let server!: Server;
  const report = new Promise<unknown>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${answersWithin / 1000} s`)), answersWithin);
    server = createServer(async (request, response) => {
      const path = normalize(new URL(request.url!, "http://site").pathname);
      if (path === "/result") {
        let body = "";
        for await (const chunk of request) body += chunk;
        response.end();
        clearTimeout(timer);
        const answer = JSON.parse(body);
        if (answer.error) reject(new Error(answer.error));
        else resolve(answer);
        return;
      }
      requests.push(path);
      const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
      if (!existsSync(file) || !statSync(file).isFile()) {
        response.writeHead(404).end();
        return;
      }
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { ...headers, "content-type": type }).end(readFileSync(file));
    });
    server.on("close", () => clearTimeout(timer));
  });
  // A page may fail before anybody waits for it.
  report.catch(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    report,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
