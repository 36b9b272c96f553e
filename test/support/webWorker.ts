/** Gives Node what browsers, Deno and Bun have: `Worker` with events, and `self` inside one. For code of web workers. */
import { isMainThread, parentPort, type TransferListItem, Worker } from "node:worker_threads";

interface Port {
  on(event: "message", listener: (data: unknown) => void): unknown;
  postMessage(data: unknown, transfer?: readonly TransferListItem[]): void;
}

/** The two ends of a worker differ in nothing but this. */
function end(port: Port) {
  return {
    addEventListener: (_type: "message", listener: (event: { data: unknown }) => void) =>
      port.on("message", (data) => listener({ data })),
    postMessage: (data: unknown, options?: { transfer?: readonly TransferListItem[] }) =>
      port.postMessage(data, options?.transfer),
  };
}

class WebWorker {
  constructor(url: URL) {
    // In a worker, Node 20 would take flags for this file and tsx in the wrong order.
    const load = `const { register } = await import("tsx/esm/api"); register(); await import("${import.meta.url}"); await import("${url}");`;
    const worker = new Worker(`(async () => { ${load} })()`, { eval: true, execArgv: [] });
    Object.assign(this, end(worker), { terminate: () => worker.terminate() });
  }
}

Object.assign(globalThis, isMainThread ? { Worker: WebWorker } : { self: end(parentPort!) });
