"""The interfaces of encoders and cores, as the model that joins them sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from torch import Tensor, nn


class Sizes(Protocol):
    """The sizes that every core's config has."""

    @property
    def d_object(self) -> int:
        """Return the features of one object."""
        ...

    @property
    def d_question(self) -> int:
        """Return the features of the question; 0 for tasks without one."""
        ...


class Encoder(nn.Module):
    """A scene to objects: takes tensors with S rows each, returns objects (S, N, D_o) and their mask.

    The mask (S, N) is False where a row is padding; it is None where no row can be.
    """

    if TYPE_CHECKING:  # torch gives every module's call the type Any

        def __call__(self, *inputs: Tensor) -> tuple[Tensor, Tensor | None]:
            """Return objects and mask."""
            ...

    def compare(self, first: Tensor, second: Tensor) -> Tensor | None:
        """Return pair features beyond the two objects; None, as here, for encoders that compute none.

        Args:
            first: (..., D_o) objects i.
            second: (..., D_o) objects j, of a shape that broadcasts with theirs.

        Returns:
            pair features (..., D_p).
        """
        return None

    def locate(self, objects: Tensor) -> Tensor | None:
        """Return where on the picture the objects stand that were found; None, as here, for encoders that find none.

        Args:
            objects: (..., D_o), as `forward` gives them.

        Returns:
            x and y in pixels, (..., 2).
        """
        return None


class Core(nn.Module):
    """Objects and questions to logits (M, A); arguments as `RelationNetwork.forward`.

    Attributes:
        config: sizes, in a class of the core's own.
    """

    config: Sizes

    if TYPE_CHECKING:  # torch gives every module's call the type Any

        def __call__(
            self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
        ) -> Tensor:
            """Return logits."""
            ...


@runtime_checkable
class AnswersInSteps(Protocol):
    """A core that answers after each of several steps or layers, so that training can have a loss on each."""

    def answer_steps(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
        n_steps: int | None = None,
    ) -> Tensor:
        """Return logits (T, M, A) of the first `n_steps` steps; None for all, those of `forward` last.

        Other arguments as `RelationNetwork.forward`.
        """
        ...
