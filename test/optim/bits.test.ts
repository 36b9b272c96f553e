/** Optimizers give the bits that test/bits.json pins: 50 steps of every variant. See "npm run bits". */
import { expect, test } from "vitest";
import { load } from "../../src/tensor/runtime.ts";
import { optimizerDigest, readPins } from "../support/pinned.ts";
import { variants } from "../support/specs.ts";

const runtime = await load();
const { optimizers: pins } = readPins();

test("every variant is pinned, and nothing else", () => {
  expect(Object.keys(pins).sort()).toEqual(variants.map(({ title }) => title).sort());
});

test.each(variants)("$title gives the bits that are pinned", (variant) => {
  expect(optimizerDigest(runtime, variant)).toBe(pins[variant.title]);
});
