/**
 * Loaded into a command before it: sends it a signal as soon as it has printed something, or so many milliseconds later.
 * From outside the signal would come whenever the tests get to run, which on a busy machine may be after the end.
 */
const { at, delay, signal } = JSON.parse(process.env["INTERRUPT"]);
const write = process.stdout.write.bind(process.stdout);
let printed = "";
process.stdout.write = (chunk, ...rest) => {
  const before = printed.includes(at);
  printed += chunk;
  if (!before && printed.includes(at)) setTimeout(() => process.kill(process.pid, signal), delay);
  return write(chunk, ...rest);
};
