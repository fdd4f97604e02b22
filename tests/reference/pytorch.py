"""Writes pytorch.txt: values and gradients by the packages themselves, in double unless they work in float.

    python3 pytorch.py > pytorch.txt

Made with torch 2.15, scvi-tools 1.4.2 and diffusers 0.42. Gradients are torch's own, of sum(result * seed) or of a loss.
Inputs are rounded to three decimals, so that the file stays short and both sides start from the same numbers.
"""

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, FlowMatchEulerDiscreteScheduler
from diffusers.models.autoencoders.vae import VectorQuantizer
from diffusers.models.embeddings import get_timestep_embedding
from diffusers.schedulers.deprecated.scheduling_sde_vp import ScoreSdeVpScheduler
from diffusers.training_utils import compute_snr
from scvi.distributions import NegativeBinomial, ZeroInflatedNegativeBinomial
from torch import nn
from torch.distributions import Bernoulli, Normal, Poisson, kl_divergence

torch.set_default_dtype(torch.float64)
torch.manual_seed(4)


def write(name, value):
    value = torch.as_tensor(value).detach().double()
    value = value.reshape(-1, value.shape[-1] if value.dim() else 1)
    print(name, *value.shape)
    for row in value:
        print(" ".join("%.13g" % float(v) for v in row))


def made(name, *shape, scale=1.0, shift=0.0):
    """An input: random, rounded, written, and asking for its gradient."""
    value = ((torch.randn(shape) * scale + shift) * 1000).round() / 1000
    write(name, value)
    return value.requires_grad_()


def gradients(prefix, result, seed, **inputs):
    """Writes a result and its gradients."""
    write(prefix + ".y", result)
    for name, g in zip(inputs, torch.autograd.grad(result, list(inputs.values()), seed, retain_graph=True)):
        write(f"{prefix}.d{name}", g)


def parameters(prefix, module, scale=0.4):
    """Gives a module's parameters rounded random numbers, and writes them."""
    for name, p in module.named_parameters():
        centre = p.detach() if name.endswith("weight") and p.dim() == 1 else 0.0  # layer norms stay near one
        p.data = ((centre + torch.randn_like(p) * scale) * 1000).round() / 1000
        write(f"{prefix}.{name}", p)


def parameter_gradients(prefix, module):
    for name, p in module.named_parameters():
        write(f"{prefix}.d.{name}", p.grad)


# ---- single operations

x, seed = made("linear.x", 4, 3), made("linear.seed", 4, 5)
linear = nn.Linear(3, 5)
parameters("linear", linear)
gradients("linear", linear(x), seed, x=x, weight=linear.weight, bias=linear.bias)

x, seed = made("layer_norm.x", 3, 6, scale=3), made("layer_norm.seed", 3, 6)
norm = nn.LayerNorm(6, eps=1e-5)
parameters("layer_norm", norm)
gradients("layer_norm", norm(x), seed, x=x, weight=norm.weight, bias=norm.bias)

x, seed = made("gelu.x", 4, 6, scale=2), made("gelu.seed", 4, 6)
gradients("gelu", F.gelu(x, approximate="tanh"), seed, x=x)
gradients("silu", F.silu(x), seed, x=x)

x, seed = made("attention.x", 2, 3, 8), made("attention.seed", 2, 3, 8)
attention = nn.MultiheadAttention(8, 2, batch_first=True)
parameters("attention", attention)
gradients("attention", attention(x, x, x, need_weights=False)[0], seed, x=x, in_weight=attention.in_proj_weight,
          in_bias=attention.in_proj_bias, out_weight=attention.out_proj.weight, out_bias=attention.out_proj.bias)
q, kv, seed = made("cross.q", 2, 3, 8), made("cross.kv", 2, 2, 16), made("cross.seed", 2, 3, 8)
cut = lambda m: m.unflatten(-1, (2, 4)).transpose(1, 2)
y = F.scaled_dot_product_attention(cut(q), cut(kv[..., :8]), cut(kv[..., 8:])).transpose(1, 2).flatten(-2)
gradients("cross", y, seed, q=q, kv=kv)

