import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** How the C program is compiled: for the widest lanes there are, and for the 128-bit lanes that Wasm has. */
const VARIANTS = {
  wide: ["-O3", "-march=native", "-mprefer-vector-width=512", "-fno-math-errno", "-ffp-contract=off"],
  narrow: ["-O3", "-msse4.2", "-fno-math-errno"],
} as const;

export type Variant = keyof typeof VARIANTS;

/** The compiled programs by variant, or why there are none. */
export function compile(): { programs: Record<Variant, string>; compiler: string } | { reason: string } {
  if (process.arch !== "x64") return { reason: `the flags of the C program are for x64, and this is ${process.arch}` };
  const compiler = ["cc", "gcc", "clang"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (compiler === undefined) return { reason: "there is no C compiler (looked for cc, gcc, clang)" };
  mkdirSync(pathOf("build"), { recursive: true });
  const programs = Object.fromEntries(
    Object.entries(VARIANTS).map(([variant, flags]) => {
      const program = pathOf(`build/optim-${variant}`);
      const { status, stderr } = spawnSync(compiler, [...flags, "-o", program, pathOf("optim.c"), "-lm"]);
      if (status !== 0) throw new Error(`${compiler} ${flags.join(" ")} failed:\n${stderr}`);
      return [variant, program];
    }),
  ) as Record<Variant, string>;
  const [version = compiler] = spawnSync(compiler, ["--version"], { encoding: "utf8" }).stdout.split("\n");
  return { programs, compiler: version };
}
