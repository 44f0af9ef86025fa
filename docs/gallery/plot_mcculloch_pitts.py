"""
The McCulloch-Pitts neuron
==========================

The neuron of 1943 adds up inputs of 0 and 1 and compares the sum with a threshold. What it can compute, and what it cannot.
"""

# %%
# Every gate below is one neuron: it fires if at least `threshold` of its inputs are 1, unless one of the `inhibitory` inputs is 1.
# The threshold alone turns OR into AND; a single inhibitory input is NOT.

import numpy as np

from sknn import McCullochPittsNeuron

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
gates = {
    "OR": McCullochPittsNeuron(threshold=1),
    "AND": McCullochPittsNeuron(threshold=2),
    "a AND NOT b": McCullochPittsNeuron(threshold=1, inhibitory=[1]),
    "NOR": McCullochPittsNeuron(threshold=0, inhibitory=[0, 1]),
}
print("NOT:", McCullochPittsNeuron(threshold=0, inhibitory=[0]).predict([[0], [1]]))

# %%
# In the plane of its two inputs a neuron fires (full dots) on one side of a line. Where both inputs excite, the line is :math:`a + b = \theta`, here
# drawn half a step before it; an inhibitory input removes the half in which it is 1.

import matplotlib.pyplot as plt


def draw(ax, neuron, title):
    """The four inputs, full where the neuron fires, and the region of the plane where it would.

    The rule for numbers between 0 and 1, with every comparison half a step early.
    """
    ab = np.stack(np.meshgrid(np.linspace(-0.5, 1.5, 201), np.linspace(-0.5, 1.5, 201)))
    inhibitory = np.isin([0, 1], neuron.inhibitory or [])
    enough = ab[~inhibitory].sum(axis=0) >= neuron.threshold - 0.5
    fires = enough & (ab[inhibitory] < 0.5).all(axis=0)
    ax.contourf(*ab, fires, levels=[0.5, 1.5], colors=["C0"], alpha=0.2)
    colors = np.where(neuron.predict(X), "C0", "white")
    ax.scatter(*X.T, c=colors, edgecolors="C0", s=90, zorder=2)
    ax.set(title=title, xlabel="a", ylabel="b", xticks=[0, 1], yticks=[0, 1], aspect="equal")


fig, axes = plt.subplots(1, 4, figsize=(10, 3), layout="constrained")
for ax, (name, neuron) in zip(axes, gates.items(), strict=True):
    draw(ax, neuron, name)

# %%
# Two inputs have :math:`2^4 = 16` functions. A neuron of two inputs has few settings, so all of them can be tried: three thresholds
# (from 3 on it never fires), each input excitatory or inhibitory.

from itertools import product

settings = {}
for threshold, *mask in product([0, 1, 2, 3], [False, True], [False, True]):
    neuron = McCullochPittsNeuron(threshold, inhibitory=mask)
    settings.setdefault(tuple(neuron.predict(X).tolist()), neuron)

fig, axes = plt.subplots(2, 8, figsize=(11, 3.2), layout="constrained", sharex=True, sharey=True)
for ax, outputs in zip(axes.flat, product([0, 1], repeat=4), strict=True):
    possible = outputs in settings
    color = "C0" if possible else "C3"
    ax.scatter(*X.T, c=np.where(outputs, color, "white"), edgecolors=color, s=60)
    title = "none"
    if possible:
        neuron = settings[outputs]
        names = "".join(name for name, i in zip("ab", neuron.inhibitory, strict=True) if i)
        title = f"θ = {neuron.threshold}" + (f", not {' '.join(names)}" if names else "")
    ax.set_title(title, fontsize="small", color=color)
    ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1], yticks=[0, 1], aspect="equal")
print(f"{len(settings)} of 16 functions are one neuron")

# %%
# In red what no such neuron computes. Two of these are not linearly separable: XOR, where exactly one input is 1, and its opposite. The
# others need weights, which the perceptron has: see :ref:`sphx_glr_auto_gallery_plot_perceptron.py`. A *network* of such neurons
# computes them all. XOR takes three: each of two finds one of its cases, the third joins them.

hidden = [McCullochPittsNeuron(1, inhibitory=[i]).predict(X) for i in (0, 1)]
print("XOR:", McCullochPittsNeuron(1).predict(np.transpose(hidden)))

# %%
# How to find the weights and thresholds of a larger network, the paper of 1943 does not say. That is what learning is for.

plt.show()
