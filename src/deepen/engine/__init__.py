"""The engine: one gradient loop for every model. It knows no model and never imports scikit-learn."""

from deepen.engine.batches import Batches
from deepen.engine.callbacks import Event, ProgressBar
from deepen.engine.checkpoints import Checkpoint, CheckpointError
from deepen.engine.compiling import seconds_compiling
from deepen.engine.devices import enable_compilation_cache
from deepen.engine.minimize import Result, Run, minimize
from deepen.engine.optimizers import LBFGS, SGD, AdaGrad, Adam, ConjugateGradient, RMSprop
from deepen.engine.penalties import Penalty
from deepen.engine.schedules import (
    Adaptive,
    Constant,
    Cosine,
    Exponential,
    Inverse,
    InverseScaling,
    Schedule,
    Step,
)
from deepen.engine.stopping import Progress, Stopping

__all__ = [
    "LBFGS",
    "SGD",
    "AdaGrad",
    "Adam",
    "Adaptive",
    "Batches",
    "Checkpoint",
    "CheckpointError",
    "ConjugateGradient",
    "Constant",
    "Cosine",
    "Event",
    "Exponential",
    "Inverse",
    "InverseScaling",
    "Penalty",
    "Progress",
    "ProgressBar",
    "RMSprop",
    "Result",
    "Run",
    "Schedule",
    "Step",
    "Stopping",
    "enable_compilation_cache",
    "minimize",
    "seconds_compiling",
]