table, seed = made("embedding.table", 5, 3), made("embedding.seed", 4, 3)
gradients("embedding", F.embedding(torch.tensor([2, 0, 2, 4]), table), seed, table=table)
# Mean of a set of rows, weighted: what a gene set is.
weight = torch.tensor([[0, 1, 0, 1, 0], [2, 0, 0, 1, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1.0]])
write("gene_set.weight", weight)
share = weight / weight.sum(1, keepdim=True)
bag = F.embedding_bag(torch.arange(5).repeat(4), table, torch.arange(0, 20, 5), mode="sum", per_sample_weights=share.flatten())
gradients("gene_set", bag, seed, table=table)

t = torch.tensor([0.0, 0.0125, 0.03125])
write("time.t", t[:, None])
write("time.waves", get_timestep_embedding(1000 * t, 128, flip_sin_to_cos=True, downscale_freq_shift=0))

mean, log_variance = made("kl.mean", 4, 3), made("kl.log_variance", 4, 3)
kl = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(-1).mean()
gradients("kl", kl, None, mean=mean, log_variance=log_variance)

# ---- optimizer: twelve steps of AdamW after clipping the norm; rates and decay are numbers that float holds

start = made("adamw.start", 2, 3).detach().clone()
steps, norms, moved = [], [], nn.Parameter(start.clone())
plain = nn.Parameter(start.float())
adamw = torch.optim.AdamW([moved], lr=0.0625, betas=(0.875, 0.96875), eps=2.0**-20, weight_decay=0.125)
usual = torch.optim.AdamW([plain], lr=1e-3)
all_gradients, usual_steps = [], []
for _ in range(12):
    g = (torch.randn(2, 3) * 3000).round() / 1000
    all_gradients.append(g)
    moved.grad, plain.grad = g.clone(), g.float()
    norms.append(nn.utils.clip_grad_norm_([moved], 4.0))
    adamw.step()
    usual.step()
    steps.append(moved.detach().clone())
    usual_steps.append(plain.detach().clone())
write("adamw.gradients", torch.cat(all_gradients))
write("adamw.norms", torch.stack(norms)[:, None])
write("adamw.steps", torch.cat(steps))
write("adamw.usual_steps", torch.cat(usual_steps))

# ---- likelihoods with their link: predictors of 3 cells and 5 genes

counts = torch.tensor([[0, 3, 0, 1, 12], [1, 0, 0, 40, 2], [0, 0, 5, 0, 0.0]])
library, weight = counts.sum(1, keepdim=True), torch.tensor([[0.5], [1.0], [0.25]])
reference = 16.0  # a power of two: size factors, which latentcell keeps in float, are exact
write("counts", counts)
eta, log_theta, logit_pi = made("eta", 3, 5), made("log_theta", 3, 5), made("logit_pi", 3, 5)
links = {"softmax": lambda e: library * torch.softmax(e, -1), "exp": lambda e: library * torch.exp(e)}
for link, mean_of in links.items():
    mu = mean_of(eta)
    families = {
        "poisson": (Poisson(mu), dict(eta=eta)),
        "nb": (NegativeBinomial(mu=mu, theta=log_theta.exp()), dict(eta=eta, log_theta=log_theta)),
        "zinb": (ZeroInflatedNegativeBinomial(mu=mu, theta=log_theta.exp(), zi_logits=logit_pi),
                 dict(eta=eta, log_theta=log_theta, logit_pi=logit_pi)),
    }
    for name, (family, inputs) in families.items():
        log_prob = family.log_prob(counts).sum(-1, keepdim=True)
        write(f"{name}.{link}.log_prob", log_prob)
        gradients(f"{name}.{link}", -(weight * log_prob).sum(), None, **inputs)
log_prob = Normal(eta, log_theta.exp()).log_prob(torch.log1p(counts * reference / library)).sum(-1, keepdim=True)
write("gaussian.log_prob", log_prob)
gradients("gaussian", -(weight * log_prob).sum(), None, eta=eta, log_theta=log_theta)
log_prob = Bernoulli(logits=eta + torch.log(library / reference)).log_prob((counts > 0).double()).sum(-1, keepdim=True)
write("bernoulli.log_prob", log_prob)
gradients("bernoulli", -(weight * log_prob).sum(), None, eta=eta)

# ---- a whole variational autoencoder: 3 cells, 5 genes

