import { refuse } from "../core/check.ts";
import { double, float, integer, message, text } from "./protobuf.ts";
import { tfRecord } from "./tfRecord.ts";

/**
 * A sink that writes a TensorBoard event file: hands whole records, as they are to stand in the file, to `write`. Each
 * metric is a scalar under its name; TensorBoard groups names by what comes before a "/". Values are float32, NaN and
 * infinities included. TensorBoard finds files whose name contains "tfevents".
 *
 * Fields of Event and Summary: tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.
 */
export function tensorBoard(write: (bytes: Uint8Array) => void) {
  if (typeof write !== "function") refuse("write", write, "a function that takes bytes");
  let begun = false;
  return (metrics: Readonly<Record<string, number>>, step: number, wallTime: number): void => {
    if (!begun) write(tfRecord([...double(1, wallTime), ...text(3, "brain.Event:2")]));
    begun = true;
    const values = Object.entries(metrics).map(([name, value]) => message(1, text(1, name), float(2, value)));
    write(tfRecord([...double(1, wallTime), ...integer(2, step), ...message(5, ...values)]));
  };
}
