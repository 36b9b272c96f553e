/** What pages are made of: each is one file, with nothing to fetch. */

import { WIDTHS } from "./drawing.ts";
import { Html, html } from "./html.ts";
import type { Description } from "./print.ts";
import type { Written } from "./sampling.ts";
import { STYLE } from "./style.ts";

/** A whole page. */
export function page(title: string, tiles: readonly Html[], sections: readonly Html[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">simd-optim</p>
<h1>${title}</h1>
<dl class="tiles">
${tiles}
</dl>
</header>
${sections}
</main>
</body>
</html>
`.markup;
}

export function tile(name: string, value: string, detail: string, kind = "plain"): Html {
  return html`<div><dt>${name}</dt><dd class="${kind}">${value}</dd><dd class="detail">${detail}</dd></div>`;
}

/** A figure in both widths, of which the page shows one; `legend` pairs CSS classes with names. */
export function figure(
  title: string,
  legend: readonly (readonly [string, string])[],
  drawn: (width: number) => Html,
  caption: string,
): Html {
  const keys = legend.map(([kind, name]) => html`<li><span class="key ${kind}"></span>${name}</li>`);
  return html`<figure>
<h2>${title}</h2>
${keys.length > 0 ? html`<ul class="legend">${keys}</ul>` : html``}
<div class="wide">${drawn(WIDTHS.wide)}</div>
<div class="narrow">${drawn(WIDTHS.narrow)}</div>
<figcaption>${caption}</figcaption>
</figure>`;
}

/** A table of numbers, whose first column names the rows. */
export function tableSection(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  caption: string,
): Html {
  const body = rows.map(
    ([name, ...cells]) => html`<tr><th scope="row">${name!}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  );
  return html`<section>
<h2>${title}</h2>
<div class="scroll"><table class="numbers">
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${body}</tbody>
</table></div>
<p class="caption">${caption}</p>
</section>`;
}

/** What a model wrote. */
export function sampleSection({ prompt, continuation }: Written, caption: string): Html {
  return html`<section>
<h2>What it writes</h2>
<pre><b>${prompt}</b>${continuation}</pre>
<p class="caption">${caption}</p>
</section>`;
}

/** What was run, as a table. */
export function settingsSection(description: Description): Html {
  return html`<section>
<h2>The run</h2>
<table class="settings">${description.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>
</section>`;
}
