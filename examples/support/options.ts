/** Options of a command, declared once: its help, how it is read, and the type of the settings follow from them. */
import { type Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { BAD_USAGE, Failure } from "./failure.ts";
import { DEFAULT_OPTIMIZER, findOptimizers, type OptimizerClass } from "./optimizers.ts";

type Camel<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name;
/** "saveEvery" for "--save-every <steps>". */
type NameOf<Flags extends string> = Flags extends `--${infer Name} ${string}`
  ? Camel<Name>
  : Flags extends `--${infer Name}`
    ? Camel<Name>
    : never;

/** An option that knows what it adds to the settings. */
type Adding<Added> = Option & { readonly adds?: Added };
type Perhaps<Flags extends string, T> = Adding<{ readonly [Name in NameOf<Flags>]?: T }>;
type Always<Flags extends string, T> = Adding<{ readonly [Name in NameOf<Flags>]: T }>;

type Joined<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;
/** The settings that these options make. */
export type SettingsOf<Options extends readonly Option[]> = Joined<
  Options[number] extends Adding<infer Added> ? (Added extends unknown ? Added : never) : never
>;

/** How an argument is read; `before` is what another of the same option, or the default, has made. */
type Read<T> = (argument: string, before: T) => T;

/** An option that may be left out; its argument is a text unless it says how it is read. */
export function option<Flags extends string, T = string>(
  flags: Flags,
  description: string,
  read?: Read<T>,
): Perhaps<Flags, T> {
  const made = new Option(flags, description);
  return read ? made.argParser(read) : made;
}

/** An option with a default, and how help shows that. */
export function optionOr<Flags extends string, T>(
  flags: Flags,
  description: string,
  value: T,
  read?: Read<T>,
  shown?: string,
): Always<Flags, T> {
  return option<Flags, T>(flags, description, read).default(value, shown) as Always<Flags, T>;
}

export function choice<Flags extends string, T extends string>(
  flags: Flags,
  description: string,
  choices: readonly T[],
  value: NoInfer<T>,
): Always<Flags, T> {
  return optionOr<Flags, T>(flags, description, value).choices(choices);
}

export const TEXT = option("--text <file>", "UTF-8 text to learn from (default: the package's own documentation)");

export const BACKEND = choice(
  "--backend <name>",
  "what runs the kernels; all give the same bits",
  ["auto", "simd", "scalar", "reference"],
  "auto",
);

export function seedOf(what: string) {
  return optionOr("--seed <number>", `seed of ${what}`, 1, wholeNumber(0, Number.MAX_SAFE_INTEGER));
}

export function optimizerOf(among: readonly OptimizerClass[]) {
  return optionOr(
    "--optimizer <name>",
    "optimizer to train with, in upper or lower case; the start of its name will do",
    findOptimizers(DEFAULT_OPTIMIZER, among)[0]!,
    (name) => parseOptimizer(name, among),
    DEFAULT_OPTIMIZER,
  );
}

/** The peak of the usual schedule; `usual` says what it is where it is not given. */
export function peakOr(usual: string) {
  const what = "peak of the learning rate, which warms up and then follows a cosine; unused by optimizers without one";
  return option("--lr <number>", `${what} (default: ${usual})`, positiveNumber);
}

export function addOptions(command: Command, options: readonly Option[]): Command {
  for (const one of options) command.addOption(one);
  return command;
}

/** The settings; undefined where help was asked for and given. Throws a `Failure` for anything it cannot use. */
export function parseArguments<Settings extends object>(
  command: Command,
  argv: readonly string[],
): Settings | undefined {
  command
    .helpOption("--help", "show this help")
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => {} });
  try {
    return command.parse(argv, { from: "user" }).opts<Settings>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new Failure(`${error.message.replace(/^error: /, "")} (see --help)`, BAD_USAGE);
  }
}

/** The optimizer among these that a name means. */
export function parseOptimizer(name: string, among: readonly OptimizerClass[]): OptimizerClass {
  const [found, ...more] = findOptimizers(name, among);
  if (!found) throw new InvalidArgumentError(`No optimizer is called ${name}; there are ${namesOf(among)}.`);
  if (more.length > 0) throw new InvalidArgumentError(`${name} may be ${namesOf([found, ...more])}.`);
  return found;
}

export function namesOf(classes: readonly OptimizerClass[]): string {
  return classes.map(({ spec }) => spec.name).join(", ");
}

export function wholeNumber(least: number, most: number): (argument: string) => number {
  return (argument) => {
    const value = Number(argument);
    if (!/^\d+$/.test(argument) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

function positiveNumber(argument: string): number {
  const value = Number(argument);
  if (argument.trim() === "" || !(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return value;
}

/** "none", or items between commas. */
export function listOf<T>(read: (item: string) => T): (list: string) => T[] {
  return (list) => (list === "none" ? [] : list.split(",").map(read));
}
