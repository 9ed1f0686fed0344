"""``python -m deepen``, the command line of the interpreter that is named."""

from deepen.cli import main

main()