# Standard normal numbers of the library's own generator, Rng(6).fork(), row by row.
NOISE = torch.tensor([[0.74041930059117689, 0.90255037113445202], [1.1182686682593497, 0.11362953457404736],
                      [0.2718555449357945, 1.9022248661316814]])


class Hidden(nn.Module):
    """Linear, LayerNorm, GELU."""

    def __init__(self, width, into):
        super().__init__()
        self.linear, self.norm = nn.Linear(into, width), nn.LayerNorm(width)

    def forward(self, x):
        return F.gelu(self.norm(self.linear(x)), approximate="tanh")


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(Hidden(4, 5), Hidden(3, 4))
        self.to_mean, self.to_log_variance = nn.Linear(3, 2), nn.Linear(3, 2)
        self.decoder = nn.Sequential(Hidden(3, 2), Hidden(4, 3))
        self.head = nn.Linear(4, 5)
        self.log_theta = nn.Parameter(torch.zeros(1, 5))

    def forward(self, counts, noise, kl_weight):
        library = counts.sum(1, keepdim=True)
        h = self.encoder(torch.log1p(counts * reference / library))
        mean, log_variance = self.to_mean(h), self.to_log_variance(h)
        z = mean + noise * torch.exp(0.5 * log_variance)
        mu = library * torch.softmax(self.head(self.decoder(z)), -1)
        nll = -NegativeBinomial(mu=mu, theta=self.log_theta.exp()).log_prob(counts).sum(-1).mean()
        kl = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(-1).mean()
        return nll + kl_weight * kl


vae = Vae()
parameters("vae", vae)
loss = vae(counts, NOISE, 0.75)
loss.backward()
write("vae.noise", NOISE)
write("vae.loss", loss)
parameter_gradients("vae", vae)

# ---- a whole diffusion transformer (Peebles and Xie 2023) of torch.nn: latent 6 in 3 tokens, width 8, 2 blocks


class Block(nn.Module):
    def __init__(self, width, heads, ratio):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.up, self.down = nn.Linear(width, ratio * width), nn.Linear(ratio * width, width)
        self.ada = nn.Linear(width, 6 * width)
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)

    def forward(self, x, c):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.ada(c)[:, None, :].chunk(6, -1)
        h = self.norm(x) * (1 + scale1) + shift1
        x = x + gate1 * self.attention(h, h, h, need_weights=False)[0]
        h = self.norm(x) * (1 + scale2) + shift2
        return x + gate2 * self.down(F.gelu(self.up(h), approximate="tanh"))


