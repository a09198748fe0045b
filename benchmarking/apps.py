"""The application of what is computed from the submissions."""

from django.apps import AppConfig


class BenchmarkingConfig(AppConfig):
    """Frozen datasets, runs, results, the mirror."""

    name = "benchmarking"
    verbose_name = "Benchmark"
