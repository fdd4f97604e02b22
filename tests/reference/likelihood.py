"""Writes likelihood.txt: log-probabilities and gradients of the count models to 17 digits, computed by mpmath with 60.

    python3 likelihood.py > likelihood.txt

Needs mpmath. Every log mu, log theta and logit pi is a number that float holds exactly, and is written as such. Arrays:
    nb           x, log_mu, log_theta, log_prob, d_log_mu, d_log_theta
    zinb         x, log_mu, log_theta, logit_pi, log_prob, d_log_mu, d_log_theta, d_logit_pi
    poisson      x, log_mu, log_prob, d_log_mu
    gaussian     x, mean, log_sigma, log_prob, d_mean, d_log_sigma
    gamma        x, log Gamma(x), digamma(x), stirling_error(x), stirling_slope(x)
"""

import random
import struct

from mpmath import digamma, exp, log, log1p, loggamma, mp, mpf, pi

mp.dps = 60


def to_float(value):
    return mpf(struct.unpack("f", struct.pack("f", float(value)))[0])


def write(name, rows):
    print(name, len(rows), len(rows[0]))
    for row in rows:
        print(" ".join(repr(float(value)) for value in row))


def nb(x, log_mu, log_theta):
    mu, theta = exp(log_mu), exp(log_theta)
    log_prob = (loggamma(x + theta) - loggamma(theta) - loggamma(x + 1) - theta * log1p(mu / theta)
                - x * log1p(theta / mu))
    d_log_mu = theta * (x - mu) / (theta + mu)
    d_log_theta = theta * (digamma(x + theta) - digamma(theta) - log1p(mu / theta) + (mu - x) / (theta + mu))
    return log_prob, d_log_mu, d_log_theta


def zinb(x, log_mu, log_theta, logit_pi):
    log_prob, d_log_mu, d_log_theta = nb(x, log_mu, log_theta)
    inflation = 1 / (1 + exp(-logit_pi))
    if x > 0:
        return log_prob - log1p(exp(logit_pi)), d_log_mu, d_log_theta, -inflation
    p = exp(log_prob)
    keep = 1 / (1 + exp(logit_pi))
    total = inflation + keep * p
    return log(total), keep * p / total * d_log_mu, keep * p / total * d_log_theta, inflation * keep * (1 - p) / total


def poisson(x, log_mu):
    mu = exp(log_mu)
    return x * log_mu - mu - loggamma(x + 1), x - mu


def gaussian(x, mean, log_sigma):
    z = (x - mean) / exp(log_sigma)
    return -z * z / 2 - log_sigma - log(2 * pi) / 2, z / exp(log_sigma), z * z - 1


random.seed(1)
means = [to_float(log(mpf(m))) for m in ("1e-8", "1e-5", "0.01", "0.7", "30", "2000", "1e6")]
dispersions = [to_float(log(mpf(t))) for t in ("1e-4", "0.03", "0.97", "1.02", "9", "500", "1e6")]
counts = [0, 1, 2, 7, 40, 256, 257, 12345, 1000000]
cases = [(mpf(x), m, t) for x in counts for m in means for t in dispersions]
for _ in range(150):  # counts near their mean, where the saddle-point terms are smallest
    t = to_float(random.uniform(-9.2, 13.8))
    m = to_float(random.uniform(-2, 13.8))
    spread = (exp(m) + exp(2 * m - t)) ** mpf(0.5)
    x = int(exp(m) + spread * mpf(random.gauss(0, 1.5)))
    cases.append((mpf(min(max(x, 0), 1000000)), m, t))
write("nb", [case + nb(*case) for case in cases])

logits = [to_float(mpf(p)) for p in ("-30", "-6", "-0.4", "0", "3", "25")]
cases = [(mpf(x), m, t, p) for x in (0, 3) for m in means for t in dispersions[::2] for p in logits]
write("zinb", [case + zinb(*case) for case in cases])

cases = [(mpf(x), m) for x in counts for m in means]
cases += [(mpf(x), to_float(log(mpf(x)) + random.gauss(0, 1) / x**0.5)) for x in (1, 3, 9, 50, 255, 1000, 10**5, 10**6)]
write("poisson", [case + poisson(*case) for case in cases])

cases = [(to_float(x), to_float(m), to_float(s)) for x in (-3.5, 0, 1e4) for m in (-3.4, 0, 9999) for s in (-7, 0.1, 8)]
write("gaussian", [case + gaussian(*case) for case in cases])

points = [to_float(mpf(10) ** (mpf(k) / 4)) for k in range(-28, 29)] + [to_float(x) for x in (0.999, 1.001, 1.4616, 2.001, 2.5, 3.5, 4.5, 11.9)]
write("gamma", [(z, loggamma(z), digamma(z), loggamma(z + 1) - (z + mpf(0.5)) * log(z) + z - log(2 * pi) / 2,
                 z * (log(z) - digamma(z)) - mpf(0.5)) for z in points])
