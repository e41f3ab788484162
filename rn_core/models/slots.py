"""Pictures to true objects: a heatmap of centers, its peaks, and at each peak what the object there is.

The convolution learns from labels where objects stand and what they are ("supervised perception"); the Relation Network
behind it is given one row per object, so that a pair of objects is a pair of objects and no mapping from cells is
needed. The heatmap with a read-out at its peaks is that of Zhou et al. 2019, "Objects as points" (arXiv 1904.07850).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.encoders import ConvolutionalEncoder, SyncedBatchNorm
from rn_core.models.layers import OMIT_DEFAULT, check_size, check_sizes
from rn_core.models.residual import Pyramid
from rn_core.models.windows import WindowConfig, WindowReader, cut_windows

#: Pixels from one cell of the heatmap to the next: two convolutions of stride 2.
STRIDE = 4
_N_HALVING = 2
#: From here on a peak is an object: a center half way between two cells may give each of them half.
LEAST_PROBABILITY = 0.3
#: From here on an encoder with windows looks closer at a peak, which may make an object of it, or none.
LEAST_LOOKED_AT = 0.05


@dataclass(frozen=True)
class SlotEncoderConfig:
    """A convolutional network that finds objects.

    Attributes:
        channels: kernels of each 3x3 convolution; the first two have stride 2, the others 1. Three or more, or two or
            more with stages.
        image_size: height of the input in pixels, and its width where that is not given.
        n_slots: most objects that are found, K.
        attributes: how many values each attribute of an object has, such as (6, 2) for six colors and two shapes.
        image_width: width of the input in pixels; 0 for a square.
        stages: channels of residual stages behind the convolutions, each at half the size; empty for none.
        n_coordinates: numbers that say where in space an object stands, which are learned, too; 0 for none.
        soft: whether a row holds the probability of each value of an attribute instead of the likeliest value.
        windows: of a closer look at each peak, which says what stands there, and whose logit of there being an object
            is added to that of the map; None for none. A dict of its fields will do.
    """

    channels: tuple[int, ...] = (16, 32, 48, 48, 48)
    image_size: int = 75
    n_slots: int = 12
    attributes: tuple[int, ...] = (6, 2)
    image_width: int = field(default=0, metadata=OMIT_DEFAULT)
    stages: tuple[int, ...] = field(default=(), metadata=OMIT_DEFAULT)
    n_coordinates: int = field(default=0, metadata=OMIT_DEFAULT)
    soft: bool = field(default=False, metadata=OMIT_DEFAULT)
    windows: WindowConfig | None = field(default=None, metadata=OMIT_DEFAULT)

    def __post_init__(self) -> None:
        """Raise RNCoreError for a value that cannot be built."""
        object.__setattr__(self, "channels", check_sizes("channels", self.channels))
        object.__setattr__(self, "attributes", check_sizes("attributes", self.attributes))
        object.__setattr__(self, "stages", check_sizes("stages", self.stages) if self.stages else ())
        if isinstance(self.windows, dict):
            object.__setattr__(self, "windows", WindowConfig(**self.windows))
        check_size("image_size", self.image_size, lowest=2)
        check_size("n_slots", self.n_slots)
        check_size("n_coordinates", self.n_coordinates, lowest=0)
        check_size("image_width", self.image_width, lowest=0)
        if self.image_width == 1:
            raise RNCoreError("image_width must be 2 or more, or 0 for a square, got 1; choose another size.")

    @property
    def d_object(self) -> int:
        """Return the features of one object: its coordinates, 1 for each attribute's value, x and y in the picture."""
        return self.n_coordinates + sum(self.attributes) + 2

    @property
    def picture_shape(self) -> tuple[int, int]:
        """Return height and width of the input in pixels."""
        return self.image_size, self.image_width or self.image_size

    @property
    def grid_shape(self) -> tuple[int, int]:
        """Return the rows and columns of the heatmap."""
        height, width = self.picture_shape
        return (height + STRIDE - 1) // STRIDE, (width + STRIDE - 1) // STRIDE

    @property
    def grid_size(self) -> int:
        """Return d, the cells along one side of a square picture's heatmap."""
        return self.grid_shape[0]


class SlotMaps(NamedTuple):
    """What the convolution finds at every cell of the heatmap, row by row; it has h rows and w columns.

    Attributes:
        centers: (S, h, w), logit that an object's center is nearest to this cell.
        attributes: (S, sum of the attributes' values, h, w), logits of an object's values here.
        offsets: (S, 2, h, w), x and y from this cell to the center, in cells.
        coordinates: (S, C, h, w), where in space an object here stands; None for encoders without coordinates.
    """

    centers: Tensor
    attributes: Tensor
    offsets: Tensor
    coordinates: Tensor | None = None


