/** What the README calls "@tensorflow/tfjs", of the packages that it consists of. */
import "@tensorflow/tfjs-backend-cpu";

export * from "@tensorflow/tfjs-core";
export * from "@tensorflow/tfjs-layers";
