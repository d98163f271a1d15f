"""Twenty networks written here: recurrent, attentive, of two inputs, of graphs, points, sound, volumes, experts."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from memprof import spec
from tests.networks.network import Network


class Recurrent(nn.Module):
    def __init__(self, cell: Any = nn.LSTM, directions: int = 1):
        super().__init__()
        self.words = nn.Embedding(100, 16)
        self.layers = cell(16, 24, 2, batch_first=True, bidirectional=directions == 2)
        self.head = nn.Linear(24 * directions, 5)

    def forward(self, words: Tensor) -> Tensor:
        return self.head(self.layers(self.words(words))[0][:, -1])


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2)
        self.head = nn.Linear(32, 5)

    def forward(self, words: Tensor, src_key_padding_mask: Tensor | None = None) -> Tensor:
        return self.head(self.layers(words, src_key_padding_mask=src_key_padding_mask).mean(1))


class Translator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Transformer(32, 4, 1, 1, 64, batch_first=True)

    def forward(self, heard: Tensor, said: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(said.shape[1], device=said.device)
        return self.layers(heard, said, tgt_mask=mask)


class Towers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 16)
        )
        self.text = nn.EmbeddingBag(100, 16)
        self.scale = nn.Parameter(torch.ones([]))

    def forward(self, image: Tensor, text: Tensor) -> dict[str, Tensor]:
        seen, read = (functional.normalize(item, dim=-1) for item in (self.image(image), self.text(text)))
        return {"logits_per_image": self.scale.exp() * seen @ read.T}


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2), nn.BatchNorm2d(8), nn.PReLU(), nn.Flatten(), nn.Linear(8 * 169, 16)
        )

    def forward(self, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        ours, theirs = self.features(one), self.features(other)
        return functional.cosine_similarity(ours, theirs), functional.pairwise_distance(ours, theirs)


class MultiSpectral(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(12, 8, 3, 2, 1), nn.ConvTranspose2d(8, 4, 2, 2)
        self.out = nn.Conv2d(16, 3, 1)

    def forward(self, bands: Tensor) -> dict[str, Tensor]:
        return {"out": self.out(torch.cat([bands, self.up(functional.silu(self.down(bands)))], 1))}


class Graph(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        begin, end = edges
        hidden = self.layer(nodes)
        summed = torch.zeros_like(hidden).index_add_(0, end, hidden[begin])
        degree = torch.zeros(len(nodes), device=nodes.device).scatter_add_(
            0, end, torch.ones_like(end, dtype=torch.float)
        )
        return self.head(summed / degree.clamp(min=1)[:, None])


class AttentiveGraph(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.score = nn.Linear(8, 16), nn.Linear(32, 1)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        hidden, (begin, end) = self.layer(nodes), edges
        scores = functional.leaky_relu(self.score(torch.cat([hidden[begin], hidden[end]], -1))).squeeze(-1)
        largest = torch.full((len(nodes),), -torch.inf, device=nodes.device).scatter_reduce(0, end, scores, "amax")
        weights = (scores - largest[end]).exp()
        total = torch.zeros(len(nodes), device=nodes.device).scatter_add(0, end, weights)
        return torch.zeros_like(hidden).index_add(0, end, hidden[begin] * (weights / total[end])[:, None])


def audio() -> nn.Module:
    """A classifier of sound, convolutions along time."""
    return nn.Sequential(
        *(nn.Conv1d(1, 16, 80, 4), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(4)),
        *(nn.Conv1d(16, 32, 3), nn.GroupNorm(4, 32), nn.GELU(), nn.AvgPool1d(2)),
        *(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 10)),
    )


class Spectrogram(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)

    def forward(self, sound: Tensor) -> Tensor:
        window = torch.hann_window(64, device=sound.device)
        spectrum = torch.stft(sound, 64, 32, window=window, return_complex=True).abs().log1p()
        return self.head(self.layer(spectrum[:, None]).mean((2, 3)))


class Volume(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv3d(1, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU(), nn.MaxPool3d(2)),
            *(nn.ConvTranspose3d(8, 4, 2, 2), nn.InstanceNorm3d(4), nn.Conv3d(4, 2, 1)),
        )

    def forward(self, volume: Tensor) -> dict[str, Tensor]:
        return {"out": self.layers(volume)}


class Points(nn.Module):
    """Each point beside its four nearest neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Linear(6, 16), nn.Linear(16, 5)

    def forward(self, points: Tensor) -> Tensor:
        nearest = torch.cdist(points, points).topk(4, largest=False).indices
        every = points[:, None].expand(-1, points.shape[1], -1, -1)
        there = torch.gather(every, 2, nearest[..., None].expand(-1, -1, -1, 3))
        return self.head(self.layer(torch.cat([there, points[:, :, None] - there], -1)).amax(2).mean(1))