class SlotPeaks(NamedTuple):
    """What lies between the convolutions of an encoder and its objects.

    Attributes:
        maps: what is found at every cell.
        cells: (S, K) int64, the peaks of the heatmap, counted row by row, the highest first.
        probabilities: (S, K), that an object's center is nearest to them.
        of_rows: (S, K) int64, index into the peaks of each row of objects.
        outputs: each convolution's output after its ReLU, (S, C, h, w) each; empty where nobody asked for them.
    """

    maps: SlotMaps
    cells: Tensor
    probabilities: Tensor
    of_rows: Tensor
    outputs: tuple[Tensor, ...] = ()

    def read(self, map_: Tensor) -> Tensor:
        """Return what one of the maps (S, C, h, w) holds at the peaks, (S, K, C)."""
        return _read_at(map_, self.cells)


class MapEncoder(ConvolutionalEncoder):
    """An encoder of pictures whose convolution says of each cell of a heatmap what an object there would be."""

    def __init__(self, config: SlotEncoderConfig) -> None:
        """Build the convolutions and the layer that reads them."""
        super().__init__(config.channels, _N_HALVING)
        self.finder = config
        d_last = config.channels[-1]
        if config.stages:
            self.layers.append(Pyramid(d_last, config.stages, d_last))
        self.head = nn.Conv2d(d_last, 1 + sum(config.attributes) + 2 + config.n_coordinates, 1)

    def read_pixels(self, images: Tensor) -> Tensor:
        """Return bytes (S, H, W, 3) as numbers (S, 3, H, W) from 0 to 1."""
        return images.permute(0, 3, 1, 2).to(self.head.weight.dtype) / 255

    def find_maps(self, images: Tensor) -> SlotMaps:
        """Return what is found at every cell of the heatmap, in 32 bits also under autocast.

        Args:
            images: (S, H, W, 3) uint8.
        """
        with torch.autocast(images.device.type, enabled=False):
            return self.read_features(self.layers(self.read_pixels(images)))

    def read_features(self, features: Tensor) -> SlotMaps:
        """Return what the last features (S, D, h, w) say of every cell."""
        found = self.head(features)  # (S, 1 + V + 2 + C, h, w)
        sizes = [1, sum(self.finder.attributes), 2, self.finder.n_coordinates]
        center, attributes, offsets, coordinates = torch.split(found, sizes, dim=1)
        return SlotMaps(center[:, 0], attributes, offsets, coordinates if self.finder.n_coordinates else None)

    def find_pixels(self, maps: SlotMaps, cells: Tensor) -> Tensor:
        """Return (S, K, 2), x and y in pixels of the centers next to cells (S, K) int64 of the heatmap."""
        n_columns = self.finder.grid_shape[1]
        corners = torch.stack([cells % n_columns, cells // n_columns], dim=-1)  # (S, K, 2)
        return (corners + _read_at(maps.offsets, cells)) * STRIDE

    def describe(self, maps: SlotMaps, cells: Tensor, pixels: Tensor, closer: Tensor | None = None) -> list[Tensor]:
        """Return the parts of the rows of objects at cells of the heatmap, (S, K, ...) each.

        Args:
            maps: what was found.
            cells: (S, K) int64, counted row by row.
            pixels: (S, K, 2), where the objects are, as `find_pixels`.
            closer: (S, K, V), logits of attributes in place of those of the maps; None for these.

        Returns:
            coordinates in space, if the encoder has some; a part for each attribute; x and y in the picture, -1 to 1.
        """
        attributes = _read_at(maps.attributes, cells) if closer is None else closer  # (S, K, V)
        name = _weigh if self.finder.soft else _choose
        values = [name(part) for part in torch.split(attributes, list(self.finder.attributes), dim=-1)]
        place = [] if maps.coordinates is None else [_read_at(maps.coordinates, cells)]  # (S, K, C)
        return [*place, *values, pixels / self.middle(pixels) - 1]

    def freeze_statistics(self) -> None:
        """Make batch norm use its running statistics from now on, also during training."""
        for layer in self.modules():
            if isinstance(layer, SyncedBatchNorm):
                layer.frozen.fill_(True)

    def middle(self, like: Tensor) -> Tensor:
        """Return the image's middle column and row (2,)."""
        height, width = self.finder.picture_shape
        return torch.tensor([(width - 1) / 2, (height - 1) / 2], dtype=like.dtype, device=like.device)


class SlotEncoder(MapEncoder):
    """Pictures to a row per object: coordinates, its attributes' values, then x and y in the picture from -1 to 1."""

    def __init__(self, config: SlotEncoderConfig) -> None:
        """Build the layers of `config`."""
        super().__init__(config)
        self.config = config
        self.reader = WindowReader(config.windows, config.attributes) if config.windows else None

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Find objects.

        Args:
            images: (S, H, W, 3) uint8.

        Returns:
            objects (S, K, C + V + 2) float32, ordered by the value of their first attribute, and mask (S, K), False
            where no object was found: such rows are 0 and stand behind the others.
        """
        objects, mask, _ = self._read_objects(self.find_maps(images), images)
        return objects, mask

    def trace(self, images: Tensor) -> tuple[Tensor, Tensor, SlotPeaks]:
        """Return objects and mask as `forward` does, and the results before them."""
        outputs = []
        with torch.autocast(images.device.type, enabled=False):
            features = self.read_pixels(images)
            for layer in self.layers:
                features = layer(features)
                if isinstance(layer, nn.ReLU):
                    outputs.append(features)
            maps = self.read_features(features)
        objects, mask, found = self._read_objects(maps, images)
        return objects, mask, found._replace(outputs=tuple(outputs))

    def _read_objects(self, maps: SlotMaps, images: Tensor) -> tuple[Tensor, Tensor, SlotPeaks]:
        """Return the objects that maps say there are and their mask, as `forward`, and the peaks that they stand at."""
        peaks = find_peaks(maps.centers.flatten(1), self.config.grid_shape, self.config.n_slots)  # (S, K)
        centers = maps.centers.flatten(1).gather(1, peaks)  # (S, K)
        pixels, closer = self.find_pixels(maps, peaks), None  # (S, K, 2)
        if self.reader is not None:
            there, closer = self._look_closer(self.reader, images, pixels, centers.sigmoid() > LEAST_LOOKED_AT)
            centers = centers + there
        probabilities = centers.sigmoid()  # (S, K)
        mask = probabilities > LEAST_PROBABILITY
        parts = self.describe(maps, peaks, pixels, closer)
        objects = torch.cat(parts, dim=-1) * mask[..., None]
        first = parts[0] if maps.coordinates is None else parts[1]
        order = torch.where(mask, first.argmax(dim=-1), first.shape[-1]).argsort(dim=1, stable=True)  # (S, K)
        ordered = objects.take_along_dim(order[..., None], dim=1)
        return ordered, mask.take_along_dim(order, dim=1), SlotPeaks(maps, peaks, probabilities, order)

    def _look_closer(self, reader: WindowReader, images: Tensor, places: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the windows around places say, all logits 0 where nothing is looked at.

        Args:
            reader: reads windows.
            images: (S, H, W, 3) uint8.
            places: (S, K, 2) pixels.
            mask: (S, K) bool, at which places to look; in each picture they stand first.

        Returns:
            logits (S, K) that an object stands there, and (S, K, V) of its attributes.
        """
        n_windows = int(mask.any(dim=0).sum())
        with torch.autocast(images.device.type, enabled=False):
            pixels, spans = self.read_pixels(images), reader.frame(places, images.shape[1])
            windows = cut_windows(pixels, places[:, :n_windows], spans[:, :n_windows], reader.config.n_samples)
            read = reader(windows[mask[:, :n_windows]])  # (N, 1 + V)
        logits = places.new_zeros(*mask.shape, read.shape[-1]).masked_scatter(mask[..., None], read)
        return logits[..., 0], logits[..., 1:]

    def locate(self, objects: Tensor) -> Tensor:
        """Return the objects' centers in pixels; see `Encoder.locate`."""
        return (objects[..., -2:] + 1) * self.middle(objects)


def _weigh(logits: Tensor) -> Tensor:
    """Return the probability of each of the last dimension's values."""
    return logits.softmax(dim=-1)


def _choose(logits: Tensor) -> Tensor:
    """Return 1 for the likeliest of the last dimension's values and 0 for the others; the gradient is softmax's."""
    soft = logits.softmax(dim=-1)
    hard = functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(soft.dtype)
    return hard + (soft - soft.detach())


def _read_at(maps: Tensor, cells: Tensor) -> Tensor:
    """Return what maps (S, C, h, w) hold at cells (S, K) int64: (S, K, C)."""
    return maps.flatten(2).take_along_dim(cells[:, None], dim=2).transpose(1, 2)


def find_peaks(centers: Tensor, grid: int | tuple[int, int], n_peaks: int) -> Tensor:
    """Return (S, K) int64, the cells that none of their eight neighbors exceeds, the highest first.

    Args:
        centers: (S, h * w) logits, row by row.
        grid: rows h and columns w; one number for both.
        n_peaks: K. Where a picture has fewer peaks, other cells follow, and their logits are low.
    """
    rows, columns = (grid, grid) if isinstance(grid, int) else grid
    cells = torch.unflatten(centers.detach(), 1, (1, rows, columns))
    highest = functional.max_pool2d(cells, 3, stride=1, padding=1)
    peaked = torch.where(cells == highest, cells, torch.finfo(cells.dtype).min).flatten(1)
    return peaked.topk(min(n_peaks, rows * columns), dim=1).indices
