import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { load, Random } from "simd-optim";
import { afterAll, describe, expect, test, vi } from "vitest";
import { numberReader } from "../../examples/csv/column.ts";
import { prepare } from "../../examples/csv/data.ts";
import { largestOutputs, scoreClasses, scoreNumbers } from "../../examples/csv/evaluation.ts";
import { encodeRows, fitFeatures } from "../../examples/csv/features.ts";
import { classifier, regressor } from "../../examples/csv/model.ts";
import { epochsFor, parseSettings, rateFor, type Settings } from "../../examples/csv/options.ts";
import { lossWords, shortened } from "../../examples/csv/resultText.ts";
import { run } from "../../examples/csv/run.ts";
import { splitRows } from "../../examples/csv/split.ts";
import { type Format, findColumn, missingTest, parseTable, type Table } from "../../examples/csv/table.ts";
import { readTarget } from "../../examples/csv/target.ts";
import { type Recipe, Trainer, train } from "../../examples/csv/training.ts";
import { start } from "../support/charlm.ts";
import { backends } from "../support/runtimes.ts";

const folder = mkdtempSync(join(tmpdir(), "csv-"));
afterAll(() => rmSync(folder, { recursive: true }));

function table(content: string, format: Format = {}): Table {
  return parseTable({ title: "a.csv", content }, format);
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function settings(...args: readonly string[]): Settings {
  return parseSettings(["--csv", "a.csv", ...args])!;
}

/** Rows made by a function of their number and of random numbers, below a header. */
function rows(header: string, count: number, row: (i: number, random: Random) => readonly (string | number)[]): string {
  const random = new Random(1, header);
  return [header, ...Array.from({ length: count }, (_, i) => row(i, random).join(","))].join("\n");
}

/** Inside and outside of a circle, and a column that says nothing. */
const RING = rows("x,y,noise,where", 300, (_, random) => {
  const [x, y] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
  return [x.toFixed(3), y.toFixed(3), random.uniform().toFixed(3), x * x + y * y < 0.6 ? "in <b>side</b>" : "outside"];
});

const COLOURS = ["red", "green", "blue"];
/** Numbers that depend on a number and a text, both of which are missing now and then, as are labels. */
const PRICES = rows("size,colour,price", 400, (i, random) => {
  const [size, colour] = [10 * random.uniform(), random.below(3)];
  const price = 1000 + 30 * size * (colour === 0 ? -1 : 1) + 5 * random.uniform();
  return [i % 17 ? size.toFixed(2) : "NA", i % 29 ? COLOURS[colour]! : "?", i % 50 ? price.toFixed(2) : ""];
});

describe("tables", () => {
  test.each([
    [",", 'a,b c\n1,"x,\n ""y"""\n\n 2 ,z\r\n'],
    [";", '\n"a";b c\r\n1;"x,\n ""y"""\r\n2;z'],
    ["\t", 'a\tb c\n1\t"x,\n ""y"""\n2\tz\n'],
    ["|", 'a|b c\r\n1|"x,\n ""y"""\n\n2|z\r'],
    ["\u00a6", 'sep=\u00a6\r\na\u00a6b c\n1\u00a6"x,\n ""y"""\r\n2\u00a6z\n'],
  ])("delimiter %j is found, quotes and blank lines are read", (delimiter, content) => {
    const { rows, columns, ...rest } = table(content);
    expect(rest).toMatchObject({ title: "a.csv", delimiter });
    expect(columns).toEqual(["a", "b c"]);
    expect(rows).toEqual([
      ["1", 'x,\n "y"'],
      ["2", "z"],
    ]);
  });

  test("a delimiter inside names or cells does not count if another one fits all rows", () => {
    expect(table("a, b, c;d\n1,5;2\n3;4").delimiter).toBe(";");
    expect(table("only\n1").columns).toEqual(["only"]);
  });

  test("a delimiter that is given is taken, whatever the first line says", () => {
    const { columns, rows } = table("sep=;\na;b,c\n1;2,3", { delimiter: "," });
    expect([columns, rows]).toEqual([["a;b", "c"], [["1;2", "3"]]]);
  });

  test("rows know their lines, whatever line breaks there are, and blank and quoted ones among them", () => {
    expect(table('sep=,\r\na,b\n\n1,2\r\n3,"x\ny"\n5,6\r\r7,8').lines).toEqual([4, 6, 7, 9]);
  });

  test("quotes inside fields stand for themselves", () => {
    expect(table('size,note\n5" disk,"he said "hi" there" \n 3" ,"a, ""b"""\n"x\ny",z').rows).toEqual([
      ['5" disk', '"he said "hi" there"'],
      ['3"', 'a, "b"'],
      ["x\ny", "z"],
    ]);
  });

  test("a column without a name is called by its number", () => {
    const { columns, nameless } = table("a,,b\n1,2,3");
    expect([columns, nameless]).toEqual([["a", "column 2", "b"], ["column 2"]]);
  });

  test.each([
    ["\n \n", "a.csv: there is nothing in it but blank lines"],
    ["a,b\n", 'a.csv: no rows below the header "a", "b"'],
    ["a,b,a\n1,2,3", 'a.csv: more than one column is called "a" (columns 1, 3)'],
    [
      "0,0,5,x\n1,2,3,x",
      'a.csv: more than one column is called "0" (columns 1, 2); its first line looks like a row, not like the names of columns',
    ],
    ["a,b\n1,2\n3\n4,5", "a.csv: the row that ends in line 3 has 1 field, but the header has 2"],
    ["a,b\n1,2\n3,4,5", "a.csv: the row that ends in line 3 has 3 fields, but the header has 2"],
    ['a,b\n"1,2\n', "a.csv: not CSV: Quote Not Closed: the parsing is finished with an opening quote at line 2"],
  ])("%j is refused", (content, message) => {
    expect(() => table(content)).toThrow(expect.objectContaining({ name: "Failure", exitCode: 1, message }));
  });

  test("a wrong column name is answered with all names, and with the nearest if one is near", () => {
    const { columns, ...rest } = table("Petal length,class\n1,2");
    expect(findColumn({ columns, ...rest }, " class ", "--label")).toBe(1);
    const names = 'its columns are "Petal length", "class"';
    expect(() => findColumn({ columns, ...rest }, "petal_lenght", "--label")).toThrow(
      `--label petal_lenght: a.csv has no such column; did you mean "Petal length"? ${names}`,
    );
    expect(() => findColumn({ columns, ...rest }, "xyzxyz", "--label")).toThrow(`no such column; ${names}`);
  });

  test("a file without a header is told as such where a column is not found", () => {
    const hint = /; its first line looks like a row, not like the names of columns$/;
    expect(() => findColumn(table("5.1,0.2,setosa\n4.9,0.1,setosa"), "class", "--label")).toThrow(hint);
    expect(() => findColumn(table("year,2.5\n4.9,0.1"), "class", "--label")).not.toThrow(hint);
    expect(() => prepare(table("5.1,0.2,setosa\n4.9,0.1,setosa"), settings())).toThrow(hint);
  });
});

describe("numbers", () => {
  /** What a column says, read from all its rows. */
  const read = (content: string, column: number, format: Format = {}) => {
    const whole = table(content, format);
    return Array.from(whole.rows.keys(), numberReader(whole, column));
  };

  test.each([
    ["semicolons", "a;b\n1,5;1.011\n-,5e1;-2.345.678", [1.5, -5], [1011, -2345678]],
    ["tabs", "a\tb\n1,5\t1.011,25\n2\t0", [1.5, 2], [1011.25, 0]],
    ["commas", 'a,b\n"1,5","1.011"\n"2,25",7', [1.5, 2.25], [1011, 7]],
    ["points", 'a,b\n1.5,"1,011"\n.25,"-2,345,678.5"', [1.5, 0.25], [1011, -2345678.5]],
    ["points, tabs", "a\tb\n0.125\t1,011\n7\t1.", [0.125, 7], [1011, 1]],
  ])("are read by what decimals there are, in whatever column: %s", (_, content, first, second) => {
    expect(read(content, 0)).toEqual(first);
    expect(read(content, 1)).toEqual(second);
  });

  test("of two conventions in one table, each column follows its own", () => {
    const mixed = "a;b;c\n1,5;2.5;1.011\n1.011;1.011;7";
    expect([read(mixed, 0), read(mixed, 1)]).toEqual([
      [1.5, 1011],
      [2.5, 1.011],
    ]);
    expect(() => read(mixed, 2)).toThrow(
      'a.csv: "1.011" in line 2 of column "c" may be 1.011 or 1011; --decimal says which',
    );
  });

  test("that may be either of two are refused unless the user says, but for points between commas", () => {
    expect(read("a,b\n1.011,0\n2.345,0", 0)).toEqual([1.011, 2.345]);
    for (const delimiter of [";", "\t", "|"]) {
      const content = `a${delimiter}b\n1.011${delimiter}0\n2.345${delimiter}0`;
      expect(() => read(content, 0), delimiter).toThrow(/"1\.011" in line 2 .* may be 1\.011 or 1011/);
      expect(read(content, 0, { decimal: "." })).toEqual([1.011, 2.345]);
      expect(read(content, 0, { decimal: "," })).toEqual([1011, 2345]);
    }
    expect(read("a;b\n1,5;1.011", 1, { decimal: "." })).toEqual([1.011]);
    expect(read("a;b\n1,5;1.011", 0, { decimal: "." })).toEqual([Number.NaN]);
  });

  test.each([
    "0.125.125",
    "1.01",
    "12,34,567",
    "1,2345.6",
    "0x10",
    "1e39",
    "inf",
    "n.a.",
    "1 2",
    ",",
    ".",
    "1.234,5.6",
  ])("%s is none, or one by one convention alone", (cell) => {
    const [value] = read(`a;b\n"${cell}";0`, 0);
    expect(value).toSatisfy((it: number) => (cell === "1.01" ? it === 1.01 : Number.isNaN(it)));
  });
});

describe("labels", () => {
  const column = (cells: readonly (string | number)[]) =>
    table(["x,y", ...cells.map((cell) => `0,${cell}`)].join("\n"));
  const repeated = (cells: readonly (string | number)[], count: number) => Array(count).fill(cells).flat();

  test("texts are classes in their order, numbers in theirs, however they are written", () => {
    const texts = readTarget(column(repeated(["b", "a", "10"], 5)), 1);
    expect(texts.target).toMatchObject({ task: "classification", classes: ["10", "a", "b"] });
    expect([...texts.target.values.slice(0, 3)]).toEqual([2, 1, 0]);
    const numbers = readTarget(column(repeated(["10", "9.0", "9", "1e1"], 5)), 1);
    expect(numbers.target).toMatchObject({ task: "classification", classes: ["9", "10"] });
    expect([...numbers.target.values.slice(0, 4)]).toEqual([1, 0, 0, 1]);
  });

  test("fractions, many whole numbers, and few rows of each are numbers, unless the user says otherwise", () => {
    const task = (cells: readonly number[], asked?: "classification") =>
      readTarget(column(cells), 1, { task: asked }).target.task;
    expect(task(repeated([0, 1.5], 5))).toBe("regression");
    expect(task(repeated([...Array(21).keys()], 5))).toBe("regression");
    expect(task(repeated([...Array(20).keys()], 5))).toBe("classification");
    expect(task(repeated([1, 2, 3], 4))).toBe("regression");
    expect(task(repeated([1, 2, 3], 4), "classification")).toBe("classification");
    expect(readTarget(column(repeated([0, 1], 5)), 1, { task: "regression" }).target).toEqual({
      task: "regression",
      values: Float64Array.from(repeated([0, 1], 5)),
    });
  });

  test("long whole numbers are told apart by their digits, and classes called as the file has them", () => {
    const ids = readTarget(column(repeated(["9007199254740993", "9007199254740992", "10000000000000000000001"], 5)), 1);
    expect(ids).toMatchObject({
      target: { classes: ["9007199254740992", "9007199254740993", "10000000000000000000001"] },
      reason: "the labels are 3 different whole numbers",
    });
    expect([...ids.target.values.slice(0, 3)]).toEqual([1, 0, 2]);
    const codes = readTarget(column(repeated(["0123", "0045.0", "0045"], 5)), 1, { task: "classification" });
    expect(codes.target).toMatchObject({ classes: ["0045", "0123"] });
  });

  test("a few cells that are no numbers are named, and do not make many numbers classes", () => {
    const numbers = Array.from({ length: 200 }, (_, i) => (i % 100) + 0.5);
    const cells = [...numbers.slice(0, 55), "n.a.", ...numbers.slice(55), "inf"];
    expect(() => readTarget(column(cells), 1)).toThrow(
      'a.csv: column "y" is of numbers but for "n.a." in line 57 and 1 more: a --missing list with it leaves such rows ' +
        "out, --task classification takes all for classes",
    );
    expect(readTarget(column(cells), 1, { isMissing: missingTest(["N.A.", "inf"]) })).toMatchObject({
      target: { task: "regression" },
      leftOut: new Map([
        ["inf", 1],
        ["n.a.", 1],
      ]),
    });
    const few = readTarget(column(["x", ...repeated([1, 2, 3], 7)]), 1);
    expect(few.target).toMatchObject({ task: "classification", classes: ["1", "2", "3", "x"] });
    expect(few.reason).toBe('the labels are few, and not all numbers: "x" in line 2');
  });

  test("NA is a class where the user says so", () => {
    const cells = [...repeated(["EU", "NA"], 5), "", "null"];
    const whole = column(cells);
    expect(() => readTarget(whole, 1)).toThrow("has a value in 5 of 12 rows");
    expect(readTarget(whole, 1, { isMissing: missingTest(["null"]) })).toMatchObject({
      target: { classes: ["EU", "NA"] },
      leftOut: new Map([
        ["", 1],
        ["null", 1],
      ]),
    });
  });

  test("rows without a label are left out", () => {
    const cells = ["", "NA", "n/a", "NaN", "NULL", "?", ...repeated(["a", "b"], 5)];
    expect(readTarget(column(cells), 1).rows).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  test.each([
    [Array(12).fill("a"), undefined, 'has only one class, "a": nothing to learn'],
    [
      [...Array(12).fill("a"), "NA"],
      undefined,
      'has only one class, "a": nothing to learn; "NA" is missing, unless --missing-labels says otherwise',
    ],
    [Array(12).fill(7), "regression", "is 7 in every row: nothing to learn"],
    [["", ...Array(9).fill("a")], undefined, "has a value in 9 of 10 rows, at least 10 needed"],
    [[1, 2, "many", ...Array(9).fill(3)], "regression", 'has "many" in line 4, which is no number: no regression'],
    [
      Array.from({ length: 12 }, (_, i) => `t${i}`),
      undefined,
      "has 12 different values in 12 rows: too many for classes",
    ],
  ] as const)("%j as %s is refused", (cells, task, message) => {
    expect(() => readTarget(column(cells), 1, { task })).toThrow(`a.csv: column "y" ${message}`);
  });
});

describe("features", () => {
  test("numbers are standardised and texts spread by the rows to learn from alone; flags say what is missing", () => {
    const cars = table("speed,fuel,same,id,none\n1,gas,7,a1,\n3,oil,7,b2,\n,gas,7,c3,\n5,,7,d4,\n9,coal,8,e5,1");
    const features = fitFeatures(cars, [0, 1, 2, 4], [0, 1, 2, 3]);
    const deviation = Math.sqrt(8 / 3);
    expect(features.list).toEqual([
      { kind: "number", column: 0, flagged: true, mean: 3, deviation: expect.closeTo(deviation, 12), decimal: "." },
      { kind: "text", column: 1, flagged: true, texts: ["gas", "oil"], mode: "gas" },
    ]);
    expect(features.unused).toEqual([
      ["same", "always the same"],
      ["none", "no values"],
    ]);
    const x = encodeRows(cars, features, [0, 2, 3, 4]);
    const u = 2 / deviation;
    expect([...x].map((value) => Number(value.toFixed(5)))).toEqual(
      [-u, 0, 1, 0, 0, /**/ 0, 1, 1, 0, 0, /**/ u, 0, 1, 0, 1, /**/ 3 * u, 0, 0, 0, 0].map((value) =>
        Number(value.toFixed(5)),
      ),
    );
  });

  test("a column of many texts is not used, and what makes it one is told", () => {
    const ids = (odd: (i: number) => boolean) =>
      table(["x,id", ...Array.from({ length: 60 }, (_, i) => `${i},${odd(i) ? `t${i}` : i}`)].join("\n"));
    const all = [...Array(60).keys()];
    expect(
      fitFeatures(
        ids(() => true),
        [0, 1],
        all,
      ).unused,
    ).toEqual([["id", '60 different texts, such as "t0"']]);
    const one = ids((i) => i === 58);
    const reason = 'numbers but for "t58" in line 60, which makes 60 different texts';
    expect(fitFeatures(one, [0, 1], all).unused).toEqual([["id", reason]]);
    expect(() => fitFeatures(one, [1], all)).toThrow(`a.csv: no column to learn from: "id": ${reason}`);
    expect(() => fitFeatures(one, [], all)).toThrow("a.csv: no column to learn from");
  });

  test("a number column with an odd cell is told, unless that is missing", () => {
    const content = "a,b\n1,0\n2.5,0\nn.a.,1\n4,1";
    expect(fitFeatures(table(content), [0], [0, 1]).list).toMatchObject([
      { kind: "text", texts: ["1", "2.5"], exceptions: '"n.a." in line 4' },
    ]);
    const format = { missing: ["n.a."] };
    expect(fitFeatures(table(content, format), [0], [0, 1]).list).toMatchObject([{ kind: "number", mean: 1.75 }]);
  });

  test("another table is read by the convention of the one learned from, where it shows none", () => {
    const learned = table("a;b\n1,5;0\n3,5;1");
    const features = fitFeatures(learned, [0], [0, 1]);
    expect(features.list).toMatchObject([{ mean: 2.5, deviation: 1, decimal: "," }]);
    expect([...encodeRows(table("a;b\n1.002;0"), features, [0])]).toEqual([999.5]);
    expect([...encodeRows(table("a;b\n1.25;0"), features, [0])]).toEqual([-1.25]);
  });
});

describe("the split", () => {
  const values = Uint32Array.from([...Array(50).fill(0), ...Array(10).fill(1), 2, 3, 3]);
  const target = { task: "classification", classes: ["a", "b", "c", "d"], values } as const;
  const places = [...values.keys()];

  test("takes the same share of each class, at least one row, and leaves at least one", () => {
    const { train, rest } = splitRows(target, places, 0.2, new Random(1));
    expect([...train, ...rest].sort((a, b) => a - b)).toEqual(places);
    expect([0, 1, 2, 3].map((id) => rest.filter((place) => values[place] === id).length)).toEqual([10, 2, 0, 1]);
  });

  test("depends on the seed alone", () => {
    const split = (seed: number) => splitRows(target, places, 0.2, new Random(seed));
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
  });
});

describe("scores", () => {
  test("of classes", () => {
    const predicted = largestOutputs(Float32Array.from([3, 1, 2, 0, 5, 4, 1, 1, 0, 9, 8, 7]), 3);
    expect(predicted).toEqual([0, 1, 0, 0]);
    const { confusion, scores, accuracy, baseline } = scoreClasses(["a", "b", "c"], [0, 1, 1, 0], predicted, [1, 1, 0]);
    expect(confusion).toEqual([
      [2, 0, 0],
      [1, 1, 0],
      [0, 0, 0],
    ]);
    expect(scores).toEqual([
      { label: "a", precision: 2 / 3, recall: 1, rows: 2 },
      { label: "b", precision: 1, recall: 0.5, rows: 2 },
      { label: "c", precision: Number.NaN, recall: Number.NaN, rows: 0 },
    ]);
    expect([accuracy, baseline]).toEqual([0.75, { label: "b", accuracy: 0.5 }]);
  });

  test("of the loss are those of the model that is kept, with what was better before", () => {
    const history = { losses: new Float64Array(300), seconds: 1 };
    const heldOut = [1.2, 0.0004, 0.02, 0.5].map((loss, i) => ({ step: 100 * i, loss }));
    const words = (step: number, loss: number, stopsEarly: boolean) =>
      lossWords({ ...history, heldOut, kept: { step, loss } }, stopsEarly);
    expect(words(300, 0.5, false)).toBe(
      "from 1.2 to 0.5; it was 0.0004 at step 100, and since then the model overfits: see --patience",
    );
    expect(words(110, 0.000_412_34, true)).toBe(
      "from 1.2 to 0.0004123, with the parameters after step 110, which are kept",
    );
    expect(words(200, 0.02, true)).toMatch(/are kept; it was 0\.0004 at step 100, and since then the model overfits$/);
  });

  test("are shown with the ends of long labels", () => {
    expect(shortened("a label of 16 ch")).toBe("a label of 16 ch");
    expect(shortened("a long label\nnumber 12")).toBe("a long l\u2026mber 12");
  });

  test("of numbers", () => {
    const { rmse, r2, baseline } = scoreNumbers(Float64Array.of(1, 3, 5), Float64Array.of(1, 3, 8), 4);
    expect(rmse).toBeCloseTo(Math.sqrt(3), 12);
    expect(r2).toBeCloseTo(1 - 9 / 8, 12);
    expect(baseline).toEqual({ mean: 4, rmse: expect.closeTo(Math.sqrt(11 / 3), 12) });
    expect(scoreNumbers(Float64Array.of(2, 2), Float64Array.of(1, 2), 2).r2).toBeNaN();
  });
});

describe("training", () => {
  const recipeOf = (given: Settings, inputs: number, outputs: number, steps: number): Recipe => {
    const { hidden, activation, dropout, optimizer, batchSize: batch, patience = Infinity, seed } = given;
    const shape = { inputs, outputs, hidden, activation, dropout };
    return { shape, optimizer, rate: rateFor(given), steps, batch, patience, seed };
  };
  const silent = () => {};
  const { signal } = new AbortController();

  test.each([
    ["classes", RING, "where", ["--activation", "gelu", "--dropout", "0.2", "--hidden", "9,5"]],
    ["numbers", PRICES, "price", ["--optimizer", "schedulefree", "--batch-size", "7"]],
  ])("gives the same bits on every backend: %s", async (_, content, label, args) => {
    const given = settings("--label", label, ...args);
    const { data, features, labelled } = prepare(table(content), given);
    const runs = await Promise.all(
      backends.map(async (backend) => {
        using runtime = await load({ backend });
        const weight = runtime.tensor([2], { values: [0.3, 2] });
        const objective = labelled.target.task === "regression" ? regressor : classifier(2, weight);
        const recipe = recipeOf(given, features.inputs, objective.outputs, 30);
        const trainer = new Trainer(runtime, objective, data.train, recipe);
        const { losses, heldOut } = await train(trainer, data, recipe, silent, signal);
        return { losses, heldOut, bits: trainer.snapshot().map(({ buffer }) => new Uint32Array(buffer)) };
      }),
    );
    expect(runs[0]!.losses.every((loss) => loss > 0)).toBe(true);
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  test("the mean loss does not depend on how rows fall into blocks, and class weights do not enter it", async () => {
    const given = settings("--label", "where");
    const { data, features } = prepare(table(RING), given);
    using runtime = await load();
    const objective = classifier(2, runtime.tensor([2], { values: [5, 0.1] }));
    const trainer = new Trainer(runtime, objective, data.train, recipeOf(given, features.inputs, 2, 1));
    const many = { count: 0, x: [] as number[], targets: [] as number[] };
    for (let i = 0; i < 5; i++) {
      many.count += data.heldOut.count;
      many.x.push(...data.heldOut.x);
      many.targets.push(...data.heldOut.targets);
    }
    const repeated = { count: many.count, x: Float32Array.from(many.x), targets: Uint32Array.from(many.targets) };
    const outputs = trainer.predict(data.heldOut);
    const losses = Array.from(data.heldOut.targets, (target, row) => {
      const [a, b] = outputs.subarray(2 * row, 2 * row + 2) as unknown as [number, number];
      return Math.log(Math.exp(a) + Math.exp(b)) - (target === 0 ? a : b);
    });
    const mean = losses.reduce((sum, loss) => sum + loss) / losses.length;
    expect(trainer.loss(data.heldOut)).toBeCloseTo(mean, 6);
    expect(trainer.loss(repeated)).toBeCloseTo(mean, 6);
  });

  test("stops without progress on the validation rows, and keeps the parameters that were best there", async () => {
    const given = settings("--label", "where", "--patience", "3", "--lr", "0.05", "--hidden", "64");
    const { data, features, train: places, heldOut } = prepare(table(RING), given);
    expect([places.length, data.validation!.count, heldOut.length]).toEqual([216, 24, 60]);
    using runtime = await load();
    const recipe = recipeOf(given, features.inputs, 2, 2000);
    const trainer = new Trainer(runtime, classifier(2, undefined), data.train, recipe);
    const { kept, losses } = await train(trainer, data, recipe, silent, signal);
    const epoch = Math.ceil(216 / 32);
    expect(losses.length).toBeLessThan(2000);
    expect(losses.length).toBe(kept.step + 3 * epoch);
    const again = new Trainer(runtime, classifier(2, undefined), data.train, recipe);
    for (let step = 0; step < kept.step; step++) again.step();
    expect(trainer.snapshot()).toEqual(again.snapshot());
    expect(kept.loss).toBe(again.loss(data.heldOut));
  });

  test("takes suitable rates and numbers of epochs, unless it is told", () => {
    expect(rateFor(settings())).toBe(0.003);
    expect(rateFor(settings("--optimizer", "lion"))).toBe(1e-4);
    expect(rateFor(settings("--optimizer", "agd"))).toBeUndefined();
    expect(rateFor(settings("--lr", "0.1"))).toBe(0.1);
    expect([10, 1000, 1e6].map((count) => epochsFor(settings(), count))).toEqual([200, 96, 10]);
    expect(epochsFor(settings("--epochs", "7"), 10)).toBe(7);
  });
});

const csv = (...args: readonly string[]) => start(args);

function figuresOf(page: string) {
  expect(page).not.toMatch(/<script|<link|<img|<b>side|\s(src|href)=|@import|url\(|NaN|undefined|Infinity/);
  return [...parseHTML(page).document.querySelectorAll("figure, section")].map((part) => ({
    title: part.querySelector("h2")!.textContent,
    text: part.textContent,
    drawings: part.querySelectorAll("svg").length,
  }));
}

describe("the command", () => {
  test("learns classes: a confusion table, and a page with figures and nothing to fetch", async () => {
    const out = join(folder, "ring");
    const path = file("ring.csv", RING);
    const args = [
      "--csv",
      path,
      "--label",
      "where",
      "--epochs",
      "60",
      "--ignore",
      "noise",
      "--class-weights",
      "balanced",
    ];
    const { code, stdout, stderr } = await csv(...args, "--out", out);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/ignored +"noise"\n/);
    expect(stdout).toContain("240 rows to learn from, 60 held out, drawn at random from each class");
    expect(Number(/accuracy +([\d.]+) % of 60/.exec(stdout)![1])).toBeGreaterThan(90);
    expect(Number(/baseline +([\d.]+) %/.exec(stdout)![1])).toBeLessThan(70);
    const confusion = /true \\ predicted.*\n.*? {2,}(\d+) +(\d+)\noutside +(\d+) +(\d+)\n/.exec(stdout)!;
    expect(confusion.slice(1).reduce((sum, cell) => sum + Number(cell), 0)).toBe(60);
    const parts = figuresOf(readFileSync(join(out, "report.html"), "utf8"));
    expect(parts.map(({ title, drawings }) => [title, drawings])).toEqual([
      ["Confusion", 2],
      ["Loss", 2],
      ["Classes", 0],
      ["The run", 0],
    ]);
    expect(parts[0]!.text).toContain("in <b>side</b>");
    expect(parts[2]!.text).toContain("precision");
  });

  test("learns numbers, from a table with missing values and texts; the backend makes no difference", async () => {
    const path = file("prices.csv", PRICES.replaceAll(",", ";"));
    const [simd, reference] = await Promise.all(
      ["simd", "reference"].map((backend) =>
        csv("--csv", path, "--label=price", "--epochs", "60", "--backend", backend, "--out", join(folder, backend)),
      ),
    );
    expect([simd!.code, simd!.stderr, reference!.code]).toEqual([0, "", 0]);
    expect(simd!.stdout).toMatch(/left out +8 rows without a label\n/);
    expect(simd!.stdout).toMatch(/missing +\d+ values, replaced by the mean or the mode; 2 inputs say where\n/);
    const result = /RMSE +([\d.]+) on 78 .*\nR² +([\d.]+)\nbaseline +RMSE ([\d.]+)/;
    const [text, rmse, r2, baseline] = result.exec(simd!.stdout)!;
    expect(result.exec(reference!.stdout)![0]).toBe(text);
    expect(Number(rmse)).toBeLessThan(Number(baseline) / 2);
    expect(Number(r2)).toBeGreaterThan(0.8);
    const parts = figuresOf(readFileSync(join(folder, "simd", "report.html"), "utf8"));
    expect(parts.map(({ title, drawings }) => [title, drawings])).toEqual([
      ["Predictions", 2],
      ["Loss", 2],
      ["The run", 0],
    ]);
    expect(parts[0]!.text).toContain("predicted price");
  });

  test("predicts the labels of another table", async () => {
    const csvFile = file("train.csv", RING);
    const other = 'extra;y;noise;x\n"a;b";0;0,5;-0.01\n"""";0.99;?;0.99\n';
    const args = ["--csv", csvFile, "--label", "where", "--epochs", "40", "--predict", file("new.csv", other)];
    const { code, stdout, stderr } = await csv(...args, "--out", join(folder, "predict"));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("predictions.csv\n");
    expect(readFileSync(join(folder, "predict", "predictions.csv"), "utf8")).toBe(
      'extra;y;noise;x;predicted where\n"a;b";0;0,5;-0.01;in <b>side</b>\n"""";0.99;?;0.99;outside\n',
    );
  });

  const ring = file("small.csv", RING);
  const label = ["--label", "x"];
  const { signal } = new AbortController();

  /** A run in this process: what it prints and what it writes. */
  async function ran(...args: readonly string[]) {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    try {
      const files = await run(parseSettings(args)!, signal);
      return { ...files, printed: log.mock.calls.map(([line]) => `${line}`).join("\n") };
    } finally {
      log.mockRestore();
    }
  }

  test("reads and writes numbers as the table has them, and tells of columns without names", async () => {
    const lines = rows("size,,price", 60, (i) => [`"${(i / 4).toFixed(2).replace(".", ",")}"`, i % 2, i % 9]);
    const german = lines.replaceAll(",", ";").replaceAll(/"(\d+);(\d+)"/g, "$1,$2");
    const priced = german.replaceAll(/;(\d)$/gm, (_, digit) => `;${digit === "0" ? "0,5" : `1.00${digit}`}`);
    const path = file("german.csv", `sep=;\r\n${priced}`);
    const args = ["--csv", path, "--label", "price", "--epochs", "2", "--predict", path];
    const { printed, predictions } = await ran(...args);
    expect(printed).toMatch(/^table +german.csv: 60 rows, 3 columns, semicolons between them, decimal commas$/m);
    expect(printed).toMatch(/^nameless +"column 2", without a name in the header$/m);
    expect(printed).toMatch(/^label +price, numbers from 0.5 to 1008$/m);
    expect(printed).toMatch(/^inputs +2, from 2 columns of numbers$/m);
    expect(predictions!.split("\n")[1]).toMatch(/^0,00;0;0,5;-?\d+,\d+$/);
  });

  test("tells on the terminal and on the page that the model overfits, with figures that count", async () => {
    const path = file(
      "noise.csv",
      rows("x,y,z,label", 40, (i, random) => [random.uniform(), random.uniform(), i, random.below(2)]),
    );
    const args = ["--csv", path, "--label", "label", "--lr", "0.02", "--epochs", "200"];
    const { printed, report } = await ran(...args);
    const words = /^held-out loss +(from .*)$/m.exec(printed)![1]!;
    expect(words).toMatch(
      /^from [\d.]+ to [\d.]+; it was [\d.]+ at step \d+, and since then the model overfits: see --patience$/,
    );
    expect(figuresOf(report)[1]!.text).toContain(`The loss on rows the model never trained on goes ${words}.`);
    const early = await ran(...args, "--patience", "2");
    const kept = /parameters after step (\d+), which are kept/.exec(early.printed)![1]!;
    const figure = figuresOf(early.report)[1]!;
    expect(figure.text).toContain(`the parameters after step ${kept}, which are kept`);
    expect(early.report).not.toContain("see --patience");
    expect(parseHTML(early.report).document.querySelectorAll("figure svg")[2]!.textContent).toContain("kept");
  });

  test.each([
    [["--csv", ring], 2, /^--label is needed: which column to predict, of "x", "y", "noise", "where"$/],
    [["--csv", ring, "--label", "were"], 2, /^--label were: small.csv has no such column; did you mean "where"\? /],
    [["--csv", ring, ...label, "--ignore", "z"], 2, /^--ignore z: small.csv has no such column/],
    [["--csv", ring, ...label, "--task", "guess"], 2, /^option '--task <name>' argument 'guess' is invalid/],
    [["--csv", ring, ...label, "--optimizer", "sophiag"], 2, /No optimizer is called sophiag; there are AGD, /],
    [["--csv", ring, ...label, "--dropout", "1"], 2, /Expected a number from 0 to below 1\. \(see --help\)$/],
    [["--csv", ring, ...label, "--delimiter", ";;"], 2, /Expected one character other than a quote, or tab\./],
    [["--csv", ring, ...label, "--decimal", "x"], 2, /Allowed choices are \., ,\. \(see --help\)$/],
    [label, 2, /^required option '--csv <file>' not specified/],
    [["--csv", join(folder, "none.csv"), ...label], 1, /^--csv .*none.csv: cannot be read: no such file$/],
    [["--csv", file("empty.csv", ""), ...label], 1, /^--csv .*empty.csv: the file is empty$/],
    [["--csv", file("latin.csv", Uint8Array.of(97, 44, 0xe9, 10)), ...label], 1, /it is not valid UTF-8$/],
    [["--csv", ring, ...label, "--predict", file("less.csv", "x,y\n1,2")], 2, /^--predict noise: less.csv has no such/],
    [
      ["--csv", ring, ...label, "--predict", file("odd.csv", "y,noise,where\n1,2,a\nup,2,a")],
      1,
      /^odd.csv: "up" in line 3 of column "y" is no number, as those learned from are$/,
    ],
  ])("%j is refused with exit code %i", async (args, exitCode, message) => {
    const refused = (async () => run(parseSettings(args)!, signal))();
    await expect(refused).rejects.toMatchObject({ name: "Failure", exitCode, message: expect.stringMatching(message) });
  });

  test("what goes wrong is told in one line, and nothing is written", async () => {
    const out = join(folder, "refused");
    const args = ["--csv", ring, "--label", "x", "--optimizer", "sgd", "--lr", "1e30", "--out", out];
    const { code, stderr } = await csv(...args);
    expect(stderr).toMatch(/^csv: SGD diverged: the loss at step \d+ is (NaN|Infinity); try a smaller --lr\n$/);
    expect(code).toBe(1);
    expect(existsSync(join(out, "report.html"))).toBe(false);
  });

  test("--help lists the options, behind --csv too", async () => {
    const { code, stdout } = await csv("--csv", "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--held-out <percent>");
  });
});
