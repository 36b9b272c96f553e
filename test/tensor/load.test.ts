import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Nn } from "#wasm/kernels.js";
import * as signatures from "#wasm/kernels.js";
import { bindWasm } from "../../src/kernels/bind.ts";
import { Family } from "../../src/kernels/family.ts";
import { nn } from "../../src/kernels/nn.ts";
import * as twins from "../../src/kernels/reference/index.ts";
import type { Row } from "../../src/kernels/row.ts";
import { generalRows } from "../../src/kernels/table/general.ts";
import { layerRows } from "../../src/kernels/table/layer.ts";
import { linalgRows } from "../../src/kernels/table/linalg.ts";
import { lossRows } from "../../src/kernels/table/loss.ts";
import { optimRows } from "../../src/kernels/table/optim.ts";
import { kernelNames, kernelTable } from "../../src/kernels/table.ts";
import { gemm } from "../../src/linalg/gemm.ts";
import { mse } from "../../src/losses/regression.ts";
import { load } from "../../src/tensor/runtime.ts";
import { backends } from "../support/runtimes.ts";

const bytes = (variant: string) => readFileSync(new URL(`../../build/${variant}.wasm`, import.meta.url));
const compiled = (variant: string) => new WebAssembly.Module(bytes(variant));

afterEach(() => void vi.restoreAllMocks());

/** A runtime that does not compile bytes, as under a content security policy without wasm-unsafe-eval. */
function forbidCompiling(): void {
  vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError("blocked by CSP"));
}

