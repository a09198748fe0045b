"""Run all measurements and print their lines."""

from benchmarks import frontier

if __name__ == "__main__":
    for products in (4, 8, 14):
        print(frontier.measure(products=products), flush=True)
