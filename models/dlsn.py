"""DLSN: global learnable attention over buckets of similar features.

Su et al., "Global Learnable Attention for Single Image Super-Resolution" (arXiv 2212.01057), with
the published settings as defaults. Parameter names follow the published checkpoints.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RGB_MEAN = (0.4488, 0.4371, 0.4040)
MOST_BUCKETS = 128
CHUNKS_AT_ONCE = 8  # about 2 MiB each at the published width; more takes more time and memory


class DLSN(nn.Module):
    """RGB (b, 3, h, w) in [0, 1] to (b, 3, scale * h, scale * w), not clamped.

    Similar pixels are found by hashing with random rotations. They are drawn anew in every forward,
    from a generator of the model's own, so the same image gives the same result.

    Args:
        scale: 2, 3 or 4.
        modules: feature fusion modules, each with one attention.
        blocks: residual blocks per module.
        width: feature channels.
        reduction: divides `width` to give the channels that are hashed and compared.
        rounds: hashings per attention, whose results are combined.
        chunk: queries that share their keys; an image has at least as many pixels.
        seed: of the rotations.
        chunks_at_once: how many chunks one step of the attention takes; bounds its memory.

    """

    def __init__(
        self,
        scale: int = 4,
        *,
        modules: int = 10,
        blocks: int = 4,
        width: int = 256,
        reduction: int = 4,
        rounds: int = 3,
        chunk: int = 128,
        seed: int = 1234,
        chunks_at_once: int = CHUNKS_AT_ONCE,
    ) -> None:
        super().__init__()
        self.rounds = rounds
        self.hashing = (modules * rounds, width // reduction)  # rotations, hashed channels
        self.chunk = chunk
        self.seed = seed
        self.a = nn.Parameter(torch.zeros(1))  # unused, but in the published checkpoints
        self.sub_mean = MeanShift(-1)
        self.add_mean = MeanShift(1)
        self.head = nn.Sequential(conv3x3(3, width))
        self.body = Body(
            *(
                FusionModule(width, blocks, reduction, chunk, chunks_at_once)
                for _ in range(modules)
            ),
            conv3x3(width, width),
        )
        self.tail = nn.Sequential(upsampler(width, scale), conv3x3(width, 3))

    def forward(self, lr: Tensor, rotations: Tensor | None = None) -> Tensor:
        """Return the SR image of `lr`, image by image.

        `rotations` (modules * rounds, width // reduction, buckets) replace the drawn ones.
        Raises ValueError when an image has less than `chunk` pixels or `rotations` do not fit.
        """
        shape = (*self.hashing, self.buckets(lr))
        if rotations is None:
            rotations = draw_rotations(shape, self.seed)
        if rotations.shape != shape:
            raise ValueError(
                f"the rotations for this image have the shape {shape}, not {tuple(rotations.shape)}"
            )
        rotations = rotations.to(lr).unflatten(0, (-1, self.rounds))
        return torch.cat([self.restore(image, rotations) for image in lr.split(1)])

    def buckets(self, lr: Tensor) -> int:
        """Return how many buckets the pixels of `lr` are hashed to: an even number."""
        height, width = lr.shape[-2:]
        if height * width < self.chunk:
            raise ValueError(
                f"DLSN compares {self.chunk} pixels at a time and this image has only "
                f"{height} x {width}; give it a larger one"
            )
        chunks = int(height * width) // self.chunk
        return min(chunks + chunks % 2, MOST_BUCKETS)

    def restore(self, lr: Tensor, rotations: Tensor) -> Tensor:
        """Return the SR image of the single image `lr` (1, 3, h, w)."""
        shallow = self.head(self.sub_mean(lr))
        deep = self.body(shallow, rotations) + shallow
        return self.add_mean(self.tail(deep))


def draw_rotations(shape: tuple[int, int, int], seed: int) -> Tensor:
    """Draw matrices of `shape` (matrices, width, buckets) in float32 on the CPU.

    Up to `width` buckets their columns are orthonormal, beyond that their rows.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    rotations = torch.empty(shape, dtype=torch.float32, device="cpu")
    for rotation in rotations:
        nn.init.orthogonal_(rotation, generator=generator)
    return rotations


def conv3x3(channels: int, out_channels: int) -> nn.Conv2d:
    """Build the convolution that keeps the size of the image."""
    return nn.Conv2d(channels, out_channels, 3, padding=1)


def upsampler(width: int, scale: int) -> nn.Sequential:
    """Build the pixel shuffles: twice by 2 for scale 4, else once."""
    factors = {2: [2], 3: [3], 4: [2, 2]}[scale]
    return nn.Sequential(
        *(
            layer
            for factor in factors
            for layer in (conv3x3(width, factor**2 * width), nn.PixelShuffle(factor))
        )
    )


class MeanShift(nn.Conv2d):
    """Add `sign` times the mean colour; frozen, but in the published checkpoints."""

    def __init__(self, sign: int) -> None:
        super().__init__(3, 3, 1)
        self.weight = nn.Parameter(torch.eye(3).view(3, 3, 1, 1), requires_grad=False)
        self.bias = nn.Parameter(sign * torch.tensor(RGB_MEAN), requires_grad=False)


class Body(nn.Sequential):
    """Fusion modules, each with rotations of its own, and a convolution."""

    def forward(self, x: Tensor, rotations: Tensor) -> Tensor:
        """Map (1, width, h, w) to the same shape; `rotations` are (modules, rounds, c, buckets)."""
        *modules, conv = self
        for module, own in zip(modules, rotations, strict=True):
            x = module(x, own)
        return conv(x)


class FusionModule(nn.Module):
    """Residual blocks, global attention and a convolution, with a residual (GLAFFM)."""

    def __init__(
        self, width: int, blocks: int, reduction: int, chunk: int, chunks_at_once: int
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(ResidualBlock(width) for _ in range(blocks)),
            Attention(width, reduction, chunk, chunks_at_once),
            conv3x3(width, width),
        )

    def forward(self, x: Tensor, rotations: Tensor) -> Tensor:
        """Map (1, width, h, w) to the same shape; `rotations` are (rounds, c, buckets)."""
        *blocks, attention, conv = self.body
        features = x
        for block in blocks:
            features = block(features)
        return x + 0.1 * conv(attention(features, rotations))


class ResidualBlock(nn.Module):
    """Two convolutions with a residual (LFFB)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv3x3(width, width), nn.ReLU(), conv3x3(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Map (1, width, h, w) to the same shape."""
        return x + self.body(x)


class Attention(nn.Module):
    """Learnable attention among pixels of similar hash (GLA), with a residual.

    A token is the features of a pixel. In each round the tokens are sorted by hash and cut into
    chunks; a token attends to its own chunk and the two beside it in that order.
    """

    def __init__(self, width: int, reduction: int, chunk: int, chunks_at_once: int) -> None:
        super().__init__()
        self.chunk = chunk
        self.chunks_at_once = chunks_at_once
        self.conv_match = nn.Sequential(conv3x3(width, width // reduction), nn.ReLU())
        self.conv_assembly = nn.Sequential(conv3x3(width, width), nn.ReLU())
        self.conv_assembly_fc = nn.Sequential(conv3x3(width, width), nn.ReLU())
        self.fc = nn.Sequential(nn.Linear(width, chunk), nn.ReLU(), nn.Linear(chunk, chunk))

    def forward(self, x: Tensor, rotations: Tensor) -> Tensor:
        """Map (1, width, h, w) to the same shape; `rotations` are (rounds, c, buckets)."""
        embeddings = (self.conv_match, self.conv_assembly, self.conv_assembly_fc)
        match, values, learnt = (tokens(embedding(x)) for embedding in embeddings)
        result = self.attend(match, values, learnt, sort_by_hash(match, rotations))
        return result.t().reshape(x.shape) + x

    def attend(self, match: Tensor, values: Tensor, learnt: Tensor, order: Tensor) -> Tensor:
        """Return (n, width), the attention of all rounds, from embeddings (n, ...).

        `order` (rounds, n) lists the tokens of each round by hash.
        """
        keys = F.normalize(match, dim=-1, eps=5e-5)
        result = torch.zeros_like(values)
        log_weight = torch.full_like(match[:, 0], -torch.inf)
        for order_of_round in order:
            chunks = self.cut(order_of_round)
            neighbours = torch.cat([chunks, chunks.roll(1, 0), chunks.roll(-1, 0)], dim=1)
            for token, own, near in zip(
                order_of_round.split(self.chunks_at_once * self.chunk),  # without the padding
                chunks.split(self.chunks_at_once),
                neighbours.split(self.chunks_at_once),
                strict=True,
            ):
                scores = match[own] @ keys[near].transpose(1, 2)
                scores = scores + self.fc(learnt[near]).transpose(1, 2)
                lse = scores.logsumexp(-1, keepdim=True)
                out = (scores - lse).exp() @ values[near]

                # Softmax of `lse` over the rounds, taking in one round after the other.
                new, old = lse.flatten()[: len(token)], log_weight[token]
                share = (new - old).sigmoid().unsqueeze(1)
                result[token] = result[token].lerp(out.flatten(0, 1)[: len(token)], share)
                log_weight[token] = torch.logaddexp(old, new)
        return result

    def cut(self, order: Tensor) -> Tensor:
        """Cut the tokens of one round (n,) into (chunks, chunk), padded with the last ones."""
        padding = -len(order) % self.chunk
        return torch.cat([order, order[len(order) - padding :]]).view(-1, self.chunk)


def tokens(features: Tensor) -> Tensor:
    """Lay (1, c, h, w) out as (h * w, c), row by row."""
    return features.flatten(2).squeeze(0).t().contiguous()


@torch.no_grad()
def sort_by_hash(match: Tensor, rotations: Tensor) -> Tensor:
    """Return (rounds, n), the tokens of `match` (n, c) by bucket.

    The bucket of a token is the column of the round's rotation (c, buckets) that it is most
    similar to. Tokens of one bucket keep their order: the result of the attention depends on it.
    """
    # One product for all rounds: fvcore counts a matrix times a batch of matrices as one of them.
    similarity = (match @ torch.cat(list(rotations), dim=1)).unflatten(1, (len(rotations), -1))
    return similarity.argmax(-1).t().sort(dim=-1, stable=True).indices
