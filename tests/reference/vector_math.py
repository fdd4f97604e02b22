"""Prints the polynomial coefficients of kernel/vector_math.hpp, gamma.hpp and stirling.hpp, lowest power first.

    python3 vector_math.py

Needs mpmath. Each is a Chebyshev fit, rounded to float at the end; the number in brackets is its largest error.
"""

import struct

from mpmath import chebyfit, digamma, euler, exp, findroot, log, loggamma, mp, mpf, nstr, pi, psi, sqrt

mp.dps = 50
TINY = mpf(10) ** -12


def show(name, function, first, last, terms):
    coefficients, error = chebyfit(function, [first, last], terms, error=True)
    as_float = [struct.unpack("f", struct.pack("f", float(c)))[0] for c in reversed(coefficients)]
    print(f"{name} [{nstr(error, 3)}]:\n  " + ", ".join(f"{c:.9g}" for c in as_float))


def beside(function, at_zero):
    return lambda x: function(x) if abs(x) > TINY else at_zero


def stirling_error(z):
    return loggamma(z + 1) - (z + mpf(1) / 2) * log(z) + z - log(2 * pi) / 2


half_step = log(2) / 2 * mpf("1.002")
root = findroot(digamma, 1.4616)
show("exp: (e^r - 1 - r) / r^2", beside(lambda r: (exp(r) - 1 - r) / r**2, mpf(1) / 2), -half_step, half_step, 5)
show("log: (log(1 + f) - f + f^2/2) / f^3", beside(lambda f: (log(1 + f) - f + f * f / 2) / f**3, mpf(1) / 3),
     sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1, 9)
show("lgamma: log Gamma(2 + d) / d", beside(lambda d: loggamma(2 + d) / d, 1 - euler), -0.5, 0.5, 8)
print("digamma: zero at", nstr(root, 25), "= 1.5 -", nstr(mpf(3) / 2 - root, 25))
show("digamma: digamma(1.5 + d) / (1.5 + d - zero)",
     lambda d: digamma(d + 1.5) / (d + 1.5 - root) if abs(d + 1.5 - root) > TINY else psi(1, root), -0.5, 0.5, 10)
show("stirling_error: S(1/w) / w", beside(lambda w: stirling_error(1 / w) / w, mpf(1) / 12), 0, 1, 7)
show("stirling_slope: ((log z - digamma(z)) z - 1/2) z at z = 1/w",
     beside(lambda w: ((log(1 / w) - digamma(1 / w)) / w - 0.5) / w, mpf(1) / 12), 0, 1, 8)