class Transformer2d(nn.Module):
    """A spatial transformer: the image is sampled where a layer says."""

    def __init__(self) -> None:
        super().__init__()
        self.where, self.layer = nn.Linear(3 * 64, 6), nn.Conv2d(3, 4, 3)

    def forward(self, image: Tensor) -> Tensor:
        angles = self.where(functional.adaptive_avg_pool2d(image, 8).flatten(1)).view(-1, 2, 3)
        grid = functional.affine_grid(angles, image.shape, align_corners=False)
        return self.layer(functional.grid_sample(image, grid, align_corners=False)).mean((2, 3))


class Unfolded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(27, 8)

    def forward(self, image: Tensor) -> Tensor:
        columns = functional.unfold(image, 3, padding=1).transpose(1, 2)
        return functional.fold(self.layer(columns).transpose(1, 2), image.shape[-2:], 1)


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(20, 8), nn.Linear(4, 20)

    def forward(self, numbers: Tensor) -> dict[str, Tensor]:
        mean, variance = self.encoder(numbers).chunk(2, -1)
        rebuilt = self.decoder(mean + torch.randn_like(variance) * (variance / 2).exp())
        return {"loss": functional.mse_loss(rebuilt, numbers), "rebuilt": rebuilt}


class Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate, self.experts = nn.Linear(8, 4), nn.ModuleList(nn.Linear(8, 8) for _ in range(4))

    def forward(self, tokens: Tensor) -> Tensor:
        weights, chosen = self.gate(tokens).softmax(-1).topk(2, -1)
        result = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            rows, places = torch.where(chosen == number)
            result = result.index_add(0, rows, expert(tokens[rows]) * weights[rows, places, None])
        return result


class Deformable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Conv2d(3, 18, 3, padding=1)
        self.layer = torchvision.ops.DeformConv2d(3, 8, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        return self.layer(image, self.offsets(image)).mean((2, 3))


class Einsum(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 48, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        query, key, value = self.layer(words).unflatten(-1, (3, 4, 4)).unbind(2)
        hidden = torch.ones(words.shape[1], words.shape[1], dtype=torch.bool, device=words.device).triu(1)
        weights = torch.einsum("bnhd,bmhd->bhnm", query, key).masked_fill(hidden, -1e9).softmax(-1)
        return torch.einsum("bhnm,bmhd->bnhd", weights, value).flatten(2)


class Recommender(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.EmbeddingBag(50, 8, mode="sum") for _ in range(3))
        self.numbers, self.head = nn.Linear(4, 8), nn.Linear(6 + 8, 1)

    def forward(self, numbers: Tensor, words: list[Tensor], offsets: Tensor) -> Tensor:
        bags = [table(ids, offsets) for table, ids in zip(self.tables, words, strict=True)]
        rows = torch.stack([self.numbers(numbers), *bags], 1)
        products = torch.bmm(rows, rows.transpose(1, 2))
        row, column = torch.triu_indices(4, 4, 1, device=numbers.device)
        return self.head(torch.cat([rows[:, 0], products[:, row, column]], 1)).sigmoid()


def networks() -> dict[str, Network]:
    """Return the networks by name."""
    words, edges, image = spec("2x7", "int64"), spec("2x100", "int64"), spec("2x3x32x32")
    return {
        "lstm": Network(Recurrent, (words,)),
        "gru, both ways": Network(partial(Recurrent, nn.GRU, 2), (words,)),
        "encoder": Network(Encoder, (spec("2x9x32"),), {"src_key_padding_mask": spec("2x9:bool")}),
        "translator": Network(Translator, (spec("2x9x32"), spec("2x5x32"))),
        "two towers": Network(Towers, (spec("4x3x32x32"), spec("4x6", "int64"))),
        "siamese": Network(Siamese, (spec("2x1x28x28"), spec("2x1x28x28"))),
        "multi-spectral": Network(MultiSpectral, (spec("2x12x16x16"),)),
        "graph": Network(Graph, (spec("30x8"), edges)),
        "attentive graph": Network(AttentiveGraph, (spec("30x8"), edges)),
        "audio": Network(audio, (spec("2x1x4000"),)),
        "spectrogram": Network(Spectrogram, (spec("2x2048"),)),
        "volume": Network(Volume, (spec("1x1x8x8x8"),)),
        "points": Network(Points, (spec("2x64x3"),)),
        "spatial transformer": Network(Transformer2d, (image,)),
        "unfolded": Network(Unfolded, (spec("2x3x16x16"),)),
        "autoencoder": Network(Autoencoder, (spec("4x20"),)),
        "experts": Network(Experts, (spec("16x8"),)),
        "deformable": Network(Deformable, (spec("2x3x16x16"),)),
        "einsum": Network(Einsum, (spec("2x6x16"),)),
        "recommender": Network(Recommender, (spec("4x4"), [spec("8", "int64")] * 3, spec("4", "int64"))),
    }
