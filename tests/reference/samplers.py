"""Writes samplers.txt: steps of diffusers' schedulers and log-probabilities of scvi-tools, which the samplers and the
protein mixture must match.

    pip install torch diffusers scvi-tools
    python3 samplers.py > samplers.txt

The denoiser is a function that both sides can write down: data = tanh(z) / 2 + (k + 1) / 20 at the k-th time.
"""
import numpy as np
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, DPMSolverSinglestepScheduler
from scvi.distributions import NegativeBinomial, NegativeBinomialMixture, ZeroInflatedNegativeBinomial

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(3)


def write(name, value):
    value = np.asarray(value, dtype=float)
    value = value.reshape(-1, value.shape[-1])
    print(name, *value.shape)
    for row in value:
        print(" ".join(repr(float(v)) for v in row))


def denoised(z, k):
    return torch.tanh(z) / 2 + (k + 1) / 20


start = torch.tensor(rng.normal(size=(4, 3)))
noise = torch.tensor(rng.normal(size=(8, 4, 3)))
write("start", start)
write("noise", noise.reshape(8, 12))
common = dict(num_train_timesteps=1000, beta_start=1e-4, beta_end=0.02, beta_schedule="linear", prediction_type="sample")


def run(name, scheduler, steps, **more):
    scheduler.set_timesteps(steps)
    alphas = scheduler.alphas_cumprod.double()
    times = [int(t) for t in scheduler.timesteps]
    alpha = [float(alphas[t].sqrt()) for t in times] + [1.0]
    z = start.clone()
    for k, t in enumerate(scheduler.timesteps):
        own = {"variance_noise": noise[k]} if more.get("eta", 0) > 0 else {}
        if k == 6:
            write(name + ".sixth", z)
        z = scheduler.step(denoised(z, k), t, z, **own, **more).prev_sample
    write(name + ".alpha", [alpha])
    write(name + ".end", z)


for eta in (0.0, 1.0):
    ddim = DDIMScheduler(**common, clip_sample=False, set_alpha_to_one=True, timestep_spacing="trailing")
    run(f"ddim_{int(eta)}", ddim, 8, eta=eta)
run("multistep", DPMSolverMultistepScheduler(**common, solver_order=2, algorithm_type="dpmsolver++", solver_type="midpoint",
                                             lower_order_final=True, final_sigmas_type="zero"), 8)
run("singlestep", DPMSolverSinglestepScheduler(**common, solver_order=2, algorithm_type="dpmsolver++", solver_type="midpoint",
                                               lower_order_final=False, final_sigmas_type="zero"), 8)

x = torch.tensor([[0.0, 1.0, 7.0, 150.0, 3.0, 0.0]])
back = torch.tensor([[0.3, 2.0, 5.0, 8.0, 40.0, 12.0]])
fore = torch.tensor([[4.0, 9.0, 60.0, 140.0, 90.0, 13.0]])
theta = torch.tensor([[0.5, 2.0, 10.0, 3.0, 1.0, 200.0]])
logit = torch.tensor([[-2.0, 0.0, 1.5, 3.0, -0.5, 0.7]])
mixture = NegativeBinomialMixture(mu1=back, mu2=fore, theta1=theta, mixture_logits=logit).log_prob(x)
for name, value in [("x", x), ("background", back), ("foreground", fore), ("theta", theta), ("logit", logit)]:
    write("protein." + name, value)
write("protein.log_prob", mixture)
write("negative_binomial.log_prob", NegativeBinomial(mu=fore, theta=theta).log_prob(x))
write("zero_inflated.log_prob", ZeroInflatedNegativeBinomial(mu=fore, theta=theta, zi_logits=logit).log_prob(x))
