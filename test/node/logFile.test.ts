import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { jsonLines } from "../../src/monitor/jsonLines.ts";
import { tensorBoard } from "../../src/monitor/tensorBoard.ts";
import { openEventFile, openLog } from "../../src/node/logFile.ts";

const folder = mkdtempSync(join(tmpdir(), "simd-optim-log-"));
afterAll(() => rmSync(folder, { recursive: true }));
const read = (path: string) => readFileSync(path, "utf8");

describe("openLog", () => {
  test("makes file and folder, appends, and goes on after a close", () => {
    const path = join(folder, "new", "run.jsonl");
    for (const step of [1, 2]) {
      const log = openLog(path);
      jsonLines(log.write)({ loss: step }, step, 0);
      log.flush();
      log.close();
      log.close();
    }
    expect(read(path)).toBe('{"step":1,"time":0,"loss":1}\n{"step":2,"time":0,"loss":2}\n');
  });

  test.each([
    ["nothing", "", ""],
    ["a whole line", '{"step":1}\n', '{"step":1}\n'],
    ["whole lines of any kind", "epoch,loss\n1,2\n", "epoch,loss\n1,2\n"],
    ["a line cut short", '{"step":1}\n{"st', '{"step":1}\n'],
    ["a line of zeros, which a power failure may leave", '{"step":1}\n\u0000\u0000', '{"step":1}\n'],
    ["a line that lacks only its end", '{"step":1}\n{"step":2}', '{"step":1}\n{"step":2}\n'],
    ["a line cut short that is longer than a block", `{"step":1}\n${"x".repeat(200_000)}`, '{"step":1}\n'],
    ["long lines", `{"a":"${"x".repeat(3e6)}"}\n{"b":"${"x".repeat(3e6)}`, `{"a":"${"x".repeat(3e6)}"}\n`],
  ])("a file with %s goes on after its last whole line", (_, before, kept) => {
    const path = join(folder, "torn.jsonl");
    writeFileSync(path, before);
    const log = openLog(path);
    log.write("{}\n");
    log.close();
    expect(read(path) === `${kept}{}\n`).toBe(true);
  });

  test.each([
    ["JSON without a line", '{"important":"settings!"}'],
    ["only a line cut short", '{"st'],
    ["JSON over several lines", '{\n  "a": 1\n}'],
    ["a list of records", '[\n{"a":1},\n{"b":2}\n]'],
    ["a list of records, one a line", '[\n{"a":1}\n]'],
    ["source code", "const a = 1;\nconst b = 2;"],
    ["a table", "epoch,loss\n1,2\n3,"],
    ["numbers", "1\n2\n3"],
    ["empty lines", "\n\n1"],
    ["a last line that is no record", '{"a":1}\nend\n{"b'],
    ["a first line that is no record", '# log\n{"a":1}\n{"b'],
    ["bytes", String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))],
    ["a line that is too long to be one", `{"a":"${"x".repeat(5e6)}"}\n{"b`],
  ])("a file of %s is no log to be mended: it is refused and stays", (_, content) => {
    const path = join(folder, "other");
    writeFileSync(path, content, "latin1");
    const before = readFileSync(path);
    const refused = expect.objectContaining({
      code: "BAD_FILE",
      message: expect.stringContaining("whose last line has no end"),
    });
    expect(() => openLog(path)).toThrow(refused);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("a record is in the file when write returns; a closed file refuses more", () => {
    const path = join(folder, "closed.jsonl");
    const log = openLog(path);
    log.write("{}\n");
    expect(read(path)).toBe("{}\n");
    log.close();
    expect(() => log.write("{}\n")).toThrow(expect.objectContaining({ code: "DISPOSED" }));
    expect(read(path)).toBe("{}\n");
  });

  test("a process that is killed loses no record that it has written", async () => {
    const path = join(folder, "killed.jsonl");
    const script = join(folder, "writer.ts");
    const source = new URL("../../src/node/logFile.ts", import.meta.url).href;
    writeFileSync(
      script,
      `import { openLog } from ${JSON.stringify(source)};
       const log = openLog(${JSON.stringify(path)});
       for (let i = 0; ; i++) { log.write(i + "\\n"); if (i % 100 === 0) process.stdout.write(i + "\\n"); }`,
    );
    const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), script]);
    let told = "";
    child.stdout.on("data", (data) => {
      told += data;
      if (told.length > 2000) child.kill("SIGKILL");
    });
    const [, signal] = await once(child, "close");
    expect(signal).toBe("SIGKILL");
    const lines = read(path).split("\n").slice(0, -1).map(Number);
    expect(lines).toEqual(lines.map((_, i) => i));
    const last = Number(told.slice(0, told.lastIndexOf("\n")).split("\n").at(-1));
    expect(lines.length).toBeGreaterThan(last);
  });
});

describe("openEventFile", () => {
  test("makes a new file each time, by a name that TensorBoard looks for, and holds what the sink writes", () => {
    const [a, b] = [openEventFile(join(folder, "logs")), openEventFile(join(folder, "logs"))];
    expect(basename(a.path)).toMatch(/^events\.out\.tfevents\.\d+\./);
    expect(b.path).not.toBe(a.path);
    const chunks: Uint8Array[] = [];
    tensorBoard((bytes) => {
      chunks.push(bytes);
      a.write(bytes);
    })({ loss: 1 }, 1, 0);
    for (const file of [a, b]) file.close();
    expect([...readFileSync(a.path)]).toEqual(chunks.flatMap((bytes) => [...bytes]));
    expect(read(b.path)).toBe("");
  });
});
