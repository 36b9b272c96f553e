/** For workerd: answers any request with the outcomes. */
import { everyBackend } from "../program.ts";

export default { fetch: async () => Response.json(await everyBackend()) };
