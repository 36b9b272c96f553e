/** Builds the site in out/docs. Fails for a symbol without documentation, a broken link, or a formula that TeX refuses. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { catalogue } from "./catalogue.ts";
import { nameDocuments, renderFormulas, tidyOptimizers } from "./plugin.ts";

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const out = path("../out/docs");

const page = path("../out/optimizers.md");
mkdirSync(path("../out"), { recursive: true });
writeFileSync(page, `${catalogue()}\n`);

const app = await Application.bootstrapWithPlugins({
  options: path("typedoc.json"),
  projectDocuments: [
    page,
    path("guides/*.md"),
    path("design.md"),
    path("experiments.md"),
    path("hosts.md"),
    path("RUNTIMES.md"),
  ],
  customCss: path("site/site.css"),
  markdownItLoader: renderFormulas,
  out,
});
nameDocuments(app);
tidyOptimizers(app);
const project = await app.convert();
if (!project) process.exit(1);
app.validate(project);
await app.generateOutputs(project);
const katex = path("node_modules/katex/dist");
cpSync(`${katex}/katex.min.css`, `${out}/assets/katex.min.css`);
cpSync(`${katex}/fonts`, `${out}/assets/fonts`, { recursive: true, filter: (file) => !/\.(ttf|woff)$/.test(file) });
process.exitCode = app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0;