describe("load", () => {
  test("auto takes SIMD where there is SIMD, and says so", async () => {
    expect(await load()).toMatchObject({ backend: "simd", reason: "this runtime has SIMD" });
  });

  test.each(backends)("%s is what it is asked for", async (backend) => {
    expect(await load({ backend })).toMatchObject({ backend, reason: "asked for" });
  });

  test("auto without SIMD takes scalar; simd throws", async () => {
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    expect(await load()).toMatchObject({ backend: "scalar", reason: "this runtime has no WebAssembly SIMD" });
    await expect(load({ backend: "simd" })).rejects.toThrow(
      'backend: got "simd", but this runtime has no WebAssembly SIMD',
    );
  });

  test("where compiling is forbidden auto falls back to reference and says why; a named backend throws", async () => {
    forbidCompiling();
    const reason = "this runtime forbids compiling WebAssembly (blocked by CSP)";
    expect(await load()).toMatchObject({ backend: "reference", reason });
    await expect(load({ backend: "simd" })).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    await expect(load({ backend: "scalar" })).rejects.toThrow(reason);
  });

  test("where running is forbidden it is the same", async () => {
    class Refused {
      constructor() {
        throw new EvalError("blocked by CSP");
      }
    }
    vi.spyOn(WebAssembly, "Instance").mockImplementation(Refused as never);
    const reason = "this runtime cannot run WebAssembly (blocked by CSP)";
    expect(await load()).toMatchObject({ backend: "reference", reason });
    await expect(load({ backend: "simd" })).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  });

  test("without WebAssembly auto takes reference; a named backend throws", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    try {
      expect(await load()).toMatchObject({ backend: "reference", reason: "this runtime has no WebAssembly" });
      await expect(load({ backend: "scalar" })).rejects.toThrow("but this runtime has no WebAssembly");
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test.each(["simd", "scalar"])("a precompiled %s module is taken without compiling", async (variant) => {
    const module = compiled(variant);
    forbidCompiling();
    expect(await load({ module })).toMatchObject({ backend: variant, reason: "the module that was passed" });
  });

  test("a module of another backend than asked for is refused", async () => {
    await expect(load({ module: compiled("scalar"), backend: "simd" })).rejects.toThrow(
      'module: got "scalar", expected a build of backend "simd"',
    );
    await expect(load({ module: compiled("simd"), backend: "reference" })).rejects.toThrow(/expected no module/);
  });

  test("arguments are checked", async () => {
    await expect(load({ backend: "gpu" as "simd" })).rejects.toThrow('backend: got "gpu", expected one of "auto"');
    await expect(load({ maxBytes: 1000 })).rejects.toThrow(
      "maxBytes: got 1000, expected a whole number in [65536, 4294967296]",
    );
    await expect(load({ memory: 1 } as object)).rejects.toMatchObject({ code: "UNKNOWN_OPTION" });
    await expect(load({ module: {} as WebAssembly.Module })).rejects.toThrow("module: got an object of Object");
  });
});

describe("a build", () => {
  test("exports the kernels of the table and nothing else, in both variants", () => {
    for (const variant of ["simd", "scalar"]) {
      const names = WebAssembly.Module.exports(compiled(variant)).map(({ name }) => name);
      expect(names.sort()).toEqual([...kernelNames, "LANES"].sort());
    }
  });

  test("with a missing kernel or another arity is refused, auto or not", async () => {
    const { exports } = new WebAssembly.Instance(compiled("simd"), {
      env: { memory: new WebAssembly.Memory({ initial: 1 }) },
    });
    expect(() => bindWasm({ ...exports, adamw: undefined } as unknown as WebAssembly.Exports, kernelTable)).toThrow(
      'stale Wasm build: kernel adamw is missing, the table says 12; run "npm run build"',
    );
    expect(() => bindWasm({ ...exports, sum: exports["dot"] } as WebAssembly.Exports, kernelTable)).toThrow(
      "kernel sum takes 3 arguments, the table says 2",
    );
    const empty = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    await expect(load({ module: empty })).rejects.toMatchObject({ code: "STALE_BUILD" });
  });

  test("has twins whose arguments have the names of the source; an underscore marks what a twin does not need", () => {
    const named = Object.entries(twins).map(([name, twin]) => {
      const [parameters] = /(?<=\().*?(?=\) \{)/s.exec(`${twin}`)!;
      const [, ...rest] = parameters.replace(/\{[^}]*\}/, "memory").split(",");
      return [name, rest.map((text) => text.trim().replace(/^_/, "")).filter(Boolean)];
    });
    const expected = kernelNames.map((name) => [name, kernelTable[name].args.map((arg) => arg.name)]);
    expect(Object.fromEntries(named)).toEqual(Object.fromEntries(expected));
  });

  test("has a row for every pointer of its source, and no other", () => {
    const pointers = (words: string) => [...words.matchAll(/(\w+)\*/g)].map(([, name]) => name!);
    const rows = { ...generalRows, ...optimRows, ...linalgRows, ...layerRows, ...lossRows };
    const found = Object.entries<Row>(rows).map(([name, { operands }]) => [name, Object.keys(operands).sort()]);
    const expected = Object.entries({ ...signatures.base, ...signatures.linalg, ...signatures.nn });
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(expected.map(([name, words]) => [name, pointers(words).sort()])),
    );
  });

  test("is under 64 KB in each variant", () => {
    for (const variant of ["simd", "scalar"]) expect(bytes(variant).length).toBeLessThan(64_000);
  });

  test("has no memory growth and no call inside its optimizer kernels, but those for sums of what is in the first cache", () => {
    const text = readFileSync(new URL("../../build/simd.wat", import.meta.url), "utf8");
    const functions = text.split(/^ \(func /m).filter((body) => body.startsWith("$assembly/optim/"));
    expect(functions.length).toBeGreaterThanOrEqual(7);
    for (const body of functions)
      expect(body, body.slice(0, 60)).not.toMatch(/\bcall(?! \$assembly\/(?:chunk|fold)\/)|memory\.grow/);
  });
});

describe("the bounds check of kernels", () => {
  test.each(backends)(
    "refuses operands outside memory or misaligned on %s, before anything is written",
    async (backend) => {
      const { kernels, heap } = await load({ backend });
      const { pointer } = heap.allocate(64);
      const end = heap.capacity;
      expect(() => kernels.fill(end - 4, 2, 1)).toThrow(
        `fill.y: got 2 elements at ${end - 4}, expected a multiple of 4 inside ${end} bytes of memory`,
      );
      expect(() => kernels.fill(pointer + 2, 1, 1)).toThrow(expect.objectContaining({ code: "POINTER_OUT_OF_BOUNDS" }));
      expect(() => kernels.sum(0, 1)).toThrow(/sum\.x/);
      expect(() => kernels.sum(pointer, -1)).toThrow("sum.n: got -1, expected a whole number");
      expect(() => (kernels.sum as (...values: number[]) => number)(pointer)).toThrow(
        "sum: got 1 arguments, expected 2",
      );
      expect(heap.views.f32[end / 4 - 1]).toBe(0);
    },
  );
});

test("the package as built loads and steps in a fresh process", () => {
  const script = `
    import { load, AdamW } from "simd-optim";
    const rt = await load();
    const params = rt.parameters({ w: [3] });
    params.get("w").grad.fill(1);
    console.log(rt.backend, new AdamW(params).step().step);
  `;
  const root = new URL("../..", import.meta.url).pathname;
  expect(execFileSync("node", ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8" })).toBe("simd 1\n");
});

test("AssemblyScript's own loader takes the builds as they are shipped", async () => {
  const { instantiateSync } = await import("@assemblyscript/loader");
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = instantiateSync(bytes("simd"), { env: { memory } });
  const x = new Float32Array(memory.buffer, 64, 3);
  x.set([1, 2, 3]);
  expect((exports["sum"] as (x: number, n: number) => number)(64, 3)).toBe(6);
});

/** As Chromium before 115 on the main thread: nothing above 4 KB is compiled or run at once. */
function refuseAtOnce(): void {
  class Refused {
    constructor() {
      throw new RangeError("disallowed on the main thread, if the buffer size is larger than 4KB");
    }
  }
  vi.spyOn(WebAssembly, "Instance").mockImplementation(Refused as never);
  vi.spyOn(WebAssembly, "Module").mockImplementation(Refused as never);
}

describe("where Wasm is refused at once", () => {
  test("load compiles what has been imported beforehand, and stays on SIMD", async () => {
    refuseAtOnce();
    const rt = await load();
    expect(rt.backend).toBe("simd");
    const x = rt.tensor([2], { values: [1, -2] });
    expect(mse(x, rt.tensor([2]))).toBe(2.5);
  });

  test("code that comes later says what is missing, and add brings it", async () => {
    refuseAtOnce();
    const rt = await load();
    const late = new Family<Nn>("late", { ...nn.table }, nn.simd);
    expect(() => late.of(rt)).toThrow("call `await runtime.add()` after importing code that uses late");
    expect(await rt.add()).toBe(rt);
    expect(Object.keys(late.of(rt))).toEqual(Object.keys(nn.table));
  });
});

describe("families", () => {
  test.each(backends)("give the bits of the whole build on %s", async (backend) => {
    const rt = await load({ backend });
    const whole = backend === "reference" ? rt : await load({ module: compiled(backend) });
    const outcomes = [rt, whole].map((runtime) => {
      const x = runtime.tensor([3, 3], { values: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
      const y = runtime.tensor([3, 3]);
      gemm(x, x, y);
      return [...y.data, mse(x, y)];
    });
    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  test("are bound once a runtime", async () => {
    const [a, b] = [await load(), await load()];
    expect(nn.of(a)).toBe(nn.of(a));
    expect(nn.of(a)).not.toBe(nn.of(b));
  });

  test("have checked forms, too", async () => {
    const rt = await load();
    expect(() => nn.checked(rt).relu(4, 1 << 30, 8)).toThrow("relu.y: got 8 elements at 1073741824");
  });
});
