"""The ports' implementations. Only compositions (`main`, the all-in-one) name them."""
