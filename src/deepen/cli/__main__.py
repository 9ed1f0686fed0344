"""``python -m deepen.cli``."""

from deepen.cli import main

main()
