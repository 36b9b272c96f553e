/** Wasm as a bundler or a host gives it: bytes as text, or a module that the host has compiled. */
export interface Embedded {
  readonly module: WebAssembly.Module | undefined;
  /** Bytes. */
  readonly size: number;
  /** See scripts/wasm.ts. */
  readonly text: string;
}

function decode({ size, text }: Embedded): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let length = 0;
  let base = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 124) base = (code - 124) * 88;
    else {
      bytes[length++] = base + code - 39 - Number(code > 60) - Number(code > 92);
      base = 0;
    }
  }
  return bytes;
}

/** Compiles, off the main thread where the runtime can. */
export async function compile(embedded: Embedded): Promise<WebAssembly.Module> {
  return embedded.module ?? WebAssembly.compile(decode(embedded));
}

/** Compiles at once, which some runtimes refuse. */
export function compileNow(embedded: Embedded): WebAssembly.Module {
  return embedded.module ?? new WebAssembly.Module(decode(embedded));
}
