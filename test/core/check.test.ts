import { expect, describe as group, test } from "vitest";
import { describe, Marked, refuse, SimdOptimError } from "../../src/core/check.ts";

/** Lists within lists, each holding the next one `wide` times. */
function nested(deep: number, wide: number): unknown[] {
  let list: unknown[] = [];
  for (let i = 0; i < deep; i++) list = new Array(wide).fill(list);
  return list;
}

const cyclic: unknown[] = [1];
cyclic.push(cyclic, cyclic);

const throwing = new Proxy(
  {},
  Object.fromEntries(
    ["get", "has", "getPrototypeOf", "ownKeys", "getOwnPropertyDescriptor"].map((trap) => [
      trap,
      () => {
        throw new Error("trap");
      },
    ]),
  ),
);
const revoked = (target: object) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const named = (name: unknown) => Object.defineProperty(() => 1, "name", { value: name });

group("describe", () => {
  test.each([
    ["text", "a\n", '"a\\n"'],
    ["a number", -0.5, "-0.5"],
    ["NaN", Number.NaN, "NaN"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a bigint", 12n, "12"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a function", Math.max, "a function (max)"],
    ["a function without a name", named(""), "a function"],
    ["a function whose name is an object", named({}), "a function"],
    ["a function whose name throws", revoked(() => 1), "an object that cannot be looked at"],
    ["a list", [1, "a", [2]], '[1, "a", [2]]'],
    ["a long list", Array.from({ length: 9 }, (_, i) => i), "[0, 1, 2, 3, 4, 5, 6, 7, ...]"],
    ["a list with holes", new Array(2), "[undefined, undefined]"],
    ["an object", { a: 1 }, "an object of Object"],
    ["an object of a class", new Date(0), "an object of Date"],
    ["an object without a prototype", Object.create(null), "an object of no class"],
    [
      "an object that calls itself something",
      JSON.parse('{"constructor":{"name":"Parameters"}}'),
      "an object of Object",
    ],
    [
      "an object of something nameless",
      Object.create({ constructor: { name: { toString: 1 } } }),
      "an object of no class",
    ],
    ["a proxy that throws", throwing, "an object that cannot be looked at"],
    ["a revoked proxy", revoked({}), "an object that cannot be looked at"],
    ["a revoked proxy of a list", revoked([]), "an object that cannot be looked at"],
    ["one in a list", [1, revoked([])], "[1, an object that cannot be looked at]"],
    ["a list of a class that makes no slices", Object.assign([1], { slice: 1, map: 2, constructor: 3 }), "[1]"],
    ["an object of this copy", new (class Thing extends Marked {})(), "an object of Thing"],
  ])("%s", (_, value, text) => {
    expect(describe(value)).toBe(text);
  });

  test.each([
    ["a long text", "x".repeat(5e7), `"${"x".repeat(200)}" and 49999800 more characters`],
    ["a text of what must be escaped", "\u0000".repeat(1e6), '\\u0000" and 999800 more characters'],
    ["a long name", named("x".repeat(5e7)), "more characters"],
    ["a long symbol", Symbol("x".repeat(5e7)), "more characters"],
    ["a long name of a class", Object.create({ constructor: { name: "x".repeat(5e7) } }), "more characters"],
    ["a large bigint", 7n ** 2_000_000n, "a bigint of more than 64 bits"],
    ["a large negative bigint", -(7n ** 2_000_000n), "a bigint of more than 64 bits"],
    ["a list that holds itself", cyclic, "[...]"],
    ["a list of exponential size", nested(200, 8), "[...]"],
    ["a list of long texts", new Array(8).fill(new Array(8).fill("\u0001".repeat(1e6))), "more characters"],
  ])("%s is cut short", (_, value, text) => {
    const described = describe(value);
    expect(described).toContain(text);
    expect(described.length).toBeLessThan(2100);
  });
});

test("no argument, value or expectation makes a long message", () => {
  const long = "x".repeat(1e6);
  expect(() => refuse(long, long, long)).toThrow(SimdOptimError);
  try {
    refuse(`${long}.key`, 1, "2");
  } catch (error) {
    expect((error as Error).message).toMatch(/^x+ and \d+ more characters: got 1, expected 2$/);
    expect((error as Error).message.length).toBeLessThan(2100);
  }
  expect(new SimdOptimError("BAD_FILE", long).message.length).toBeLessThan(10_100);
});
