"""Writes op.txt: values and gradients of layer norm, attention, GELU, a DiT block, AdamW, by NumPy alone.

    python3 op.py > op.txt

Gradients are complex-step derivatives of sum(result * seed), exact to rounding and free of any formula of ours.
"""

import numpy as np

rng = np.random.default_rng(1)


def write(name, value):
    value = np.asarray(value, dtype=float)
    value = value.reshape(-1, value.shape[-1])
    print(name, *value.shape)
    for row in value:
        print(" ".join(repr(float(v)) for v in row))


def gradient(f, x, seed):
    out = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        z = x.astype(complex)
        z[at] += 1e-30j
        out[at] = np.sum(f(z) * seed).imag / 1e-30
    return out


def layer_norm(x, eps):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def attention(qkv, heads):
    batch, tokens, width = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    cut = lambda m: m.reshape(batch, tokens, heads, width // heads).transpose(0, 2, 1, 3)
    q, k, v = (cut(qkv[..., i * width:(i + 1) * width]) for i in range(3))
    score = q @ k.transpose(0, 1, 3, 2) / np.sqrt(width // heads)
    p = np.exp(score - score.real.max(-1, keepdims=True))
    p = p / p.sum(-1, keepdims=True)
    return (p @ v).transpose(0, 2, 1, 3).reshape(batch, tokens, width)


def block(x, c, w, heads):
    lin = lambda name, v: v @ w[name + ".weight"].T + w[name + ".bias"]
    a = lin("ada", c)[:, None, :]
    shift1, scale1, gate1, shift2, scale2, gate2 = np.split(a, 6, axis=-1)
    h = layer_norm(x, 1e-6) * (1 + scale1) + shift1
    x = x + gate1 * lin("attention.proj", attention(lin("attention.qkv", h), heads))
    h = layer_norm(x, 1e-6) * (1 + scale2) + shift2
    return x + gate2 * lin("down", gelu(lin("up", h)))


x, seed = rng.normal(size=(3, 6)) * [[1], [5], [0.01]], rng.normal(size=(3, 6))
write("layer_norm.x", x)
write("layer_norm.seed", seed)
write("layer_norm.y", layer_norm(x, 1e-5))
write("layer_norm.dx", gradient(lambda z: layer_norm(z, 1e-5), x, seed))

x = np.linspace(-6, 6, 25)[None, :]
write("gelu.x", x)
write("gelu.y", gelu(x))
write("gelu.dx", gradient(gelu, x, np.ones_like(x)))

qkv, seed = rng.normal(size=(2, 3, 24)) * 1.5, rng.normal(size=(2, 3, 8))
write("attention.qkv", qkv)
write("attention.seed", seed)
write("attention.y", attention(qkv, 2))
write("attention.dqkv", gradient(lambda z: attention(z, 2), qkv, seed))

D, ratio = 8, 2
w = {}
for name, out, into in (("attention.qkv", 3 * D, D), ("attention.proj", D, D), ("up", ratio * D, D),
                        ("down", D, ratio * D), ("ada", 6 * D, D)):
    w[name + ".weight"] = rng.normal(size=(out, into)) / np.sqrt(into)
    w[name + ".bias"] = rng.normal(size=(1, out)) * 0.3
for name, value in w.items():
    write("block." + name, value)
x, c, seed = rng.normal(size=(2, 3, D)), rng.normal(size=(2, D)), rng.normal(size=(2, 3, D))
write("block.x", x)
write("block.c", c)
write("block.seed", seed)
write("block.y", block(x, c, w, 2))
write("block.dx", gradient(lambda z: block(z, c, w, 2), x, seed))
write("block.dc", gradient(lambda z: block(x, z, w, 2), c, seed))
for name in ("attention.qkv.weight", "ada.weight", "down.bias"):
    write("block.d." + name, gradient(lambda z: block(x, c, {**w, name: z}, 2), w[name], seed))

# AdamW (Loshchilov and Hutter 2019, algorithm 2) on gradients given; beta, rate and decay are numbers float holds.
theta, gradients = rng.normal(size=(2, 3)), rng.normal(size=(12, 2, 3)) * 3
beta1, beta2, epsilon, rate, decay = 0.875, 0.96875, 2.0**-20, 0.0625, 0.125
write("adamw.start", theta)
write("adamw.gradients", gradients)
m, v, steps = 0 * theta, 0 * theta, []
for t, g in enumerate(gradients, 1):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    theta = theta - rate * decay * theta
    theta = theta - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    steps.append(theta)
write("adamw.steps", np.array(steps))
