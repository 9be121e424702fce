"""``cuvee`` and ``python -m cuvee``."""

from cuvee.stopping import Stopped, say_stopped, stoppable


def main() -> None:
    """Run the command line; it may be stopped while it is still being imported."""
    try:
        with stoppable():
            from cuvee.cli import main as command

            command()
    except Stopped as stopped:
        say_stopped()
        raise SystemExit(stopped.code) from None


if __name__ == "__main__":
    main()
