/** What the words of a formula mean. */

const GREEK = "alpha beta gamma delta eta theta lambda mu rho sigma tau phi Sigma Pi".split(" ");
const LETTERS = "αβγδηθλμρστφΣΠ";

/** Words that are set as symbols. */
export const symbols: Readonly<Record<string, string>> = {
  ...Object.fromEntries(GREEK.map((name) => [name, `\\${name}`])),
  ...Object.fromEntries([...LETTERS].map((letter, i) => [letter, `\\${GREEK[i]}`])),
  Π: "\\textstyle\\prod",
  Σ: "\\textstyle\\sum",
  eps: "\\varepsilon",
  ε: "\\varepsilon",
  ℓ: "\\ell",
};

/** Words that stand before an argument. */
export const functions: Readonly<Record<string, string>> = {
  log: "\\log",
  max: "\\max",
  min: "\\min",
  ...Object.fromEntries(["sign", "clip", "mean", "tr", "RMS"].map((name) => [name, `\\operatorname{${name}}`])),
};

/** Words of lower case that are variables; options in camelCase are known by their capitals, all others are prose. */
export const variables = new Set(
  (
    "lr base_lr init_lr momentum dampening low high final local fast slow prev ax dlr clipping lambd etas sum weight total " +
    "gain rate in out grad accumulate finish ascend step"
  ).split(" "),
);

/** Stands after a letter with a hat; a letter itself, to regular expressions. */
export const HAT = "ˆ";

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉₊₋ₜₖᵢₗ";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Unicode notation, as the rules of specs have it, in the ASCII notation of doc comments. */
export function ascii(text: string): string {
  return text
    .normalize("NFD")
    .replaceAll("\u0302", HAT)
    .replace(/[₀-₉₊₋ₜₖᵢₗ]+/g, (run) => `_{${[...run].map((c) => "0123456789+-tkil"[SUBSCRIPTS.indexOf(c)]).join("")}}`)
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => `^${SUPERSCRIPTS.indexOf(digit)}`)
    .replaceAll("−", "-")
    .replaceAll("′", "'")
    .replaceAll("‖", "||")
    .replaceAll("⟨", "<")
    .replaceAll("⟩", ">")
    .replaceAll("√", " sqrt ");
}
