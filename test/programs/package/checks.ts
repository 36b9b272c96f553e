/** Checks that print a line each and are counted. */
import { Unavailable } from "../runtimes/target.ts";

let passed = 0;
let failed = 0;

/** Runs a check; what it returns is printed beside its name. One that needs what cannot be had is named, not counted. */
export async function check(name: string, run: () => unknown): Promise<void> {
  try {
    const remark = await run();
    passed++;
    console.log(`ok   ${name}${remark === undefined ? "" : `: ${remark}`}`);
  } catch (error) {
    if (error instanceof Unavailable) {
      console.log(`     ${name}: could not be had: ${error.message}`);
      return;
    }
    failed++;
    const { message, stdout = "", stderr = "" } = error as Error & { stdout?: string; stderr?: string };
    console.log(`FAIL ${name}: ${[message, stdout, stderr].filter(Boolean).join("\n")}`);
  }
}

/** Prints the count, and makes the process fail if a check did. */
export function finish(): void {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
