"""From a solver's name and an estimator's parameters to the engine's optimiser.

``solver`` takes a name or an optimiser object; ``learning_rate`` takes a schedule's name or a schedule
object. An object carries its own numbers, a name takes the estimator's (``learning_rate_init``,
``momentum``, ``beta_1`` ...).
"""

from __future__ import annotations

import inspect
from typing import Any

from sklearn.utils._param_validation import InvalidParameterError

STOCHASTIC_SOLVERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
DETERMINISTIC_SOLVERS = ("lbfgs", "cg")
SCHEDULE_NAMES = (
    "constant",
    "invscaling",
    "adaptive",
    "step",
    "inverse",
    "exponential",
    "cosine",
)
_NUMBERS = ("max_fun", "beta_1", "beta_2", "epsilon", "nesterovs_momentum")


def is_deterministic(solver: Any) -> bool:
    """Whether a solver, by name or as an object, works on all rows at once."""
    if isinstance(solver, str):
        return solver in DETERMINISTIC_SOLVERS
    from deepen.engine.optimizers import DETERMINISTIC

    return isinstance(solver, DETERMINISTIC)


def resolve_solver(estimator: Any) -> Any:
    """Optimiser object for an estimator's ``solver``, ``learning_rate`` and their numbers.

    Raises
    ------
    ValueError
        For an unknown name or schedule, and for a rate beside an optimiser object, which carries its own.
    TypeError
        Where ``solver`` is neither a name nor an optimiser.
    """
    from deepen.engine import optimizers

    check_schedule(estimator)
    solver = estimator.solver
    known = (*optimizers.STOCHASTIC, *optimizers.DETERMINISTIC)
    if isinstance(solver, known):
        _refuse_second_rate(estimator)
        return solver
    if solver not in (*STOCHASTIC_SOLVERS, *DETERMINISTIC_SOLVERS):
        names = ", ".join((*STOCHASTIC_SOLVERS, *DETERMINISTIC_SOLVERS))
        error = ValueError if isinstance(solver, str) else TypeError
        raise error(
            f"solver must be one of {names}, or an optimiser object of deepen.engine such as"
            f" RMSprop(learning_rate=0.001), got {solver!r}."
        )
    # A linear model has no parameters for the inner numbers: the optimiser's defaults hold.
    options = {k: v for k, v in estimator.get_params(deep=False).items() if k in _NUMBERS}
    if solver == "lbfgs":
        return optimizers.LBFGS(max_fun=options.get("max_fun", optimizers.LBFGS.max_fun))
    if solver == "cg":
        return optimizers.ConjugateGradient()
    rate = _schedule(estimator)
    if solver == "adam":
        numbers = {k: v for k, v in options.items() if k in ("beta_1", "beta_2", "epsilon")}
        return optimizers.Adam(rate, **numbers)
    if solver == "adagrad":
        return optimizers.AdaGrad(rate)
    if solver == "rmsprop":
        return optimizers.RMSprop(rate, **{k: v for k, v in options.items() if k == "epsilon"})
    by_parameter = options.get("nesterovs_momentum", False)
    nesterov = {"momentum": False, "nesterov": True}.get(solver, by_parameter)
    momentum = estimator.momentum or None  # no velocity at all rather than one of zero
    return optimizers.SGD(rate, momentum, nesterov=bool(nesterov and momentum))


def check_schedule(estimator: Any) -> None:
    """Raise where ``learning_rate`` is no schedule, whether or not the solver has a use for one.

    Raises
    ------
    InvalidParameterError
        A ValueError, as scikit-learn's.
    """
    name = estimator.learning_rate
    if isinstance(name, str) and name in SCHEDULE_NAMES:
        return
    from deepen.engine.schedules import Schedule

    if not isinstance(name, Schedule):
        raise InvalidParameterError(
            f"learning_rate must be one of {', '.join(SCHEDULE_NAMES)}, or a schedule object of"
            f" deepen.engine such as Step(0.1, every=10), got {name!r}."
        )


def changed(estimator: Any, names: tuple[str, ...]) -> list[str]:
    """Those of the parameters that are not at their defaults."""
    defaults = inspect.signature(type(estimator)).parameters
    return [name for name in names if getattr(estimator, name) != defaults[name].default]


def _refuse_second_rate(estimator: Any) -> None:
    for name in changed(estimator, ("learning_rate", "learning_rate_init")):
        raise ValueError(
            f"{name} is given beside solver={estimator.solver!r}, which carries its own learning"
            f" rate; leave {name} out, or give the solver by its name."
        )


def _schedule(estimator: Any) -> Any:
    from deepen.engine import schedules

    rate, name = estimator.learning_rate_init, estimator.learning_rate
    if isinstance(name, schedules.Schedule):
        return name
    if name == "cosine":
        return schedules.Cosine(rate, n_epochs=estimator.max_iter)
    if name == "invscaling":
        # scikit-learn's adam takes no notice of these two; its users keep their results.
        return (
            rate
            if estimator.solver == "adam"
            else schedules.InverseScaling(rate, getattr(estimator, "power_t", 0.5))
        )
    if name == "adaptive" and estimator.solver == "adam":
        return rate
    return schedules.SCHEDULES[name](rate)
