import type { ElementType, Network, PassOptions, View } from "simd-optim";

/**
 * One pass forward and back over a batch, from gradients of 0: `loss` puts the gradient of the network's output in the
 * place of it, and what it returns is returned.
 */
export function gradients(
  network: Network,
  x: View<ElementType>,
  loss: (y: View) => number,
  options?: PassOptions,
): number {
  network.parameters.zeroGrad();
  const y = network.forward(x, options);
  const value = loss(y);
  network.backward(y);
  return value;
}
