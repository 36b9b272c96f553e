/** What the processor can do, measured, to set the speed of training against. */
import { gemm, load, normal, type Runtime, type Tensor } from "simd-optim";

const SIDE = 512;
const TURNS = 20;

/** Floating-point operations a second of the matrix product on a backend, at best; in a memory of its own. */
export async function gemmRate({ backend }: Runtime): Promise<number> {
  using runtime = await load({ backend });
  // Where a product takes seconds, a smaller one will do.
  const side = backend === "simd" ? SIDE : SIDE / 4;
  const [a, b, c] = ["a", "b", "c"].map((name) => {
    const matrix = runtime.tensor([side, side]);
    normal(matrix, { seed: 1, name });
    return matrix;
  }) as [Tensor, Tensor, Tensor];
  let best = Infinity;
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    gemm(a, b, c);
    best = Math.min(best, performance.now() - start);
  }
  return (2 * side ** 3) / (best / 1e3);
}
