/** `npm start`: one command for all examples. What it is given says which of them it is about. */
const argv = process.argv.slice(2);
const words = new Set(argv.flatMap((word) => word.split("=")));

if (words.has("--csv")) await import("./csv/main.ts");
else if (words.has("--model") && words.has("gpt")) await import("./gpt/main.ts");
else await import("./charlm/main.ts");
