/** For browsers: sends the outcomes, or what went wrong, to the server of the page. */
import { everyBackend } from "../program.ts";

const answer = await everyBackend().catch((error: Error) => ({ error: String(error.stack ?? error) }));
await fetch("/result", { method: "POST", body: JSON.stringify(answer) });
