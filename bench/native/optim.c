/*
 * The opponent: optimizer steps as a C programmer writes them, loop invariants taken out, the rest left to the
 * compiler.
 *
 *   optim adamw|sgd PARAMETERS PITCH STEPS SAMPLES
 *
 * prints nanoseconds per parameter for each of SAMPLES samples of STEPS steps. PITCH 0 gives every array an allocation
 * of its own; otherwise all lie in one, PITCH bytes from start to start, as the package's heap lays them out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ARRAYS = 4, LINE = 64 };

static void adamw(float *restrict p, float *restrict m, float *restrict v, const float *restrict g, size_t n, float lr,
                  float beta1, float beta2, float eps, float decay, int t) {
  const float c1 = 1 - powf(beta1, t);
  const float c2 = 1 - powf(beta2, t);
  const float step = lr / c1;
  const float root = 1 / sqrtf(c2);
  const float keep = 1 - lr * decay;
  const float gain1 = 1 - beta1;
  const float gain2 = 1 - beta2;
  for (size_t i = 0; i < n; i++) {
    m[i] = beta1 * m[i] + gain1 * g[i];
    v[i] = beta2 * v[i] + gain2 * g[i] * g[i];
    p[i] = keep * p[i] - step * m[i] / (sqrtf(v[i]) * root + eps);
  }
}

static void sgd(float *restrict p, float *restrict b, const float *restrict g, size_t n, float lr, float momentum) {
  for (size_t i = 0; i < n; i++) {
    b[i] = momentum * b[i] + g[i];
    p[i] -= lr * b[i];
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * t.tv_sec + t.tv_nsec;
}

static void *allocate(size_t bytes) {
  void *block = aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
  if (block) return block;
  fputs("optim: out of memory\n", stderr);
  exit(1);
}

int main(int count, char **values) {
  if (count != 6) {
    fputs("usage: optim adamw|sgd PARAMETERS PITCH STEPS SAMPLES\n", stderr);
    return 2;
  }
  const int adaptive = strcmp(values[1], "adamw") == 0;
  const size_t n = strtoull(values[2], NULL, 10);
  const size_t pitch = strtoull(values[3], NULL, 10);
  const int steps = atoi(values[4]);
  const int samples = atoi(values[5]);
  float *arrays[ARRAYS];
  char *together = pitch ? allocate(ARRAYS * pitch) : NULL;
  for (int a = 0; a < ARRAYS; a++) arrays[a] = pitch ? (float *)(together + a * pitch) : allocate(n * sizeof(float));
  float *p = arrays[0], *g = arrays[1], *m = arrays[2], *v = arrays[3];
  for (size_t i = 0; i < n; i++) {
    p[i] = g[i] = 0.25f + (float)(i % 4096) / 4096;
    m[i] = v[i] = 0;
  }
  int t = 0;
  /* The first sample touches memory and is not printed. */
  for (int sample = 0; sample <= samples; sample++) {
    const double start = now();
    for (int step = 0; step < steps; step++) {
      if (adaptive) adamw(p, m, v, g, n, 1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, ++t);
      else sgd(p, m, g, n, 1e-3f, 0.9f);
    }
    if (sample > 0) printf("%.6f\n", (now() - start) / steps / n);
  }
  return !(p[n / 2] < 1e9f);
}
