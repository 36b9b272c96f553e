/** For runtimes with a command line: prints the outcomes. */
import { everyBackend } from "../program.ts";

console.log(JSON.stringify(await everyBackend()));
