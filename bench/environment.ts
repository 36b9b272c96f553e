import { cpus, totalmem } from "node:os";

/** Where figures were seen. */
export interface Environment {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
}

export function environment(): Environment {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
  };
}

/** The same in one line. */
export function describeEnvironment({ cpu, cores, memoryGiB, platform, node, date }: Environment): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}; node ${node}; ${date}`;
}
