"""``python -m nsspy`` is the ``nsspy`` command."""

from nsspy.cli import main

main()
