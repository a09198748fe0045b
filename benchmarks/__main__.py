"""Run all measurements of the numeric core and print their lines; some minutes. CPU seconds of one thread each.

``python -m benchmarks delivering`` runs the portal under load instead, see :mod:`benchmarks.delivering`; ``releasing`` a national
release with everything that follows, see :mod:`benchmarks.releasing`.
"""

import sys

from threadpoolctl import threadpool_limits

from benchmarks import bootstrap, growth, scores, what_if


def main() -> None:
    """Print a line per measurement as it comes."""
    for returns_to_scale in ("crs", "vrs"):
        print(scores.measure(returns_to_scale=returns_to_scale), flush=True)
    print(what_if.measure(), flush=True)
    print(what_if.measure(inputs=3, products=5), flush=True)
    for returns_to_scale in ("crs", "vrs"):
        print(bootstrap.measure(returns_to_scale=returns_to_scale), flush=True)
    print(bootstrap.measure(inputs=3, products=5), flush=True)
    print(growth.measure(), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["delivering"]:
        from benchmarks import delivering

        sys.exit(delivering.main(sys.argv[2:]))
    if sys.argv[1:2] == ["releasing"]:
        from benchmarks import releasing

        sys.exit(releasing.main(sys.argv[2:]))
    with threadpool_limits(1):
        main()