class Dit(nn.Module):
    def __init__(self, latent=6, tokens=3, width=8, depth=2, condition=5):
        super().__init__()
        self.tokens = tokens
        self.embed = nn.Linear(latent // tokens, width)
        self.positions = nn.Parameter(torch.zeros(tokens, width))
        self.time = nn.Sequential(nn.Linear(128, width), nn.SiLU(), nn.Linear(width, width))
        self.conditioning = nn.Linear(condition, width)
        self.blocks = nn.ModuleList(Block(width, 2, 2) for _ in range(depth))
        self.last_ada = nn.Linear(width, 2 * width)
        self.last = nn.Linear(width, latent // tokens)
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)

    def forward(self, z, t, condition):
        angle = 1000 * t[:, None] * torch.exp(-torch.log(torch.tensor(10000.0)) * torch.arange(64) / 64)
        waves = torch.cat([angle.cos(), angle.sin()], -1)
        x = self.embed(z.unflatten(-1, (self.tokens, -1))) + self.positions
        c = F.silu(self.time(waves) + self.conditioning(condition))
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.last_ada(c)[:, None, :].chunk(2, -1)
        return self.last(self.norm(x) * (1 + scale) + shift).flatten(1)


dit = Dit()
parameters("dit", dit, scale=0.3)
z, condition, seed = made("dit.z", 2, 6), made("dit.condition", 2, 5), made("dit.seed", 2, 6)
t = torch.tensor([0.125, 0.75])
write("dit.t", t[:, None])
y = dit(z, t, condition)
write("dit.y", y)
y.backward(seed)
write("dit.dz", z.grad)
write("dit.dcondition", condition.grad)
parameter_gradients("dit", dit)

# ---- codes: two groups of four codes of two numbers; diffusers averages over all numbers, latentcell sums a cell's

z, seed = made("vq.z", 5, 4), made("vq.seed", 5, 4)
pieces, loss, tables = [], 0.0, []
for g in range(2):
    quantizer = VectorQuantizer(4, 2, beta=0.25, legacy=False)
    quantizer.embedding.weight.data = made(f"vq.table{g}", 4, 2).detach()
    tables.append(quantizer.embedding.weight)
    quantized, mean_loss, _ = quantizer(z[:, 2 * g:2 * g + 2, None, None])
    pieces.append(quantized[:, :, 0, 0])
    loss = loss + 2 * mean_loss
write("vq.loss", loss)
write("vq.y", torch.cat(pieces, 1))
total = loss + (torch.cat(pieces, 1) * seed).sum()
for name, g in zip(("z", "table0", "table1"), torch.autograd.grad(total, [z, *tables])):
    write("vq.d" + name, g)

# ---- paths: time runs from data at 0 to noise at 1 in these packages, s; latentcell's t runs the other way

data, noise, said = made("path.data", 5, 3), made("path.noise", 5, 3), made("path.prediction", 5, 3)
STEPS = 1000
at = torch.tensor([49, 249, 499, 749, 949])


def loss_of(prefix, target, weight):
    write(prefix + ".target", target)
    write(prefix + ".weight", weight[:, None])
    loss = (weight * F.mse_loss(said, target, reduction="none").mean(1)).mean()
    write(prefix + ".loss", loss)
    write(prefix + ".dprediction", torch.autograd.grad(loss, said, retain_graph=True)[0])


flow = FlowMatchEulerDiscreteScheduler(num_train_timesteps=STEPS)
sigma = (at + 1) / STEPS
write("flow.s", sigma[:, None])
write("flow.z", flow.scale_noise(data, flow.timesteps[[STEPS - 1 - int(i) for i in at]], noise))
loss_of("flow", data - noise, torch.ones(5))  # the packages' own is noise - data, for their direction of time


def sigmoid_signal(s):
    """Jabri et al. 2022, algorithm 1; diffusers' "sigmoid" is a schedule of betas and another one."""
    v_start, v_end = torch.sigmoid(torch.tensor(-3.0)), torch.sigmoid(torch.tensor(3.0))
    return (v_end - torch.sigmoid(s * 6 - 3)) / (v_end - v_start)


def vp_signal(s):
    """alpha^2 of diffusers' VP-SDE, taken from the deviation that divides the score in a step from zero."""
    sde = ScoreSdeVpScheduler(num_train_timesteps=STEPS, beta_min=0.1, beta_max=20)
    sde.set_timesteps(STEPS)
    beta = 0.1 + s * (20 - 0.1)
    _, mean = sde.step_pred(torch.ones_like(s)[:, None], torch.zeros_like(s)[:, None], s)
    deviation = beta[:, None] / STEPS / mean.abs()
    return 1 - deviation[:, 0] ** 2


s = (at + 1) / STEPS
schedules = {
    # Products of 1 - beta telescope to the cosine formula itself.
    "cosine": torch.cumprod(1 - DDPMScheduler(STEPS, beta_schedule="squaredcos_cap_v2").betas.double(), 0),
    "linear": vp_signal((torch.arange(STEPS) + 1) / STEPS),
    "sigmoid": sigmoid_signal((torch.arange(STEPS) + 1) / STEPS),
}
write("schedule.s", s[:, None])
for schedule, signal in schedules.items():
    scheduler = DDPMScheduler(STEPS)
    scheduler.alphas_cumprod = signal
    write(f"{schedule}.signal", signal[at][:, None])
    write(f"{schedule}.z", scheduler.add_noise(data, noise, at))
    snr = compute_snr(scheduler, at).double()
    bounded = torch.minimum(snr, torch.tensor(5.0))
    # Weights as in diffusers' examples/text_to_image/train_text_to_image.py.
    for prediction, target, weight in (("noise", noise, bounded / snr), ("data", data, bounded),
                                       ("velocity", scheduler.get_velocity(data, noise, at), bounded / (snr + 1))):
        loss_of(f"{schedule}.{prediction}", target, weight)
# The model of a thousand steps that the linear schedule is the limit of.
write("discrete_linear.signal", DDPMScheduler(STEPS, beta_schedule="linear", beta_start=1e-4, beta_end=0.02).alphas_cumprod[at][:, None])
