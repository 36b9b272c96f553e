/** Runs a script in edge-runtime's virtual machine, where compiling is forbidden, and prints the outcomes it leaves. */
import { readFileSync } from "node:fs";
import { EdgeVM } from "@edge-runtime/vm";

const [script, ...modules] = process.argv.slice(2);
const compiled = Object.fromEntries(modules.map((path) => [/(\w+)\.wasm$/.exec(path)[1], readFileSync(path)]));
const vm = new EdgeVM({
  codeGeneration: { strings: false, wasm: false },
  extend: (context) =>
    Object.assign(context, {
      modules: Object.fromEntries(
        Object.entries(compiled).map(([name, bytes]) => [name, new WebAssembly.Module(bytes)]),
      ),
    }),
});
vm.evaluate(readFileSync(script, "utf8"));
console.log(JSON.stringify(await vm.context.outcomes));
