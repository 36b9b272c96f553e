/**
 * `npm run test:package`: packs the package and holds what is packed to what a user expects: it installs into fresh
 * projects of many tools with no configuration, and gives the same bits in all of them, and in hostile places.
 */
import { existsSync } from "node:fs";
import { finish } from "./checks.ts";
import { checkHostile } from "./hostile.ts";
import { checkJsr, pack } from "./packed.ts";
import { checkBundlers, checkRuntimes, checkTypeScript, install } from "./projects.ts";
import { removeFolders, root, run } from "./tools.ts";

if (!existsSync(`${root}test/programs/runtimes/node_modules`)) await run(`${root}test/programs/runtimes`, "npm", "ci");
const tarball = await pack();
await checkJsr();
const installed = await install(tarball);
const bits = await checkRuntimes(installed);
await checkTypeScript(installed);
await checkBundlers(installed, bits);
await checkHostile(installed, bits);
removeFolders();
finish();
