"""The grouped quantiser: its gradient, and codebooks that follow the data."""

import torch
from torch import Tensor

from tests import tiny
from timbre.models.vqvae.config import QuantizerConfig as Config
from timbre.models.vqvae.quantizer import Quantizer

DIM, GROUPS, CODES = 6, 2, 8
CONFIG = Config(groups=GROUPS, codes=CODES, decay=0.9, commitment=0.25, restart_below=0.05)


def code(seed: int = 0, batch: int = 4, frames: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, DIM, frames, generator=generator)


def begun(**changes: object) -> Quantizer:
    """A quantiser that has seen one batch."""
    torch.manual_seed(0)
    quantizer = Quantizer(DIM, CONFIG.model_copy(update=changes))
    quantizer(code())
    return quantizer


def parts(quantized: Tensor) -> Tensor:
    """`(B, D, T)` -> `(G, B T, D / G)`."""
    return torch.stack([p.transpose(1, 2).flatten(0, 1) for p in quantized.chunk(GROUPS, dim=1)])


def test_what_comes_out_stands_in_the_codebook() -> None:
    quantizer = begun().eval()
    distances = torch.cdist(parts(quantizer(code(1))[0]), quantizer.codebook)
    assert distances.min(dim=2).values.max() < 1e-3


def test_each_part_is_replaced_by_the_nearest_entry() -> None:
    quantizer, given = begun().eval(), code(1)
    moved = (parts(quantizer(given)[0]) - parts(given)).norm(dim=2)
    nearest = torch.cdist(parts(given), quantizer.codebook).min(dim=2).values
    torch.testing.assert_close(moved, nearest, atol=1e-4, rtol=1e-4)


def test_what_stands_in_the_codebook_passes_as_it_is() -> None:
    quantizer, given = begun().eval(), code(1, batch=2, frames=4)
    quantizer.codebook.copy_(parts(given))
    torch.testing.assert_close(quantizer(given)[0], given)


def test_the_gradient_is_that_at_the_quantized_point() -> None:
    given = code(1).requires_grad_()
    quantized, _ = begun()(given)
    (quantized**3).sum().backward()
    torch.testing.assert_close(given.grad, 3 * quantized.detach() ** 2)


def test_the_commitment_draws_the_code_to_its_entry() -> None:
    quantizer, given = begun().eval(), code(1).requires_grad_()
    quantized, terms = quantizer(given)
    terms["commitment"].backward()
    expected = 0.25 * 2 * (given - quantized).detach() / given.numel()
    torch.testing.assert_close(given.grad, expected)


def test_every_group_uses_several_codes_of_its_own() -> None:
    quantizer = begun().eval()
    for group, chosen in enumerate(parts(quantizer(code(1))[0])):
        own, other = (torch.cdist(chosen, quantizer.codebook[g]) for g in (group, 1 - group))
        assert len(own.argmin(dim=1).unique()) > CODES // 2
        assert own.min(dim=1).values.max() < 1e-3 < other.min(dim=1).values.max()


def test_dead_codes_are_revived_at_the_data() -> None:
    quantizer = begun()
    for name in ("codebook", "sums"):
        getattr(quantizer, name)[:, :3] = 1000.0
    quantizer.uses.fill_(1.0)
    for step in range(100):
        quantizer(code(step) + 10)
    distances = torch.cdist(quantizer.codebook, parts(code(99) + 10))
    assert distances.min(dim=2).values.max() < 2
    assert quantizer.eval()(code(99) + 10)[1]["perplexity"] > CODES // 2


def test_evaluation_changes_nothing() -> None:
    for quantizer in (begun(), Quantizer(DIM, CONFIG)):
        before = {name: value.clone() for name, value in quantizer.state_dict().items()}
        quantizer.eval()(code(1))
        after = quantizer.state_dict()
        assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_single_code_follows_the_mean() -> None:
    quantizer = begun(codes=1, restart_below=0.0)
    given = code(1) + 3
    for _ in range(100):
        quantizer(given)
    expected = parts(given).mean(dim=1, keepdim=True)
    torch.testing.assert_close(quantizer.codebook, expected, atol=1e-3, rtol=0)


def test_perplexity_lies_between_one_and_the_number_of_codes() -> None:
    quantizer = begun().eval()
    assert 1 < quantizer(code(1))[1]["perplexity"] < CODES
    alike = code(1)[:1, :, :1].expand(4, -1, 16)
    torch.testing.assert_close(quantizer(alike)[1]["perplexity"], torch.tensor(1.0))
    everything = quantizer.codebook.permute(0, 2, 1).reshape(1, DIM, CODES)
    torch.testing.assert_close(quantizer(everything)[1]["perplexity"], torch.tensor(float(CODES)))


def test_a_quantizer_that_was_loaded_is_not_begun_again() -> None:
    quantizer, loaded = begun(), Quantizer(DIM, CONFIG)
    loaded.load_state_dict(quantizer.state_dict())
    assert loaded.initialized
    for trained in (quantizer, loaded):
        torch.manual_seed(1)
        trained(code(5))
    assert tiny.same_state(quantizer, loaded)
