"""The procedure after release: one module per channel, which the law keeps apart."""
