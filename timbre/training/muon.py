"""Muon: gradient descent by orthogonal steps, for the matrices of a network."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # of the quintic iteration
NEWTON_SCHULZ_ITERATIONS = 5
MOMENTUM = 0.95
BETAS = (0.9, 0.99)  # of AdamW


def orthogonalized(matrices: Tensor, dtype: torch.dtype) -> Tensor:
    """The nearest orthogonal matrices, nearly: singular values become 0.7 to 1.2.

    Newton-Schulz iterations as in Jordan et al., "Muon", 2024,
    https://kellerjordan.github.io/posts/muon/: `X <- a X + b X X' X + c (X X')^2 X`, whose
    coefficients make small singular values grow fastest and do not converge to 1.

    Args:
        matrices: `(N, R, C)`; those of zeros stay so.
        dtype: to iterate in, as the result is needed roughly: bfloat16 where it is fast.

    Returns:
        `(N, R, C)`, float32.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.float()
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)  # no singular value above 1
    x = (x.mT if tall else x).to(dtype)
    a, b, c = NEWTON_SCHULZ
    for _ in range(NEWTON_SCHULZ_ITERATIONS):
        gram = x @ x.mT
        change = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)  # b X X' + c (X X')^2
        x = torch.baddbmm(x, change, x, beta=a)
    return (x.mT if tall else x).float()


class Muon(AdamW):
    """Muon on the matrices, AdamW on all else.

    Kernels of convolutions `(O, I, K)` count as matrices `(O, I K)`. Momentum is Nesterov's, a
    step is scaled by the root of rows over columns where there are more rows, and weights decay
    apart from the gradient.

    Args:
        matrices: parameters of two dimensions or more.
        others: all that is trained beside them.
        matrix_rate: learning rate of the matrices.
        rate: of the others.
        weight_decay: of both; times the rate a step.
        dtype: see `orthogonalized`.
    """

    def __init__(
        self,
        matrices: Iterable[Tensor],
        others: Iterable[Tensor],
        matrix_rate: float,
        rate: float,
        weight_decay: float,
        dtype: torch.dtype,
    ) -> None:
        groups: list[dict[str, Any]] = [
            {"params": list(others), "orthogonal": False},
            {"params": list(matrices), "orthogonal": True, "lr": matrix_rate},
        ]
        super().__init__(groups, lr=rate, betas=BETAS, weight_decay=weight_decay)
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move all parameters that have a gradient; those of matrices are used up."""
        assert closure is None
        for group in self.param_groups:
            if group["orthogonal"]:
                self._step(group)
        super().step()  # what has no gradient stands still

    def _step(self, group: dict[str, Any]) -> None:
        alike: defaultdict[torch.Size, list[Tensor]] = defaultdict(list)
        for parameter in group["params"]:
            if parameter.grad is not None:
                alike[parameter.flatten(1).shape].append(parameter)
        for (rows, columns), parameters in alike.items():  # at once, which is faster
            steps = torch.stack([self._direction(each).flatten(1) for each in parameters])
            scale = max(1.0, rows / columns) ** 0.5
            for parameter, step in zip(parameters, orthogonalized(steps, self._dtype), strict=True):
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(step.view_as(parameter), alpha=-group["lr"] * scale)
                parameter.grad = None

    def _direction(self, parameter: Tensor) -> Tensor:
        """The gradient with its momentum."""
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
            state["step"] = torch.zeros(())  # AdamW asks every state for it when one is loaded
        state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(state["momentum"], MOMENTUM)
