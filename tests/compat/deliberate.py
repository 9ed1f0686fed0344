"""Tests of scikit-learn's that deepen fails, by name without parameters, each with its reason."""

_PRIVATE = "reaches into a private attribute of scikit-learn's: "

DELIBERATE = {
    "test_gradient": _PRIVATE + "_loss_grad_lbfgs; deepen's gradient is tested against differences",
    "test_learning_rate_warmstart": _PRIVATE + "_optimizer; deepen keeps the rate in history_",
    "test_adaptive_learning_rate": _PRIVATE + "_optimizer; deepen keeps the rate in history_",
    "test_logistic_cv_multinomial_score": (
        _PRIVATE + "_log_reg_scoring_path takes no parameter of deepen's own"
    ),
    "test_mlp_diverging_loss": "a diverging loss raises and names the epoch instead of scoring NaN",
    "test_fit_gibbs": "pins the numbers that NumPy's random stream gives, as its own remark says",
}

# Passes or fails with the machine's rounding, so that neither can be demanded.
ROUNDING = {
    "test_convergence_dtype_consistency": (
        "wants float32's biases within 1e-6 of their own size, however small; they agree within 1e-6"
    ),
    "test_mlp_regressor_dtypes_casting": (
        "one seed's path through rectifiers in float32 and float64; about one seed in twelve strays by"
        " more than the tolerance, there and here, and not the same ones"
    ),
}
