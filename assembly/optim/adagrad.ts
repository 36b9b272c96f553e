/** Adagrad. See src/optim/adagrad.ts for the rule and its source. */
import { penalised } from "../gradient";
import { div, mul, mulAdd, splat, sub } from "../lanes";
import { root } from "../moments";
import { Pointer, Size } from "../words";

/** s = s + g'^2;  p -= step g' / (sqrt(s + inside) + outside), where g' = scale g + l2 p */
export function adagrad<Lane>(
  p: Pointer,
  s: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  step: f32,
  inside: f32,
  outside: f32,
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const total = mulAdd<Lane>(grad, grad, load<Lane>(s));
  store<Lane>(s, total);
  store<Lane>(
    p,
    sub<Lane>(load<Lane>(p), div<Lane>(mul<Lane>(splat<Lane>(step), grad), root<Lane>(total, inside, outside))),
  );
}
