"""Pure mathematics: activations, losses, initialisers, random draws, image augmentation."""
