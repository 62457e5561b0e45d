"""How long, how fast and in what portions a guided network is trained; what a configuration may say of it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Plan(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Phase(_Plan):
    """Some epochs with an optimiser of their own.

    Attributes
    ----------
    epochs
        Passes over the training images.
    learning_rate, weight_decay
        Of AdamW, at the peak.
    warm_up
        Share of the steps over which the rate rises from zero; it then falls to zero as a half cosine.
    """

    epochs: int = Field(ge=0)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    warm_up: float = Field(ge=0, le=1)


class ReferencePhase(Phase):
    """The first phase, by cross-entropy alone, whose end is epoch 0: what guiding is compared with.

    Attributes
    ----------
    trains
        "head": the last linear layer, as for a network with learned weights; "network": everything.
    """

    trains: Literal["head", "network"]


class TrainingPlan(_Plan):
    """The two phases and what they share.

    Attributes
    ----------
    reference, guided
        The phases, in this order.
    batch_size
        Images of one step of the optimiser, over all processes.
    images_a_pass
        Images that a process takes at a time; their gradients add up to those of the batch.
    freeze_batch_norm
        Keep the statistics that batch normalisation has: those of small batches are poor, and with them the
        sum of passes is not that of the large batch.
    patience_epochs
        Guided epochs without a lower objective on the validation images after which training stops; None for
        never.
    reading_processes
        That read and transform images beside the training; 0 for none.
    seed
        Of the order of the images, their random changes and dropout.
    """

    reference: ReferencePhase
    guided: Phase
    batch_size: int = Field(gt=0)
    images_a_pass: int = Field(gt=0)
    freeze_batch_norm: bool
    patience_epochs: int | None = Field(gt=0)
    reading_processes: int = Field(ge=0)
    seed: int = Field(ge=0)

    @property
    def first_epoch(self) -> int:
        """Number of the epoch before the first: 0 is the end of the reference phase."""
        return -self.reference.epochs

    def phase(self, epoch: int) -> Phase:
        """The phase that an epoch belongs to."""
        return self.guided if epoch > 0 else self.reference
