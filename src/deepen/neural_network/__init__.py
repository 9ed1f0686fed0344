"""Neural networks: multilayer perceptrons, autoencoders and restricted Boltzmann machines."""

from deepen.neural_network.autoencoder import Autoencoder
from deepen.neural_network.dbn import DBNClassifier, DBNRegressor
from deepen.neural_network.deep_belief_network import DeepBeliefNetwork
from deepen.neural_network.free_energy_gap import FreeEnergyGap
from deepen.neural_network.gaussian_rbm import GaussianRBM
from deepen.neural_network.gradient_monitor import GradientMonitor
from deepen.neural_network.mlp_classifier import MLPClassifier
from deepen.neural_network.mlp_regressor import MLPRegressor
from deepen.neural_network.rbm import BernoulliRBM
from deepen.neural_network.rbm_classifier import RBMClassifier
from deepen.neural_network.stacked_autoencoder import StackedAutoencoderClassifier

__all__ = [
    "Autoencoder",
    "BernoulliRBM",
    "DBNClassifier",
    "DBNRegressor",
    "DeepBeliefNetwork",
    "FreeEnergyGap",
    "GaussianRBM",
    "GradientMonitor",
    "MLPClassifier",
    "MLPRegressor",
    "RBMClassifier",
    "StackedAutoencoderClassifier",
]
