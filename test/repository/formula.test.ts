import { describe, expect, test } from "vitest";
import { blockToTex, toTex } from "../../docs/site/formula.ts";

/** Without what only spacing needs. */
const plain = (tex: string) =>
  tex
    .replaceAll(/\{\}(?=[-+])/g, "")
    .replaceAll(/\\left|\\right|\\mathop|\\nolimits/g, "")
    .replaceAll(/\s+/g, " ");

describe("a formula", () => {
  test.each([
    ["names with numbers", "beta1 m", "\\beta_{1} m"],
    ["several indices", "beta3_t g_before", "\\beta_{3,t} g_{\\text{before}}"],
    ["powers of what has a prime", "g'^2", "{g'}^{2}"],
    ["powers in parentheses", "0.96^(t mu)", "0.96^{t \\mu}"],
    ["roots", "sqrt(v) + eps", "\\sqrt{v} + \\varepsilon"],
    ["a slash takes one factor on either side", "a b / c d", "a \\frac{b}{c} d"],
    ["a bar for parentheses", "(a + b) / (c - d)", "\\frac{a + b}{c - d}"],
    ["parentheses that are not around all of it", "1 / (a) (b)", "\\frac{1}{a} ( b)"],
    ["arguments right after a name", "M(t) rho (t)", "M(t) \\rho ( t)"],
    ["functions", "sign(m)", "\\operatorname{sign}(m)"],
    ["options keep their names", "lr weightDecay p", "{\\mathit{lr}} {\\mathit{weightDecay}} p"],
    ["products in brackets, and comparisons", "<g, p> a > b", "\\langle g , p\\rangle a > b"],
    ["norms", "|x|_1 ||p||", "\\lvert x\\rvert _{1} \\lVert p\\rVert "],
    ["signs and differences", "(-1 - a)", "( - 1 - a)"],
    ["words around it", "v = p at first", "v = p ~\\text{at first}"],
    [
      "the notation of specs",
      "p −= lr m̂ / (√v̂ + ε₁²)",
      "p \\mathrel{-}= {\\mathit{lr}} \\frac{\\hat{m}}{\\sqrt{\\hat{v}} + \\varepsilon_{1}^{2}}",
    ],
  ])("has %s", (_, text, expected) => {
    expect(plain(toTex(text)).trim()).toBe(expected.trim());
  });

  test.each(["a = (b", "a = / b", "a = {b}", "a = b]"])("%s is none", (text) => {
    expect(() => toTex(text)).toThrow();
  });
});

describe("a block", () => {
  test("is aligned at its equals signs, with remarks in a column of their own", () => {
    expect(plain(blockToTex("a   = b   where c\nd = e\n    / f\n")!)).toBe(
      "\\begin{aligned}a &= b &&\\text{where}~ c \\\\ d &= \\frac{e}{f}\\end{aligned}",
    );
  });

  test.each(["const a = f({ b });", "role   lr\ninput  1", "for x in y: z = [x]"])("of code stays code: %s", (text) => {
    expect(blockToTex(text)).toBeUndefined();
  });
});
